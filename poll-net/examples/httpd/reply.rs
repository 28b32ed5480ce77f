//! What a request is answered.

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::buffer::Buffer;
use crate::files::{Found, Page, Root};
use crate::listing;
use crate::range::{Part, part};
use crate::request::{Method, Request};

/// How much of a large file goes out with its head.
const FIRST: usize = 8 * 1024;

/// The number and the words of a status line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status(u16, &'static str);

impl Status {
    const OK: Self = Self(200, "OK");
    const PARTIAL: Self = Self(206, "Partial Content");
    const MOVED: Self = Self(301, "Moved Permanently");
    const NOT_MODIFIED: Self = Self(304, "Not Modified");
    pub(crate) const BAD_REQUEST: Self = Self(400, "Bad Request");
    pub(crate) const FORBIDDEN: Self = Self(403, "Forbidden");
    pub(crate) const NOT_FOUND: Self = Self(404, "Not Found");
    const METHOD: Self = Self(405, "Method Not Allowed");
    pub(crate) const TIMEOUT: Self = Self(408, "Request Timeout");
    pub(crate) const URI_TOO_LONG: Self = Self(414, "URI Too Long");
    const RANGE: Self = Self(416, "Range Not Satisfiable");
    pub(crate) const HEADER_TOO_LARGE: Self = Self(431, "Request Header Fields Too Large");
    pub(crate) const INTERNAL: Self = Self(500, "Internal Server Error");
    pub(crate) const UNAVAILABLE: Self = Self(503, "Service Unavailable");
    pub(crate) const VERSION: Self = Self(505, "HTTP Version Not Supported");
}

/// What is to be sent after the bytes in the buffer.
#[derive(Debug)]
pub(crate) enum Rest {
    Nothing,
    /// A part of a file.
    File {
        file: File,
        at: u64,
        end: u64,
    },
    /// A page that was made, from that byte on.
    Text(Vec<u8>, usize),
}

/// How the connection goes on after a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// HTTP/1.1 goes on unless told otherwise.
    GoOn,
    /// HTTP/1.0 has to be told.
    GoOnOld,
    Close,
}

/// Writes the whole answer of an error into `out`. The connection closes after it.
pub(crate) fn refuse(status: Status, date: &mut Date, out: &mut Buffer) -> io::Result<()> {
    error(status, true, After::Close, "", date, out)
}

/// Writes the answer into `out` as far as it fits; the rest of it is returned.
///
/// `out` has room for the head: it is the larger half of a buffer that takes two whole requests, and
/// the longest field repeats the path.
pub(crate) fn reply(
    request: &Request<'_>,
    after: After,
    root: &Root,
    date: &mut Date,
    out: &mut Buffer,
) -> io::Result<Rest> {
    let with_body = request.method != Method::Head;
    if request.method == Method::Other {
        error(Status::METHOD, with_body, after, "Allow: GET, HEAD\r\n", date, out)?;
        return Ok(Rest::Nothing);
    }
    match root.find(request.path) {
        Ok(Found::Page(page)) => file(request, page, after, date, out),
        Ok(Found::Directory(directory)) => {
            match listing::page(directory, request.path, request.query) {
                Ok(page) => {
                    head(Status::OK, after, date, out)?;
                    write!(
                        out,
                        "Content-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
                        page.len()
                    )?;
                    Ok(if with_body { Rest::Text(page, 0) } else { Rest::Nothing })
                }
                Err(status) => {
                    error(status, with_body, after, "", date, out).map(|()| Rest::Nothing)
                }
            }
        }
        Ok(Found::WithoutSlash) => {
            // One slash: with two, the path would be a host.
            let path = request.path.trim_start_matches('/');
            let (mark, query) = request.query.map_or(("", ""), |query| ("?", query));
            let location = format!("Location: /{path}/{mark}{query}\r\n");
            error(Status::MOVED, with_body, after, &location, date, out)?;
            Ok(Rest::Nothing)
        }
        Err(status) => error(status, with_body, after, "", date, out).map(|()| Rest::Nothing),
    }
}

