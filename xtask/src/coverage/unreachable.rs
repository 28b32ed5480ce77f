//! The branches that are compiled on Linux and that no test there can take: decided by a constant of
//! the system, or never by what the code around them says. Each has its reason; one that a test takes
//! after all, or that is not there any more, fails the report.
//!
//! What is not compiled on Linux (kqueue, event ports, …) is not counted to begin with.

/// A way out of a condition that cannot be taken on Linux.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unreachable {
    pub(super) path: &'static str,
    /// What the line says.
    pub(super) code: &'static str,
    /// Whether the condition would have to hold.
    pub(super) holds: bool,
    pub(super) reason: &'static str,
}

pub(super) const UNREACHABLE: [Unreachable; 10] = [
    Unreachable {
        path: "poll-sys/src/quiet_write.rs",
        code: "if let Some(command) = names::PIPE_NO_SIGPIPE",
        holds: true,
        reason: "Apple and NetBSD alone tell a descriptor",
    },
    Unreachable {
        path: "poll-sys/src/quiet_write.rs",
        code: "if names::PIPE_NO_SIGPIPE.is_some()",
        holds: true,
        reason: "Apple and NetBSD alone tell a descriptor",
    },
    Unreachable {
        path: "poll-sys/src/rights.rs",
        code: "if names::CLOEXEC_RIGHTS == 0",
        holds: true,
        reason: "Linux has MSG_CMSG_CLOEXEC",
    },
    Unreachable {
        path: "poll-sys/src/sendfile.rs",
        code: "if sendfile_by::RAISES_SIGPIPE",
        holds: false,
        reason: "sendfile(2) raises SIGPIPE on Linux",
    },
    Unreachable {
        path: "poll-sys/src/socket_option.rs",
        code: "None if on =>",
        holds: true,
        reason: "Linux has SO_REUSEPORT",
    },
    Unreachable {
        path: "poll-sys/src/socket_option.rs",
        code: "None if on =>",
        holds: false,
        reason: "Linux has SO_REUSEPORT",
    },
    Unreachable {
        path: "poll-sys/src/address.rs",
        code: "if abstract_name::SUPPORTED &&",
        holds: false,
        reason: "Linux has abstract names",
    },
    Unreachable {
        path: "poll-sys/src/sigpipe_take.rs",
        code: "kind() == std::io::ErrorKind::Interrupted",
        holds: true,
        reason: "with a time of zero Linux does not sleep, and so is not interrupted",
    },
    Unreachable {
        path: "poll-core/src/tokens.rs",
        code: "let Some(tokens) = self.tokens.take() else",
        holds: false,
        reason: "an insert takes the place by value",
    },
    Unreachable {
        path: "poll-core/src/tokens.rs",
        code: "if let Slot::Free(next) =",
        holds: false,
        reason: "a chain of free slots has no other",
    },
];
