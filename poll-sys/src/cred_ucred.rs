//! `getpeerucred(3C)`: an allocated `ucred_t` that is asked field by field.
//!
//! # Invariants
//! UCRED: `getpeerucred` wrote a pointer to a `ucred_t` that is ours until `ucred_free`.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use crate::cred::Credentials;
use crate::result::check;

pub(crate) fn peer(stream: BorrowedFd<'_>) -> io::Result<Credentials> {
    let mut ucred = ptr::null_mut();
    // SAFETY: 1. `stream` is borrowed, so open. 2. With a null pointer behind it, getpeerucred
    // allocates the credentials and writes their address through the pointer.
    check(unsafe { libc::getpeerucred(stream.as_raw_fd(), &raw mut ucred) })?;
    // SAFETY: 1. The pointer is to live credentials (UCRED).
    let user = unsafe { libc::ucred_geteuid(ucred) };
    // SAFETY: 1. The pointer is to live credentials (UCRED).
    let group = unsafe { libc::ucred_getegid(ucred) };
    // SAFETY: 1. The pointer is to live credentials (UCRED).
    let process = unsafe { libc::ucred_getpid(ucred) };
    // SAFETY: 1. The pointer is to live credentials, ours to free (UCRED). 2. Nobody uses it after.
    unsafe { libc::ucred_free(ucred) };
    Ok(Credentials { user, group, process: (process != -1).then_some(process) })
}
