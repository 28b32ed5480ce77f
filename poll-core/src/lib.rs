//! A safe readiness poller: edge, level and oneshot, over epoll, kqueue, event ports and poll(2).
//!
//! # The problem
//!
//! A program that talks to a thousand peers cannot wait for each in turn. Every Unix has a call that
//! waits for all of them at once, and every Unix has another one, with its own rules for what is
//! reported, how often, and what happens to a descriptor that was closed meanwhile. Three mistakes
//! are made on all of them: the edge that was not drained and never comes again, the event that was
//! meant for a connection which is gone, and the registration that was forgotten when its descriptor
//! closed. This crate gives the calls one meaning, and makes the last two mistakes impossible.
//!
//! # The model
//!
//! ```text
//!            register ──► Registration ──┐ owns the source, derefs to it,
//!  source ──┤                            │ deregisters before it closes
//!            reserve ───► (idle)         │
//!                                        ▼
//!   Waker ───────────────────────────► Poller ── wait ──► Events ──► Event: token + readiness
//!   (other threads, signal handlers)                                   │
//!            Tokens<T>: token ──► your connection  ◄───────────────────┘
//! ```
//!
//! - A [`Poller`] is a handle to one kernel poller. Any thread may use it.
//! - A [`Registration`] is the guard of a source: everything that is
//!   [`AsFd`](std::os::fd::AsFd). While it is *armed*, the poller watches the source for an
//!   [`Interest`], in a [`Mode`].
//! - A [`Token`] is your name for the source. [`Tokens`] issues tokens that are never issued again,
//!   and maps them to your connections.
//! - [`Poller::wait`] fills an [`Events`] batch. Each [`Event`] says which token, and what can be
//!   done.
//!
//! # The loop
//!
//! Register, wait; for each event find the connection by its token, do I/O until it would block.
//! A whole server:
//!
//! ```
//! use poll_core::{Events, Interest, Mode, Poller, Registration, Token, Tokens};
//! use std::io::{self, ErrorKind, Read, Write};
//! use std::net::{TcpListener, TcpStream};
//!
//! const LISTENER: Token = Token::fixed(0);
//! const STOP: Token = Token::fixed(1);
//!
//! fn serve(poller: &Poller, listener: TcpListener) -> io::Result<()> {
//!     listener.set_nonblocking(true)?;
//!     let listener = poller.register(listener, LISTENER, Interest::READABLE, Mode::Level)?;
//!     let mut connections: Tokens<Registration<TcpStream>> = Tokens::new();
//!     let mut events = Events::with_capacity(256);
//!     loop {
//!         poller.wait(&mut events, None)?;
//!         for event in &events {
//!             match event.token() {
//!                 STOP => return Ok(()),
//!                 LISTENER => {
//!                     let (stream, _peer) = match listener.accept() {
//!                         Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
//!                         accepted => accepted?,
//!                     };
//!                     stream.set_nonblocking(true)?;
//!                     connections.try_insert_with(|token| {
//!                         poller.register(stream, token, Interest::READABLE, Mode::Level)
//!                     })?;
//!                 }
//!                 token => {
//!                     // `None`: an event for a connection that is gone. It reaches nobody.
//!                     let Some(connection) = connections.get(token) else { continue };
//!                     if !echo(connection) {
//!                         connections.remove(token); // deregisters, then closes
//!                     }
//!                 }
//!             }
//!         }
//!     }
//! }
//!
//! /// Whether the connection lives on.
//! fn echo(mut connection: &Registration<TcpStream>) -> bool {
//!     let mut buffer = [0; 4096];
//!     match connection.read(&mut buffer) {
//!         Ok(0) => false,
//!         Ok(n) => connection.write_all(&buffer[..n]).is_ok(),
//!         Err(error) => error.kind() == ErrorKind::WouldBlock,
//!     }
//! }
//!
//! let listener = TcpListener::bind("127.0.0.1:0")?;
//! let address = listener.local_addr()?;
//! let poller = Poller::new()?;
//! let stop = poller.waker(STOP)?;
//! let server = std::thread::spawn(move || serve(&poller, listener));
//!
//! let mut client = TcpStream::connect(address)?;
//! client.write_all(b"hello")?;
//! let mut answer = [0; 5];
//! client.read_exact(&mut answer)?;
//! assert_eq!(&answer, b"hello");
//! stop.wake()?;
//! server.join().unwrap()?;
//! # io::Result::Ok(())
//! ```
//!
//! # Refinements
//!
//! - **Fewer events**: [`Mode::Edge`]. Then read (write, accept) until it would block.
//! - **Several threads**: one `Poller`, each thread with its own `Events`, sources in
//!   [`Mode::Oneshot`]; whoever gets an event owns the source until it [arms](Registration::arm) it
//!   again. Make the guard with [`Poller::reserve`], store it, then arm it: the event may come to
//!   another thread at once. Or one poller per thread, which shares nothing; a listener that they
//!   do share is watched by each in [`Mode::Exclusive`].
//! - **Fewer syscalls**: [`Poller::reserve`] the source, try the I/O, arm only when it would block.
//! - **Time**: [`Poller::wait_until`] takes the next deadline of a timing wheel.
//! - **Other threads, signals**: a [`Waker`].
//! - **Sources that you do not own**: register `&source`, an `Arc`, or use
//!   [`Poller::add`], [`modify`](Poller::modify) and [`delete`](Poller::delete).
//! - **Tests of your loop**: [`sim`] is a world in memory to run it in, as it stands; [`Events::push`]
//!   and [`Event::new`] make single batches.
//!
//! # Everything else that a loop waits for
//!
//! Whatever is [`AsFd`](std::os::fd::AsFd) is a source: standard input ([without its
//! buffer](Source#buffers)), terminals, the pipes of a child, inotify. What is not, the modules make one
//! of. Each has an example in the repository that runs as it stands:
//! `cargo run -p poll-core --example NAME`.
//!
//! | what | by | example |
//! |---|---|---|
//! | readiness that the program itself sets | [`Poller::notifier`] | `notifier` |
//! | messages from threads | [`channel`] | `channel` |
//! | signals | [`signal`] | `signals` |
//! | the exit of a child process | [`child`] | `child` |
//! | a timer of the kernel's | [`timer`] | `timer` |
//! | a timing wheel behind the same wait | `driver`, with the feature of that name | `driver` |
//! | a poller inside another's loop | [`Builder::build_nested`] | `nested` |
//! | a test of all that, without a kernel | [`sim`] | `sim` |
//!
//! # What is guaranteed, on every backend
//!
//! 1. [`Mode::Level`] reports in every wait while the condition holds, [`Mode::Edge`] at least once
//!    after the last change, [`Mode::Oneshot`] once, to one thread, hang-up included, until armed.
//! 2. `register` and `arm` report a condition that holds already, in every mode.
//! 3. No event is lost: what does not fit the batch comes later, and every ready source gets its
//!    turn within ⌈n/capacity⌉ batches.
//! 4. [`Event::is_readable`] and [`Event::is_writable`] are true also where the I/O would fail or
//!    find the end: code that looks at nothing else does not hang.
//! 5. [`Event::is_read_closed`] tells a half-close where the system can; unread data may still be
//!    there.
//! 6. An idle registration reports nothing.
//! 7. `Ok(0)` comes only after the time has passed; a zero timeout never blocks.
//! 8. A signal does not end a wait, nor cut its time.
//! 9. Errors that you can act on are typed, and the same everywhere: [`RegisterError`].
//! 10. A call that fails has changed nothing.
//! 11. A child of `fork` gets [`RegisterError::Forked`] and cannot disturb its parent.
//! 12. Guards may be dropped, closed or forgotten in any order, from any thread, during waits. After
//!     a drop has returned, no wait that begins later reports the token.
//!
//! # What is not
//!
//! - An event is a hint. The I/O may still say `WouldBlock`.
//! - No fairness among threads that wait on one poller.
//! - A source whose descriptor is closed behind the guard's back, by unsafe or foreign code, must be
//!   [abandoned](Registration::abandon). Else somebody's next descriptor of that number may lose its
//!   registration; nothing worse.
//! - After `vfork`, or in a `clone` that shares memory, a child is not told from its parent.
//!
//! # Platforms
//!
//! | system | backends, best first |
//! |---|---|
//! | Linux, Android | epoll, poll(2) |
//! | FreeBSD, NetBSD, OpenBSD, DragonFly, Apple's | kqueue, poll(2) |
//! | illumos, Solaris | event ports, poll(2) |
//! | other Unix | poll(2) |
//!
//! What the systems do differently, and what this crate makes of it, is in the repository's
//! `QUIRKS.md`; how it works inside in its `ARCHITECTURE.md`.
//!
//! # Cost
//!
//! A wait is one syscall, with or without a timeout. A wake is none while one is pending or nobody
//! sleeps. Registering, arming and dropping are one each on epoll and kqueue (registering one more
//! on kqueue, to tell a regular file), and arming is none when a level-triggered interest stays as it
//! is. Nothing allocates after it was made, but for the tables
//! of a backend that needs one; epoll needs none.
#![forbid(unsafe_code)]

mod backend;
mod bell;
mod builder;
mod busy_poll;
pub mod channel;
pub mod child;
#[cfg(feature = "driver")]
pub mod driver;
mod error;
mod event;
mod events;
mod interest;
mod latch;
mod mode;
#[cfg(doctest)]
mod must_not_compile;
mod notifier;
mod poller;
mod registration;
pub mod signal;
pub mod sim;
mod source;
mod sync;
pub mod timer;
mod token;
mod tokens;
mod wait;
mod waker;
mod watch;

pub use backend::Backend;
pub use builder::{Builder, Nested};
pub use busy_poll::BusyPoll;
pub use error::{RegisterError, Rejected, WakeError};
pub use event::{Event, Readiness};
pub use events::{Events, Iter};
pub use interest::Interest;
pub use mode::Mode;
pub use notifier::Notifier;
pub use poller::Poller;
pub use registration::Registration;
pub use source::Source;
pub use token::Token;
pub use tokens::{Tokens, Vacant};
pub use waker::Waker;
