//! Two threads that sleep in a poller each, and wake each other in turn, by the poller's first waker
//! and by one that stands in line: a wake that is lost leaves both asleep.

use std::thread;

use poll_core::{Events, Poller, Token, Waker};

use crate::{CAP, Orders};

pub(crate) fn run(orders: Orders) -> String {
    let (here, there) = (orders.poller(), orders.poller());
    let (wake_here, wake_there) = (wakers(&here), wakers(&there));
    thread::scope(|scope| {
        scope.spawn(|| {
            for turn in 0..orders.count {
                hear(&there, turn);
                wake(&wake_here, turn);
            }
        });
        for turn in 0..orders.count {
            wake(&wake_there, turn);
            hear(&here, turn);
        }
    });
    format!("{} round trips", orders.count)
}

fn wakers(poller: &Poller) -> [Waker; 2] {
    [0, 1].map(|turn| poller.waker(Token(turn)).expect("a waker"))
}

fn wake(wakers: &[Waker; 2], turn: u64) {
    wakers[turn as usize % 2].wake().expect("a wake");
}

fn hear(poller: &Poller, turn: u64) {
    let mut events = Events::with_capacity(1);
    assert_eq!(poller.wait(&mut events, CAP).expect("a wait"), 1, "a wake was lost");
    assert_eq!(events.get(0).map(|event| event.token()), Some(Token(turn as usize % 2)));
}
