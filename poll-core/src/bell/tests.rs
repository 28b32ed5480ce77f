//! The protocol step by step, with what each step costs. `model.rs` has the interleavings.

use std::cell::Cell;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::*;

/// Each ring would be a syscall.
#[derive(Default)]
pub(super) struct Rings {
    pub(super) made: Cell<usize>,
    pub(super) refused: Cell<bool>,
}

impl Ring for Rings {
    fn ring(&self) -> io::Result<()> {
        if self.refused.get() {
            return Err(io::Error::from_raw_os_error(5));
        }
        self.made.set(self.made.get() + 1);
        Ok(())
    }
}

/// A bell, what it cost, and a batch that has seen all.
pub(super) fn quiet() -> (Bell, Rings, Memory) {
    let bell = Bell::new();
    let memory = introduced(&bell);
    (bell, Rings::default(), memory)
}

/// What a new batch remembers of this bell.
pub(crate) fn introduced(bell: &Bell) -> Memory {
    let mut memory = Memory::default();
    bell.introduce(&mut memory);
    memory
}

/// A bell with so many threads asleep.
fn with_sleepers(n: usize) -> (Bell, Rings, Memory) {
    let (bell, rings, memory) = quiet();
    for _ in 0..n {
        assert_eq!(bell.enter(&memory, &rings), Entry::Counted);
    }
    (bell, rings, memory)
}

/// What `entry` began ends: whether there may be something to take.
pub(crate) fn leave(bell: &Bell, entry: Entry, kernel: &impl Ring) -> bool {
    come_out(bell, entry, &introduced(bell), kernel)
}

/// The same of a look without sleep.
fn looked(bell: &Bell, memory: &Memory, kernel: &impl Ring) -> bool {
    come_out(bell, Entry::Passing, memory, kernel)
}

fn come_out(bell: &Bell, entry: Entry, memory: &Memory, kernel: &impl Ring) -> bool {
    let out = bell.come_out(entry);
    bell.heed(entry, out, memory, kernel)
}

fn take(bell: &Bell, memory: &mut Memory, quota: usize, rings: &Rings) -> Vec<usize> {
    let mut tokens = Vec::new();
    let taken = bell.take(memory, quota, rings, |token, _| tokens.push(token.0));
    assert_eq!(taken, tokens.len());
    tokens
}

/// A place of a waker that is not the first.
fn place_in_line(bell: &Bell, token: Token) -> Place {
    let _first = bell.place(Token(0)).unwrap();
    bell.place(token).unwrap()
}

#[test]
fn sleepers_alone_leave_nothing_pending() {
    let (bell, rings, memory) = with_sleepers(2);
    assert!(!bell.is_pending(&memory));
    assert!(!looked(&bell, &memory, &rings));
    assert!(!leave(&bell, Entry::Counted, &rings) && !leave(&bell, Entry::Counted, &rings));
    assert!(!bell.is_pending(&memory));
}

#[test]
fn a_wake_is_pending_until_it_is_taken() {
    let (bell, rings, mut memory) = with_sleepers(1);
    bell.wake(&bell.place(Token(1)).unwrap(), &rings).unwrap();
    assert!(bell.is_pending(&memory) && leave(&bell, Entry::Counted, &rings));
    assert_eq!(take(&bell, &mut memory, 9, &rings), [1]);
    assert!(!bell.is_pending(&memory));
    assert_eq!(bell.enter(&memory, &rings), Entry::Counted);
}

#[test]
fn nobody_goes_to_sleep_while_a_wake_is_pending() {
    let (bell, rings, memory) = quiet();
    bell.wake(&bell.place(Token(1)).unwrap(), &rings).unwrap();
    assert_eq!(bell.enter(&memory, &rings), Entry::Pending);
    assert_eq!(rings.made.get(), 0);
}

