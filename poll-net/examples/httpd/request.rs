//! What a request says, as far as a server of files cares.

use httparse::{EMPTY_HEADER, Error, Header};

use crate::reply::Status;

/// More header fields than any browser sends.
const MAX_FIELDS: usize = 64;

/// A request whose head has come as a whole. It borrows the bytes that it came in.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    /// The path as it was sent, escapes and all.
    pub(crate) path: &'a str,
    /// What follows the `?`.
    pub(crate) query: Option<&'a str>,
    /// Whether the version is 1.0.
    pub(crate) is_old: bool,
    /// Whether the client wants to go on with this connection, and can.
    pub(crate) keep_alive: bool,
    /// Whether more belongs to it than its head. It is not read: a file has no use for it.
    pub(crate) has_body: bool,
    pub(crate) range: Option<&'a [u8]>,
    pub(crate) if_range: Option<&'a [u8]>,
    pub(crate) if_none_match: Option<&'a [u8]>,
    pub(crate) if_modified_since: Option<&'a [u8]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Head,
    Other,
}

/// What the bytes at hand are.
#[derive(Debug)]
pub(crate) enum Parsed<'a> {
    /// A request, in that many bytes.
    Whole(Request<'a>, usize),
    /// The beginning of one.
    Part,
    /// No request that can be answered otherwise.
    Bad(Status),
}

/// Looks at the bytes that came. `is_all` says that more than these are too many.
pub(crate) fn parse(bytes: &[u8], is_all: bool) -> Parsed<'_> {
    let mut fields = [EMPTY_HEADER; MAX_FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    let length = match head.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if !is_all => return Parsed::Part,
        Ok(httparse::Status::Partial) if bytes.contains(&b'\n') => {
            return Parsed::Bad(Status::HEADER_TOO_LARGE);
        }
        Ok(httparse::Status::Partial) => return Parsed::Bad(Status::URI_TOO_LONG),
        Err(Error::TooManyHeaders) => return Parsed::Bad(Status::HEADER_TOO_LARGE),
        Err(Error::Version) => return Parsed::Bad(Status::VERSION),
        Err(_) => return Parsed::Bad(Status::BAD_REQUEST),
    };
    // After `Complete` these are there.
    let (Some(method), Some(target), Some(version)) = (head.method, head.path, head.version) else {
        return Parsed::Bad(Status::BAD_REQUEST);
    };
    match read(method, target, version, head.headers) {
        Some(request) => Parsed::Whole(request, length),
        None => Parsed::Bad(Status::BAD_REQUEST),
    }
}

fn read<'a>(
    method: &str,
    target: &'a str,
    version: u8,
    fields: &[Header<'a>],
) -> Option<Request<'a>> {
    let method = match method {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        _ => Method::Other,
    };
    let (path, query) = split(target, method)?;
    let mut request = Request {
        method,
        path,
        query,
        is_old: version == 0,
        keep_alive: version > 0,
        has_body: false,
        range: None,
        if_range: None,
        if_none_match: None,
        if_modified_since: None,
    };
    let mut hosts = 0;
    for Header { name, value } in fields {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        if is("host") {
            hosts += 1;
        } else if is("connection") {
            for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                if option.eq_ignore_ascii_case(b"close") {
                    request.keep_alive = false;
                } else if request.is_old && option.eq_ignore_ascii_case(b"keep-alive") {
                    request.keep_alive = true;
                }
            }
        } else if is("content-length") {
            request.has_body |= *value != b"0";
        } else if is("transfer-encoding") {
            request.has_body = true;
        } else if is("range") {
            request.range = Some(value);
        } else if is("if-range") {
            request.if_range = Some(value);
        } else if is("if-none-match") {
            request.if_none_match = Some(value);
        } else if is("if-modified-since") {
            request.if_modified_since = Some(value);
        }
    }
    // RFC 9112, section 3.2: exactly one, but for the oldest clients.
    if hosts > 1 || (hosts == 0 && !request.is_old) {
        return None;
    }
    // Who does not read the body cannot find the request after it.
    request.keep_alive &= !request.has_body;
    Some(request)
}

/// The path and the query of a target: `/path?query`, or the same after a scheme and a host.
fn split(target: &str, method: Method) -> Option<(&str, Option<&str>)> {
    let target = match target.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            rest.find('/').map_or("/", |slash| &rest[slash..])
        }
        _ => target,
    };
    // `OPTIONS *` and `CONNECT host:1` are well formed, and refused for their method.
    if !target.starts_with('/') && method != Method::Other {
        return None;
    }
    match target.split_once('?') {
        Some((path, query)) => Some((path, Some(query))),
        None => Some((target, None)),
    }
}
