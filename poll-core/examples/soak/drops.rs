//! A drop is a barrier: what another thread has dropped is in no wait that begins later.
//!
//! Tokens rise, so that a dead one tells itself.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use poll_core::{Events, Interest, Mode, Token};

use crate::{Dice, Orders, pair};

/// How many live at most before the oldest goes.
const ALIVE: usize = 8;

pub(crate) fn run(orders: Orders) -> String {
    let (modes, share) = orders.shares();
    let heard: usize = modes.map(|mode| one(orders, mode, share as usize)).sum();
    format!("{} drops, {heard} events of the living", orders.count)
}

/// Sets a flag also when its thread panics, so that the others end and the panic is seen.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn one(orders: Orders, mode: Mode, count: usize) -> usize {
    let poller = &orders.poller();
    let (dropped, over) = (&AtomicUsize::new(0), &AtomicBool::new(false));
    let (file, mut peer) = pair();
    peer.write_all(b"x").expect("room for a byte");
    thread::scope(|scope| {
        let waiters = [1, 8].map(|capacity| {
            scope.spawn(move || {
                let _over = Over(over);
                let mut events = Events::with_capacity(capacity);
                let mut heard = 0;
                while !over.load(Ordering::SeqCst) {
                    let dead = dropped.load(Ordering::SeqCst);
                    poller.wait(&mut events, Some(Duration::ZERO)).expect("a wait");
                    for event in &events {
                        let token = event.token().0;
                        assert!(token > dead, "{mode:?}: {token} was dropped before {dead}");
                        heard += 1;
                    }
                }
                heard
            })
        });
        let mut dice = Dice::new(orders.seed);
        let mut alive = VecDeque::new();
        let dropper = Over(over);
        for token in 1..=count {
            if over.load(Ordering::SeqCst) {
                break;
            }
            let source = file.try_clone().expect("a descriptor");
            let register = poller.register(source, Token(token), Interest::READABLE, mode);
            alive.push_back(register.expect("a registration"));
            while alive.len() > 1 + dice.below(ALIVE) {
                if let Some(guard) = alive.pop_front() {
                    let token = guard.token().0;
                    drop(guard);
                    dropped.store(token, Ordering::SeqCst);
                }
            }
        }
        drop(dropper);
        waiters.into_iter().map(|waiter| waiter.join().expect("a waiter")).sum()
    })
}
