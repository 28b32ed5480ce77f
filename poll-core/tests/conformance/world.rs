//! The worlds that the suite runs in: a kernel, by each of its backends, and the simulation.
//!
//! A test takes its sources from its world and does not ask which one it is, so that the simulation is
//! held to what the kernels do.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::ops::Deref;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

use poll_core::sim::{Busy, Connector, Listener, Sim, Stream};
use poll_core::{Backend, Poller};

/// A poller, and the sources that it can watch.
pub(crate) struct World {
    poller: Poller,
    /// `None`: a kernel's.
    sim: Option<Sim>,
}

/// What a simulated stream holds: as much as a test needs of a kernel's.
const CAPACITY: usize = 16 * 1_024;

/// Each world's backend, the simulation's last.
pub(crate) fn backends() -> impl Iterator<Item = Backend> {
    Backend::available().iter().copied().chain([Backend::Simulated])
}

impl World {
    /// A fresh world. `POLL_SIM_SEED` gives the simulation another chance than its usual one.
    pub(crate) fn new(backend: Backend) -> Self {
        if backend != Backend::Simulated {
            return Self { poller: Poller::with_backend(backend).unwrap(), sim: None };
        }
        let seed = std::env::var("POLL_SIM_SEED").map_or(1, |seed| seed.parse().unwrap());
        let sim = Sim::new(seed);
        Self { poller: sim.poller().unwrap(), sim: Some(sim) }
    }

    /// Another poller on the same backend, for the same sources.
    pub(crate) fn another(&self) -> io::Result<Poller> {
        match &self.sim {
            Some(sim) => sim.poller(),
            None => Poller::with_backend(self.backend()),
        }
    }

    /// Other threads take part: a wait sleeps until one of them does something.
    pub(crate) fn busy(&self) -> Option<Busy> {
        self.sim.as_ref().map(Sim::busy)
    }

    /// Two ends of a stream, both non-blocking. What one end does the other knows at once.
    pub(crate) fn pair(&self) -> (End, End) {
        if let Some(sim) = &self.sim {
            let (ours, theirs) = sim.pair(CAPACITY).unwrap();
            return (End::Simulated(ours), End::Simulated(theirs));
        }
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        theirs.set_nonblocking(true).unwrap();
        (End::Unix(ours), End::Unix(theirs))
    }

    /// A source with something to read, and its peer.
    pub(crate) fn readable_pair(&self) -> (End, End) {
        let (ours, theirs) = self.pair();
        send(&theirs);
        (ours, theirs)
    }

    /// So many of them.
    pub(crate) fn readable_pairs<const N: usize>(&self) -> [(End, End); N] {
        std::array::from_fn(|_| self.readable_pair())
    }

    /// Two ends of a connection over a network, both non-blocking: what one end does the other knows
    /// after a while.
    pub(crate) fn connection(&self) -> (End, End) {
        let (door, caller) = self.listener();
        let client = caller.call();
        // It is in the queue: a blocking connect has seen it there.
        (client, door.accept().unwrap())
    }

    /// What connections arrive at, and what makes them.
    pub(crate) fn listener(&self) -> (Door, Caller) {
        if let Some(sim) = &self.sim {
            let (listener, connector) = sim.listener(CAPACITY).unwrap();
            return (Door::Simulated(listener), Caller::Simulated(connector));
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        (Door::Tcp(listener), Caller::Tcp(address))
    }
}

impl Deref for World {
    type Target = Poller;

    fn deref(&self) -> &Poller {
        &self.poller
    }
}

/// One end of a stream.
#[derive(Debug)]
pub(crate) enum End {
    Unix(UnixStream),
    Tcp(TcpStream),
    Simulated(Stream),
    /// One that waits for its peer, as a blocking one does.
    Patient(Stream),
}

impl End {
    /// Sends no more.
    pub(crate) fn shutdown(&self) {
        match self {
            Self::Unix(stream) => stream.shutdown(Shutdown::Write).unwrap(),
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write).unwrap(),
            Self::Simulated(stream) | Self::Patient(stream) => stream.shutdown_write(),
        }
    }

