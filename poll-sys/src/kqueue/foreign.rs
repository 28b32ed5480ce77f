//! A kqueue that lives in user space, so that what is built on kevent(2) runs without a BSD.
//!
//! For tests alone. Compiled with `--cfg poll_kqueue_foreign`, it loads the shared library that
//! `POLL_KQUEUE_LIBRARY` names when the first kqueue is made, and calls that library's `kqueue` and
//! `kevent`. Nothing of such a library is part of this crate.
//!
//! The layout and the numbers are libkqueue's (its `sys/event.h`, the same in 2.3 to 2.7), which
//! are FreeBSD's before 12. It differs from every kernel in two ways that nothing can be built on, and
//! that are made up for here:
//!
//! - `EV_ADD` on a filter that exists fails unless it was added with `EV_CLEAR`, and with it does not
//!   report again what is pending. The filter is deleted first, and added with the flags that a kernel
//!   would have kept ([`KEPT`]).
//! - `EV_DELETE` of one direction makes the other forget its `EV_CLEAR`. That one is added anew.
//!
//! # How is this safe?
//! - LIBRARY-VOUCHED: who sets the variable vouches that the library keeps kevent(2)'s contract.

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_int, c_void};
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::mem;
use std::ptr;
use std::sync::{Mutex, OnceLock, PoisonError};

/// `struct kevent` of libkqueue's `sys/event.h`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Kevent {
    pub(crate) ident: usize,
    pub(crate) filter: i16,
    pub(crate) flags: u16,
    pub(crate) fflags: u32,
    pub(crate) data: isize,
    pub(crate) udata: *mut c_void,
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<Kevent>() == 32 && align_of::<Kevent>() == 8);
    assert!(mem::offset_of!(Kevent, filter) == 8 && mem::offset_of!(Kevent, flags) == 10);
    assert!(mem::offset_of!(Kevent, fflags) == 12 && mem::offset_of!(Kevent, data) == 16);
    assert!(mem::offset_of!(Kevent, udata) == 24);
};

pub(crate) const EVFILT_READ: i16 = -1;
pub(crate) const EVFILT_WRITE: i16 = -2;
pub(crate) const EVFILT_VNODE: i16 = -4;
pub(crate) const EVFILT_PROC: i16 = -5;
pub(crate) const EVFILT_SIGNAL: i16 = -6;
pub(crate) const EVFILT_TIMER: i16 = -7;
pub(crate) const EVFILT_USER: i16 = -11;

pub(crate) const EV_ADD: u16 = 0x0001;
pub(crate) const EV_DELETE: u16 = 0x0002;
pub(crate) const EV_ENABLE: u16 = 0x0004;
pub(crate) const EV_DISABLE: u16 = 0x0008;
pub(crate) const EV_ONESHOT: u16 = 0x0010;
pub(crate) const EV_CLEAR: u16 = 0x0020;
pub(crate) const EV_RECEIPT: u16 = 0x0040;
pub(crate) const EV_DISPATCH: u16 = 0x0080;
pub(crate) const EV_ERROR: u16 = 0x4000;
pub(crate) const EV_EOF: u16 = 0x8000;

pub(crate) const NOTE_TRIGGER: u32 = 0x0100_0000;
pub(crate) const NOTE_FFCOPY: u32 = 0xc000_0000;
pub(crate) const NOTE_DELETE: u32 = 0x0001;
pub(crate) const NOTE_WRITE: u32 = 0x0002;
pub(crate) const NOTE_EXTEND: u32 = 0x0004;
pub(crate) const NOTE_ATTRIB: u32 = 0x0008;
pub(crate) const NOTE_LINK: u32 = 0x0010;
pub(crate) const NOTE_RENAME: u32 = 0x0020;
pub(crate) const NOTE_EXEC: u32 = 0x2000_0000;
pub(crate) const NOTE_FORK: u32 = 0x4000_0000;
pub(crate) const NOTE_EXIT: u32 = 0x8000_0000;

pub(crate) use crate::system::kqueue_local::Count;

