//! An adapter with mio's shape: a registry that borrows its sources and never owns them.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use poll_core::{Events, Interest, Mode, Poller, RegisterError, Source, Token};

struct Poll {
    poller: Poller,
    mode: Mode,
}

struct Registry<'p>(&'p Poll);

impl Poll {
    fn registry(&self) -> Registry<'_> {
        Registry(self)
    }

    fn poll(&mut self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        self.poller.wait(events, timeout).map(drop)
    }
}

impl Registry<'_> {
    fn register<S: Source>(&self, source: &mut S, token: Token, of: Interest) -> io::Result<()> {
        Ok(self.0.poller.add(source, token, of, self.0.mode)?)
    }

    fn reregister<S: Source>(&self, source: &mut S, token: Token, of: Interest) -> io::Result<()> {
        Ok(self.0.poller.modify(source, token, of, self.0.mode)?)
    }

    fn deregister<S: Source>(&self, source: &mut S) -> io::Result<()> {
        Ok(self.0.poller.delete(source)?)
    }
}

#[test]
fn a_borrowed_source_lives_through_register_reregister_and_deregister() {
    for mode in [Mode::Edge, Mode::Level] {
        for poller in super::pollers(mode) {
            let mut poll = Poll { poller, mode };
            let mut events = Events::with_capacity(8);
            let (mut ours, mut theirs) = UnixStream::pair().unwrap();

            poll.registry().register(&mut theirs, Token(1), Interest::READABLE).unwrap();
            ours.write_all(b"x").unwrap();
            poll.poll(&mut events, None).unwrap();
            assert_eq!(events.get(0).unwrap().token(), Token(1));

            // The condition still holds: it is reported again, under the new token.
            poll.registry().reregister(&mut theirs, Token(2), Interest::READABLE).unwrap();
            poll.poll(&mut events, None).unwrap();
            assert_eq!(events.get(0).unwrap().token(), Token(2));

            // The source was free to use all the time.
            theirs.read_exact(&mut [0]).unwrap();
            poll.registry().deregister(&mut theirs).unwrap();
            ours.write_all(b"x").unwrap();
            poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
            assert!(events.is_empty());
            let gone = poll.registry().deregister(&mut theirs).unwrap_err();
            let gone = gone.get_ref().unwrap().downcast_ref().unwrap();
            assert!(matches!(gone, RegisterError::NotRegistered));
        }
    }
}
