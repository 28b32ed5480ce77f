//! The wake protocol under loom: every interleaving of a few threads, up to a preemption bound.
//!
//! Run by `RUSTFLAGS="--cfg loom" cargo test -p poll-core --release --lib model`. A lost wake shows as
//! a deadlock, because nobody here has a timeout.

use std::io;
use std::time::Duration;

use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

use super::{Bell, Place, Ring};
use crate::event::Readiness;
use crate::events::Events;
use crate::sync::{AtomicBool, AtomicUsize, SeqCst};
use crate::token::Token;
use crate::wait::{self, Kernel, Limit};

/// A kernel with nothing but a bell: remembered until one thread takes it, as an edge-triggered
/// eventfd is.
pub(crate) struct Mock {
    rung: Mutex<bool>,
    somebody_rang: Condvar,
    /// It refuses the next ring.
    refuses: Option<AtomicBool>,
}

impl Mock {
    pub(crate) fn new() -> Self {
        Self { rung: Mutex::new(false), somebody_rang: Condvar::new(), refuses: None }
    }

    /// One that refuses the first ring.
    fn refusing() -> Self {
        Self { refuses: Some(AtomicBool::new(true)), ..Self::new() }
    }
}

impl Ring for Mock {
    fn ring(&self) -> io::Result<()> {
        if self.refuses.as_ref().is_some_and(|refuses| refuses.swap(false, SeqCst)) {
            return Err(io::Error::from_raw_os_error(5));
        }
        *self.rung.lock().unwrap() = true;
        self.somebody_rang.notify_one();
        Ok(())
    }
}

impl Kernel for Mock {
    fn wait(&self, _: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        let mut rung = self.rung.lock().unwrap();
        if timeout.is_none() {
            while !*rung {
                rung = self.somebody_rang.wait(rung).unwrap();
            }
        }
        *rung = false;
        Ok(())
    }
}

struct Poller {
    bell: Bell,
    kernel: Mock,
}

impl Poller {
    fn new() -> Arc<Self> {
        Self::on(Bell::new(), Mock::new())
    }

    fn on(bell: Bell, kernel: Mock) -> Arc<Self> {
        Arc::new(Self { bell, kernel })
    }

    /// Places of wakers, the first not among them, or among them.
    fn places<const N: usize>(&self, tokens: [Token; N], with_first: bool) -> [Place; N] {
        if !with_first {
            let _first = self.bell.place(Token(0)).unwrap();
        }
        tokens.map(|token| self.bell.place(token).unwrap())
    }

    /// Waits without a timeout; the tokens that came.
    fn wait(&self, events: &mut Events) -> Vec<Token> {
        self.wait_within(events, &Limit::None)
    }

    /// Waits without sleeping.
    fn look(&self, events: &mut Events) -> Vec<Token> {
        self.wait_within(events, &Limit::Zero)
    }

    fn wait_within(&self, events: &mut Events, limit: &Limit) -> Vec<Token> {
        // A new batch is counted, comes out and is counted again: twice as much to go through, which
        // one model does.
        self.bell.introduce(&mut events.memory);
        self.wait_as_it_is(events, limit)
    }

    /// The same with a batch that may be new.
    fn wait_as_it_is(&self, events: &mut Events, limit: &Limit) -> Vec<Token> {
        wait::wait(&self.bell, &self.kernel, events, limit).unwrap();
        events.iter().map(|event| event.token()).collect()
    }
}

/// Loom's default bound is none; three preemptions find every bug that was ever seeded here.
pub(crate) fn model(body: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(body);
}

/// The same twice: the first waker takes part, or only others do.
fn model_of_both(body: impl Fn(bool) + Send + Sync + Copy + 'static) {
    for with_first in [true, false] {
        model(move || body(with_first));
    }
}

#[test]
fn a_wake_is_not_lost() {
    model_of_both(|with_first| {
        let poller = Poller::new();
        let [place] = poller.places([Token(1)], with_first);
        let waker = {
            let poller = Arc::clone(&poller);
            thread::spawn(move || poller.bell.wake(&place, &poller.kernel).unwrap())
        };
        assert_eq!(poller.wait(&mut Events::with_capacity(4)), [Token(1)]);
        waker.join().unwrap();
    });
}

