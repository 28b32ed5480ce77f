//! Messages between threads, received in an event loop.
//!
//! A channel of many senders and one receiver, whose receiver is ready under a token: a loop waits for
//! sockets and messages alike. The queue is std's ([`std::sync::mpsc`]); what is added is that the
//! poller hears of what happens to it.
//!
//! | what happens | event |
//! |---|---|
//! | there are messages | the receiver's token [is readable](crate::Event::is_readable), in every wait until [`try_recv`](Receiver::try_recv) has found the queue empty |
//! | the last sender is gone | the receiver's token [is read-closed](crate::Event::is_read_closed), until the receiver is dropped |
//! | a full channel has room again | the token of a [sender with events](Sender::with_events) [is writable](crate::Event::is_writable), once |
//! | the receiver is gone | that token [is write-closed](crate::Event::is_write_closed), once |
//!
//! # Fairness
//! A loop that receives until the queue is empty may never come to its other events while others
//! keep sending. Receive a bounded number for each event, with [`Receiver::drain`]: what is left is
//! reported again by the next wait, beside all else.
//!
//! # Memory
//! std's queue ends the process if there is no memory for it: when a channel is made, and when an
//! [`unbounded`] one grows. Everything else of this crate that returns an error returns that one.
//!
//! # Forks
//! In a child of `fork` a channel is its parent's: sending is [`Forked`](SendError::Forked), receiving
//! finds it [disconnected](TryRecvError::Disconnected), and the parent sees nothing of either.
//!
//! # Errors
//! | what | when | error |
//! |---|---|---|
//! | [`unbounded`], [`bounded`], [`Sender::with_events`] | `Token(usize::MAX)`; a child of `fork` | [`TokenReserved`](RegisterError::TokenReserved); [`Forked`](RegisterError::Forked) |
//! | [`Sender::try_send`] | there is no room | [`SendError::Full`] |
//! | [`Sender::send`], [`try_send`](Sender::try_send) | the receiver is gone | [`SendError::Disconnected`] |
//! | | a child of `fork` | [`SendError::Forked`] |
//! | | the system refuses to wake the receiver, who finds the message with the next event | [`SendError::Unheard`] |
//! | [`Receiver::try_recv`] | there is no message | [`TryRecvError::Empty`] |
//! | | the last sender is gone; a child of `fork` | [`TryRecvError::Disconnected`] |
//!
//! # Platform
//! The same on every system and backend.
//!
//! # Cost
//! | | syscalls | allocations |
//! |---|---|---|
//! | [`Sender::send`], [`try_send`](Sender::try_send) | 0 while the receiver's event is pending or nobody sleeps in its poller, else 1; a `send` that has to wait for room: the futex calls of std's queue | 0 for [`bounded`]; [`unbounded`] grows its queue, block by block |
//! | [`Receiver::try_recv`] | 0; 1 if a sender with events waits for room and its poller sleeps | 0 |
//! | dropping the last sender, or the receiver | 0; 1 for each poller that sleeps and is told | 0 |
//!
//! # Examples
//! ```
//! use poll_core::{Events, Poller, Token, channel};
//!
//! const JOBS: Token = Token::fixed(0);
//! let poller = Poller::new()?;
//! let (sender, receiver) = channel::unbounded(&poller, JOBS)?;
//! let worker = std::thread::spawn(move || {
//!     for n in 1..=3 {
//!         sender.send(n).unwrap();
//!     }
//! });
//!
//! let mut events = Events::with_capacity(16);
//! let mut sum = 0;
//! 'all: loop {
//!     poller.wait(&mut events, None)?;
//!     for event in &events {
//!         sum += receiver.drain(100).sum::<i32>();
//!         if event.is_read_closed() && receiver.is_closed() {
//!             break 'all;
//!         }
//!     }
//! }
//! assert_eq!(sum, 6);
//! # worker.join().unwrap();
//! # std::io::Result::Ok(())
//! ```

mod coupling;
mod error;
mod receiver;
mod sender;

use std::sync::Arc;
use std::sync::mpsc;

use crate::error::RegisterError;
use crate::mode::Mode;
use crate::poller::Poller;
use crate::token::Token;

use coupling::Ends;
pub use error::SendError;
pub use receiver::{Drain, Receiver};
pub use sender::Sender;
/// Why there is no message: none yet, or none any more.
pub use std::sync::mpsc::TryRecvError;

/// A channel that holds any number of messages.
///
/// # Errors
/// Those of [`Poller::notifier`]: [`TokenReserved`](RegisterError::TokenReserved),
/// [`Forked`](RegisterError::Forked).
///
/// # Cost
/// No syscall. Allocates what the two ends share.
pub fn unbounded<T>(
    poller: &Poller,
    token: Token,
) -> Result<(Sender<T>, Receiver<T>), RegisterError> {
    let notifier = poller.notifier(token, Mode::Level)?;
    let (sender, receiver) = mpsc::channel();
    let ends = Arc::new(Ends::new(false));
    let queue = sender::Queue::Unbounded(sender);
    Ok((
        Sender::new(queue, notifier.clone(), Arc::clone(&ends)),
        Receiver::new(receiver, notifier, ends),
    ))
}

/// A channel that holds at most `capacity` messages, at least 1: a capacity of 0 is taken as 1.
///
/// # Errors
/// As [`unbounded`].
///
/// # Cost
/// No syscall. Allocates what the two ends share, and room for `capacity` messages.
///
/// # Examples
/// A full channel gives the value back; a sender with events is told when there is room.
/// ```
/// use poll_core::{Events, Poller, Token, channel};
///
/// let poller = Poller::new()?;
/// let (sender, receiver) = channel::bounded(&poller, Token(1), 1)?;
/// let sender = sender.with_events(&poller, Token(2))?;
/// sender.try_send("first").unwrap();
/// assert_eq!(sender.try_send("second").unwrap_err().into_inner(), Some("second"));
///
/// assert_eq!(receiver.try_recv(), Ok("first"));
/// let mut events = Events::with_capacity(4);
/// poller.wait(&mut events, None)?;
/// assert!(events.iter().any(|event| event.token() == Token(2) && event.is_writable()));
/// sender.try_send("second").unwrap();
/// # std::io::Result::Ok(())
/// ```
pub fn bounded<T>(
    poller: &Poller,
    token: Token,
    capacity: usize,
) -> Result<(Sender<T>, Receiver<T>), RegisterError> {
    let notifier = poller.notifier(token, Mode::Level)?;
    let (sender, receiver) = mpsc::sync_channel(capacity.max(1));
    let ends = Arc::new(Ends::new(true));
    let queue = sender::Queue::Bounded(sender);
    Ok((
        Sender::new(queue, notifier.clone(), Arc::clone(&ends)),
        Receiver::new(receiver, notifier, ends),
    ))
}
