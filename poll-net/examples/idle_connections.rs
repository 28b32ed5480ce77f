//! Connections that are closed when they are idle, by a timing wheel.
//!
//! The wheel knows the next deadline and the poller waits until then: no ticking, no thread. One
//! deadline for each connection, named by its token's slot. Of the two connections here one talks
//! and one does not.
#![forbid(unsafe_code)]

use std::io::{self, ErrorKind, Read, Write};
use std::time::Duration;

use poll_core::{Events, Interest, Mode, Poller, Registration, Token, Tokens};
use poll_net::UnixStream;
use poll_timer::{Clock, Deadlines};

const IDLE: Duration = Duration::from_millis(50);

/// Runs until both connections were closed.
pub(crate) fn main() -> io::Result<()> {
    let poller = Poller::new()?;
    let begun = poller.now();
    let clock = Clock::new(begun);
    let mut deadlines = Deadlines::new();
    let mut connections: Tokens<Registration<UnixStream>> = Tokens::new();

    let (silent, _peer) = UnixStream::pair()?;
    let (talking, mut talker) = UnixStream::pair()?;
    let mut open = |stream| -> io::Result<Token> {
        let token = connections.try_insert_with(|token| {
            poller.register(stream, token, Interest::READABLE, Mode::Level)
        })?;
        deadlines.set(token.slot(), clock.deadline_after(poller.now(), IDLE));
        Ok(token)
    };
    let (silent, talking) = (open(silent)?, open(talking)?);

    let mut events = Events::with_capacity(8);
    let mut closed = Vec::new();
    talker.write_all(b"hello")?;
    while !connections.is_empty() {
        let deadline = deadlines.next_deadline().and_then(|tick| clock.instant(tick));
        poller.wait_until(&mut events, deadline)?;
        let now = poller.now();
        for event in &events {
            let Some(stream) = connections.get_mut(event.token()) else {
                continue;
            };
            match stream.read(&mut [0; 64]) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            }
            // Whoever says something has more time again.
            deadlines.set(event.token().slot(), clock.deadline_after(now, IDLE));
        }
        while let Some(slot) = deadlines.pop_expired(clock.now(now)) {
            // A slot whose connection closes for another reason is cleared; here there is none.
            if let Some((token, _)) = connections.at(slot) {
                connections.remove(token);
                closed.push(token);
            }
        }
    }
    assert_eq!(closed, [silent, talking], "who talks stays longer");
    assert!(poller.now() - begun >= IDLE, "nobody is closed early");
    println!("closed: {closed:?}");
    Ok(())
}
