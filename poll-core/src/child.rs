//! The exit of a child process as an event.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{Child, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};

use poll_sys::fork::Mark;
use poll_sys::kill;

use crate::backend::child::Watch;
use crate::error::RegisterError;
use crate::signal::Signal;

/// A child process as a source: readable once it has exited.
///
/// Its number is used only while the child is not reaped, and it is reaped here alone, so that no
/// other process can be meant. That holds as long as nobody else in the program waits for *any* child
/// (`waitpid(-1)`) or has the system reap them all (SIGCHLD ignored).
///
/// Its pipes are sources of their own: take `stdin`, `stdout` and `stderr` out of the [`Child`]
/// before, and register each. A child may exit before the last of its output is read.
///
/// Once it has exited the source stays readable: after [`try_wait`](Self::try_wait) has given the
/// status, disarm or drop its registration.
///
/// # Forks
/// A child of `fork` is no parent of this one: there [`try_wait`](Self::try_wait) is ECHILD,
/// [`kill`](Self::kill) and [`signal`](Self::signal) are [`Forked`](crate::RegisterError::Forked), and
/// dropping does nothing.
///
/// # Dropping
/// A child that has exited is reaped, so that no zombie stays; one that runs is left to run, as by
/// std's `Child`.
///
/// # Errors
/// | what | when | error |
/// |---|---|---|
/// | [`new`](Self::new) | no descriptor or no memory is left | EMFILE, ENFILE, ENOMEM, in a [`NotWatched`] |
/// | [`new`](Self::new), [`try_wait`](Self::try_wait) | somebody else has reaped it | ECHILD |
/// | [`kill`](Self::kill), [`signal`](Self::signal) | it has changed its user | EPERM |
/// | [`signal`](Self::signal) | the system has no such signal | EINVAL |
/// | [`try_wait`](Self::try_wait) | in a child of `fork` | ECHILD |
/// | [`kill`](Self::kill), [`signal`](Self::signal) | in a child of `fork` | [`Forked`](crate::RegisterError::Forked) |
///
/// # Platform
/// | system | by |
/// |---|---|
/// | Linux 5.3 | pidfd_open(2); before that, or where a sandbox forbids it, as the others |
/// | BSDs, Apple | `EVFILT_PROC` in a kqueue of its own |
/// | others | a handler of SIGCHLD, chained with others: the source may be readable without this child's exit |
///
/// # Cost
/// | | Linux | kqueue | by SIGCHLD |
/// |---|---|---|---|
/// | [`new`](Self::new) | 2 (`wait4`, `pidfd_open`) | 3 | that of [`Signals::new`](crate::signal::Signals::new), and 2 |
/// | [`try_wait`](Self::try_wait) | 1; 0 once the status is known | the same | 2, or 3 at the exit |
/// | [`signal`](Self::signal) | 2 (`wait4`, `kill`); 0 once the status is known | the same | the same |
/// | drop | 2 (`wait4`, `close`); 1 once the status is known | the same | that of [`Signals`](crate::signal::Signals), and 1 |
///
/// No allocation but by SIGCHLD, whose handler is registered.
///
/// # Source
/// pidfd_open(2); kqueue(2), `EVFILT_PROC`; wait(2); kill(2).
///
/// # Examples
/// ```
/// use poll_core::child::Process;
/// use poll_core::{Events, Interest, Mode, Poller, Token};
/// use std::process::Command;
///
/// let poller = Poller::new()?;
/// let process = Process::new(Command::new("sh").args(["-c", "exit 3"]).spawn()?)?;
/// let process = poller.register(process, Token(0), Interest::READABLE, Mode::Level)?;
/// let mut events = Events::with_capacity(8);
/// let status = loop {
///     poller.wait(&mut events, None)?;
///     if let Some(status) = process.try_wait()? {
///         break status;
///     }
/// };
/// assert_eq!(status.code(), Some(3));
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct Process {
    /// `None` once it was given back.
    child: Mutex<Option<Child>>,
    watch: Watch,
    id: u32,
    mark: Mark,
}

impl Process {
    /// Watches `child`.
    ///
    /// # Errors
    /// EMFILE, ENFILE, ENOMEM; ECHILD if somebody else has reaped it. The child comes back in the
    /// [`NotWatched`], which `?` turns into an `io::Error`.
    pub fn new(mut child: Child) -> Result<Self, NotWatched> {
        let watched = Mark::new().and_then(|mark| Ok((mark, Watch::new(&mut child)?)));
        match watched {
            Ok((mark, watch)) => {
                Ok(Self { id: child.id(), child: Mutex::new(Some(child)), watch, mark })
            }
            Err(error) => Err(NotWatched { child, error }),
        }
    }