    /// Makes it wait for its peer: for a thread of its own.
    pub(crate) fn blocking(self) -> Self {
        match self {
            Self::Simulated(stream) => Self::Patient(stream),
            Self::Unix(stream) => {
                stream.set_nonblocking(false).unwrap();
                stream.set_read_timeout(Some(crate::support::CAP)).unwrap();
                Self::Unix(stream)
            }
            Self::Tcp(stream) => {
                stream.set_nonblocking(false).unwrap();
                stream.set_read_timeout(Some(crate::support::CAP)).unwrap();
                Self::Tcp(stream)
            }
            Self::Patient(stream) => Self::Patient(stream),
        }
    }

    pub(crate) fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }

    /// A kernel's own stream, for a test that needs one.
    pub(crate) fn unix(self) -> UnixStream {
        match self {
            Self::Unix(stream) => stream,
            other => panic!("{other:?} is no kernel's"),
        }
    }
}

/// Does `io` again until it need not wait.
fn patiently(mut io: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match io() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::yield_now(),
            done => return done,
        }
    }
}

impl Read for &End {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            End::Unix(stream) => (&*stream).read(buffer),
            End::Tcp(stream) => (&*stream).read(buffer),
            End::Simulated(stream) => (&*stream).read(buffer),
            End::Patient(stream) => patiently(|| (&*stream).read(buffer)),
        }
    }
}

impl Write for &End {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            End::Unix(stream) => (&*stream).write(bytes),
            End::Tcp(stream) => (&*stream).write(bytes),
            End::Simulated(stream) => (&*stream).write(bytes),
            End::Patient(stream) => patiently(|| (&*stream).write(bytes)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for End {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }
}

impl Write for End {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsFd for End {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Unix(stream) => stream.as_fd(),
            Self::Tcp(stream) => stream.as_fd(),
            Self::Simulated(stream) | Self::Patient(stream) => stream.as_fd(),
        }
    }
}

impl From<End> for OwnedFd {
    fn from(end: End) -> Self {
        match end {
            End::Unix(stream) => stream.into(),
            End::Tcp(stream) => stream.into(),
            End::Simulated(stream) | End::Patient(stream) => stream.into(),
        }
    }
}

/// What accepts connections.
pub(crate) enum Door {
    Tcp(TcpListener),
    Simulated(Listener),
}

impl Door {
    pub(crate) fn accept(&self) -> io::Result<End> {
        Ok(match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(true)?;
                End::Tcp(stream)
            }
            Self::Simulated(listener) => End::Simulated(listener.accept()?),
        })
    }
}

impl AsFd for Door {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(listener) => listener.as_fd(),
            Self::Simulated(listener) => listener.as_fd(),
        }
    }
}

/// What connects.
pub(crate) enum Caller {
    Tcp(SocketAddr),
    Simulated(Connector),
}

impl Caller {
    pub(crate) fn call(&self) -> End {
        match self {
            Self::Tcp(address) => {
                let stream = TcpStream::connect(address).unwrap();
                stream.set_nonblocking(true).unwrap();
                End::Tcp(stream)
            }
            Self::Simulated(connector) => End::Simulated(connector.connect().unwrap()),
        }
    }
}

/// Writes one byte.
pub(crate) fn send(mut to: &End) {
    assert_eq!(to.write(b"x").unwrap(), 1);
}

/// Reads until it would block or ends; how many bytes came.
pub(crate) fn drain(mut from: &End) -> usize {
    let (mut sum, mut buffer) = (0, [0; 64]);
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return sum,
            Ok(n) => sum += n,
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "{error}");
                return sum;
            }
        }
    }
}

/// Reads one byte.
pub(crate) fn read_one(mut from: &End) {
    assert_eq!(from.read(&mut [0]).unwrap(), 1);
}
