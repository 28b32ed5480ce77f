//! System calls through the C library, on the CPUs that have no file of their own beside this one.

use std::io;

use libc::c_long;

use crate::errno::preserve;

/// Makes the call `number`, of four arguments or fewer. A negative answer is an `errno`, negated; the
/// thread's own stays as it was.
///
/// # Safety
/// What the call's manual page asks of the arguments. It comes back here once, on this stack: no
/// `fork` that shares memory, no `exit`, no `rt_sigreturn`.
#[inline]
pub(crate) unsafe fn call4(number: c_long, arguments: [c_long; 4]) -> c_long {
    let [first, second, third, fourth] = arguments;
    // SAFETY: 1. What the kernel does is what the caller has proved; it looks at as many arguments as
    // the call has (syscall(2)).
    unsafe { call6(number, [first, second, third, fourth, 0, 0]) }
}

/// [`call4`] of five arguments or six.
///
/// # Safety
/// That of [`call4`].
#[inline]
pub(crate) unsafe fn call6(number: c_long, arguments: [c_long; 6]) -> c_long {
    let [first, second, third, fourth, fifth, sixth] = arguments;
    preserve(|| {
        // SAFETY: 1. What the kernel does is what the caller has proved. 2. syscall(2) takes a number
        // and arguments of the width of a register, which a `c_long` has.
        answer(unsafe { libc::syscall(number, first, second, third, fourth, fifth, sixth) })
    })
}

/// The kernel's own answer again, which the C library has taken apart.
#[inline]
fn answer(returned: c_long) -> c_long {
    if returned != -1 {
        return returned;
    }
    // There always is one after -1.
    io::Error::last_os_error().raw_os_error().map_or(-1, |errno| -c_long::from(errno))
}
