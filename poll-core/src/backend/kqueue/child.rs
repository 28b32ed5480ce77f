//! A child's exit, by `EVFILT_PROC` in a kqueue of its own. The event is never taken, so that it
//! stays readable.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{Child, ExitStatus};

use poll_sys::errno;
use poll_sys::kqueue::{Change, Flags, note};

use super::one::OneKqueue;
use crate::backend::doorbell::Doorbell;

#[derive(Debug)]
pub(crate) enum Watch {
    Kqueue(OneKqueue),
    /// It had exited before: rung once, never answered.
    Over(Doorbell),
}

impl Watch {
    pub(crate) fn new(child: &mut Child) -> io::Result<Self> {
        if child.try_wait()?.is_some() {
            return Self::over();
        }
        // Not reaped, and nobody else can: the number is still the child's.
        let queue = OneKqueue::new()?;
        match queue.change(Change::process(child.id(), Flags::ADD, note::EXIT)) {
            // It exited in between, and waits to be reaped.
            Err(error) if error.raw_os_error() == Some(errno::SRCH) => Self::over(),
            done => done.map(|()| Self::Kqueue(queue)),
        }
    }

    fn over() -> io::Result<Self> {
        let over = Doorbell::new()?;
        over.ring()?;
        Ok(Self::Over(over))
    }

    pub(crate) fn try_wait(&self, child: &mut Child) -> io::Result<Option<ExitStatus>> {
        child.try_wait()
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Kqueue(queue) => queue.as_fd(),
            Self::Over(doorbell) => doorbell.as_fd(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use super::*;

    /// A wait that takes this long has failed.
    const CAP: Duration = Duration::from_secs(20);

    // Without a poller around it: a kqueue in user space is not readable for another one.

    #[test]
    fn an_exit_is_reported_and_nothing_before() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let watch = Watch::new(&mut child).unwrap();
        let Watch::Kqueue(queue) = &watch else { panic!("it has not exited: {watch:?}") };
        assert!(queue.take(Duration::ZERO).unwrap().is_none());
        assert!(watch.try_wait(&mut child).unwrap().is_none());
        drop(child.stdin.take());
        let event = queue.take(CAP).unwrap().expect("an exit");
        assert_ne!(event.fflags() & note::EXIT, 0, "{event:?}");
        assert!(child.wait().unwrap().success());
    }

    #[test]
    fn a_child_that_was_reaped_before_is_over_at_once() {
        let mut child = Command::new("true").spawn().unwrap();
        assert!(child.wait().unwrap().success());
        let watch = Watch::new(&mut child).unwrap();
        assert!(matches!(watch, Watch::Over(_)), "{watch:?}");
    }
}