/// A waker of a signal handler may interrupt whoever holds the lock.
#[test]
fn neither_a_wake_nor_a_wait_for_the_first_waker_takes_the_lock() {
    let bell = Bell::new();
    let [first, second] = [1, 2].map(|n| bell.place(Token(n)).unwrap());
    let desk = lock(&bell.desk);
    let (done, is_done) = mpsc::channel();
    let ended = thread::scope(|scope| {
        scope.spawn(|| {
            let (rings, memory) = (Rings::default(), introduced(&bell));
            assert_eq!(bell.enter(&memory, &rings), Entry::Counted);
            assert!(!leave(&bell, Entry::Counted, &rings));
            assert!(!looked(&bell, &memory, &rings));
            bell.wake(&first, &rings).unwrap();
            assert_eq!(bell.take_first(&memory), Some(Token(1)));
            bell.wake(&second, &rings).unwrap();
            done.send(()).unwrap();
        });
        let ended = is_done.recv_timeout(Duration::from_secs(5));
        drop(desk);
        ended
    });
    ended.unwrap();
}

#[test]
fn what_does_not_fit_stays_pending_and_rings_for_another_sleeper_if_there_is_one() {
    for (sleepers, expected) in [(0, 0), (1, 1)] {
        let (bell, rings, mut memory) = with_sleepers(sleepers);
        for n in 0..2 {
            bell.wake(&bell.place(Token(n)).unwrap(), &rings).unwrap();
        }
        let before = rings.made.take();
        assert_eq!(before, sleepers);
        assert_eq!(take(&bell, &mut memory, 1, &rings).len(), 1);
        assert!(bell.is_pending(&memory));
        assert_eq!(rings.made.get(), expected);
        assert_eq!(take(&bell, &mut memory, 1, &rings).len(), 1);
        assert_eq!((bell.is_pending(&memory), rings.made.get()), (false, expected));
    }
}

#[test]
fn who_cannot_deliver_rings_for_a_sleeper_if_there_is_one_and_something_to_deliver() {
    for (sleepers, pending, expected) in
        [(0, false, 0), (0, true, 0), (1, false, 0), (1, true, 1), (2, true, 1)]
    {
        let (bell, rings, _) = with_sleepers(sleepers);
        if pending {
            bell.wake(&bell.place(Token(1)).unwrap(), &rings).unwrap();
        }
        rings.made.set(0);
        bell.pass_on(&rings);
        assert_eq!(rings.made.get(), expected, "{sleepers} asleep, pending: {pending}");
    }
}

#[test]
fn wakes_ring_once_while_one_is_pending_whoever_begins() {
    for begins in 0..3 {
        let (bell, rings, mut memory) = with_sleepers(1);
        let places = [1, 2, 3].map(|n| bell.place(Token(n)).unwrap());
        for place in places.iter().cycle().skip(begins).take(10) {
            bell.wake(place, &rings).unwrap();
        }
        assert_eq!(rings.made.get(), 1);
        assert_eq!(take(&bell, &mut memory, 9, &rings), [1, 2, 3]);
    }
}

/// Whoever takes has cleared WAKE and not come to this bit yet.
#[test]
fn a_wake_whose_bit_is_set_already_is_announced_again_if_nobody_has_announced_it() {
    let (bell, rings, mut memory) = with_sleepers(1);
    let place = place_in_line(&bell, Token(1));
    bell.wake(&place, &rings).unwrap();
    bell.word.fetch_and(!WAKE, SeqCst);
    bell.wake(&place, &rings).unwrap();
    assert_eq!((bell.is_pending(&memory), rings.made.get()), (true, 2));
    assert_eq!(take(&bell, &mut memory, 9, &rings), [1]);
}

#[test]
fn a_wake_that_the_system_refuses_leaves_everything_as_it_was() {
    for place_of in [|b: &Bell, t| b.place(t).unwrap(), place_in_line] {
        let (bell, rings, mut memory) = with_sleepers(1);
        let place = place_of(&bell, Token(1));
        rings.refused.set(true);
        assert_eq!(bell.wake(&place, &rings).unwrap_err().raw_os_error(), Some(5));
        assert!(!bell.is_pending(&memory));
        assert_eq!(take(&bell, &mut memory, 9, &rings), []);
        rings.refused.set(false);
        bell.wake(&place, &rings).unwrap();
        assert_eq!(rings.made.get(), 1);
        assert_eq!(take(&bell, &mut memory, 9, &rings), [1]);
    }
}

