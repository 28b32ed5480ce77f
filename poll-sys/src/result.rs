//! How a C return value becomes an `io::Result`, once for the crate.

use std::io;

use libc::c_int;

/// Turns the C convention "-1 and errno" into a `Result`; any other value is passed on.
///
/// Must be called before anything that may change `errno`, which is why wrappers write
/// `check(unsafe { libc::f(…) })` in one expression.
///
/// # Errors
/// The `errno` of the call that just failed.
pub(crate) fn check(returned: c_int) -> io::Result<c_int> {
    if returned == -1 { Err(io::Error::last_os_error()) } else { Ok(returned) }
}

/// [`check`] for the calls that return a byte count (`ssize_t`).
///
/// # Errors
/// The `errno` of the call that just failed.
#[allow(dead_code, reason = "not every target has an interface that counts bytes")]
pub(crate) fn check_size(returned: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(returned).map_err(|_| io::Error::last_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minus_one_is_an_error_and_anything_else_passes() {
        assert!(check(-1).is_err());
        assert_eq!(check(0).unwrap(), 0);
        assert_eq!(check(7).unwrap(), 7);
        assert!(check_size(-1).is_err());
        assert_eq!(check_size(7).unwrap(), 7);
    }
}