/// A kevent whose every field is zero.
pub(crate) fn blank() -> Kevent {
    Kevent { ident: 0, filter: 0, flags: 0, fflags: 0, data: 0, udata: ptr::null_mut() }
}

type KqueueFn = unsafe extern "C" fn() -> c_int;
type KeventFn = unsafe extern "C" fn(
    c_int,
    *const Kevent,
    c_int,
    *mut Kevent,
    c_int,
    *const libc::timespec,
) -> c_int;

struct Library {
    kqueue: KqueueFn,
    kevent: KeventFn,
}

/// The library's `kqueue`; `ENOSYS` where no library is named, or it is none.
///
/// # Safety
/// None of the caller's: it is `unsafe` to have the shape of `libc::kqueue`.
pub(crate) unsafe fn kqueue() -> c_int {
    let Some(library) = library() else {
        return failed(libc::ENOSYS);
    };
    // SAFETY: 1. kqueue(2) takes no argument: LIBRARY-VOUCHED.
    unsafe { (library.kqueue)() }
}

/// The library's `kevent`.
///
/// # Safety
/// As kevent(2): `changes` and `timeout` can be read, `events` can be written, for as many entries
/// as the counts say.
pub(crate) unsafe fn kevent(
    kq: c_int,
    changes: *const Kevent,
    change_count: Count,
    events: *mut Kevent,
    room: Count,
    timeout: *const libc::timespec,
) -> c_int {
    let Some(library) = library() else {
        return failed(libc::ENOSYS);
    };
    let mut written: Count = 0;
    for index in 0..change_count.unsigned_abs() as usize {
        // SAFETY: 1. The sum is within one object: `index` is within the list that the caller vouches
        // for. 2. It does not overflow, for the same reason.
        let change = unsafe { changes.add(index) };
        // SAFETY: 1. It is readable, aligned and initialised: the caller's promise.
        let mut change = unsafe { change.read() };
        if !library.make_room_for(kq, &mut change) {
            return failed(libc::ENOMEM);
        }
        // Without a receipt there must be no room, or a pending event would be taken.
        let receipts = Count::from(change.flags & EV_RECEIPT != 0).min(room - written);
        // SAFETY: 1. The sum is within one object, or one past its end: `written` is at most `room`,
        // which the caller vouches for. 2. It does not overflow, for the same reason.
        let receipt = unsafe { events.add(written.unsigned_abs() as usize) };
        // SAFETY: 1. One change to read, a local. 2. One entry to write, if `room` has one left. 3. No
        // timeout is read where it does not wait. This is kevent(2)'s contract: LIBRARY-VOUCHED.
        let count = unsafe { (library.kevent)(kq, &raw const change, 1, receipt, receipts, NOW) };
        if count < 0 {
            return count;
        }
        library.restore_other_than(kq, &change);
        written += count;
    }
    if written > 0 {
        return written;
    }
    // SAFETY: 1. The caller's promise is kevent(2)'s contract: LIBRARY-VOUCHED.
    unsafe { (library.kevent)(kq, ptr::null(), 0, events, room, timeout) }
}

/// No timeout: for calls without room for an event to wait for.
const NOW: *const libc::timespec = ptr::null();

/// What a knote keeps of the flags that it was added with.
const KEPT: u16 = EV_ONESHOT | EV_CLEAR | EV_DISPATCH;

/// The queue, the identifier and the filter of a knote.
type Knote = (c_int, usize, i16);

type AddedWith = HashMap<Knote, (u16, usize), BuildHasherDefault<DefaultHasher>>;

/// With which of the [`KEPT`] flags and which `udata` each filter of a descriptor was added.
static ADDED_WITH: Mutex<AddedWith> = Mutex::new(HashMap::with_hasher(BuildHasherDefault::new()));

/// Whether a change is of a filter of a descriptor and has one of `flags`.
fn is_of_descriptor(change: &Kevent, flags: u16) -> bool {
    change.flags & flags != 0 && matches!(change.filter, EVFILT_READ | EVFILT_WRITE)
}