/// A kernel that refuses a ring while another waker relies on it.
struct Meanwhile<'a>(&'a Bell, &'a Place);

impl Ring for Meanwhile<'_> {
    fn ring(&self) -> io::Result<()> {
        self.0.wake(self.1, &Rings::default()).unwrap();
        Err(io::Error::from_raw_os_error(5))
    }
}

#[test]
fn a_wake_that_relied_on_a_refused_one_comes_with_the_next_that_rings() {
    for (refused, relies) in [(0, 1), (1, 0), (1, 2)] {
        let (bell, rings, mut memory) = with_sleepers(1);
        let places = [0, 1, 2].map(|n| bell.place(Token(n)).unwrap());
        bell.wake(&places[refused], &Meanwhile(&bell, &places[relies])).unwrap_err();
        assert!(!bell.is_pending(&memory));
        bell.wake(&places[refused], &rings).unwrap();
        assert_eq!(rings.made.get(), 1);
        let mut both = [refused, relies];
        both.sort_unstable();
        assert_eq!(take(&bell, &mut memory, 9, &rings), both);
    }
}

/// The first is whole, and waits for whoever looks next.
#[test]
fn a_refused_wake_does_not_take_an_earlier_one_of_its_waker_with_it() {
    let (bell, rings, mut memory) = with_sleepers(1);
    let place = place_in_line(&bell, Token(1));
    bell.wake(&place, &rings).unwrap();
    bell.word.fetch_and(!WAKE, SeqCst);
    rings.refused.set(true);
    bell.wake(&place, &rings).unwrap_err();
    rings.refused.set(false);
    bell.wake(&place, &rings).unwrap();
    assert_eq!(take(&bell, &mut memory, 9, &rings), [1]);
}

// ── the first waker ────────────────────────────────────────────────────────────────────────────

#[test]
fn the_first_waker_is_heard_without_the_others_if_it_alone_has_something_to_report() {
    let (bell, rings, mut memory) = quiet();
    let [first, second] = [1, 2].map(|n| bell.place(Token(n)).unwrap());
    assert_eq!(bell.take_first(&memory), None);
    bell.wake(&first, &rings).unwrap();
    assert_eq!(bell.take_first(&memory), Some(Token(1)));
    assert!(!bell.is_pending(&memory));
    // With another waker.
    bell.wake(&first, &rings).unwrap();
    bell.wake(&second, &rings).unwrap();
    assert_eq!(bell.take_first(&memory), None);
    assert_eq!(take(&bell, &mut memory, 9, &rings), [1, 2]);
    // With a `wake_all` that this batch has not seen.
    bell.wake(&first, &rings).unwrap();
    bell.wake_all(&second, &rings).unwrap();
    assert_eq!(bell.take_first(&memory), None);
    assert_eq!(take(&bell, &mut memory, 9, &rings), [2, 1]);
}

#[test]
fn a_first_waker_that_never_rests_keeps_nobody_from_being_heard() {
    let (bell, rings, mut memory) = quiet();
    let [first, second] = [1, 2].map(|n| bell.place(Token(n)).unwrap());
    bell.wake(&second, &rings).unwrap();
    for heard in [1, 2, 1] {
        bell.wake(&first, &rings).unwrap();
        assert_eq!(take(&bell, &mut memory, 1, &rings), [heard]);
    }
}

#[test]
fn a_wake_of_the_first_waker_that_does_not_ask_for_others_rings_if_somebody_sleeps() {
    for sleepers in [0, 1] {
        let (bell, rings, mut memory) = with_sleepers(sleepers);
        let _first = bell.place(Token(1)).unwrap();
        bell.word.fetch_or(FIRST, SeqCst);
        bell.ring_unasked(&rings).unwrap();
        assert_eq!(rings.made.get(), sleepers);
        assert_eq!(take(&bell, &mut memory, 9, &rings), [1]);
    }
}

