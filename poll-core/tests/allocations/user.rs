//! Notifiers, channels, the driver.

use std::time::Duration;

use poll_core::driver::Driver;
use poll_core::{Events, Mode, Readiness, Token, channel};

use crate::{allocations, for_each_backend};

#[test]
fn a_notifier_allocates_twice_when_it_is_made_and_never_again() {
    for_each_backend(|poller| {
        for mode in [Mode::Level, Mode::Edge] {
            // The table grows now and then, not with each.
            let made: u64 = (0..64)
                .map(|_| allocations(|| drop(poller.notifier(Token(1), mode).unwrap())))
                .min()
                .unwrap();
            assert_eq!(made, 2);
            let notifier = poller.notifier(Token(1), mode).unwrap();
            let mut events = Events::with_capacity(4);
            let mut round = || {
                notifier.set(Readiness::READABLE).unwrap();
                drop(notifier.clone());
                assert_eq!(poller.wait(&mut events, None).unwrap(), 1);
                notifier.clear(Readiness::READABLE);
            };
            round();
            assert_eq!(allocations(round), 0);
        }
    });
}

#[test]
fn a_bounded_channel_allocates_nothing_for_its_messages() {
    for_each_backend(|poller| {
        let (sender, receiver) = channel::bounded(poller, Token(1), 4).unwrap();
        let sender = sender.with_events(poller, Token(2)).unwrap();
        let mut events = Events::with_capacity(4);
        let mut round = || {
            while sender.try_send(0).is_ok() {}
            drop(sender.clone());
            assert_eq!(poller.wait(&mut events, None).unwrap(), 1);
            assert_eq!(receiver.drain(9).count(), 4);
            assert_eq!(poller.wait(&mut events, None).unwrap(), 1);
        };
        round();
        assert_eq!(allocations(round), 0);
    });
}

#[test]
fn an_unbounded_channel_allocates_block_by_block() {
    for_each_backend(|poller| {
        const MESSAGES: u64 = 310;
        let (sender, _receiver) = channel::unbounded(poller, Token(1)).unwrap();
        let made = allocations(|| (0..MESSAGES).for_each(|n| sender.send(n).unwrap()));
        // std's blocks hold 31 messages.
        assert!((1..=MESSAGES / 31 + 1).contains(&made), "{made} for {MESSAGES} messages");
    });
}

#[test]
fn a_turn_of_the_driver_allocates_nothing() {
    for_each_backend(|poller| {
        let mut driver = Driver::new(poller.clone());
        let mut events = Events::with_capacity(4);
        let mut turn = || {
            let later = driver.after(Duration::from_secs(9), "later");
            driver.after(Duration::ZERO, "now");
            assert_eq!(driver.wait(&mut events, None).unwrap(), 0);
            assert_eq!(driver.next_expired(), Some("now"));
            assert_eq!(driver.next_expired(), None);
            assert_eq!(driver.timers_mut().cancel(later), Some("later"));
        };
        turn();
        assert_eq!(allocations(turn), 0);
    });
}

#[test]
fn senders_with_events_that_are_gone_leave_nothing_behind() {
    for_each_backend(|poller| {
        let (sender, _receiver) = channel::bounded::<u8>(poller, Token(1), 1).unwrap();
        let lives = || {
            for n in 2..100 {
                drop(sender.with_events(poller, Token(n)).unwrap());
            }
        };
        lives();
        assert_eq!(allocation_counter::measure(lives).bytes_current, 0);
    });
}

#[test]
fn tokens_with_a_capacity_grow_to_it_without_a_further_allocation() {
    let mut tokens = poll_core::Tokens::with_capacity(100);
    let fill = || {
        for n in 0..100 {
            tokens.insert(n);
        }
    };
    assert_eq!(allocations(fill), 0);
}
