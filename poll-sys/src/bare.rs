//! What goes into a system call that is made without the C library
//! ([`call`](crate::system::call)), and what comes out of it.

use std::io;

use libc::{c_int, c_long};

/// An integer as the kernel takes it.
#[inline]
#[allow(clippy::useless_conversion, reason = "of one type where a CPU has 32 bits")]
pub(crate) fn number(integer: c_int) -> c_long {
    integer.into()
}

/// A pointer as the kernel takes it.
#[inline]
pub(crate) fn address<T>(pointer: *const T) -> c_long {
    // As wide as a pointer, wherever there is an epoll.
    pointer.expose_provenance() as c_long
}

/// What the kernel answered: a count, or an `errno`, negated.
///
/// # Errors
/// That `errno`.
#[inline]
pub(crate) fn check(answer: c_long) -> io::Result<usize> {
    usize::try_from(answer).map_err(|_| refusal(answer))
}

#[cold]
fn refusal(answer: c_long) -> io::Error {
    io::Error::from_raw_os_error(answer.wrapping_neg() as c_int)
}
