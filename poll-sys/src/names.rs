//! What the systems call the same thing by different names: the questions. The answers are the
//! constant `NAMES` of each system's file.

use libc::{c_int, c_short};

/// One system's flags and options; `None` or 0 where it has none of the kind.
pub(crate) struct Names {
    /// The peer's half-close as poll(2) shows it.
    pub(crate) rdhup: c_short,
    /// Tells the first and the last of the real-time signals.
    #[cfg_attr(not(feature = "signal"), allow(dead_code, reason = "a question of that feature"))]
    pub(crate) realtime: Option<fn() -> (c_int, c_int)>,
    /// The flag of `send` against SIGPIPE; a kernel without one may be told per socket.
    pub(crate) no_signal: c_int,
    /// The socket option against SIGPIPE, where `no_signal` is not to be had.
    pub(crate) no_sigpipe: Option<c_int>,
    /// The `fcntl` that tells a pipe not to raise SIGPIPE.
    pub(crate) pipe_no_sigpipe: Option<c_int>,
    /// The option that lets several sockets share a port and its load.
    pub(crate) share_port: Option<c_int>,
    /// The option that tells from which of a device's queues a socket is fed.
    pub(crate) napi_id: Option<c_int>,
    /// The flag of `recvmsg` that makes received descriptors close-on-exec.
    pub(crate) cloexec_rights: c_int,
    /// The option that reports the IPv4 type of service.
    pub(crate) report_tos: Option<c_int>,
    /// The message that `report_tos` makes.
    pub(crate) reported_tos: Option<c_int>,
    /// How long the type of service in a sent message is; 0 where it cannot be sent.
    pub(crate) sent_tos_size: usize,
    /// The option that reports the IPv6 traffic class, and the message that it makes.
    pub(crate) v6_class: Option<(c_int, c_int)>,
    /// Level and type of the message that cuts a datagram into segments.
    pub(crate) udp_segment: Option<(c_int, c_int)>,
    /// Level and name of the option that joins segments, and of the message that it makes.
    pub(crate) udp_gro: Option<(c_int, c_int)>,
}
