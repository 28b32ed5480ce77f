//! A panic in the caller's handler: the poller goes on, and nothing is closed twice.

use std::panic::{AssertUnwindSafe, catch_unwind};

use poll_core::{Events, Tokens};

use crate::support::*;

#[test]
fn a_panic_among_the_events_leaves_the_poller_usable() {
    for_each_mode(|poller, mode| {
        let pairs = [readable_pair(), readable_pair()];
        let mut sources = Tokens::new();
        for (ours, _) in &pairs {
            let ours = ours.try_clone().unwrap();
            sources.try_insert_with(|token| poller.register(ours, token, READ, mode)).unwrap();
        }
        let mut events = Events::with_capacity(4);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            poller.wait(&mut events, Some(CAP)).unwrap();
            let token = events.get(0).unwrap().token();
            let _taken_down_with_it = sources.remove(token);
            std::panic::resume_unwind(Box::new("a handler's panic"));
        }));
        assert!(panicked.is_err());
        assert_eq!((sources.len(), sources.iter().count()), (1, 1));
        for (_, theirs) in &pairs {
            send(theirs);
        }
        let (left, source) = sources.iter().next().unwrap();
        source.arm(READ, mode).unwrap();
        assert_eq!(tokens(&next_into(poller, &mut events)), [left.0]);
    });
}
