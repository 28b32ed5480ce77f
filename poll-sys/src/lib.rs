//! Raw FFI and thin syscall wrappers for I/O readiness.
