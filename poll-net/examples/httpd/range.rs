//! The part of a file that a request asks for.

use std::ops::Range;

/// What a `Range` header comes to for a file of a certain length.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The header is none, is not understood, or asks for several parts: the whole file is sent.
    Whole,
    /// The bytes from the start of the range up to its end, of which there is at least one.
    Some(Range<u64>),
    /// There is no such part.
    Unsatisfiable,
}

/// Reads a `Range` header (RFC 9110, section 14.2).
pub(crate) fn part(header: Option<&[u8]>, length: u64) -> Part {
    let Some((first, last)) = header.and_then(bounds) else {
        return Part::Whole;
    };
    let range = match (first, last) {
        (Some(first), Some(last)) if first > last => return Part::Whole,
        (Some(first), last) => {
            first..last.map_or(length, |last| length.min(last.saturating_add(1)))
        }
        (None, Some(count)) => length.saturating_sub(count)..length,
        (None, None) => return Part::Whole,
    };
    if range.is_empty() { Part::Unsatisfiable } else { Part::Some(range) }
}

/// `bytes=7-9`, with either number left out.
fn bounds(header: &[u8]) -> Option<(Option<u64>, Option<u64>)> {
    let (unit, range) = std::str::from_utf8(header).ok()?.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    Some((number(first)?, number(last)?))
}

/// Digits alone: `parse` would take a sign, too. What is too large for a file is `u64::MAX`.
fn number(digits: &str) -> Option<Option<u64>> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((!digits.is_empty()).then(|| digits.parse().unwrap_or(u64::MAX)))
}
