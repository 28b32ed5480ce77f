//! Two threads that sleep in a poller each, and wake each other in turn: a wake that is lost leaves
//! both asleep.

use std::thread;

use poll_core::{Events, Poller, Token, Waker};

use crate::{CAP, Orders};

const TOKEN: Token = Token(1);

pub(crate) fn run(orders: Orders) -> String {
    let (here, there) = (orders.poller(), orders.poller());
    let (wake_here, wake_there) = (waker(&here), waker(&there));
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..orders.count {
                hear(&there);
                wake_here.wake().expect("a wake");
            }
        });
        for _ in 0..orders.count {
            wake_there.wake().expect("a wake");
            hear(&here);
        }
    });
    format!("{} round trips", orders.count)
}

fn waker(poller: &Poller) -> Waker {
    poller.waker(TOKEN).expect("a waker")
}

fn hear(poller: &Poller) {
    let mut events = Events::with_capacity(1);
    assert_eq!(poller.wait(&mut events, CAP).expect("a wait"), 1, "a wake was lost");
    assert_eq!(events.get(0).map(|event| event.token()), Some(TOKEN));
}