/// Each tries until the kernel takes it.
fn two_wakers(kernel: fn() -> Mock) {
    model_of_both(move |with_first| {
        let poller = Poller::on(Bell::new(), kernel());
        let wakers = poller.places([Token(1), Token(2)], with_first).map(|place| {
            let poller = Arc::clone(&poller);
            thread::spawn(move || while poller.bell.wake(&place, &poller.kernel).is_err() {})
        });
        let mut events = Events::with_capacity(4);
        let mut heard = Vec::new();
        while heard.len() < 2 {
            heard.extend(poller.wait(&mut events));
        }
        heard.sort_unstable();
        assert_eq!(heard, [Token(1), Token(2)]);
        for waker in wakers {
            waker.join().unwrap();
        }
    });
}

#[test]
fn two_wakers_are_both_heard() {
    two_wakers(Mock::new);
}

#[test]
fn who_tries_again_after_a_refusal_is_heard_and_so_is_who_relied_on_it() {
    two_wakers(Mock::refusing);
}

/// The first waker and one that is just being made, which is when the first begins to ask for others.
/// What was heard until both were.
fn a_newcomer(kernel: fn() -> Mock, check: fn(Vec<Token>)) {
    model(move || {
        let poller = Poller::on(Bell::new(), kernel());
        let [first] = poller.places([Token(1)], true);
        let places: [fn(&Poller, Place) -> Place; 2] =
            [|_, first| first, |poller, _| poller.bell.place(Token(2)).unwrap()];
        let wakers = places.map(|place_of| {
            let (poller, first) = (Arc::clone(&poller), first.clone());
            thread::spawn(move || {
                let place = place_of(&poller, first);
                while poller.bell.wake(&place, &poller.kernel).is_err() {}
            })
        });
        let mut events = Events::with_capacity(4);
        let mut heard = Vec::new();
        while ![Token(1), Token(2)].iter().all(|token| heard.contains(token)) {
            heard.extend(poller.wait(&mut events));
        }
        for waker in wakers {
            waker.join().unwrap();
        }
        check(heard);
    });
}

#[test]
fn the_first_waker_and_one_that_is_just_made_are_both_heard_once() {
    a_newcomer(Mock::new, |mut heard| {
        heard.sort_unstable();
        assert_eq!(heard, [Token(1), Token(2)]);
    });
}

/// One that is refused tries again, although the other's ring may have told of it.
#[test]
fn the_first_waker_and_one_that_is_just_made_are_both_heard_in_spite_of_a_refusal() {
    a_newcomer(Mock::refusing, |_| ());
}

#[test]
fn a_lone_waker_is_heard_beside_its_own_wake_all() {
    model(|| {
        let poller = Poller::new();
        let [place] = poller.places([Token(1)], true);
        let waker = {
            let (poller, place) = (Arc::clone(&poller), place.clone());
            thread::spawn(move || poller.bell.wake(&place, &poller.kernel).unwrap())
        };
        poller.bell.wake_all(&place, &poller.kernel).unwrap();
        let mut events = Events::with_capacity(4);
        let mut heard = 0;
        while heard < 2 {
            heard += poller.wait(&mut events).len();
        }
        assert_eq!(heard, 2);
        waker.join().unwrap();
    });
}

#[test]
fn a_wake_after_a_wake_that_was_heard_is_heard_too() {
    model_of_both(|with_first| {
        let poller = Poller::new();
        let [place] = poller.places([Token(1)], with_first);
        let heard = Arc::new(AtomicUsize::new(0));
        let waker = {
            let (poller, heard) = (Arc::clone(&poller), Arc::clone(&heard));
            thread::spawn(move || {
                for n in 1..=2 {
                    heard.store(n, loom::sync::atomic::Ordering::Relaxed);
                    poller.bell.wake(&place, &poller.kernel).unwrap();
                }
            })
        };
        // The wakes may merge, but what was done before the last one is seen.
        let mut events = Events::with_capacity(4);
        while heard.load(loom::sync::atomic::Ordering::Relaxed) < 2 {
            let tokens = poller.wait(&mut events);
            assert!(!tokens.is_empty() && tokens.iter().all(|token| *token == Token(1)));
        }
        waker.join().unwrap();
    });
}

