//! A child's exit, by SIGCHLD: any child's, so that each watch has to look for itself.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{Child, ExitStatus};

use crate::signal::{Signal, Signals};

#[derive(Debug)]
pub(crate) struct Watch(Signals);

impl Watch {
    /// The handler comes first: a child that exits before it is found by the look.
    pub(crate) fn new(child: &mut Child) -> io::Result<Self> {
        let watch = Self(Signals::new(&[Signal::CHLD])?);
        watch.try_wait(child)?;
        Ok(watch)
    }

    /// Reaps the child if it has exited; the source stays readable then.
    pub(crate) fn try_wait(&self, child: &mut Child) -> io::Result<Option<ExitStatus>> {
        // Before the look: a child that exits in between rings again.
        drop(self.0.pending());
        let status = child.try_wait()?;
        if status.is_some() {
            self.0.nudge()?;
        }
        Ok(status)
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::process::{Command, Stdio};
    use std::sync::{Mutex, PoisonError};
    use std::time::Duration;

    use super::*;
    use crate::{Events, Interest, Mode, Poller, Token};

    /// Whose turn it is to start children: each exit is told to all who watch.
    static TURN: Mutex<()> = Mutex::new(());

    #[test]
    fn another_childs_exit_is_no_exit_of_this_one() {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let poller = Poller::new().unwrap();
        let mut events = Events::with_capacity(4);
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let watch = Watch::new(&mut child).unwrap();
        let watch = poller.register(watch, Token(1), Interest::READABLE, Mode::Level).unwrap();
        let mut other = Command::new("true").spawn().unwrap();
        let cap = Some(Duration::from_secs(20));
        assert_eq!(poller.wait(&mut events, cap).unwrap(), 1);
        assert!(watch.try_wait(&mut child).unwrap().is_none());
        // It is quiet again, and no loop spins until this child exits.
        assert_eq!(poller.wait(&mut events, Some(Duration::ZERO)).unwrap(), 0);
        other.wait().unwrap();
        drop(child.stdin.take());
        let status = loop {
            assert_eq!(poller.wait(&mut events, cap).unwrap(), 1);
            if let Some(status) = watch.try_wait(&mut child).unwrap() {
                break status;
            }
        };
        assert!(status.success());
        assert_eq!(poller.wait(&mut events, cap).unwrap(), 1, "it stays readable");
    }

    #[test]
    fn a_child_that_has_exited_before_is_reported() {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let mut child = Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let watch = Watch::new(&mut child).unwrap();
        let poller = Poller::new().unwrap();
        let _watch = poller.register(watch, Token(1), Interest::READABLE, Mode::Level).unwrap();
        let ready = poller.wait(&mut Events::with_capacity(1), Some(Duration::ZERO)).unwrap();
        assert_eq!(ready, 1);
    }
}