    /// The exit status if it has exited, which reaps it. Later calls give the same.
    ///
    /// # Errors
    /// ECHILD if somebody else has reaped it, and in a child of `fork`.
    ///
    /// # Cost
    /// 1 syscall (2 by SIGCHLD); none once the status is known, but by SIGCHLD.
    pub fn try_wait(&self) -> io::Result<Option<ExitStatus>> {
        match &mut *self.child() {
            Some(child) => self.watch.try_wait(child),
            // Only `into_child` takes it, and that takes the process too.
            None => Ok(None),
        }
    }

    /// Kills the child (SIGKILL); does nothing if it is reaped.
    ///
    /// # Errors
    /// EPERM if the child has changed its user; an `io::Error` around
    /// [`Forked`](crate::RegisterError::Forked) in a child of `fork`.
    pub fn kill(&self) -> io::Result<()> {
        self.check_process()?;
        self.child().as_mut().map_or(Ok(()), Child::kill)
    }

    /// Sends the child a signal, such as [`Signal::TERM`], which it may obey or not; does nothing if it
    /// has exited. No other process can be meant, as the child is not reaped before it has returned.
    ///
    /// # Errors
    /// EINVAL if the system has no such signal, EPERM if the child has changed its user; an `io::Error`
    /// around [`Forked`](crate::RegisterError::Forked) in a child of `fork`.
    ///
    /// # Cost
    /// 2 syscalls; none once the status is known.
    ///
    /// # Examples
    /// Asks first, and insists when that takes too long:
    /// ```
    /// use poll_core::child::Process;
    /// use poll_core::signal::Signal;
    /// use poll_core::{Events, Interest, Mode, Poller, Token};
    /// use std::process::Command;
    /// use std::time::Duration;
    ///
    /// let poller = Poller::new()?;
    /// let process = Process::new(Command::new("sleep").arg("1000").spawn()?)?;
    /// let process = poller.register(process, Token(0), Interest::READABLE, Mode::Level)?;
    /// process.signal(Signal::TERM)?;
    /// let mut patience = Some(poller.now() + Duration::from_secs(10));
    /// let mut events = Events::with_capacity(1);
    /// let status = loop {
    ///     if let Some(status) = process.try_wait()? {
    ///         break status;
    ///     }
    ///     if poller.wait_until(&mut events, patience)? == 0 {
    ///         process.kill()?;
    ///         patience = None;
    ///     }
    /// };
    /// assert!(!status.success());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        self.check_process()?;
        let mut child = self.child();
        let Some(child) = &mut *child else { return Ok(()) };
        // Whether it is std who knows that it is reaped, only this tells. The watch is not asked: what
        // it has to report it still reports.
        match child.try_wait()? {
            Some(_status) => Ok(()),
            None => kill::send(child.id(), signal.number()),
        }
    }

    /// In a child of `fork` the parent may have reaped it, and the number be another process's.
    fn check_process(&self) -> io::Result<()> {
        if self.mark.is_current() { Ok(()) } else { Err(RegisterError::Forked.into()) }
    }

    /// The number of the process. It means another one after this one is reaped.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Ends the watch and gives the child back; reaping it is the caller's again.
    #[must_use]
    pub fn into_child(self) -> Child {
        let child = self.child().take();
        child.expect("taken here alone, and the process with it")
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsFd for Process {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.watch.as_fd()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.mark.is_current() {
            // Not this process's to reap, and the lock may be a thread's that does not exist here.
            return;
        }
        if let Some(child) = self.child().as_mut() {
            // It fails only if somebody else has reaped it, which is the state that is wanted.
            let _reaped = child.try_wait();
        }
    }
}

/// A child that could not be watched, given back with the reason.
///
/// `?` turns it into the reason alone, and the child is dropped then, which is std's way: it runs on, and
/// nobody reaps it. Who has better plans for it takes it out.
pub struct NotWatched {
    child: Child,
    error: io::Error,
}

impl NotWatched {
    /// The reason.
    #[must_use]
    pub fn error(&self) -> &io::Error {
        &self.error
    }

    /// The child, which runs on.
    #[must_use]
    pub fn into_child(self) -> Child {
        self.child
    }
}

impl From<NotWatched> for io::Error {
    fn from(not_watched: NotWatched) -> Self {
        not_watched.error
    }
}

impl fmt::Debug for NotWatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotWatched").field("error", &self.error).finish_non_exhaustive()
    }
}

impl fmt::Display for NotWatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the child could not be watched")
    }
}

impl std::error::Error for NotWatched {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