#[test]
fn two_wakes_reach_two_waiters() {
    model_of_both(|with_first| {
        let poller = Poller::new();
        let places = poller.places([Token(1), Token(2)], with_first);
        let waiter = {
            let poller = Arc::clone(&poller);
            // Of capacity one: takes one event, and leaves the other to the other thread.
            thread::spawn(move || poller.wait(&mut Events::with_capacity(1)))
        };
        let waker = {
            let poller = Arc::clone(&poller);
            thread::spawn(move || {
                for place in &places {
                    poller.bell.wake(place, &poller.kernel).unwrap();
                }
            })
        };
        let mut heard = poller.wait(&mut Events::with_capacity(1));
        waker.join().unwrap();
        heard.extend(waiter.join().unwrap());
        heard.sort_unstable();
        assert_eq!(heard, [Token(1), Token(2)]);
    });
}

#[test]
fn a_wake_all_reaches_everyone_who_has_waited_before() {
    model(|| {
        let poller = Poller::new();
        let place = poller.bell.place(Token(1)).unwrap();
        let waiters: Vec<_> = (0..2)
            .map(|_| {
                let poller = Arc::clone(&poller);
                let events = Events::with_capacity(2);
                thread::spawn(move || {
                    let mut events = events;
                    poller.wait(&mut events)
                })
            })
            .collect();
        poller.bell.wake_all(&place, &poller.kernel).unwrap();
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap(), [Token(1)]);
        }
    });
}

#[test]
fn a_wake_beside_a_wake_all_is_heard_once() {
    model_of_both(|with_first| {
        let poller = Poller::new();
        let [one, all] = poller.places([Token(1), Token(2)], with_first);
        let waiter = {
            let poller = Arc::clone(&poller);
            thread::spawn(move || until(&poller, Token(2)))
        };
        let waker = {
            let poller = Arc::clone(&poller);
            thread::spawn(move || poller.bell.wake(&one, &poller.kernel).unwrap())
        };
        poller.bell.wake_all(&all, &poller.kernel).unwrap();
        let mut heard = until(&poller, Token(2));
        heard.extend(waiter.join().unwrap());
        waker.join().unwrap();
        heard.extend(poller.look(&mut Events::with_capacity(4)));
        // The last batch is new: it gets the `wake_all`, too.
        heard.sort_unstable();
        assert_eq!(heard, [Token(1), Token(2), Token(2), Token(2)]);
    });
}

#[test]
fn a_new_batch_hears_a_wake_and_a_wake_all_once() {
    model_of_both(|with_first| {
        let poller = Poller::new();
        let [one, all] = poller.places([Token(1), Token(2)], with_first);
        let wakers: [Box<dyn FnOnce(&Poller) + Send>; 2] = [
            Box::new(move |poller| poller.bell.wake(&one, &poller.kernel).unwrap()),
            Box::new(move |poller| poller.bell.wake_all(&all, &poller.kernel).unwrap()),
        ];
        let wakers = wakers.map(|waker| {
            let poller = Arc::clone(&poller);
            thread::spawn(move || waker(&poller))
        });
        let mut events = Events::with_capacity(4);
        let mut heard = Vec::new();
        while heard.len() < 2 {
            heard.extend(poller.wait_as_it_is(&mut events, &Limit::None));
        }
        heard.sort_unstable();
        assert_eq!(heard, [Token(1), Token(2)]);
        for waker in wakers {
            waker.join().unwrap();
        }
    });
}

/// Waits until `last` has come: all that came.
fn until(poller: &Poller, last: Token) -> Vec<Token> {
    let mut events = Events::with_capacity(4);
    let mut heard = Vec::new();
    while !heard.contains(&last) {
        heard.extend(poller.wait(&mut events));
    }
    heard
}

#[test]
fn a_wake_outlives_its_waker() {
    model_of_both(|with_first| {
        let poller = Poller::new();
        let [place] = poller.places([Token(1)], with_first);
        let waker = {
            let poller = Arc::clone(&poller);
            thread::spawn(move || {
                poller.bell.wake(&place, &poller.kernel).unwrap();
                poller.bell.free(&place);
            })
        };
        assert_eq!(poller.wait(&mut Events::with_capacity(4)), [Token(1)]);
        waker.join().unwrap();
    });
}

#[test]
fn a_level_notifier_is_heard_and_stays_until_it_is_cleared() {
    model(|| {
        let poller = Poller::new();
        let carrier = Arc::new(poller.bell.carrier(Token(1), true).unwrap());
        let setter = {
            let (poller, carrier) = (Arc::clone(&poller), Arc::clone(&carrier));
            thread::spawn(move || {
                poller.bell.set(&carrier, Readiness::READABLE, &poller.kernel).unwrap();
            })
        };
        let mut events = Events::with_capacity(4);
        for _ in 0..2 {
            assert_eq!(poller.wait(&mut events), [Token(1)]);
        }
        poller.bell.clear(&carrier, Readiness::READABLE);
        assert_eq!(poller.look(&mut events), []);
        setter.join().unwrap();
    });
}

