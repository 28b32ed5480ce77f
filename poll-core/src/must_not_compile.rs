//! What the types rule out. Each program that must not compile stands beside its twin that does,
//! so that it cannot fail for another reason.
//!
//! # A source that is registered by reference outlives its guard
//! ```
//! # use poll_core::{Interest, Mode, Poller, Token};
//! # let poller = Poller::new()?;
//! let (source, _peer) = std::os::unix::net::UnixStream::pair()?;
//! let guard = poller.register(&source, Token(0), Interest::READABLE, Mode::Level)?;
//! drop(guard);
//! drop(source);
//! # std::io::Result::Ok(())
//! ```
//! ```compile_fail,E0505
//! # use poll_core::{Interest, Mode, Poller, Token};
//! # let poller = Poller::new()?;
//! let (source, _peer) = std::os::unix::net::UnixStream::pair()?;
//! let guard = poller.register(&source, Token(0), Interest::READABLE, Mode::Level)?;
//! drop(source);
//! drop(guard);
//! # std::io::Result::Ok(())
//! ```
//!
//! # A bare number is no source
//! ```
//! # use poll_core::{Interest, Mode, Poller, Token};
//! # let poller = Poller::new()?;
//! # let (source, _peer) = std::os::unix::net::UnixStream::pair()?;
//! poller.add(&source, Token(0), Interest::READABLE, Mode::Level)?;
//! # std::io::Result::Ok(())
//! ```
//! ```compile_fail,E0277
//! # use poll_core::{Interest, Mode, Poller, Token};
//! # let poller = Poller::new()?;
//! # let (source, _peer) = std::os::unix::net::UnixStream::pair()?;
//! let source = std::os::fd::AsRawFd::as_raw_fd(&source);
//! poller.add(&source, Token(0), Interest::READABLE, Mode::Level)?;
//! # std::io::Result::Ok(())
//! ```
//! ```compile_fail,E0277
//! # use poll_core::{Interest, Mode, Poller, Token};
//! # let poller = Poller::new()?;
//! let guard = poller.register(3, Token(0), Interest::READABLE, Mode::Level);
//! # std::io::Result::Ok(())
//! ```
//!
//! # A guard is gone once its source is given back
//! ```
//! # use poll_core::{Interest, Mode, Poller, Token};
//! # let poller = Poller::new()?;
//! # let (source, _peer) = std::os::unix::net::UnixStream::pair()?;
//! let guard = poller.reserve(source, Token(0));
//! guard.arm(Interest::READABLE, Mode::Level)?;
//! let source = guard.deregister();
//! # std::io::Result::Ok(())
//! ```
//! ```compile_fail,E0382
//! # use poll_core::{Interest, Mode, Poller, Token};
//! # let poller = Poller::new()?;
//! # let (source, _peer) = std::os::unix::net::UnixStream::pair()?;
//! let guard = poller.reserve(source, Token(0));
//! let source = guard.deregister();
//! guard.arm(Interest::READABLE, Mode::Level)?;
//! # std::io::Result::Ok(())
//! ```
//! ```compile_fail,E0382
//! # use poll_core::{Interest, Mode, Poller, Token};
//! # let poller = Poller::new()?;
//! # let (source, _peer) = std::os::unix::net::UnixStream::pair()?;
//! let guard = poller.reserve(source, Token(0));
//! guard.close();
//! guard.arm(Interest::READABLE, Mode::Level)?;
//! # std::io::Result::Ok(())
//! ```
//!
//! # A source cannot be swapped out from under its guard
//! ```
//! # use poll_core::{Interest, Mode, Poller, Token};
//! # let poller = Poller::new()?;
//! # let (source, other) = std::os::unix::net::UnixStream::pair()?;
//! let mut guard = poller.reserve(source, Token(0));
//! let shared: &std::os::unix::net::UnixStream = &guard;
//! # std::io::Result::Ok(())
//! ```
//! ```compile_fail,E0594
//! # use poll_core::{Interest, Mode, Poller, Token};
//! # let poller = Poller::new()?;
//! # let (source, other) = std::os::unix::net::UnixStream::pair()?;
//! let mut guard = poller.reserve(source, Token(0));
//! *guard = other;
//! # std::io::Result::Ok(())
//! ```
//!
//! # Events do not outlive their batch
//! ```
//! # use poll_core::{Events, Poller};
//! # use std::time::Duration;
//! # let poller = Poller::new()?;
//! # let mut events = Events::with_capacity(4);
//! let first = events.get(0);
//! poller.wait(&mut events, Some(Duration::ZERO))?;
//! assert!(first.is_none());
//! # std::io::Result::Ok(())
//! ```
//! ```compile_fail,E0502
//! # use poll_core::{Events, Poller};
//! # use std::time::Duration;
//! # let poller = Poller::new()?;
//! # let mut events = Events::with_capacity(4);
//! let mut batch = events.iter();
//! poller.wait(&mut events, Some(Duration::ZERO))?;
//! assert!(batch.next().is_none());
//! # std::io::Result::Ok(())
//! ```
//!
//! # A place in `Tokens` is used before the next is asked for
//! ```
//! # use poll_core::Tokens;
//! # let mut tokens = Tokens::new();
//! let one = tokens.vacant();
//! one.insert(1);
//! let two = tokens.vacant();
//! two.insert(2);
//! ```
//! ```compile_fail,E0499
//! # use poll_core::Tokens;
//! # let mut tokens = Tokens::new();
//! let one = tokens.vacant();
//! let two = tokens.vacant();
//! one.insert(1);
//! two.insert(2);
//! ```
//!
//! # Nothing but a descriptor's owner or borrower becomes a source
//! ```compile_fail,E0277
//! struct Number(i32);
//! impl poll_core::Source for Number {
//!     fn descriptor(&self) -> std::os::fd::BorrowedFd<'_> {
//!         unimplemented!()
//!     }
//! }
//! ```
