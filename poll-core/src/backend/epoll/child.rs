//! A child's exit, by a descriptor of its process; by SIGCHLD where the kernel has none.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Child, ExitStatus};

use poll_sys::{errno, pidfd};

use crate::backend::doorbell::Doorbell;
use crate::backend::system::child_sigchld;

#[derive(Debug)]
pub(crate) enum Watch {
    Pidfd(OwnedFd),
    Sigchld(child_sigchld::Watch),
    /// It had exited and was reaped before: rung once, never answered.
    Over(Doorbell),
}

impl Watch {
    pub(crate) fn new(child: &mut Child) -> io::Result<Self> {
        if child.try_wait()?.is_some() {
            let over = Doorbell::new()?;
            over.ring()?;
            return Ok(Self::Over(over));
        }
        // Not reaped, and nobody else can: the number is still the child's.
        match pidfd::open(child.id()) {
            Err(error) if matches!(error.raw_os_error(), Some(errno::NOSYS | errno::PERM)) => {
                child_sigchld::Watch::new(child).map(Self::Sigchld)
            }
            opened => opened.map(Self::Pidfd),
        }
    }

    pub(crate) fn try_wait(&self, child: &mut Child) -> io::Result<Option<ExitStatus>> {
        match self {
            Self::Pidfd(_) | Self::Over(_) => child.try_wait(),
            Self::Sigchld(watch) => watch.try_wait(child),
        }
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Pidfd(descriptor) => descriptor.as_fd(),
            Self::Sigchld(watch) => watch.as_fd(),
            Self::Over(doorbell) => doorbell.as_fd(),
        }
    }
}
