//! The loop over a kernel that answers from a script, and a clock that the script moves.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::*;
use crate::bell::tests::{introduced, leave};
use crate::event::Readiness;
use crate::token::Token;

type Answer = Box<dyn FnOnce(&Script, &mut Events) -> io::Result<()>>;
type Tick = Box<dyn Fn(&Script)>;

/// It panics when it is asked more often than the script says: nothing here can hang.
struct Script {
    bell: Bell,
    answers: RefCell<VecDeque<Answer>>,
    asked: RefCell<Vec<Option<Duration>>>,
    rings: Cell<usize>,
    clock: Cell<Instant>,
    /// What happens whenever the clock is read.
    tick: Option<Tick>,
}

impl Script {
    fn new() -> Self {
        Self {
            bell: Bell::new(),
            answers: RefCell::default(),
            asked: RefCell::default(),
            rings: Cell::new(0),
            clock: Cell::new(Instant::now()),
            tick: None,
        }
    }

    fn then(self, answer: impl FnOnce(&Self, &mut Events) -> io::Result<()> + 'static) -> Self {
        self.answers.borrow_mut().push_back(Box::new(answer));
        self
    }

    /// Finds as many events as fit, up to `n`, with tokens from 100.
    fn then_find(self, n: usize) -> Self {
        self.then(move |_, events| {
            find(events, n);
            Ok(())
        })
    }

    /// Finds nothing, after `time`.
    fn then_pass(self, time: Duration) -> Self {
        self.then(move |script, _| {
            script.clock.set(script.clock.get() + time);
            Ok(())
        })
    }

    /// Fails, after `time`.
    fn then_fail(self, time: Duration, kind: io::ErrorKind) -> Self {
        self.then(move |script, _| {
            script.clock.set(script.clock.get() + time);
            Err(kind.into())
        })
    }

    fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<usize> {
        let limit = match timeout {
            None => Limit::None,
            Some(Duration::ZERO) => Limit::Zero,
            Some(timeout) => {
                Limit::Time { timeout, deadline: self.clock.get().checked_add(timeout) }
            }
        };
        self.wait_with(&self.bell, events, &limit)
    }

    /// What it was asked with, and that it was asked for all that it had to say.
    fn asked(&self) -> Vec<Option<Duration>> {
        assert!(self.answers.borrow().is_empty(), "not asked for all");
        self.asked.take()
    }
}

impl Ring for Script {
    fn ring(&self) -> io::Result<()> {
        self.rings.set(self.rings.get() + 1);
        Ok(())
    }
}

impl Kernel for Script {
    fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        self.asked.borrow_mut().push(timeout);
        let answer = self.answers.borrow_mut().pop_front().expect("asked too often");
        answer(self, events)
    }

    fn now(&self) -> Instant {
        if let Some(tick) = &self.tick {
            tick(self);
        }
        self.clock.get()
    }
}

fn find(events: &mut Events, n: usize) {
    for token in 0..n {
        let _full = events.push(Event::new(Token(100 + token), Readiness::READABLE));
    }
}

fn tokens(events: &Events) -> Vec<usize> {
    events.iter().map(|event| event.token().0).collect()
}

const MS: Duration = Duration::from_millis(1);
const NOW: Option<Duration> = Some(Duration::ZERO);

#[test]
fn a_wait_of_no_length_looks_once() {
    let script = Script::new().then_find(0);
    assert_eq!(script.wait(&mut Events::with_capacity(4), NOW).unwrap(), 0);
    assert_eq!(script.asked(), [NOW]);
}

#[test]
fn a_wait_that_is_interrupted_looks_again_however_short_it_is() {
    let script = Script::new().then_fail(Duration::ZERO, io::ErrorKind::Interrupted).then_find(1);
    assert_eq!(script.wait(&mut Events::with_capacity(4), NOW).unwrap(), 1);
    assert_eq!(script.asked(), [NOW, NOW]);
}

#[test]
fn a_wait_that_is_interrupted_goes_on_for_the_time_that_is_left() {
    let script = Script::new().then_fail(3 * MS, io::ErrorKind::Interrupted).then_pass(7 * MS);
    assert_eq!(script.wait(&mut Events::with_capacity(4), Some(10 * MS)).unwrap(), 0);
    assert_eq!(script.asked(), [Some(10 * MS), Some(7 * MS)]);
}

#[test]
fn a_wait_that_is_interrupted_at_its_end_looks_once_more() {
    let script = Script::new().then_fail(20 * MS, io::ErrorKind::Interrupted).then_find(1);
    assert_eq!(script.wait(&mut Events::with_capacity(4), Some(10 * MS)).unwrap(), 1);
    assert_eq!(script.asked(), [Some(10 * MS), NOW]);
}

#[test]
fn a_kernel_that_comes_back_early_is_asked_for_the_time_that_is_left() {
    let script = Script::new().then_pass(4 * MS).then_pass(5 * MS).then_pass(MS);
    assert_eq!(script.wait(&mut Events::with_capacity(4), Some(10 * MS)).unwrap(), 0);
    assert_eq!(script.asked(), [Some(10 * MS), Some(6 * MS), Some(MS)]);
}

