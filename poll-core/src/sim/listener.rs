//! Connections that arrive in a simulated world.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::open::Open;
use super::{Sim, Stream, name};

/// What accepts connections in a simulated world; see [`Sim::listener`]. Behaves as a non-blocking
/// listening socket whose queue has no end.
///
/// Dropping it resets the connections that nobody has accepted, and refuses others.
///
/// # Examples
/// ```
/// use poll_core::sim::Sim;
/// use poll_core::{Events, Interest, Mode, Token};
/// use std::io::ErrorKind;
/// use std::time::Duration;
///
/// let sim = Sim::new(1);
/// let poller = sim.poller()?;
/// let (listener, connector) = sim.listener(1024)?;
/// let listener = poller.register(listener, Token(1), Interest::READABLE, Mode::Level)?;
/// sim.after(Duration::from_secs(1), move |_| drop(connector.connect()));
///
/// poller.wait(&mut Events::with_capacity(8), None)?;
/// let _connection = listener.accept()?;
/// assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
/// # std::io::Result::Ok(())
/// ```
pub struct Listener(Open);

/// What clients connect to a [`Listener`] by; see [`Sim::listener`].
#[derive(Clone)]
pub struct Connector {
    sim: Sim,
    listener: u64,
}

impl Listener {
    pub(super) fn new(sim: &Sim, name: File, capacity: usize) -> (Self, Connector) {
        let id = sim.change(|world| world.listen(capacity));
        let connector = Connector { sim: sim.clone(), listener: id };
        (Self(Open::new(sim, name, id)), connector)
    }

    /// The next connection of the queue.
    ///
    /// # Errors
    /// `WouldBlock`: nobody waits. EMFILE, and what [`fail`](Self::fail) was given: the connection
    /// stays in the queue.
    pub fn accept(&self) -> io::Result<Stream> {
        let name = name()?;
        let handle = &self.0.handle;
        let side = handle.sim.change(|world| world.accept(handle.id))?;
        Ok(Stream::new(&handle.sim, name, side))
    }

    /// Makes the next [`accept`](Self::accept) fail, and reports an error until then.
    pub fn fail(&self, error: impl Into<io::Error>) {
        let handle = &self.0.handle;
        handle.sim.change(|world| world.fail(handle.id, error.into()));
    }
}

impl Connector {
    /// Connects: the connection is in the listener's queue, and can be written to at once.
    ///
    /// # Errors
    /// `ConnectionRefused`: the listener is gone. EMFILE: as for [`Sim::pair`].
    pub fn connect(&self) -> io::Result<Stream> {
        let name = name()?;
        let side = self.sim.change(|world| world.connect_to(self.listener))?;
        Ok(Stream::new(&self.sim, name, side))
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Closes the listener. What comes out is the number that it was registered by, and good for nothing:
/// it is there for [`Registration::close`](crate::Registration::close).
impl From<Listener> for OwnedFd {
    fn from(listener: Listener) -> Self {
        listener.0.close()
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("id", &self.0.handle.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("listener", &self.listener).finish_non_exhaustive()
    }
}
