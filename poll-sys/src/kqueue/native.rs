//! kevent(2) as the system's own `libc` declares it.

pub(crate) use libc::{
    EV_ADD, EV_CLEAR, EV_DELETE, EV_DISABLE, EV_DISPATCH, EV_ENABLE, EV_EOF, EV_ERROR, EV_ONESHOT,
    EV_RECEIPT, EVFILT_PROC, EVFILT_READ, EVFILT_SIGNAL, EVFILT_TIMER, EVFILT_USER, EVFILT_VNODE,
    EVFILT_WRITE, NOTE_ATTRIB, NOTE_DELETE, NOTE_EXEC, NOTE_EXIT, NOTE_EXTEND, NOTE_FFCOPY,
    NOTE_FORK, NOTE_LINK, NOTE_RENAME, NOTE_TRIGGER, NOTE_WRITE, kevent, kevent as Kevent,
};

#[allow(unused_imports, reason = "a system with kqueue1 does not need it")]
pub(crate) use libc::kqueue;

pub(crate) use crate::system::kqueue_local::Count;

/// A kevent whose every byte is zero, fields that only this system has included.
pub(crate) fn blank() -> Kevent {
    // SAFETY: 1. All zero is a valid `kevent`: its fields are integers and one raw pointer.
    unsafe { std::mem::zeroed() }
}