#[test]
fn the_place_of_the_first_waker_is_nobody_elses_when_it_is_gone() {
    let (bell, rings, mut memory) = quiet();
    let first = bell.place(Token(1)).unwrap();
    bell.wake(&first, &rings).unwrap();
    bell.free(&first);
    let next = bell.place(Token(2)).unwrap();
    bell.wake(&next, &rings).unwrap();
    assert_eq!(take(&bell, &mut memory, 9, &rings), [1, 2]);
}

#[test]
fn the_first_waker_is_heard_without_the_others_again_after_a_refusal() {
    let (bell, rings, mut memory) = with_sleepers(1);
    let first = bell.place(Token(1)).unwrap();
    rings.refused.set(true);
    bell.wake(&first, &rings).unwrap_err();
    rings.refused.set(false);
    bell.wake(&first, &rings).unwrap();
    assert_eq!(bell.take_first(&memory), None);
    assert_eq!(take(&bell, &mut memory, 9, &rings), [1]);
    bell.wake(&first, &rings).unwrap();
    assert_eq!(bell.take_first(&memory), Some(Token(1)));
}

// ── wake_all ───────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_wake_all_rings_for_one_after_the_other_and_ends_with_the_last() {
    let (bell, rings, mut memory) = with_sleepers(3);
    bell.wake_all(&bell.place(Token(1)).unwrap(), &rings).unwrap();
    for out in 1..=3 {
        assert_eq!(rings.made.get(), out);
        assert_eq!(bell.enter(&introduced(&bell), &rings), Entry::Herd);
        assert!(leave(&bell, Entry::Counted, &rings));
    }
    assert_eq!(rings.made.get(), 3);
    assert_eq!(take(&bell, &mut memory, 9, &rings), [1]);
    assert_eq!(bell.enter(&memory, &rings), Entry::Counted);
    assert!(!leave(&bell, Entry::Counted, &rings));
}

#[test]
fn a_wake_all_while_nobody_sleeps_costs_nothing_and_each_batch_gets_it_once() {
    let (bell, rings, mut memory) = quiet();
    bell.wake_all(&bell.place(Token(1)).unwrap(), &rings).unwrap();
    for batch in [&mut memory, &mut introduced(&bell)] {
        assert!(bell.is_pending(batch));
        assert_eq!(bell.enter(batch, &rings), Entry::Pending);
        assert_eq!(take(&bell, batch, 9, &rings), [1]);
        assert_eq!(bell.enter(batch, &rings), Entry::Counted);
        leave(&bell, Entry::Counted, &rings);
    }
    assert_eq!(rings.made.get(), 0);
}

#[test]
fn a_wake_all_during_another_waits_for_the_same_threads() {
    let (bell, rings, mut memory) = with_sleepers(2);
    let places = [1, 2].map(|n| bell.place(Token(n)).unwrap());
    for place in &places {
        bell.wake_all(place, &rings).unwrap();
    }
    assert_eq!(rings.made.get(), 1);
    leave(&bell, Entry::Counted, &rings);
    leave(&bell, Entry::Counted, &rings);
    assert_eq!(rings.made.get(), 2);
    assert_eq!(take(&bell, &mut memory, 9, &rings), [1, 2]);
    assert_eq!(bell.enter(&memory, &rings), Entry::Counted);
}

#[test]
fn wake_alls_beyond_the_quota_come_with_the_next_batch() {
    let (bell, rings, mut memory) = quiet();
    for n in 0..3 {
        bell.wake_all(&bell.place(Token(n)).unwrap(), &rings).unwrap();
    }
    bell.wake(&bell.place(Token(9)).unwrap(), &rings).unwrap();
    assert_eq!(take(&bell, &mut memory, 2, &rings), [0, 1]);
    assert!(bell.is_pending(&memory));
    assert_eq!(take(&bell, &mut memory, 2, &rings), [2, 9]);
    assert!(!bell.is_pending(&memory));
}

