//! Descriptors from elsewhere: what they must be, and what is done to them.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use poll_sys::socket_option::is_listening;
use socket2::{SockRef, Type};

/// The two address families that a newtype of this crate can stand for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Domain {
    Inet,
    Unix,
}

/// Makes sure that a descriptor is a socket of the wanted type and family, listening or not.
///
/// # Errors
/// `InvalidInput` if it is another kind of socket, `ENOTSOCK` if it is none.
pub(crate) fn require(
    fd: &impl AsFd,
    domain: Domain,
    kind: Type,
    listening: bool,
) -> io::Result<()> {
    let socket = SockRef::from(fd);
    let address = socket.local_addr()?;
    let right_domain = match domain {
        Domain::Inet => address.is_ipv4() || address.is_ipv6(),
        Domain::Unix => address.is_unix(),
    };
    let right_role = kind != Type::STREAM || is_listening(fd.as_fd())? == listening;
    if right_domain && socket.r#type()? == kind && right_role {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "the descriptor is another kind of socket"))
}

/// Makes a socket from elsewhere keep this crate's promises: it never blocks, it never raises
/// SIGPIPE.
pub(crate) fn adopt(fd: BorrowedFd<'_>) -> io::Result<()> {
    poll_sys::flags::set_nonblocking(fd)?;
    poll_sys::socket_option::silence_sigpipe(fd)
}

/// `TryFrom` a std socket, `TryFrom<OwnedFd>`, and `Into` both, and `AsFd`, for a newtype over
/// that std socket.
macro_rules! conversions {
    ($ours:ident, $std:ty, $domain:expr, $kind:expr, $listening:expr) => {
        /// Sets the socket non-blocking, close-on-exec being as std made it. One to three syscalls.
        impl TryFrom<$std> for $ours {
            type Error = std::io::Error;

            fn try_from(socket: $std) -> std::io::Result<$ours> {
                crate::convert::adopt(std::os::fd::AsFd::as_fd(&socket))?;
                Ok($ours(socket))
            }
        }

        /// Checks that it is such a socket (`InvalidInput` or `ENOTSOCK` if not; the descriptor is
        /// closed then) and sets it non-blocking and close-on-exec. Up to six syscalls.
        impl TryFrom<std::os::fd::OwnedFd> for $ours {
            type Error = std::io::Error;

            fn try_from(fd: std::os::fd::OwnedFd) -> std::io::Result<$ours> {
                crate::convert::require(&fd, $domain, $kind, $listening)?;
                poll_sys::flags::set_cloexec(std::os::fd::AsFd::as_fd(&fd))?;
                $ours::try_from(<$std>::from(fd))
            }
        }

        /// The std socket, still non-blocking. No syscall.
        impl From<$ours> for $std {
            fn from(socket: $ours) -> $std {
                socket.0
            }
        }

        /// The descriptor, still non-blocking. No syscall.
        impl From<$ours> for std::os::fd::OwnedFd {
            fn from(socket: $ours) -> std::os::fd::OwnedFd {
                socket.0.into()
            }
        }

        impl std::os::fd::AsFd for $ours {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                std::os::fd::AsFd::as_fd(&self.0)
            }
        }
    };
}

pub(crate) use conversions;
