//! Who is at the other end of a Unix stream.

use std::io;
use std::os::fd::BorrowedFd;

use crate::system::cred_by;

/// The user, group and process that connected, or listened, as the kernel noted them when the
/// connection was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Credentials {
    /// The effective user.
    pub user: u32,
    /// The effective group.
    pub group: u32,
    /// The process, where the system tells. It may have ended since, and its number may be another
    /// process's.
    pub process: Option<i32>,
}

/// The credentials of a Unix stream's peer.
///
/// # Errors
/// `NotConnected` or `InvalidInput` for a socket without a peer, `ENOTSOCK`; `Unsupported` where
/// the system does not tell.
///
/// # Platform
/// | system | interface | process |
/// |---|---|---|
/// | Linux, Android, OpenBSD | `SO_PEERCRED` | yes |
/// | Apple | `getpeereid`, `LOCAL_PEERPID` | yes |
/// | FreeBSD, DragonFly, NetBSD | `getpeereid` | no |
/// | illumos, Solaris | `getpeerucred` | yes |
/// | others | none | `Unsupported` |
///
/// # Cost
/// One syscall (Apple two). No allocation (illumos and Solaris: one, freed again).
///
/// # Source
/// <https://man7.org/linux/man-pages/man7/unix.7.html>,
/// <https://man.freebsd.org/cgi/man.cgi?query=getpeereid>,
/// <https://illumos.org/man/3C/getpeerucred>
///
/// # Examples
/// ```
/// use std::os::fd::AsFd;
/// let (a, _b) = std::os::unix::net::UnixStream::pair()?;
/// match poll_sys::cred::peer(a.as_fd()) {
///     Ok(peer) => assert!(peer.process.is_none_or(|id| id == std::process::id() as i32)),
///     Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::Unsupported),
/// }
/// # std::io::Result::Ok(())
/// ```
pub fn peer(stream: BorrowedFd<'_>) -> io::Result<Credentials> {
    cred_by::peer(stream)
}
