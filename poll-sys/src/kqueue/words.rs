//! The vocabulary of kevent(2): filters, flags and each filter's notes.

use bitflags::bitflags;

use crate::system::kqueue_abi as abi;
use crate::system::kqueue_local as local;

/// What a kevent watches, as the system numbers it. `Debug` prints its name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Filter(pub(crate) local::FilterBits);

impl Filter {
    /// `EVFILT_READ`.
    pub const READ: Self = Self(abi::EVFILT_READ);
    /// `EVFILT_WRITE`.
    pub const WRITE: Self = Self(abi::EVFILT_WRITE);
    /// `EVFILT_VNODE`.
    pub const VNODE: Self = Self(abi::EVFILT_VNODE);
    /// `EVFILT_PROC`.
    pub const PROC: Self = Self(abi::EVFILT_PROC);
    /// `EVFILT_SIGNAL`.
    pub const SIGNAL: Self = Self(abi::EVFILT_SIGNAL);
    /// `EVFILT_TIMER`.
    pub const TIMER: Self = Self(abi::EVFILT_TIMER);
    /// `EVFILT_USER`.
    pub const USER: Self = Self(abi::EVFILT_USER);
    /// `EVFILT_EXCEPT`, where the system has it.
    pub const EXCEPT: Option<Self> = match local::EVFILT_EXCEPT {
        Some(filter) => Some(Self(filter)),
        None => None,
    };
}

bitflags! {
    /// Actions and flags of a kevent: the `EV_*` of kevent(2).
    ///
    /// Bits without a name here are kept, so that what a newer kernel says is not lost.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct Flags: local::FlagBits {
        /// Adds the filter, enabled. Where it exists, takes over `udata` and the notes, reports
        /// again what is pending, and leaves [`CLEAR`](Self::CLEAR) and a disabled state as is.
        const ADD = abi::EV_ADD;
        /// Removes the filter. The system does so when the last descriptor of the file closes.
        const DELETE = abi::EV_DELETE;
        /// Lets a disabled filter report again.
        const ENABLE = abi::EV_ENABLE;
        /// Keeps the filter and reports nothing.
        const DISABLE = abi::EV_DISABLE;
        /// Removes the filter when it has reported once.
        const ONESHOT = abi::EV_ONESHOT;
        /// Disables the filter when it has reported once.
        const DISPATCH = abi::EV_DISPATCH;
        /// Forgets the state when it is reported, so that only a change reports again.
        const CLEAR = abi::EV_CLEAR;
        /// Answers this change with an entry, success or not, and takes no pending event.
        const RECEIPT = abi::EV_RECEIPT;
        /// Comes back only: end-of-file, or the peer has closed.
        const EOF = abi::EV_EOF;
        /// Comes back only: `data` is the `errno` of a change, 0 for a receipt.
        const ERROR = abi::EV_ERROR;
        const _ = !0;
    }
}

/// The filters' own flags, the `fflags` of a kevent.
pub mod note {
    use super::{abi, local};

    /// `EVFILT_USER`: makes the event happen.
    pub const TRIGGER: u32 = abi::NOTE_TRIGGER;
    /// `EVFILT_USER`: the lower 24 bits become those that the event carries.
    pub const FFCOPY: u32 = abi::NOTE_FFCOPY;
    /// `EVFILT_PROC`: the process has exited; `data` is its wait(2) status, but not on Apple, which
    /// tells it for another note alone.
    pub const EXIT: u32 = abi::NOTE_EXIT;
    /// `EVFILT_PROC`: the process has forked.
    pub const FORK: u32 = abi::NOTE_FORK;
    /// `EVFILT_PROC`: the process has replaced its image.
    pub const EXEC: u32 = abi::NOTE_EXEC;
    /// `EVFILT_VNODE`: the file was removed.
    pub const DELETE: u32 = abi::NOTE_DELETE;
    /// `EVFILT_VNODE`: the file was written to.
    pub const WRITE: u32 = abi::NOTE_WRITE;
    /// `EVFILT_VNODE`: the file has grown.
    pub const EXTEND: u32 = abi::NOTE_EXTEND;
    /// `EVFILT_VNODE`: the file's attributes have changed.
    pub const ATTRIB: u32 = abi::NOTE_ATTRIB;
    /// `EVFILT_VNODE`: the file's link count has changed.
    pub const LINK: u32 = abi::NOTE_LINK;
    /// `EVFILT_VNODE`: the file was renamed.
    pub const RENAME: u32 = abi::NOTE_RENAME;
    /// `EVFILT_EXCEPT`: out-of-band data, where the system has that filter.
    pub const OOB: Option<u32> = local::NOTE_OOB;
    /// `EVFILT_TIMER`: the period is in nanoseconds, where the system can.
    pub const NSECONDS: Option<u32> = local::NOTE_NSECONDS;
}