fn file(
    request: &Request<'_>,
    page: Page,
    after: After,
    date: &mut Date,
    out: &mut Buffer,
) -> io::Result<Rest> {
    let tag = Tag::of(&page);
    if is_unchanged(request, &page, &tag) {
        head(Status::NOT_MODIFIED, after, date, out)?;
        write!(out, "ETag: {tag}\r\n\r\n")?;
        return Ok(Rest::Nothing);
    }
    // A range of another version than the client has a part of would be of no use to it.
    let range = request.range.filter(|_| {
        request
            .if_range
            .is_none_or(|tag_or_date| tag.is(tag_or_date) || is_date(tag_or_date, &page))
    });
    let range = match part(range, page.length) {
        Part::Whole => {
            head(Status::OK, after, date, out)?;
            0..page.length
        }
        Part::Some(range) => {
            head(Status::PARTIAL, after, date, out)?;
            let (first, last) = (range.start, range.end - 1);
            write!(out, "Content-Range: bytes {first}-{last}/{}\r\n", page.length)?;
            range
        }
        Part::Unsatisfiable => {
            let field = format!("Content-Range: bytes */{}\r\n", page.length);
            error(Status::RANGE, request.method != Method::Head, after, &field, date, out)?;
            return Ok(Rest::Nothing);
        }
    };
    let kind = page.kind.unwrap_or("application/octet-stream");
    let charset = if kind.starts_with("text/") { "; charset=utf-8" } else { "" };
    write!(
        out,
        "Content-Type: {kind}{charset}\r\nContent-Length: {}\r\nAccept-Ranges: bytes\r\n\
         X-Content-Type-Options: nosniff\r\nETag: {tag}\r\n",
        range.end - range.start
    )?;
    if let Some(modified) = page.modified {
        write!(out, "Last-Modified: {}\r\n", httpdate::fmt_http_date(modified))?;
    }
    out.write_all(b"\r\n")?;
    if request.method == Method::Head {
        return Ok(Rest::Nothing);
    }
    first_piece(page.file, range, out)
}

/// What goes out with the head, in one write: the whole file if there is room for it, else its first
/// bytes, for the system to send the rest without a copy.
fn first_piece(file: File, range: Range<u64>, out: &mut Buffer) -> io::Result<Rest> {
    let room = out.room();
    let wanted = match usize::try_from(range.end - range.start) {
        Ok(length) if length <= room.len() => length,
        _ => FIRST.min(room.len()),
    };
    let count = file.read_at(&mut room[..wanted], range.start)?;
    out.add(count);
    let at = range.start + count as u64;
    Ok(if at < range.end { Rest::File { file, at, end: range.end } } else { Rest::Nothing })
}

/// The status line, and the fields that every answer has.
fn head(status: Status, after: After, date: &mut Date, out: &mut Buffer) -> io::Result<()> {
    let Status(number, words) = status;
    let connection = match after {
        After::GoOn => "",
        After::GoOnOld => "Connection: keep-alive\r\n",
        After::Close => "Connection: close\r\n",
    };
    write!(out, "HTTP/1.1 {number} {words}\r\nDate: {}\r\n{connection}", date.now())
}

/// An answer whose body is its status.
fn error(
    status: Status,
    with_body: bool,
    after: After,
    fields: &str,
    date: &mut Date,
    out: &mut Buffer,
) -> io::Result<()> {
    let Status(number, words) = status;
    let length = format!("{number} {words}\n").len();
    head(status, after, date, out)?;
    write!(
        out,
        "Content-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n{fields}\r\n"
    )?;
    if with_body { writeln!(out, "{number} {words}") } else { Ok(()) }
}

/// Whether the client has this version of the file already.
fn is_unchanged(request: &Request<'_>, page: &Page, tag: &Tag) -> bool {
    match (request.if_none_match, request.if_modified_since) {
        (Some(tags), _) => {
            tags.split(|byte| *byte == b',').any(|one| tag.is(one) || one.trim_ascii() == b"*")
        }
        (None, Some(date)) => {
            let then =
                std::str::from_utf8(date).ok().and_then(|t| httpdate::parse_http_date(t).ok());
            then.is_some_and(|then| page.modified.is_some_and(|at| seconds(at) <= seconds(then)))
        }
        (None, None) => false,
    }
}

/// Whether `If-Range` is the date of this version.
fn is_date(if_range: &[u8], page: &Page) -> bool {
    let then = std::str::from_utf8(if_range).ok().and_then(|t| httpdate::parse_http_date(t).ok());
    then.is_some_and(|then| page.modified.is_some_and(|at| seconds(at) == seconds(then)))
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The name of a file's version: when it was changed, and how long it is.
struct Tag {
    changed: u128,
    length: u64,
}

impl Tag {
    fn of(page: &Page) -> Self {
        let since = page.modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Self { changed: since.map_or(0, |since| since.as_nanos()), length: page.length }
    }

    fn is(&self, text: &[u8]) -> bool {
        let text = text.trim_ascii();
        let text = text.strip_prefix(b"W/").unwrap_or(text);
        text == self.to_string().as_bytes()
    }
}

impl std::fmt::Display for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{:x}-{:x}\"", self.changed, self.length)
    }
}

/// The date as the `Date` field has it, made anew each second.
#[derive(Debug, Default)]
pub(crate) struct Date {
    second: u64,
    text: String,
}

impl Date {
    fn now(&mut self) -> &str {
        let now = SystemTime::now();
        if seconds(now) != self.second {
            self.second = seconds(now);
            self.text = httpdate::fmt_http_date(now);
        }
        &self.text
    }
}
