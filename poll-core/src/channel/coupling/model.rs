//! The coupling under loom. A lost wake shows as a deadlock.

use std::collections::VecDeque;

use loom::sync::{Arc, Mutex};
use loom::thread;

use super::*;
use crate::bell::model::{Mock, model};
use crate::bell::{Bell, Carrier};
use crate::events::Events;
use crate::token::Token;
use crate::wait::{self, Limit};

/// A poller with nothing but a bell, one notifier, and a queue of at most two beside it.
struct World {
    bell: Bell,
    carrier: Carrier,
    kernel: Mock,
    queue: Mutex<VecDeque<u8>>,
    wish: Wish,
}

const CAPACITY: usize = 1;

impl Flag for World {
    fn raise(&self) -> Result<(), WakeError> {
        self.bell.set(&self.carrier, Readiness::READABLE, &self.kernel).unwrap();
        Ok(())
    }

    fn lower(&self) {
        self.bell.clear(&self.carrier, Readiness::READABLE);
    }
}

impl World {
    fn new(level: bool) -> Arc<Self> {
        let bell = Bell::new();
        let carrier = bell.carrier(Token(1), level).unwrap();
        Arc::new(Self {
            bell,
            carrier,
            kernel: Mock::new(),
            queue: Mutex::new(VecDeque::new()),
            wish: Wish::new(),
        })
    }

    fn wait(&self, events: &mut Events) {
        wait::wait(&self.bell, &self.kernel, events, &Limit::None).unwrap();
        assert!(!events.is_empty());
    }

    fn pop(&self) -> Result<u8, TryRecvError> {
        self.queue.lock().unwrap().pop_front().ok_or(TryRecvError::Empty)
    }

    fn push(&self, message: u8, capacity: usize) -> Result<(), u8> {
        let mut queue = self.queue.lock().unwrap();
        if queue.len() == capacity {
            return Err(message);
        }
        queue.push_back(message);
        Ok(())
    }
}

#[test]
fn every_message_is_received_by_who_waits_when_the_queue_is_empty() {
    model(|| {
        let world = World::new(true);
        let senders: Vec<_> = (0..2)
            .map(|message| {
                let world = Arc::clone(&world);
                thread::spawn(move || {
                    world.push(message, usize::MAX).unwrap();
                    world.raise().unwrap();
                })
            })
            .collect();
        let mut events = Events::with_capacity(2);
        let mut received = 0;
        while received < 2 {
            world.wait(&mut events);
            while receive(&*world, || world.pop()).is_ok() {
                received += 1;
            }
        }
        for sender in senders {
            sender.join().unwrap();
        }
    });
}

#[test]
fn a_receiver_that_takes_one_message_an_event_gets_all() {
    model(|| {
        let world = World::new(true);
        let sender = {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                for message in 0..3 {
                    world.push(message, usize::MAX).unwrap();
                    world.raise().unwrap();
                }
            })
        };
        let mut events = Events::with_capacity(2);
        let mut received = 0;
        while received < 3 {
            world.wait(&mut events);
            received += u8::from(receive(&*world, || world.pop()).is_ok());
        }
        sender.join().unwrap();
    });
}

#[test]
fn a_sender_that_found_the_queue_full_is_told_of_room() {
    model(|| {
        // The notifier is the sender's here, edge-triggered.
        let world = World::new(false);
        world.push(0, CAPACITY).unwrap();
        let receiver = {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                if world.pop().is_ok() && world.wish.grant() {
                    world.raise().unwrap();
                }
            })
        };
        let mut events = Events::with_capacity(2);
        while world.push(1, CAPACITY).is_err() {
            if world.wish.offer(|| world.push(1, CAPACITY)).is_ok() {
                break;
            }
            world.wait(&mut events);
        }
        receiver.join().unwrap();
    });
}
