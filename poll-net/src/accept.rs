//! The iterator that empties a listener's queue.

use std::fmt;
use std::io;
use std::iter::FusedIterator;

use poll_sys::socket_error::connection_is_gone;

/// A listener: what [`AcceptReady`] can empty. [`TcpListener`](crate::TcpListener) and
/// [`UnixListener`](crate::UnixListener) are; nothing else can be.
pub trait Accept: sealed::Sealed {
    /// What a connection becomes.
    type Stream;
    /// What a peer is known by.
    type Address;

    /// Takes one connection from the queue.
    ///
    /// # Errors
    /// As the listener's own `accept` says.
    fn accept(&self) -> io::Result<(Self::Stream, Self::Address)>;
}

pub(crate) mod sealed {
    #[expect(unnameable_types, reason = "nobody else may implement `Accept`")]
    pub trait Sealed {}
}

/// The connections that wait in a listener's queue now: ends when the queue is empty.
///
/// Made by [`TcpListener::accept_ready`](crate::TcpListener::accept_ready). A `for` loop over it
/// takes every connection, so that an edge-triggered loop cannot forget to drain.
///
/// An item is a connection or an error. Connections that died in the queue (`ECONNABORTED`) are
/// skipped: they are no news to anybody. After an error the next step tries again, so that the body
/// of the loop can mend the cause; the same error twice in a row ends the iteration, so that a
/// body that mends nothing does not spin.
///
/// Connections that come meanwhile are taken too. A level-triggered loop that wants its other events to
/// have their turn takes some, `listener.accept_ready().take(64)`: the rest is reported again.
///
/// # When the process is out of descriptors
/// `EMFILE` or `ENFILE` comes as an item and the connection **stays in the queue**. (Linux looks
/// for a free descriptor first: the error comes from an empty queue as well.) A level-triggered
/// poller then reports the listener again at once, for ever; an edge-triggered one reports nothing
/// until a *further* connection arrives. So whoever sees [`is_drained`] false stops watching the
/// listener (`disarm`), and arms it again when a descriptor has become free, which reports the
/// waiting connections in every mode. Or he keeps one spare descriptor, closes it in the body of
/// the loop, lets the next step accept and close that connection, and opens the spare again: the
/// client then hears 'no' at once instead of waiting.
///
/// [`is_drained`]: AcceptReady::is_drained
///
/// # Cost
/// One syscall (`accept4`) per connection and one that finds the queue empty. No allocation.
///
/// # Examples
/// ```
/// use poll_net::{TcpListener, TcpStream};
/// use std::net::Ipv4Addr;
///
/// let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
/// let _one = TcpStream::connect(listener.local_addr()?)?;
/// let _two = TcpStream::connect(listener.local_addr()?)?;
///
/// let mut connections = Vec::new();
/// let mut ready = listener.accept_ready();
/// for accepted in ready.by_ref() {
///     match accepted {
///         Ok((stream, _peer)) => connections.push(stream),
///         Err(error) => eprintln!("accept: {error}"),
///     }
/// }
/// if !ready.is_drained() {
///     // Out of descriptors: stop watching the listener until a connection closes.
/// }
/// assert_eq!(connections.len(), 2);
/// # std::io::Result::Ok(())
/// ```
#[must_use = "an iterator does nothing until it is advanced"]
pub struct AcceptReady<'a, L> {
    listener: &'a L,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The last step gave a connection, or none was taken yet.
    Going,
    /// The last step gave this error (0 where the system gave no number).
    Failed(i32),
    /// The queue was seen empty.
    Drained,
    /// The same error came twice in a row.
    GaveUp,
}

impl<'a, L: Accept> AcceptReady<'a, L> {
    pub(crate) fn new(listener: &'a L) -> Self {
        AcceptReady { listener, state: State::Going }
    }

    /// Whether the queue was seen empty: true only after the iteration ended for that reason.
    ///
    /// False after the end means that an error stopped it and connections may still wait, of which
    /// an edge-triggered poller will not tell again.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.state == State::Drained
    }
}

impl<L: Accept> Iterator for AcceptReady<'_, L> {
    type Item = io::Result<(L::Stream, L::Address)>;

    fn next(&mut self) -> Option<Self::Item> {
        if matches!(self.state, State::Drained | State::GaveUp) {
            return None;
        }
        match self.listener.accept() {
            Ok(connection) => {
                self.state = State::Going;
                Some(Ok(connection))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.state = State::Drained;
                None
            }
            Err(error) => {
                let failed = State::Failed(error.raw_os_error().unwrap_or(0));
                if self.state == failed {
                    self.state = State::GaveUp;
                    return None;
                }
                self.state = failed;
                Some(Err(error))
            }
        }
    }
}

