//! Kevents as text, with the names of the manual pages.

use std::fmt;

use super::{Event, Filter, note};

/// The fields that a change and an event share.
pub(super) fn record(f: &mut fmt::DebugStruct<'_, '_>, event: &Event) -> fmt::Result {
    f.field("ident", &event.ident())
        .field("filter", &event.filter())
        .field("flags", &event.flags())
        .field("fflags", &Notes(event.filter(), event.fflags()))
        .field("data", &event.data())
        .field("udata", &event.udata())
        .finish()
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match FILTERS.iter().find(|(filter, _)| *filter == Some(*self)) {
            Some((_, name)) => f.write_str(name),
            None => write!(f, "{}", self.0),
        }
    }
}

const FILTERS: [(Option<Filter>, &str); 8] = [
    (Some(Filter::READ), "READ"),
    (Some(Filter::WRITE), "WRITE"),
    (Some(Filter::VNODE), "VNODE"),
    (Some(Filter::PROC), "PROC"),
    (Some(Filter::SIGNAL), "SIGNAL"),
    (Some(Filter::TIMER), "TIMER"),
    (Some(Filter::USER), "USER"),
    (Filter::EXCEPT, "EXCEPT"),
];

/// A filter's own flags: the names of the bits that are set, and as a number what has no name.
struct Notes(Filter, u32);

impl fmt::Debug for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(filter, mut rest) = *self;
        let mut between = "";
        for (bit, name) in notes(filter) {
            if rest & bit == *bit {
                write!(f, "{between}{name}")?;
                between = " | ";
                rest &= !bit;
            }
        }
        if rest != 0 || between.is_empty() {
            write!(f, "{between}{rest:#x}")?;
        }
        Ok(())
    }
}

/// The notes of a filter; none where `fflags` is an error number or means nothing.
fn notes(filter: Filter) -> &'static [(u32, &'static str)] {
    match filter {
        Filter::USER => &[(note::TRIGGER, "TRIGGER")],
        Filter::PROC => &[(note::EXIT, "EXIT"), (note::FORK, "FORK"), (note::EXEC, "EXEC")],
        Filter::VNODE => &[
            (note::DELETE, "DELETE"),
            (note::WRITE, "WRITE"),
            (note::EXTEND, "EXTEND"),
            (note::ATTRIB, "ATTRIB"),
            (note::LINK, "LINK"),
            (note::RENAME, "RENAME"),
        ],
        _ => &[],
    }
}
