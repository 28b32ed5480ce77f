//! A panic in the caller's handler: the poller goes on, and nothing is closed twice.

use std::panic::{AssertUnwindSafe, catch_unwind};

use poll_core::{Events, RegisterError, Tokens};

use crate::support::*;

#[test]
fn a_panic_among_the_events_leaves_the_poller_usable() {
    for_each_mode(|world, mode| {
        let mut sources = Tokens::new();
        for (ours, theirs) in world.readable_pairs::<2>() {
            let watched = |token| Ok((world.register(ours, token, READ, mode)?, theirs));
            sources.try_insert_with::<RegisterError>(watched).unwrap();
        }
        let mut events = Events::with_capacity(4);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            world.wait(&mut events, Some(CAP)).unwrap();
            let token = events.get(0).unwrap().token();
            let _taken_down_with_it = sources.remove(token);
            std::panic::resume_unwind(Box::new("a handler's panic"));
        }));
        assert!(panicked.is_err());
        assert_eq!((sources.len(), sources.iter().count()), (1, 1));
        let (left, (source, theirs)) = sources.iter().next().unwrap();
        send(theirs);
        source.arm(READ, mode).unwrap();
        assert_eq!(tokens(&next_into(world, &mut events)), [left.0]);
    });
}
