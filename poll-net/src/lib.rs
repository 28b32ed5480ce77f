//! Non-blocking sockets and pipes.
#![forbid(unsafe_code)]