/// What tells pollers apart is drawn by all of them; what comes first is counted by each.
#[test]
fn a_wake_all_is_heard_however_many_pollers_and_wake_alls_there_were_elsewhere() {
    let (bell, rings, mut memory) = quiet();
    // As after half of all stamps: one that is later by so much counts as earlier.
    memory.stamp = memory.stamp.wrapping_sub(usize::MAX / 2 + 9);
    bell.stamp.store(memory.stamp, SeqCst);
    assert!(!bell.is_pending(&memory));
    bell.wake_all(&bell.place(Token(1)).unwrap(), &rings).unwrap();
    assert_eq!(take(&bell, &mut memory, 9, &rings), [1]);
    assert!(!bell.is_pending(&memory));
}

#[test]
fn a_batch_that_was_elsewhere_gets_the_wake_alls_that_come_then_alone() {
    let (bell, rings, mut memory) = quiet();
    let [before, then] = [1, 2].map(|n| bell.place(Token(n)).unwrap());
    bell.wake_all(&before, &rings).unwrap();
    Bell::new().introduce(&mut memory);
    bell.introduce(&mut memory);
    assert!(!bell.is_pending(&memory));
    bell.wake_all(&then, &rings).unwrap();
    assert_eq!(take(&bell, &mut memory, 9, &rings), [2]);
    assert!(!bell.is_pending(&memory));
}

#[test]
fn a_wake_all_that_the_system_refuses_keeps_nobody_from_sleeping() {
    let (bell, rings, mut memory) = with_sleepers(2);
    rings.refused.set(true);
    let error = bell.wake_all(&bell.place(Token(1)).unwrap(), &rings).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(5));
    rings.refused.set(false);
    // It is there for all who come out by themselves.
    assert_eq!(bell.enter(&memory, &rings), Entry::Pending);
    assert_eq!(take(&bell, &mut memory, 9, &rings), [1]);
    assert_eq!(bell.enter(&memory, &rings), Entry::Counted);
    // And the next one begins anew.
    bell.wake_all(&bell.place(Token(2)).unwrap(), &rings).unwrap();
    assert_eq!(rings.made.get(), 1);
}

#[test]
fn a_wake_all_whose_next_ring_the_system_refuses_keeps_nobody_from_sleeping() {
    let (bell, rings, mut memory) = with_sleepers(3);
    bell.wake_all(&bell.place(Token(1)).unwrap(), &rings).unwrap();
    rings.refused.set(true);
    assert!(leave(&bell, Entry::Counted, &rings));
    rings.refused.set(false);
    assert_eq!(take(&bell, &mut memory, 9, &rings), [1]);
    assert_eq!(bell.enter(&memory, &rings), Entry::Counted);
}

#[test]
fn who_has_looked_without_sleeping_rings_again_while_threads_are_awaited() {
    let (bell, rings, mut memory) = with_sleepers(2);
    bell.wake_all(&bell.place(Token(1)).unwrap(), &rings).unwrap();
    assert_eq!(take(&bell, &mut memory, 9, &rings), [1]);
    rings.made.set(0);
    assert!(!looked(&bell, &memory, &rings));
    assert_eq!(rings.made.get(), 1);
    leave(&bell, Entry::Counted, &rings);
    leave(&bell, Entry::Counted, &rings);
    rings.made.set(0);
    assert!(!looked(&bell, &memory, &rings));
    assert_eq!(rings.made.get(), 0);
}

// ── nesting ────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_bell_for_nesting_rings_for_each_wake_although_nobody_sleeps() {
    let (bell, rings) = (Bell::for_nesting(), Rings::default());
    let mut memory = introduced(&bell);
    let place = bell.place(Token(1)).unwrap();
    for n in 1..=2 {
        bell.wake(&place, &rings).unwrap();
        assert_eq!(rings.made.get(), n);
        assert_eq!(take(&bell, &mut memory, 9, &rings), [1]);
    }
    bell.wake_all(&place, &rings).unwrap();
    assert_eq!(rings.made.get(), 3);
    // The outer poller is nobody to wait for.
    assert_eq!(take(&bell, &mut memory, 9, &rings), [1]);
    assert_eq!(bell.enter(&memory, &rings), Entry::Counted);
}

