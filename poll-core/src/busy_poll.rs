//! Busy polling of network devices by the kernel, for a poller at a time.

use std::io;
use std::time::Duration;

use crate::poller::Poller;

/// What the kernel does in a wait before it sleeps; see [`Poller::set_busy_poll`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BusyPoll {
    /// How long it looks at the network devices itself; zero turns it off. Whole microseconds count.
    pub time: Duration,
    /// How many packets it takes in one look; more than 64 needs `CAP_NET_ADMIN`.
    pub packets: u16,
    /// Whether devices that are polled are to raise no interrupts meanwhile.
    pub prefer: bool,
}

impl BusyPoll {
    /// For this long, 8 packets at a time, as `net.core.busy_poll` does it system-wide.
    ///
    /// # Examples
    /// ```
    /// use poll_core::BusyPoll;
    /// use std::time::Duration;
    ///
    /// let mut how = BusyPoll::new(Duration::from_micros(50));
    /// how.prefer = true;
    /// ```
    #[must_use]
    pub const fn new(time: Duration) -> Self {
        Self { time, packets: 8, prefer: false }
    }
}

impl Poller {
    /// Lets waits of this poller look at the network devices of its sockets themselves before they
    /// sleep, instead of waiting for an interrupt.
    ///
    /// For servers whose latency counts for more than a CPU: a thread that waits keeps its CPU busy
    /// for up to that time. It helps only with devices whose drivers can be polled (NAPI), and only
    /// while all sockets of the poller come from the same receive queue, which
    /// `poll_sys::socket_option::napi_id` tells of each; loopback and Unix sockets gain nothing. Waits
    /// with a zero timeout look once.
    ///
    /// # Errors
    /// `Unsupported`: not epoll, or Linux before 6.9, or built without `CONFIG_NET_RX_BUSY_POLL`.
    /// EPERM: more than 64 packets without `CAP_NET_ADMIN`. EINVAL: more than 35 minutes. Nothing is
    /// changed.
    ///
    /// # Platform
    /// | backend | |
    /// |---|---|
    /// | epoll | Linux 6.9 and later (`EPIOCSPARAMS`) |
    /// | the others | `Unsupported` |
    ///
    /// # Cost
    /// 1 syscall, no allocation.
    ///
    /// # Source
    /// ioctl_eventpoll(2); `Documentation/networking/napi.rst` of Linux, "epoll-based busy polling".
    ///
    /// # Examples
    /// ```
    /// use poll_core::{BusyPoll, Poller};
    /// use std::{io, time::Duration};
    ///
    /// let poller = Poller::new()?;
    /// match poller.set_busy_poll(BusyPoll::new(Duration::from_micros(50))) {
    ///     Err(error) if error.kind() == io::ErrorKind::Unsupported => {} // then without it
    ///     done => done?,
    /// }
    /// # io::Result::Ok(())
    /// ```
    pub fn set_busy_poll(&self, how: BusyPoll) -> io::Result<()> {
        self.inner().check_process()?;
        self.inner().backend.set_busy_poll(how)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Backend;

    #[test]
    fn a_backend_that_cannot_says_unsupported() {
        let poller = Poller::with_backend(Backend::Poll).unwrap();
        let refused = poller.set_busy_poll(BusyPoll::new(Duration::ZERO)).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::Unsupported);
    }

    #[test]
    fn a_time_beyond_the_kernels_is_refused() {
        let poller = Poller::new().unwrap();
        assert!(poller.set_busy_poll(BusyPoll::new(Duration::MAX)).is_err());
    }
}
