//! System calls on 64-bit ARM, made where they are asked for: no errno, no call of a function.
//!
//! Source: syscall(2), "Architecture calling conventions".
//!
//! What proofs in this file rest on:
//!
//! - KERNEL-ENTRY: `svc 0` takes a number in x8 and arguments in x0 to x5, of which the kernel
//!   looks at as many as the call has. The answer is in x0. Nothing else is lost: the kernel has a
//!   stack of its own, and restores the flags.
//! - MEMORY-SEEN: neither `nomem` nor `readonly` is said, so the compiler has everything that the
//!   kernel may read in memory by then, and keeps nothing in registers that the kernel may write.
//!   What it may reach is what was exposed to it, as an integer.

use std::arch::asm;

use libc::c_long;

/// Makes the call `number`, of four arguments or fewer. A negative answer is an `errno`, negated; the
/// thread's own stays as it was.
///
/// # Safety
/// What the call's manual page asks of the arguments. It comes back here once, on this stack: no
/// `fork` that shares memory, no `exit`, no `rt_sigreturn`.
#[inline(always)]
pub(crate) unsafe fn call4(number: c_long, arguments: [c_long; 4]) -> c_long {
    let [first, second, third, fourth] = arguments;
    // SAFETY: 1. What the kernel does is what the caller has proved; it looks at as many arguments as
    // the call has (KERNEL-ENTRY).
    unsafe { call6(number, [first, second, third, fourth, 0, 0]) }
}

/// [`call4`] of five arguments or six.
///
/// # Safety
/// That of [`call4`].
#[inline(always)]
pub(crate) unsafe fn call6(number: c_long, arguments: [c_long; 6]) -> c_long {
    let [first, second, third, fourth, fifth, sixth] = arguments;
    let answer;
    // SAFETY: 1. What the kernel does is what the caller has proved. 2. The operands are the
    // registers of KERNEL-ENTRY. 3. `nostack`, `preserves_flags`: KERNEL-ENTRY. 4. Memory: MEMORY-SEEN.
    unsafe {
        asm!(
            "svc 0",
            in("x8") number,
            inlateout("x0") first => answer,
            in("x1") second,
            in("x2") third,
            in("x3") fourth,
            in("x4") fifth,
            in("x5") sixth,
            options(nostack, preserves_flags),
        );
    }
    answer
}
