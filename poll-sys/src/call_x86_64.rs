//! System calls on x86-64, made where they are asked for: no errno, no call of a function.
//!
//! Source: syscall(2), "Architecture calling conventions"; System V ABI, AMD64 supplement, A.2.1.
//!
//! What proofs in this file rest on:
//!
//! - KERNEL-ENTRY: `syscall` takes a number in rax and arguments in rdi, rsi, rdx, r10, r8 and r9,
//!   of which the kernel looks at as many as the call has. The answer is in rax. rcx and r11 are
//!   lost, and nothing else: the kernel has a stack of its own, and restores the flags.
//! - MEMORY-SEEN: neither `nomem` nor `readonly` is said, so the compiler has everything that the
//!   kernel may read in memory by then, and keeps nothing in registers that the kernel may write.
//!   What it may reach is what was exposed to it, as an integer.
//! - LANDING-LINE: what stands behind `syscall` up to the next cache line does nothing: what `.p2align`
//!   fills code with, and a `nop` before it, since the call itself may end with a line. A branch in the
//!   line that the kernel comes back to is found late: 3.5 ns of an empty wait's 110 on a Xeon (Sapphire
//!   Rapids), whether it is taken or not and wherever in the line it stands; in four builds of five there
//!   was one. It costs up to 64 bytes and some three instructions wherever a call is made.

use std::arch::asm;

use libc::c_long;

/// Makes the call `number`, of four arguments or fewer. A negative answer is an `errno`, negated; the
/// thread's own stays as it was.
///
/// Not [`call6`] with two zeros: r8 and r9 stay free for what a wait keeps across it, which else has to
/// be saved on the stack: four instructions of an empty wait.
///
/// # Safety
/// What the call's manual page asks of the arguments. It comes back here once, on this stack: no
/// `fork` that shares memory, no `exit`, no `rt_sigreturn`.
#[inline(always)]
pub(crate) unsafe fn call4(number: c_long, arguments: [c_long; 4]) -> c_long {
    let [first, second, third, fourth] = arguments;
    let answer;
    // SAFETY: 1. What the kernel does is what the caller has proved. 2. The operands are the
    // registers of KERNEL-ENTRY. 3. `nostack`, `preserves_flags`: KERNEL-ENTRY, LANDING-LINE.
    // 4. Memory: MEMORY-SEEN.
    unsafe {
        asm!(
            "syscall",
            "nop",
            ".p2align 6",
            inlateout("rax") number => answer,
            in("rdi") first,
            in("rsi") second,
            in("rdx") third,
            in("r10") fourth,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack, preserves_flags),
        );
    }
    answer
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
    // registers of KERNEL-ENTRY. 3. `nostack`, `preserves_flags`: KERNEL-ENTRY, LANDING-LINE.
    // 4. Memory: MEMORY-SEEN.
    unsafe {
        asm!(
            "syscall",
            "nop",
            ".p2align 6",
            inlateout("rax") number => answer,
            in("rdi") first,
            in("rsi") second,
            in("rdx") third,
            in("r10") fourth,
            in("r8") fifth,
            in("r9") sixth,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack, preserves_flags),
        );
    }
    answer
}
