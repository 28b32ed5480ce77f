//! The page that shows a directory.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::os::fd::OwnedFd;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use rustix::fs::{AtFlags, Dir, FileType, statat};

use crate::reply::Status;

/// As many names as one page shows, whatever the directory holds: the page is kept in memory until
/// it is sent.
const NAMES: usize = 500;

/// What may stand in a link as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;\
    padding:0 1em;color-scheme:light dark}td{padding:.1em 1em .1em 0}td+td{text-align:right;\
    color:gray}a{text-decoration:none}a:hover{text-decoration:underline}";

/// The page for `directory`, which is known to the client as `path`. `after=NAME` in the query
/// begins it after that name.
pub(crate) fn page(directory: OwnedFd, path: &str, query: Option<&str>) -> Result<Vec<u8>, Status> {
    let after = query.and_then(|query| query.strip_prefix("after="));
    let after: Vec<u8> = after.map(|name| percent_decode_str(name).collect()).unwrap_or_default();
    let (names, is_all) = names(directory, &after)?;

    let title = escaped(percent_decode_str(path).collect::<Vec<u8>>().as_slice());
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n<table>\n"
    );
    if path.bytes().any(|byte| byte != b'/') {
        page.push_str("<tr><td><a href=\"../\">../</a></td><td></td></tr>\n");
    }
    for (name, kind) in &names {
        let (link, text) = (percent_encode(name, ESCAPED), escaped(name));
        // Writing to a `String` does not fail.
        let _written = match kind {
            Kind::Directory => {
                writeln!(page, "<tr><td><a href=\"./{link}/\">{text}/</a></td><td></td></tr>")
            }
            Kind::File(length) => {
                writeln!(page, "<tr><td><a href=\"./{link}\">{text}</a></td><td>{length}</td></tr>")
            }
            Kind::Other => {
                writeln!(page, "<tr><td><a href=\"./{link}\">{text}</a></td><td></td></tr>")
            }
        };
    }
    page.push_str("</table>\n");
    if let (false, Some((last, _))) = (is_all, names.last_key_value()) {
        let last = percent_encode(last, ESCAPED);
        let _written = writeln!(page, "<p><a href=\"?after={last}\">more</a></p>");
    }
    page.push_str("</body></html>\n");
    Ok(page.into_bytes())
}

enum Kind {
    Directory,
    File(u64),
    Other,
}

/// The first names after `after`, in order, and whether these are all.
fn names(directory: OwnedFd, after: &[u8]) -> Result<(BTreeMap<Vec<u8>, Kind>, bool), Status> {
    let mut names = BTreeMap::new();
    let mut is_all = true;
    let mut entries = Dir::read_from(&directory).map_err(|_| Status::INTERNAL)?;
    while let Some(entry) = entries.read() {
        let entry = entry.map_err(|_| Status::INTERNAL)?;
        let name = entry.file_name().to_bytes();
        if matches!(name, b"." | b"..") || name <= after {
            continue;
        }
        names.insert(name.to_owned(), Kind::Other);
        if names.len() > NAMES {
            names.pop_last();
            is_all = false;
        }
    }
    for (name, kind) in &mut names {
        // What has gone meanwhile stays in the list, as what it is: nobody knows.
        let Ok(stat) = statat(&directory, name.as_slice(), AtFlags::SYMLINK_NOFOLLOW) else {
            continue;
        };
        #[allow(clippy::useless_conversion, reason = "systems differ in the type of the field")]
        let mode = stat.st_mode.into();
        *kind = match FileType::from_raw_mode(mode) {
            FileType::Directory => Kind::Directory,
            FileType::RegularFile => Kind::File(u64::try_from(stat.st_size).unwrap_or(0)),
            _ => Kind::Other,
        };
    }
    Ok((names, is_all))
}

/// A name as text in HTML. What is not UTF-8 is shown as such; the link to it works nevertheless.
fn escaped(name: &[u8]) -> String {
    let mut text = String::new();
    for character in String::from_utf8_lossy(name).chars() {
        match character {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\'' => text.push_str("&#39;"),
            other => text.push(other),
        }
    }
    text
}
