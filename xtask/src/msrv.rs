//! `cargo xtask msrv`: the oldest compiler that Cargo.toml promises builds everything.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::process::{Run, which};
use crate::report::{Report, Row};
use crate::{setup, workspace};

/// Packages of Debian that make a compiler, unpacked beside the installed one.
const PACKAGES: [&str; 2] = ["rustc-web", "libstd-rust-web-dev"];

/// Where the old compiler comes from.
enum Compiler {
    Rustup(String),
    /// The root of unpacked packages.
    Unpacked(PathBuf),
}

/// Runs the subcommand.
///
/// # Errors
/// When Cargo.toml promises nothing or the compiler is not to be had, with the remedy.
pub(crate) fn run() -> Result<Report> {
    let version = promised()?;
    let compiler = find(&version)?;
    let begun = Instant::now();
    let dir = workspace::root().join("target/xtask/msrv");
    let build = ["build", "--workspace", "--all-targets"];
    let (run, origin) = match &compiler {
        Compiler::Rustup(toolchain) => {
            let run = Run::new("rustup").args(["run", toolchain.as_str(), "cargo"]).args(build);
            // What rustup exports to a cargo subcommand pins the compiler that is in use.
            (
                run.without_env("RUSTC").without_env("CARGO").without_env("RUSTUP_TOOLCHAIN"),
                "rustup",
            )
        }
        Compiler::Unpacked(root) => {
            let library = root.join("usr/lib");
            let machine = library.join("x86_64-linux-gnu");
            let path = format!("{}:{}", library.display(), machine.display());
            let run = Run::new("cargo").args(build).env("RUSTC", root.join("usr/bin/rustc"));
            (run.env("LD_LIBRARY_PATH", path), "Debian's package, unpacked")
        }
    };
    // The promise is that it builds; the lints of an old compiler are nobody's guide.
    let run = run.env("RUSTFLAGS", "--cap-lints=warn").env("CARGO_TARGET_DIR", dir);
    let run = run.env("CARGO_PROFILE_DEV_DEBUG", "0");
    let output = run.dir(workspace::root()).output()?;
    let row = match output.success {
        true => Row::passed(format!("Rust {version}")),
        false => Row::failed(format!("Rust {version}"), output.said()),
    };
    let mut report = Report::new("Oldest compiler", &["from", "built"]);
    report.rows.push(row.cells([origin, "all crates, tests, examples"]).took(begun.elapsed()));
    Ok(report)
}

/// `rust-version` of the workspace.
fn promised() -> Result<String> {
    let manifest = std::fs::read_to_string(workspace::root().join("Cargo.toml"))?;
    let line = manifest.lines().find_map(|line| line.strip_prefix("rust-version = "));
    let version = line.context("Cargo.toml has no line `rust-version = \"…\"`")?;
    Ok(version.trim_matches('"').to_owned())
}

fn find(version: &str) -> Result<Compiler> {
    if which("rustup").is_some() {
        let list = Run::new("rustup").args(["toolchain", "list"]).output()?.stdout;
        let mut names = list.lines().filter_map(|line| line.split_whitespace().next());
        let fits = |name: &&str| {
            let rest = name.strip_prefix(version);
            rest.is_some_and(|rest| rest.starts_with(['-', '.']))
        };
        if let Some(name) = names.find(fits) {
            return Ok(Compiler::Rustup(name.to_owned()));
        }
    }
    let root = workspace::root().join("target/xtask/rust").join(version);
    if root.join("usr/bin/rustc").exists() {
        return Ok(Compiler::Unpacked(root));
    }
    match unpack(version, &root) {
        Ok(()) => Ok(Compiler::Unpacked(root)),
        Err(error) => Err(error.context(format!(
            "no Rust {version} here; mend it with `rustup toolchain install {version} --profile \
             minimal`"
        ))),
    }
}

/// Downloads Debian's compiler of that version and unpacks it; nothing is installed.
fn unpack(version: &str, root: &Path) -> Result<()> {
    if which("apt-get").is_none() {
        bail!("there is no apt-get either");
    }
    let full = match packaged(version)? {
        Some(full) => full,
        None => {
            setup::refresh()?;
            let none = || format!("Debian's lists have no {} {version}", PACKAGES[0]);
            packaged(version)?.with_context(none)?
        }
    };
    let parent = root.parent().context("the compiler's directory has a parent")?;
    std::fs::create_dir_all(parent)?;
    let dir = tempfile::tempdir_in(parent)?;
    let mut names: Vec<String> = PACKAGES.iter().map(|name| format!("{name}={full}")).collect();
    let library = format!("libstd-rust-web-{version}={full}");
    let depends = Run::new("apt-cache").args(["depends", &library]).output()?.ok()?.stdout;
    let llvm = depends.split_whitespace().find(|word| word.starts_with("libllvm"));
    names.extend(llvm.map(str::to_owned));
    names.push(library);
    Run::new("apt-get")
        .args(["-q", "-o", "APT::Sandbox::User=root", "download"])
        .args(names)
        .dir(dir.path())
        .output()?
        .ok()?;
    // Whole or not at all: an interrupted unpacking leaves nothing that looks like a compiler.
    let tree = dir.path().join("tree");
    std::fs::create_dir(&tree)?;
    let packages = std::fs::read_dir(dir.path())?.filter_map(Result::ok).map(|e| e.path());
    for package in packages.filter(|path| path.is_file()) {
        Run::new("dpkg-deb").args(["-x".as_ref(), package.as_path(), &tree]).output()?.ok()?;
    }
    std::fs::rename(&tree, root).context("moving the unpacked compiler into place")
}

/// The full version of Debian's package of that compiler, if the lists that are here have it.
fn packaged(version: &str) -> Result<Option<String>> {
    let madison = Run::new("apt-cache").args(["madison", PACKAGES[0]]).output()?.ok()?.stdout;
    let mut versions = madison.lines().filter_map(|line| line.split('|').nth(1)).map(str::trim);
    Ok(versions.find(|full| full.starts_with(&format!("{version}."))).map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_promise_is_read_from_the_manifest() {
        let version = promised().unwrap();
        assert!(version.starts_with("1.") && !version.contains('"'), "{version}");
    }
}