#[test]
fn what_is_set_again_after_a_clear_is_heard() {
    // The consumer clears, then looks: what was produced before the clear it sees itself, and what
    // is produced after it makes an event.
    for level in [true, false] {
        model(move || {
            let poller = Poller::new();
            let carrier = Arc::new(poller.bell.carrier(Token(1), level).unwrap());
            let produced = Arc::new(AtomicUsize::new(0));
            let producer = {
                let (poller, carrier) = (Arc::clone(&poller), Arc::clone(&carrier));
                let produced = Arc::clone(&produced);
                thread::spawn(move || {
                    for _ in 0..2 {
                        produced.fetch_add(1, SeqCst);
                        poller.bell.set(&carrier, Readiness::READABLE, &poller.kernel).unwrap();
                    }
                })
            };
            let mut events = Events::with_capacity(4);
            let mut consumed = 0;
            while consumed < 2 {
                // Edge-triggered, it may come twice in one batch.
                let tokens = poller.wait(&mut events);
                assert!(!tokens.is_empty() && tokens.iter().all(|token| *token == Token(1)));
                poller.bell.clear(&carrier, Readiness::READABLE);
                consumed = produced.load(SeqCst);
            }
            producer.join().unwrap();
        });
    }
}

#[test]
fn a_level_notifier_reaches_every_waiter() {
    model(|| {
        let poller = Poller::new();
        let carrier = poller.bell.carrier(Token(1), true).unwrap();
        let waiter = {
            let poller = Arc::clone(&poller);
            thread::spawn(move || poller.wait(&mut Events::with_capacity(2)))
        };
        poller.bell.set(&carrier, Readiness::READABLE, &poller.kernel).unwrap();
        assert_eq!(poller.wait(&mut Events::with_capacity(2)), [Token(1)]);
        assert_eq!(waiter.join().unwrap(), [Token(1)]);
    });
}

#[test]
fn a_notifier_that_is_closed_or_gone_is_not_heard() {
    model(|| {
        let poller = Poller::new();
        let carrier = Arc::new(poller.bell.carrier(Token(1), true).unwrap());
        let setter = {
            let (poller, carrier) = (Arc::clone(&poller), Arc::clone(&carrier));
            thread::spawn(move || {
                poller.bell.set(&carrier, Readiness::READABLE, &poller.kernel).unwrap();
            })
        };
        poller.bell.close(&carrier);
        let mut events = Events::with_capacity(4);
        assert_eq!(poller.look(&mut events), []);
        setter.join().unwrap();
        poller.bell.free_carrier(&carrier);
        // Its place is a waker's now.
        let place = poller.bell.place(Token(2)).unwrap();
        assert_eq!(poller.look(&mut events), []);
        poller.bell.wake(&place, &poller.kernel).unwrap();
        assert_eq!(poller.wait(&mut events), [Token(2)]);
    });
}

#[test]
fn a_poller_for_nesting_is_readable_while_something_is_pending() {
    model_of_both(|with_first| readable_while_pending([Token(1), Token(2)], with_first));
    model(|| readable_while_pending([Token(1)], true));
}

fn readable_while_pending<const N: usize>(tokens: [Token; N], with_first: bool) {
    let poller = Poller::on(Bell::for_nesting(), Mock::new());
    let wakers = poller.places(tokens, with_first).map(|place| {
        let poller = Arc::clone(&poller);
        thread::spawn(move || poller.bell.wake(&place, &poller.kernel).unwrap())
    });
    // An outer poller that looks at the inner one only when it is readable, one event at a time.
    let mut events = Events::with_capacity(1);
    let mut heard = Vec::new();
    while heard.len() < N {
        let mut rung = poller.kernel.rung.lock().unwrap();
        while !*rung {
            rung = poller.kernel.somebody_rang.wait(rung).unwrap();
        }
        drop(rung);
        heard.extend(poller.look(&mut events));
    }
    heard.sort_unstable();
    assert_eq!(heard, tokens);
    for waker in wakers {
        waker.join().unwrap();
    }
}
