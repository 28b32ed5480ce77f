//! The peers, and the one list of them.

pub mod bare;
pub mod calloop;
pub mod mio;
pub mod ours;
pub mod polling;
pub mod raw;

/// A peer that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Peer {
    /// The hand-written epoll loop on libc: what all ratios are to.
    Raw,
    /// The same once more: how far its ratio is from 1 is the noise of the measurement.
    RawAgain,
    /// The hand-written loop on bare syscalls.
    Bare,
    Ours,
    OursPoll,
    Mio,
    PollingOneshot,
    PollingLevel,
    PollingEdge,
    Calloop,
    Tokio,
    /// The hand-written loop in C, and C loops on libev and libuv: programs of their own.
    RawC,
    Libev,
    Libuv,
}

impl Peer {
    pub const ALL: [Self; 14] = [
        Self::Raw,
        Self::RawAgain,
        Self::Bare,
        Self::Ours,
        Self::OursPoll,
        Self::Mio,
        Self::PollingOneshot,
        Self::PollingLevel,
        Self::PollingEdge,
        Self::Calloop,
        Self::Tokio,
        Self::RawC,
        Self::Libev,
        Self::Libuv,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw epoll",
            Self::RawAgain => "raw again",
            Self::Bare => "bare epoll",
            Self::Ours => "poll-core",
            Self::OursPoll => "poll-core poll(2)",
            Self::Mio => "mio",
            Self::PollingOneshot => "polling 2.8",
            Self::PollingLevel => "polling 2.8, level",
            Self::PollingEdge => "polling 2.8, edge",
            Self::Calloop => "calloop",
            Self::Tokio => "tokio",
            Self::RawC => "raw epoll in C",
            Self::Libev => "libev",
            Self::Libuv => "libuv",
        }
    }

    /// The program of a peer that is written in C, by its name in the directory of such programs.
    #[must_use]
    pub const fn program(self) -> Option<&'static str> {
        match self {
            Self::RawC => Some("loop-raw"),
            Self::Libev => Some("loop-ev"),
            Self::Libuv => Some("loop-uv"),
            _ => None,
        }
    }
}