impl Library {
    /// Before a filter of a descriptor is added: deletes the one that may be there, and gives the
    /// change the flags that this one would have kept. False, with nothing changed, if there is no
    /// memory to remember them.
    fn make_room_for(&self, kq: c_int, change: &mut Kevent) -> bool {
        if !is_of_descriptor(change, EV_ADD) {
            return true;
        }
        let mut added_with = ADDED_WITH.lock().unwrap_or_else(PoisonError::into_inner);
        let knote = (kq, change.ident, change.filter);
        if !added_with.contains_key(&knote) && added_with.try_reserve(1).is_err() {
            return false;
        }
        let there = self.tell(kq, Kevent { flags: EV_DELETE, ..*change });
        let added = added_with.entry(knote).or_default();
        if there {
            change.flags = change.flags & !KEPT | added.0;
        }
        *added = (change.flags & KEPT, change.udata.addr());
        true
    }

    /// After a filter of a descriptor was deleted: adds that of the other direction anew, if it is
    /// there and had `EV_CLEAR`.
    fn restore_other_than(&self, kq: c_int, change: &Kevent) {
        if !is_of_descriptor(change, EV_DELETE) {
            return;
        }
        let filter = if change.filter == EVFILT_READ { EVFILT_WRITE } else { EVFILT_READ };
        let added_with = ADDED_WITH.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(&(flags, udata)) = added_with.get(&(kq, change.ident, filter)) else { return };
        let other = Kevent { ident: change.ident, filter, flags: EV_DELETE, ..blank() };
        if flags & EV_CLEAR != 0 && self.tell(kq, other) {
            let udata = ptr::without_provenance_mut(udata);
            self.tell(kq, Kevent { flags: EV_ADD | flags, udata, ..other });
        }
    }

    /// One change without receipt. Whether it was made.
    fn tell(&self, kq: c_int, change: Kevent) -> bool {
        // SAFETY: 1. One change to read, a local. 2. No room for events, so the list may be null, and
        // a failure is only returned. 3. No timeout, and no wait.
        let done = unsafe { (self.kevent)(kq, &raw const change, 1, ptr::null_mut(), 0, NOW) };
        done == 0
    }
}

/// Loads the library once for the process; a failure is final too.
fn library() -> Option<&'static Library> {
    static LIBRARY: OnceLock<Option<Library>> = OnceLock::new();
    LIBRARY.get_or_init(load).as_ref()
}

fn load() -> Option<Library> {
    let path = std::env::var("POLL_KQUEUE_LIBRARY").ok()?;
    let path = CString::new(path).ok()?;
    // SAFETY: 1. The name is a C string that lives through the call. 2. What the library's
    // constructors do is vouched for: LIBRARY-VOUCHED.
    let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
    if handle.is_null() {
        return None;
    }
    let (kqueue, kevent) = (symbol(handle, c"kqueue")?, symbol(handle, c"kevent")?);
    // SAFETY: 1. A pointer to a function has the size of a pointer. 2. The symbol is not null, is
    // never unloaded (nobody calls dlclose), and has this signature: LIBRARY-VOUCHED.
    let kqueue = unsafe { mem::transmute::<*mut c_void, KqueueFn>(kqueue) };
    // SAFETY: 1. The sizes are equal: a pointer to a function has that of a pointer. 2. The symbol is
    // not null, is never unloaded, and has the signature of kevent(2): LIBRARY-VOUCHED.
    let kevent = unsafe { mem::transmute::<*mut c_void, KeventFn>(kevent) };
    Some(Library { kqueue, kevent })
}

/// The address of `name` in a library that dlopen(3) has returned.
fn symbol(handle: *mut c_void, name: &CStr) -> Option<*mut c_void> {
    // SAFETY: 1. `handle` is from dlopen(3) and was not closed. 2. `name` is a C string.
    let address = unsafe { libc::dlsym(handle, name.as_ptr()) };
    (!address.is_null()).then_some(address)
}

/// Fails as a system call does.
fn failed(error: c_int) -> c_int {
    // SAFETY: 1. It takes no argument; the pointer is this thread's.
    let errno = unsafe { crate::system::errno_location() };
    // SAFETY: 1. It points at this thread's `errno`, which nobody else writes now.
    unsafe { errno.write(error) };
    -1
}
