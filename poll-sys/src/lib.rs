//! Raw FFI and thin syscall wrappers for I/O readiness.

#[allow(dead_code, reason = "the interfaces below use it as they are added")]
mod result;
