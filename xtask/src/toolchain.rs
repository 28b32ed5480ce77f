//! Finding a way to compile for a target with what is on this machine.
//!
//! In this order: a compiled std beside the compiler; the compiler with std's source; Debian's
//! compiler with std's source. The last two let stable compilers build std, which they only do
//! when told that they may.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum;

use crate::process::Run;
use crate::targets::{Scope, Target};
use crate::workspace;

const STD_SOURCE: &str = "lib/rustlib/src/rust/library/Cargo.lock";
const DEBIAN: [&str; 4] = [
    "/usr/bin/rustc",
    "/usr/bin/cargo",
    "/usr/bin/cargo-clippy",
    "/usr/lib/rustlib/src/rust/library/Cargo.lock",
];

/// How std comes to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Way {
    /// Compiled, beside the compiler that is in use.
    Installed,
    /// Built from source by the compiler that is in use.
    Source,
    /// Built from source by Debian's compiler.
    Debian,
}

impl Way {
    /// For tables.
    #[must_use]
    pub(crate) fn told(self) -> &'static str {
        match self {
            Self::Installed => "installed std",
            Self::Source => "rust-src",
            Self::Debian => "Debian's rustc-web",
        }
    }

    /// Names the directory of this way's artifacts, which no other compiler shares.
    fn dir(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Source => "source",
            Self::Debian => "debian",
        }
    }

    /// A cargo command that goes this way for targets of one scope.
    ///
    /// `task` names the artifacts' directory, since tasks differ in flags.
    #[must_use]
    pub(crate) fn cargo(self, subcommand: &str, scope: Scope, task: &str) -> Run {
        let program = match (self, subcommand) {
            (Self::Debian, "clippy") => "/usr/bin/cargo-clippy",
            (Self::Debian, _) => "/usr/bin/cargo",
            _ => "cargo",
        };
        self.prepare(Run::new(program).args([subcommand]), scope, task)
    }

    /// Like `cargo build`, with zig as the linker.
    #[must_use]
    pub(crate) fn zigbuild(self, zigbuild: &Path, scope: Scope, task: &str) -> Run {
        self.prepare(Run::new(zigbuild).args(["zigbuild"]), scope, task)
    }

    fn prepare(self, run: Run, scope: Scope, task: &str) -> Run {
        let mut run = run.dir(workspace::root());
        if self == Self::Debian {
            // `cargo run` sets the library path of another compiler.
            run = run.without_env("LD_LIBRARY_PATH").without_env("RUSTUP_TOOLCHAIN");
            run = run.env("CARGO", "/usr/bin/cargo").env("RUSTC", "/usr/bin/rustc");
            run = run.env("RUSTDOC", "/usr/bin/rustdoc");
        }
        if self != Self::Installed {
            let crates = match scope {
                Scope::Workspace => "-Zbuild-std=std,panic_unwind,test",
                Scope::BareTimer => "-Zbuild-std=core,alloc",
            };
            run = run.env("RUSTC_BOOTSTRAP", "1").args([crates]);
        }
        let dir = workspace::root().join("target/xtask").join(format!("{task}-{}", self.dir()));
        // Thirty targets need room on the disk; what is rebuilt here is small.
        let run = run.env("CARGO_TARGET_DIR", dir).env("CARGO_INCREMENTAL", "0");
        run.env("CARGO_PROFILE_DEV_DEBUG", "0")
    }
}

/// What this machine has.
#[derive(Debug)]
pub(crate) struct Toolchains {
    sysroot: PathBuf,
    source: bool,
    debian: bool,
    /// The only way that may be taken.
    only: Option<Way>,
}

impl Toolchains {
    /// Looks around, or only for one way; downloads nothing.
    ///
    /// # Errors
    /// When no `rustc` can be asked.
    pub(crate) fn find(only: Option<Way>) -> Result<Self> {
        let sysroot = Run::new("rustc").args(["--print", "sysroot"]).output()?.ok()?;
        let sysroot = PathBuf::from(sysroot.stdout.trim());
        let source = sysroot.join(STD_SOURCE).exists();
        let debian = DEBIAN.iter().all(|file| Path::new(file).exists());
        Ok(Self { sysroot, source, debian, only })
    }

    /// The first way that works for `target`.
    ///
    /// # Errors
    /// When there is none: the command that makes one.
    pub(crate) fn way(&self, target: &Target) -> Result<Way, String> {
        let triple = target.triple;
        let std = self.sysroot.join("lib/rustlib").join(triple).join("lib");
        let ways = [
            (Way::Installed, std.is_dir()),
            (Way::Source, self.source),
            (Way::Debian, self.debian),
        ];
        let open = |(way, here): &(Way, bool)| *here && self.only.is_none_or(|only| only == *way);
        ways.into_iter().find(open).map(|(way, _)| way).ok_or_else(|| {
            format!(
                "no std for {triple}; mend it with one of: `rustup target add {triple}`, \
                 `rustup component add rust-src`, `apt-get install rustc-web cargo-web \
                 rust-web-clippy rust-web-src`"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets;

    #[test]
    fn ways_are_tried_in_order_and_their_absence_names_the_remedy() {
        let target = targets::find("x86_64-unknown-openbsd").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut here =
            Toolchains { sysroot: dir.path().to_owned(), source: false, debian: false, only: None };
        let remedy = here.way(target).unwrap_err();
        assert!(remedy.contains("rustup target add x86_64-unknown-openbsd"));
        here.debian = true;
        assert_eq!(here.way(target), Ok(Way::Debian));
        here.source = true;
        assert_eq!(here.way(target), Ok(Way::Source));
        let std = dir.path().join("lib/rustlib/x86_64-unknown-openbsd/lib");
        std::fs::create_dir_all(std).unwrap();
        assert_eq!(here.way(target), Ok(Way::Installed));
        here.only = Some(Way::Debian);
        assert_eq!(here.way(target), Ok(Way::Debian));
    }
}