#[test]
fn a_wait_without_an_end_goes_on_until_there_is_something() {
    let script = Script::new().then_pass(MS).then_pass(MS).then_find(2);
    assert_eq!(script.wait(&mut Events::with_capacity(4), None).unwrap(), 2);
    assert_eq!(script.asked(), [None, None, None]);
}

#[test]
fn a_time_beyond_the_clock_is_without_an_end() {
    let script = Script::new().then_pass(MS).then_find(1);
    assert_eq!(script.wait(&mut Events::with_capacity(4), Some(Duration::MAX)).unwrap(), 1);
    assert_eq!(script.asked(), [Some(Duration::MAX), Some(Duration::MAX)]);
}

#[test]
fn an_error_is_told_where_nothing_was_found() {
    for timeout in [NOW, Some(MS), None] {
        let script = Script::new().then_fail(Duration::ZERO, io::ErrorKind::OutOfMemory);
        let error = script.wait(&mut Events::with_capacity(4), timeout).unwrap_err();
        assert_eq!((error.kind(), script.asked()), (io::ErrorKind::OutOfMemory, vec![timeout]));
    }
}

#[test]
fn an_error_beside_events_does_not_lose_them() {
    for timeout in [NOW, Some(MS), None] {
        let script = Script::new().then(|_, events| {
            find(events, 1);
            Err(io::ErrorKind::OutOfMemory.into())
        });
        assert_eq!(script.wait(&mut Events::with_capacity(4), timeout).unwrap(), 1);
    }
}

#[test]
fn what_is_pending_in_user_space_takes_half_a_batch_and_the_kernel_the_rest() {
    for timeout in [NOW, Some(MS), None] {
        let script = Script::new().then_find(9);
        let places: Vec<_> = (0..9).map(|n| script.bell.place(Token(n)).unwrap()).collect();
        for place in &places {
            script.bell.wake(place, &script).unwrap();
        }
        let mut events = Events::with_capacity(7);
        assert_eq!(script.wait(&mut events, timeout).unwrap(), 7);
        assert_eq!(tokens(&events), [0, 1, 2, 100, 101, 102, 103]);
        assert_eq!(script.asked(), [NOW]);
    }
}

#[test]
fn a_wake_that_comes_while_the_kernel_is_asked_is_in_the_batch() {
    for timeout in [NOW, Some(MS), None] {
        let script = Script::new();
        let place = script.bell.place(Token(1)).unwrap();
        let script = script.then(move |script, events| {
            script.bell.wake(&place, script)?;
            find(events, 1);
            Ok(())
        });
        let mut events = Events::with_capacity(4);
        assert_eq!(script.wait(&mut events, timeout).unwrap(), 2);
        assert_eq!(tokens(&events), [100, 1]);
    }
}

#[test]
fn at_capacity_one_the_sides_take_turns() {
    let script = Script::new().then_find(1).then_find(1);
    let place = script.bell.place(Token(1)).unwrap();
    let mut events = Events::with_capacity(1);
    let mut order = Vec::new();
    for _ in 0..4 {
        script.bell.wake(&place, &script).unwrap();
        script.wait(&mut events, None).unwrap();
        order.extend(tokens(&events));
    }
    assert_eq!(order, [1, 100, 1, 100]);
}

/// The kernel is asked, and somebody wakes meanwhile.
fn woken(wakes: usize) -> Script {
    let script = Script::new();
    let places: Vec<_> = (0..wakes).map(|n| script.bell.place(Token(n)).unwrap()).collect();
    script
        .then(move |script, _| places.iter().try_for_each(|place| script.bell.wake(place, script)))
}

#[test]
fn a_wake_that_ends_a_sleep_takes_its_turn_at_capacity_one() {
    let script = woken(1).then_find(1);
    let place = script.bell.place(Token(7)).unwrap();
    let mut events = Events::with_capacity(1);
    script.wait(&mut events, None).unwrap();
    assert_eq!(tokens(&events), [0]);
    // Both sides have something now.
    script.bell.wake(&place, &script).unwrap();
    script.wait(&mut events, None).unwrap();
    assert_eq!(tokens(&events), [100]);
}

#[test]
fn wakes_that_end_a_sleep_leave_half_of_the_batch() {
    let script = woken(9);
    let mut events = Events::with_capacity(4);
    assert_eq!(script.wait(&mut events, None).unwrap(), 2);
}

#[test]
fn a_wake_that_comes_with_an_interruption_ends_the_wait() {
    let script = Script::new();
    let place = script.bell.place(Token(1)).unwrap();
    let script = script.then(move |script, _| {
        script.bell.wake(&place, script)?;
        Err(io::ErrorKind::Interrupted.into())
    });
    let mut events = Events::with_capacity(4);
    assert_eq!(script.wait(&mut events, None).unwrap(), 1);
    assert_eq!(script.asked(), [None]);
}

