//! zig as a linker for systems and libraries that are not here.
//!
//! Two programs: zig, which Python's registry has for every machine, and cargo-zigbuild, which hands
//! it to cargo as a linker. Each is taken from where the user has it, or from below `target/`, where
//! `cargo xtask setup --zig` puts it.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::process::{Run, which};
use crate::workspace;

/// Names a zig that is not on the search path; cargo-zigbuild reads it, too.
const ZIG_PATH: &str = "CARGO_ZIGBUILD_ZIG_PATH";

/// What both programs are needed for, and how they come.
pub(crate) const REMEDY: &str = "`cargo xtask setup --zig` brings zig and cargo-zigbuild";

/// The two programs.
#[derive(Debug)]
pub(crate) struct Zig {
    pub(crate) zig: PathBuf,
    pub(crate) zigbuild: PathBuf,
}

impl Zig {
    /// Looks for both.
    ///
    /// # Errors
    /// When one is missing, with the remedy.
    pub(crate) fn find() -> Result<Self> {
        let (zig, zigbuild) = (zig(), zigbuild());
        match (zig, zigbuild) {
            (Some(zig), Some(zigbuild)) => Ok(Self { zig, zigbuild }),
            (None, _) => bail!("zig is not installed; {REMEDY}"),
            (_, None) => bail!("cargo-zigbuild is not installed; {REMEDY}"),
        }
    }

    /// `run`, told where zig is.
    pub(crate) fn told(&self, run: Run) -> Run {
        run.env(ZIG_PATH, &self.zig)
    }
}

/// zig's own program, if it is here.
pub(crate) fn zig() -> Option<PathBuf> {
    let named = std::env::var_os(ZIG_PATH).map(PathBuf::from);
    named.filter(|path| path.is_file()).or_else(|| which("zig")).or_else(|| ours("zig/ziglang/zig"))
}

/// cargo-zigbuild, if it is here.
pub(crate) fn zigbuild() -> Option<PathBuf> {
    which("cargo-zigbuild").or_else(|| ours("cargo/bin/cargo-zigbuild"))
}

/// Installs below `target/` what is missing.
///
/// # Errors
/// When pip or cargo cannot, with what it said.
pub(crate) fn install() -> Result<()> {
    if zig().is_none() {
        let pip = ["-m", "pip", "install", "--quiet", "--target"];
        let run = Run::new("python3").args(pip).args([dir().join("zig")]).args(["ziglang"]);
        let remedy = "installing zig by pip; on Debian: `apt-get install python3-pip`";
        run.echo_to_stderr().output()?.ok().context(remedy)?;
    }
    if zigbuild().is_none() {
        let run = Run::new("cargo").args(["install", "--quiet", "--locked", "cargo-zigbuild"]);
        run.args(["--root".as_ref(), dir().join("cargo").as_os_str()]).output()?.ok()?;
    }
    Ok(())
}

fn ours(file: &str) -> Option<PathBuf> {
    Some(dir().join(file)).filter(|path| path.is_file())
}

fn dir() -> PathBuf {
    workspace::root().join("target/xtask/tools")
}