impl<L: Accept> FusedIterator for AcceptReady<'_, L> {}

impl<L: fmt::Debug> fmt::Debug for AcceptReady<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AcceptReady { listener, state } = self;
        f.debug_struct("AcceptReady").field("listener", listener).field("state", state).finish()
    }
}

/// Accepts until there is a connection that is still alive, or an error that says something.
///
/// Ends: each turn but the last takes one connection out of the queue.
pub(crate) fn skip_the_gone<T>(mut accept: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match accept() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if connection_is_gone(&error) => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::io::ErrorKind;

    use super::*;

    /// A listener whose answers are scripted; then its queue is empty.
    #[derive(Debug)]
    struct Script(RefCell<Vec<Result<u8, ErrorKind>>>);

    impl sealed::Sealed for Script {}

    impl Accept for Script {
        type Stream = u8;
        type Address = ();

        fn accept(&self) -> io::Result<(u8, ())> {
            skip_the_gone(|| match self.0.borrow_mut().pop() {
                Some(Ok(id)) => Ok((id, ())),
                Some(Err(kind)) => Err(kind.into()),
                None => Err(ErrorKind::WouldBlock.into()),
            })
        }
    }

    fn script(answers: &[Result<u8, ErrorKind>]) -> Script {
        Script(RefCell::new(answers.iter().rev().copied().collect()))
    }

    fn run(ready: &mut AcceptReady<'_, Script>) -> Vec<Result<u8, ErrorKind>> {
        ready.map(|item| item.map(|(id, ())| id).map_err(|error| error.kind())).collect()
    }

    #[test]
    fn ends_at_would_block_and_is_then_drained() {
        let script = script(&[Ok(1), Ok(2)]);
        let mut ready = AcceptReady::new(&script);
        assert_eq!(run(&mut ready), [Ok(1), Ok(2)]);
        assert!(ready.is_drained());
    }

    #[test]
    fn is_not_drained_before_the_end() {
        let script = script(&[Ok(1)]);
        let mut ready = AcceptReady::new(&script);
        assert!(ready.next().is_some());
        assert!(!ready.is_drained());
    }

    #[test]
    fn stays_ended_after_the_end() {
        let script = script(&[Ok(1), Err(ErrorKind::WouldBlock), Ok(2)]);
        let mut ready = AcceptReady::new(&script);
        assert_eq!(run(&mut ready), [Ok(1)]);
        assert_eq!(run(&mut ready), []);
    }

    #[test]
    fn connections_that_died_in_the_queue_are_skipped_and_interruptions_too() {
        let gone = Err(ErrorKind::ConnectionAborted);
        let script = script(&[gone, Ok(1), gone, Err(ErrorKind::Interrupted), Ok(2), gone]);
        let mut ready = AcceptReady::new(&script);
        assert_eq!(run(&mut ready), [Ok(1), Ok(2)]);
        assert!(ready.is_drained());
    }

    #[test]
    fn an_error_is_an_item_and_the_next_step_tries_again() {
        let script = script(&[Ok(1), Err(ErrorKind::OutOfMemory), Ok(2)]);
        let mut ready = AcceptReady::new(&script);
        assert_eq!(run(&mut ready), [Ok(1), Err(ErrorKind::OutOfMemory), Ok(2)]);
        assert!(ready.is_drained());
    }

    #[test]
    fn the_same_error_twice_in_a_row_ends_undrained() {
        let full = Err(ErrorKind::OutOfMemory);
        let script = script(&[Ok(1), full, full, full, Ok(2)]);
        let mut ready = AcceptReady::new(&script);
        assert_eq!(run(&mut ready), [Ok(1), full]);
        assert!(!ready.is_drained());
        assert_eq!(run(&mut ready), []);
    }

    #[test]
    fn a_connection_in_between_makes_the_same_error_news_again() {
        let full = Err(ErrorKind::OutOfMemory);
        let script = script(&[full, Ok(1), full]);
        assert_eq!(run(&mut AcceptReady::new(&script)), [full, Ok(1), full]);
    }

    #[test]
    fn debug_names_it_and_its_state() {
        let script = script(&[]);
        let mut ready = AcceptReady::new(&script);
        assert_eq!(run(&mut ready), []);
        let shown = format!("{ready:?}");
        assert!(shown.contains("AcceptReady") && shown.contains("Drained"), "{shown}");
    }
}
