//! Files that the workspace writes about itself: written, or compared in CI.

use std::path::Path;

use anyhow::{Context, Result};

use crate::report::Row;
use crate::workspace;

/// Makes `path` hold `wanted`, or with `check` only says whether it does.
///
/// `subcommand` is what mends a difference.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn settle(path: &Path, wanted: &str, check: bool, subcommand: &str) -> Result<Row> {
    let name = workspace::relative(path);
    let found = std::fs::read_to_string(path).unwrap_or_default();
    if found == wanted {
        return Ok(Row::passed(name).cells(["up to date"]));
    }
    if check {
        let detail = format!(
            "{name} is out of date; run `cargo xtask {subcommand}` and commit it\n{}",
            first_difference(&found, wanted)
        );
        return Ok(Row::failed(name, detail).cells(["out of date"]));
    }
    std::fs::write(path, wanted).with_context(|| format!("writing {name}"))?;
    Ok(Row::passed(name).cells(["written"]))
}

fn first_difference(found: &str, wanted: &str) -> String {
    let mut found = found.lines();
    for (number, line) in wanted.lines().enumerate() {
        let other = found.next();
        if other != Some(line) {
            let other = other.unwrap_or("(end of file)");
            return format!(
                "first difference, line {}:\n- {other}\n+ {line}",
                number + 1
            );
        }
    }
    "the file has lines that should not be there at its end".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_file_fails_the_check_and_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f.md");
        std::fs::write(&path, "old\n").unwrap();
        let row = settle(&path, "new\n", true, "unsafe").unwrap();
        assert!(row.detail.contains("cargo xtask unsafe") && row.detail.contains("- old\n+ new"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old\n");
        settle(&path, "new\n", false, "unsafe").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new\n");
    }
}
