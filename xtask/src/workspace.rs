//! The workspace on disk: its root, its crates and its source files.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use walkdir::{DirEntry, WalkDir};

use crate::process::Run;

/// The one crate that may hold `unsafe`.
pub(crate) const UNSAFE_CRATE: &str = "poll-sys";

/// The repository's root directory.
#[must_use]
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies one level below the root")
}

/// A crate of the workspace as `cargo metadata` tells it.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) targets: Vec<Target>,
}

/// A crate root: library, binary, test, example, benchmark or build script.
#[derive(Debug, Deserialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    kind: Vec<String>,
    pub(crate) src_path: PathBuf,
}

impl Target {
    /// Whether it is an integration test.
    #[must_use]
    pub(crate) fn is_test(&self) -> bool {
        self.kind.iter().any(|kind| kind == "test")
    }
}

/// The workspace's members.
///
/// # Errors
/// When `cargo metadata` fails, with what it said.
pub(crate) fn packages() -> Result<Vec<Package>> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    let output = Run::new("cargo")
        .args(["metadata", "--format-version=1", "--no-deps"])
        .dir(root())
        .output()?
        .ok()?;
    let metadata: Metadata =
        serde_json::from_str(&output.stdout).context("cargo metadata is no longer version 1")?;
    Ok(metadata.packages)
}

/// Builds an example below `target/xtask/PLACE`, and says where it is. Optimised: a debug std checks
/// descriptors with syscalls of its own before each close.
///
/// # Errors
/// When it does not build, with what the compiler said.
pub(crate) fn example(package: &str, name: &str, place: &str) -> Result<PathBuf> {
    let target = root().join("target/xtask").join(place);
    Run::new("cargo")
        .args(["build", "--quiet", "--release", "--package", package, "--example", name])
        .env("CARGO_TARGET_DIR", &target)
        .dir(root())
        .output()?
        .ok()?;
    Ok(target.join("release/examples").join(name))
}

/// A source file, by the path that a person would type from the root.
#[derive(Clone, Debug)]
pub(crate) struct SourceFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Every file and directory below the root but those that are built or hidden, in path order.
pub(crate) fn entries() -> impl Iterator<Item = walkdir::Result<DirEntry>> {
    let written = |entry: &DirEntry| {
        let name = entry.file_name().to_string_lossy();
        let is_built = name.starts_with("target") && entry.file_type().is_dir();
        entry.depth() == 0 || !(name.starts_with('.') || is_built)
    };
    WalkDir::new(root()).sort_by_file_name().into_iter().filter_entry(written)
}

/// Every `.rs` file among the [`entries`], in their order.
///
/// # Errors
/// When a directory or file cannot be read.
pub(crate) fn sources() -> Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    for entry in entries() {
        let entry = entry?;
        if entry.path().extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(entry.path())
                .with_context(|| format!("reading {}", entry.path().display()))?;
            files.push(SourceFile { path: relative(entry.path()), text });
        }
    }
    Ok(files)
}

/// `path` as seen from the root.
#[must_use]
pub(crate) fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().into_owned()
}
