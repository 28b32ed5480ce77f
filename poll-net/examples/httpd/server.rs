//! One thread's event loop.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use poll_core::{Events, Interest, Mode, Poller, Registration, Token, Tokens, Waker};
use poll_net::{TcpListener, TcpStream};
use poll_timer::{Clock, Deadlines};
use rustix::io::Errno;

use crate::buffer::Pool;
use crate::connection::{Connection, OUTPUT, Shared, Waiting};
use crate::files::Root;
use crate::options::Options;
use crate::reply::{Date, Status};

const LISTENER: Token = Token::fixed(0);
const STOP: Token = Token::fixed(1);

/// How many connections are taken before those at hand have their turn.
const ACCEPTS: usize = 64;

/// How many connections over the limit are kept to be told that there are too many.
const REFUSED: usize = 64;

/// How long accepting pauses when descriptors are used up and no connection closes.
const PAUSE: Duration = Duration::from_millis(100);

/// The time for a client that was refused to close its end.
const LINGER: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(crate) struct Server {
    poller: Poller,
    /// Gone once the server is stopped.
    listener: Option<Registration<TcpListener>>,
    stop: Waker,
    connections: Tokens<Connection>,
    /// One per connection, by its token's slot.
    deadlines: Deadlines,
    clock: Clock,
    shared: Shared,
    limits: Limits,
    /// Given up for the registration of a connection that was accepted with the last other
    /// descriptor: poll(2) takes one for each. Without it, nothing is accepted.
    spare: Option<OwnedFd>,
    /// While accepting pauses: when it goes on at the latest.
    paused_until: Option<Instant>,
    /// Once the server is stopped: when it ends at the latest.
    ends_at: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Limits {
    connections: usize,
    header: Duration,
    idle: Duration,
    grace: Duration,
}

impl Server {
    pub(crate) fn new(
        listener: TcpListener,
        root: Arc<Root>,
        options: &Options,
    ) -> io::Result<Self> {
        let poller = Poller::with_backend(options.backend.0)?;
        let listener = poller.register(listener, LISTENER, Interest::READABLE, Mode::Level)?;
        Ok(Self {
            stop: poller.waker(STOP)?,
            clock: Clock::new(poller.now()),
            poller,
            listener: Some(listener),
            connections: Tokens::new(),
            deadlines: Deadlines::new(),
            limits: Limits {
                connections: options.max_connections.div_ceil(options.threads),
                header: options.header_timeout,
                idle: options.idle_timeout,
                grace: options.grace,
            },
            spare: Some(root.spare()?),
            paused_until: None,
            ends_at: None,
            shared: Shared {
                root,
                inputs: Pool::new(options.max_header),
                outputs: Pool::new(OUTPUT),
                date: Date::default(),
                is_stopping: false,
            },
        })
    }

    /// The address that it listens on.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        match &self.listener {
            Some(listener) => listener.local_addr(),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// What stops it when it is woken.
    pub(crate) fn stop(&self) -> Waker {
        self.stop.clone()
    }

    /// Serves until it is stopped.
    pub(crate) fn run(&mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        loop {
            let deadline = self.next_deadline();
            self.poller.wait_until(&mut events, deadline)?;
            let now = self.poller.now();
            for event in &events {
                match event.token() {
                    LISTENER => self.accept(now)?,
                    STOP => self.begin_to_stop(now),
                    token => self.turn(token, now),
                }
            }
            self.expire(now)?;
            if self.ends_at.is_some_and(|end| self.connections.is_empty() || now >= end) {
                return Ok(());
            }
        }
    }

    fn next_deadline(&mut self) -> Option<Instant> {
        let connections = self.deadlines.next_deadline().and_then(|tick| self.clock.instant(tick));
        [connections, self.paused_until, self.ends_at].into_iter().flatten().min()
    }

    fn accept(&mut self, now: Instant) -> io::Result<()> {
        for _ in 0..ACCEPTS {
            let Some(listener) = &self.listener else {
                return Ok(());
            };
            if self.paused_until.is_some() {
                return Ok(());
            }
            if self.connections.len() >= self.limits.connections + REFUSED {
                return self.pause(now);
            }
            match listener.accept() {
                Ok((stream, _peer)) => self.admit(stream, now)?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                // Descriptors or memory are used up. The connection stays in the queue, and the
                // listener would be reported again at once, for ever.
                Err(_) => return self.pause(now),
            }
        }
        Ok(())
    }

    /// Takes a connection in, or tells it that there are too many.
    fn admit(&mut self, stream: TcpStream, now: Instant) -> io::Result<()> {
        let is_over = self.connections.len() >= self.limits.connections;
        let place = self.connections.vacant();
        let token = place.token();
        let connection = place.insert(Connection::new(self.poller.reserve(stream, token)));
        let mut turned = match is_over {
            true => connection.refuse(Status::UNAVAILABLE, &mut self.shared),
            false => connection.turn(&mut self.shared),
        };
        let is_exhausted = turned.as_ref().is_err_and(is_exhaustion);
        if is_exhausted {
            self.spare = None;
            turned = connection.turn(&mut self.shared);
        }
        self.settle(token, turned, now);
        if is_exhausted { self.pause(now) } else { Ok(()) }
    }

    /// Lets a connection do what it can.
    fn turn(&mut self, token: Token, now: Instant) {
        // An event of a connection that an earlier event of the batch has closed finds nothing.
        if let Some(connection) = self.connections.get_mut(token) {
            let before = connection.waiting;
            let turned = connection.turn(&mut self.shared);
            // A client that sends a byte now and then gains nothing by it.
            let runs_on = matches!(before, Waiting::Header | Waiting::Close)
                && matches!(turned, Ok(waiting) if waiting == before)
                && !connection.has_answered;
            if !runs_on {
                self.settle(token, turned, now);
            }
        }
    }

    /// Sets the deadline of what the connection waits for now, or closes it.
    fn settle(&mut self, token: Token, turned: io::Result<Waiting>, now: Instant) {
        let limit = match turned.unwrap_or(Waiting::Nothing) {
            Waiting::Nothing => return self.close(token, now),
            Waiting::Header => self.limits.header,
            Waiting::Close => LINGER,
            Waiting::Request | Waiting::Room => self.limits.idle,
        };
        self.deadlines.set(token.slot(), self.clock.deadline_after(now, limit));
    }

    fn close(&mut self, token: Token, now: Instant) {
        self.deadlines.clear(token.slot());
        if let Some(connection) = self.connections.remove(token) {
            connection.close();
        }
        // A descriptor and a place are free.
        if self.paused_until.is_some() {
            self.paused_until = Some(now);
        }
    }

    /// Stops watching the listener until a connection closes, or a while has passed.
    fn pause(&mut self, now: Instant) -> io::Result<()> {
        if let Some(listener) = &self.listener {
            listener.disarm()?;
            self.paused_until = Some(now + PAUSE);
        }
        Ok(())
    }

    /// Watches the listener again, if there are descriptors to do so.
    fn resume(&mut self, now: Instant) -> io::Result<()> {
        self.paused_until = None;
        if self.spare.is_none() {
            self.spare = self.shared.root.spare().ok();
        }
        let Some(listener) = &self.listener else {
            return Ok(());
        };
        let is_armed = listener.arm(Interest::READABLE, Mode::Level).is_ok();
        if is_armed && self.spare.is_some() { Ok(()) } else { self.pause(now) }
    }

    /// Does what is due at `now`.
    fn expire(&mut self, now: Instant) -> io::Result<()> {
        if self.paused_until.is_some_and(|until| now >= until) {
            self.resume(now)?;
        }
        while let Some(slot) = self.deadlines.pop_expired(self.clock.now(now)) {
            let Some((token, connection)) = self.connections.at(slot) else {
                continue;
            };
            if connection.waiting == Waiting::Header {
                let turned = connection.refuse(Status::TIMEOUT, &mut self.shared);
                self.settle(token, turned, now);
            } else {
                self.close(token, now);
            }
        }
        Ok(())
    }

    /// Takes no further connections, and closes each one as soon as nothing is asked of it.
    fn begin_to_stop(&mut self, now: Instant) {
        if self.ends_at.is_some() {
            return;
        }
        // What waits in the queue was connected before the stop, and is served.
        let _exhausted = self.accept(now);
        self.listener = None;
        self.paused_until = None;
        self.ends_at = Some(now + self.limits.grace);
        self.shared.is_stopping = true;
        let tokens: Vec<Token> = self.connections.iter().map(|(token, _)| token).collect();
        for token in tokens {
            // A request that has come already is answered first.
            self.turn(token, now);
        }
    }
}

/// Whether the process or the system has no descriptor left.
fn is_exhaustion(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}