#[test]
fn at_capacity_one_a_side_that_has_nothing_leaves_its_turn() {
    let script = Script::new().then_find(0).then_find(1).then_find(1);
    let place = script.bell.place(Token(1)).unwrap();
    let mut events = Events::with_capacity(1);
    for (wake, expected) in [(true, 1), (true, 1), (false, 100), (false, 100)] {
        if wake {
            script.bell.wake(&place, &script).unwrap();
        }
        script.wait(&mut events, Some(MS)).unwrap();
        assert_eq!(tokens(&events), [expected]);
    }
    assert_eq!(script.asked(), [NOW, Some(MS), Some(MS)]);
}

#[test]
fn a_user_space_batch_of_a_larger_capacity_does_not_give_its_turn_away() {
    let script = Script::new().then_find(2).then_find(2);
    let place = script.bell.place(Token(1)).unwrap();
    let mut events = Events::with_capacity(2);
    for _ in 0..2 {
        script.bell.wake(&place, &script).unwrap();
        script.wait(&mut events, None).unwrap();
        assert_eq!(tokens(&events), [1, 100]);
    }
}

#[test]
fn a_batch_that_the_kernel_has_filled_rings_for_another_sleeper() {
    for timeout in [NOW, Some(MS), None] {
        let script = Script::new();
        // Another thread sleeps; its ring is the one that this wait has come out for.
        assert_eq!(script.bell.enter(&introduced(&script.bell), &script), Entry::Counted);
        let place = script.bell.place(Token(1)).unwrap();
        let script = script.then(move |script, events| {
            script.bell.wake(&place, script)?;
            find(events, 2);
            Ok(())
        });
        let mut events = Events::with_capacity(2);
        assert_eq!(script.wait(&mut events, timeout).unwrap(), 2);
        assert_eq!((tokens(&events), script.rings.get()), (vec![100, 101], 2));
        // The wake is there for whoever comes next.
        let script = script.then_find(0);
        assert_eq!(script.wait(&mut events, NOW).unwrap(), 1);
    }
}

#[test]
fn what_is_pending_beside_what_was_taken_rings_for_another_sleeper() {
    let script = Script::new();
    let places = [0, 1].map(|n| script.bell.place(Token(n)).unwrap());
    assert_eq!(script.bell.enter(&introduced(&script.bell), &script), Entry::Counted);
    for place in &places {
        script.bell.wake(place, &script).unwrap();
    }
    let script = script.then_find(0);
    let mut events = Events::with_capacity(2);
    assert_eq!(script.wait(&mut events, None).unwrap(), 1);
    // Once by the first wake, once because the second stays, and once after the kernel.
    assert_eq!(script.rings.get(), 3);
}

#[test]
fn a_wake_that_turns_out_to_be_nothing_does_not_keep_a_wait_from_sleeping() {
    let script = Script::new().then_find(1);
    let carrier = script.bell.carrier(Token(1), true).unwrap();
    script.bell.set(&carrier, Readiness::READABLE, &script).unwrap();
    script.bell.clear(&carrier, Readiness::READABLE);
    assert_eq!(script.wait(&mut Events::with_capacity(4), Some(MS)).unwrap(), 1);
    assert_eq!(script.asked(), [Some(MS)]);
}

#[test]
fn wakes_that_turn_out_to_be_nothing_keep_no_wait_from_the_kernel() {
    let mut script = Script::new().then_find(0).then_find(0).then_find(1);
    let carrier = script.bell.carrier(Token(1), true).unwrap();
    // Between any two looks, as a thread that does nothing else would.
    script.tick = Some(Box::new(move |script| {
        script.bell.set(&carrier, Readiness::READABLE, script).unwrap();
        script.bell.clear(&carrier, Readiness::READABLE);
    }));
    assert_eq!(script.wait(&mut Events::with_capacity(4), Some(MS)).unwrap(), 1);
    assert_eq!(script.asked(), [Some(MS), Some(MS), NOW]);
}

#[test]
fn a_thread_that_comes_while_others_are_woken_looks_without_sleeping_until_they_are_out() {
    let script = Script::new();
    let other = introduced(&script.bell);
    let place = script.bell.place(Token(1)).unwrap();
    assert_eq!(script.bell.enter(&other, &script), Entry::Counted);
    script.bell.wake_all(&place, &script).unwrap();
    let script = script.then_find(0);
    let mut events = Events::with_capacity(4);
    // It is for this batch, too.
    assert_eq!(script.wait(&mut events, None).unwrap(), 1);
    assert_eq!((tokens(&events), script.asked()), (vec![1], vec![NOW]));
    let rings = script.rings.get();
    let script = script.then_find(0).then(|script, _| {
        leave(&script.bell, Entry::Counted, script);
        Ok(())
    });
    let script = script.then_find(1);
    assert_eq!(script.wait(&mut events, None).unwrap(), 1);
    assert_eq!((tokens(&events), script.asked()), (vec![100], vec![NOW, NOW, None]));
    // What it may have taken from the one that it did not know to be out.
    assert_eq!(script.rings.get(), rings + 1);
}
