//! Files that the workspace writes about itself: written, or compared in CI.

use std::path::Path;

use anyhow::{Context, Result, bail};

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

/// `text` with everything between `<!-- NAME:begin -->` and `<!-- NAME:end -->` replaced.
///
/// # Errors
/// When the markers are not there.
pub(crate) fn between_markers(text: &str, name: &str, inner: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- {name}:begin -->"), format!("<!-- {name}:end -->"));
    let (Some(start), Some(stop)) = (text.find(&begin), text.find(&end)) else {
        bail!("no lines `{begin}` and `{end}`: add them where the table belongs");
    };
    let head = &text[..start + begin.len()];
    Ok(format!("{head}\n{}\n{}", inner.trim_end(), &text[stop..]))
}

fn first_difference(found: &str, wanted: &str) -> String {
    let mut found = found.lines();
    for (number, line) in wanted.lines().enumerate() {
        let other = found.next();
        if other != Some(line) {
            let other = other.unwrap_or("(end of file)");
            return format!("first difference, line {}:\n- {other}\n+ {line}", number + 1);
        }
    }
    "the file has lines that should not be there at its end".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_text_between_the_markers_is_replaced() {
        let text = "a\n<!-- t:begin -->\nold\n<!-- t:end -->\nb\n";
        let wanted = "a\n<!-- t:begin -->\nnew\n<!-- t:end -->\nb\n";
        assert_eq!(between_markers(text, "t", "new\n").unwrap(), wanted);
        assert!(between_markers("a", "t", "new").is_err());
    }

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
