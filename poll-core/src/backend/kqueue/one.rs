//! A kqueue of one filter, as a source: readable while the filter has something to report.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, IntoRawFd, OwnedFd};
use std::time::Duration;

use poll_sys::fork::Mark;
use poll_sys::kqueue::{self, Change, Event};

#[derive(Debug)]
pub(crate) struct OneKqueue {
    /// `None` only while it is dropped.
    queue: Option<OwnedFd>,
    mark: Mark,
}

impl OneKqueue {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { mark: Mark::new()?, queue: Some(kqueue::create()?) })
    }

    /// Applies one change.
    pub(crate) fn change(&self, change: Change<'_>) -> io::Result<()> {
        // No room for events: the call does not wait, and a failure is its error.
        kqueue::kevent(self.as_fd(), &[change], &mut [], Some(Duration::ZERO)).map(drop)
    }

    /// Takes what the filter has to report, or reports within that time.
    pub(crate) fn take(&self, timeout: Duration) -> io::Result<Option<Event>> {
        let mut room = [Event::default()];
        let n = kqueue::kevent(self.as_fd(), &[], &mut room, Some(timeout))?;
        Ok((n > 0).then_some(room[0]))
    }
}

impl AsFd for OneKqueue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.queue.as_ref().expect("taken by drop alone").as_fd()
    }
}

impl Drop for OneKqueue {
    fn drop(&mut self) {
        // A child of fork has not inherited it: the number may be somebody else's there.
        if !self.mark.is_current() {
            let _not_ours = self.queue.take().map(IntoRawFd::into_raw_fd);
        }
    }
}