// ── the only thread there is ───────────────────────────────────────────────────────────────────

#[test]
fn who_sleeps_alone_is_not_counted_and_is_rung_for() {
    for place_of in [|b: &Bell, t| b.place(t).unwrap(), place_in_line] {
        let (bell, rings, mut memory) = quiet();
        let place = place_of(&bell, Token(1));
        assert_eq!(bell.enter_alone(&memory), Entry::Alone);
        bell.wake(&place, &rings).unwrap();
        assert!(leave(&bell, Entry::Alone, &rings));
        assert_eq!((rings.made.take(), take(&bell, &mut memory, 9, &rings)), (1, vec![1]));
        // Awake again.
        bell.wake(&place, &rings).unwrap();
        assert_eq!((rings.made.take(), take(&bell, &mut memory, 9, &rings)), (0, vec![1]));
        assert_eq!(bell.enter_alone(&memory), Entry::Alone);
        assert!(!leave(&bell, Entry::Alone, &rings));
    }
}

#[test]
fn nobody_sleeps_alone_while_something_is_pending() {
    let (bell, rings, mut memory) = quiet();
    let place = bell.place(Token(1)).unwrap();
    for wake in [
        |b: &Bell, p: &Place, r: &Rings| b.wake(p, r),
        |b: &Bell, p: &Place, r: &Rings| b.wake_all(p, r),
    ] {
        wake(&bell, &place, &rings).unwrap();
        assert_eq!(bell.enter_alone(&memory), Entry::Pending);
        assert_eq!(take(&bell, &mut memory, 9, &rings), [1]);
        // The wish to sleep was withdrawn: nobody is rung for.
        wake(&bell, &place, &rings).unwrap();
        assert_eq!((rings.made.get(), take(&bell, &mut memory, 9, &rings)), (0, vec![1]));
    }
}

#[test]
fn nobody_sleeps_alone_while_threads_are_awaited() {
    let (bell, rings, mut memory) = with_sleepers(1);
    let place = bell.place(Token(1)).unwrap();
    bell.wake_all(&place, &rings).unwrap();
    assert_eq!(take(&bell, &mut memory, 9, &rings), [1]);
    assert_eq!(bell.enter_alone(&memory), Entry::Herd);
    bell.wake(&place, &rings).unwrap();
    assert_eq!(bell.enter_alone(&memory), Entry::Pending);
}

#[test]
fn the_only_thread_is_rung_for_while_it_sleeps_and_not_while_it_does_not() {
    let (bell, rings, mut memory) = quiet();
    let place = bell.place(Token(1)).unwrap();
    // A handler that runs between the count and the syscall.
    assert_eq!(bell.enter_alone(&memory), Entry::Alone);
    bell.wake(&place, &rings).unwrap();
    assert_eq!(rings.made.get(), 1);
    assert!(leave(&bell, Entry::Alone, &rings));
    // What is pending keeps it from sleeping.
    assert_eq!(bell.enter_alone(&memory), Entry::Pending);
    assert_eq!(bell.take(&mut memory, 9, &rings, |_, _| ()), 1);
    bell.wake(&place, &rings).unwrap();
    assert_eq!(rings.made.get(), 1);
    assert_eq!(bell.take(&mut memory, 9, &rings, |_, _| ()), 1);
    // And what was for everyone.
    bell.wake_all(&place, &rings).unwrap();
    assert_eq!(bell.enter_alone(&memory), Entry::Pending);
    bell.take(&mut memory, 9, &rings, |_, _| ());
    assert_eq!(bell.enter_alone(&memory), Entry::Alone);
    assert!(!leave(&bell, Entry::Alone, &rings));
}
