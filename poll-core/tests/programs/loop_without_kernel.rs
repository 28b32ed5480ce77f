//! A test of an event loop's handlers without a kernel: batches are made by hand, stale events among
//! them.

use poll_core::{Event, Events, Readiness, Token, Tokens};

const LISTENER: Token = Token::fixed(0);

/// What a loop does with its sources, as a trait, so that a test can stand in for the sockets.
trait World {
    fn accept(&mut self) -> Option<u32>;
    fn closed_by_peer(&mut self, peer: u32) -> bool;
}

#[derive(Default)]
struct Server {
    peers: Tokens<u32>,
    stale: usize,
}

impl Server {
    /// One turn of the loop, after the wait.
    fn turn(&mut self, events: &Events, world: &mut impl World) {
        for event in events {
            if event.token() == LISTENER {
                while let Some(peer) = world.accept() {
                    self.peers.insert(peer);
                }
                continue;
            }
            let Some(peer) = self.peers.get(event.token()).copied() else {
                self.stale += 1;
                continue;
            };
            if event.is_readable() && world.closed_by_peer(peer) {
                self.peers.remove(event.token());
            }
        }
    }
}

#[derive(Default)]
struct Script {
    waiting: Vec<u32>,
    closed: Vec<u32>,
}

impl World for Script {
    fn accept(&mut self) -> Option<u32> {
        self.waiting.pop()
    }

    fn closed_by_peer(&mut self, peer: u32) -> bool {
        self.closed.contains(&peer)
    }
}

#[test]
fn an_event_for_a_peer_that_left_in_the_same_batch_does_not_reach_its_successor() {
    let (mut server, mut script) = (Server::default(), Script::default());
    let mut events = Events::with_capacity(8);
    let batch = |events: &mut Events, list: &[(Token, Readiness)]| {
        events.clear();
        for (token, readiness) in list {
            events.push(Event::new(*token, *readiness)).unwrap();
        }
    };

    script.waiting = vec![1];
    batch(&mut events, &[(LISTENER, Readiness::READABLE)]);
    server.turn(&events, &mut script);
    let first = server.peers.iter().next().unwrap().0;

    // Peer 1 closes; peer 2 comes and takes its slot; a second event of peer 1 follows.
    script.closed = vec![1];
    script.waiting = vec![2];
    let list = [
        (first, Readiness::READ_CLOSED),
        (LISTENER, Readiness::READABLE),
        (first, Readiness::WRITABLE | Readiness::READABLE),
    ];
    batch(&mut events, &list);
    server.turn(&events, &mut script);
    let (second, peer) = server.peers.iter().next().unwrap();
    assert_eq!((*peer, server.stale), (2, 1));
    assert_eq!(second.slot(), first.slot());
}
