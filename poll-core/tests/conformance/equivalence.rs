//! One random script on every backend, against a model that knows what must be reported.

use std::collections::BTreeSet;
use std::time::Duration;

use poll_core::{Backend, Events, Interest, Mode, Readiness, Registration, Token};

use crate::support::*;

const SLOTS: usize = 4;

/// How many events a wait has room for. Over a kqueue in user space, which reports the same one of two
/// ready directions each time if there is room for one, all that there can be.
const CAPACITIES: std::ops::Range<usize> = if cfg!(poll_kqueue_foreign) { 24..25 } else { 1..6 };

/// One step of a script; the number is the slot that it is about.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Open(usize),
    /// By guard: from idle, or a change.
    Arm(usize, Interest, Mode),
    Disarm(usize),
    SetToken(usize),
    Drop(usize),
    Close(usize),
    Deregister(usize),
    /// Unowned.
    Add(usize, Interest, Mode),
    Modify(usize, Interest, Mode),
    Delete(usize),
    /// The peer's deeds.
    Write(usize),
    HalfClose(usize),
    HangUp(usize),
    Read(usize),
    Wait(usize),
}

/// How many of so many steps are of each kind, in the order of [`Step`].
const SHARES: [u8; 15] = [4, 4, 2, 1, 1, 1, 1, 2, 2, 2, 6, 1, 1, 3, 8];

impl Step {
    /// A step made of three bytes: what, which slot, how.
    pub(crate) fn of([what, slot, how]: [u8; 3]) -> Self {
        let n = usize::from(slot) % SLOTS;
        let interest = [READ, WRITE, both()][usize::from(how) % 3];
        let mode = [Mode::Level, Mode::Oneshot, Mode::Edge][usize::from(how) / 3 % 3];
        match kind(what) {
            0 => Self::Open(n),
            1 => Self::Arm(n, interest, mode),
            2 => Self::Disarm(n),
            3 => Self::SetToken(n),
            4 => Self::Drop(n),
            5 => Self::Close(n),
            6 => Self::Deregister(n),
            7 => Self::Add(n, interest, mode),
            8 => Self::Modify(n, interest, mode),
            9 => Self::Delete(n),
            10 => Self::Write(n),
            11 => Self::HalfClose(n),
            12 => Self::HangUp(n),
            13 => Self::Read(n),
            _ => Self::Wait(CAPACITIES.start + usize::from(how) % CAPACITIES.len()),
        }
    }
}

/// Which kind of step a byte stands for, by its share.
fn kind(what: u8) -> usize {
    let mut left = what % SHARES.iter().sum::<u8>();
    let found = SHARES.iter().position(|share| {
        let here = left < *share;
        left = left.saturating_sub(*share);
        here
    });
    found.expect("less than all shares together")
}

/// How a slot's source is held, and by whom it is watched.
enum Held {
    Guard(Registration<End>),
    /// Unowned; whether it is added.
    Lent(End, bool),
}

/// A source, its peer, and what the model knows of both.
struct Slot {
    held: Held,
    peer: Option<End>,
    token: usize,
    watch: Option<Watch>,
    unread: usize,
    ended: bool,
}

#[derive(Clone, Copy)]
struct Watch {
    interest: Interest,
    mode: Mode,
    /// Oneshot: not fired yet. Edge: something happened that was not reported yet.
    live: bool,
    /// Edge: something happened that need not be reported, but may.
    stirred: bool,
}

impl Slot {
    fn stream(&self) -> &End {
        match &self.held {
            Held::Guard(guard) => guard,
            Held::Lent(stream, _) => stream,
        }
    }

    /// What holds of what is asked for, and a hang-up, which comes unasked.
    fn holds(&self, interest: Interest) -> Readiness {
        let mut now = Readiness::empty();
        let gone = self.peer.is_none();
        now.set(Readiness::READABLE, interest.is_readable() && (self.unread > 0 || self.ended));
        now.set(Readiness::WRITABLE, interest.is_writable() || gone);
        now
    }

    /// What the next wait must say, if it has room.
    fn due(&self) -> Option<Readiness> {
        let watch = self.watch?;
        let now = self.holds(watch.interest);
        (!now.is_empty() && (watch.mode == Mode::Level || watch.live)).then_some(now)
    }

    fn armed(&mut self, interest: Interest, mode: Mode) {
        self.watch = Some(Watch { interest, mode, live: true, stirred: false });
    }

    /// What the next wait may say although it need not.
    fn optional(&self) -> bool {
        let open = |watch: Watch| watch.stirred && !self.holds(watch.interest).is_empty();
        self.due().is_none() && self.watch.is_some_and(open)
    }

    /// Whether one report may be followed by another with nothing in between: level, and the two
    /// directions of an edge where the system tells of them one by one.
    fn may_repeat(&self) -> bool {
        self.watch.is_some_and(|watch| match watch.mode {
            Mode::Edge => watch.interest == both(),
            mode => mode == Mode::Level,
        })
    }

    /// Something came: an edge for who asked to read, and for everybody after a hang-up.
    fn stir(&mut self) {
        let gone = self.peer.is_none();
        if let Some(watch) = &mut self.watch {
            if watch.mode == Mode::Edge {
                watch.live |= gone || watch.interest.is_readable();
                watch.stirred = true;
            }
        }
    }
}

struct Run<'w> {
    world: &'w World,
    slots: [Option<Slot>; SLOTS],
    tokens: usize,
}

impl Run<'_> {
    fn token(&mut self) -> usize {
        self.tokens += 1;
        self.tokens
    }

    /// Does one step; a step that makes no sense now is none.
    fn step(&mut self, step: &Step) {
        let token = self.token();
        let world = self.world;
        match *step {
            Step::Wait(capacity) => self.wait(capacity),
            Step::Open(n) if self.slots[n].is_none() => {
                let (ours, theirs) = world.pair();
                let held = if token % 3 == 0 {
                    Held::Lent(ours, false)
                } else {
                    Held::Guard(world.reserve(ours, Token(token)))
                };
                let peer = Some(theirs);
                let slot = Slot { held, peer, token, watch: None, unread: 0, ended: false };
                self.slots[n] = Some(slot);
            }
            Step::Drop(n) => {
                let slot = self.slots[n].take();
                if let Some(Slot { held: Held::Lent(stream, true), .. }) = &slot {
                    world.delete(stream).unwrap();
                }
            }
            Step::Close(n) => {
                if let Some(Slot { held: Held::Guard(_), .. }) = &self.slots[n] {
                    let Some(Slot { held: Held::Guard(guard), .. }) = self.slots[n].take() else {
                        unreachable!("matched above");
                    };
                    guard.close();
                }
            }
            Step::Open(n)
            | Step::Arm(n, ..)
            | Step::Disarm(n)
            | Step::SetToken(n)
            | Step::Deregister(n)
            | Step::Add(n, ..)
            | Step::Modify(n, ..)
            | Step::Delete(n)
            | Step::Write(n)
            | Step::HalfClose(n)
            | Step::HangUp(n)
            | Step::Read(n) => {
                if let Some(mut slot) = self.slots[n].take() {
                    change(world, &mut slot, step, token);
                    if matches!((step, &slot.held), (Step::Deregister(_), Held::Guard(_))) {
                        slot = deregistered(slot);
                    }
                    self.slots[n] = Some(slot);
                }
            }
        }
    }

    /// Waits as often as all that is due needs, and compares.
    fn wait(&mut self, capacity: usize) {
        let slots = || self.slots.iter().flatten();
        let due: Ready =
            slots().filter_map(|slot| slot.due().map(|now| (slot.token, now))).collect();
        let optional: BTreeSet<usize> =
            slots().filter(|slot| slot.optional()).map(|slot| slot.token).collect();
        let mut events = Events::with_capacity(capacity);
        let mut seen = BTreeSet::new();
        let mut told = Ready::new();
        // kqueue tells of the two directions one by one.
        let parts = if self.world.backend() == Backend::Kqueue { 2 } else { 1 };
        for _ in 0..((due.len() + optional.len()) * parts).div_ceil(capacity).max(1) {
            let count = self.world.wait(&mut events, Some(Duration::ZERO)).unwrap();
            assert!(count <= capacity);
            for (token, said) in merged(&events) {
                let slot = self.slots.iter_mut().flatten().find(|slot| slot.token == token);
                let slot = slot.unwrap_or_else(|| panic!("no such token: {token}"));
                match due.get(&token) {
                    Some(must) if parts == 1 => {
                        assert!(said.contains(*must), "{token}: {said:?}, {must:?}");
                    }
                    Some(must) => {
                        assert!(said.intersects(*must), "{token}: {said:?}, {must:?}");
                        *told.entry(token).or_insert(Readiness::empty()) |= said;
                    }
                    None => assert!(optional.contains(&token), "not due: {token}, {said:?}"),
                }
                assert_told(slot, said);
                assert!(seen.insert(token) || slot.may_repeat(), "again: {token}, {said:?}");
                if let Some(watch) = &mut slot.watch {
                    watch.live = watch.mode == Mode::Level;
                    watch.stirred = false;
                }
            }
        }
        for slot in self.slots.iter().flatten() {
            // Of the directions that were asked for, level has told of each.
            let level = |watch: &Watch| watch.mode == Mode::Level;
            if let (Some(watch), Some(told)) = (slot.watch.filter(level), told.get(&slot.token)) {
                let mut asked = Readiness::empty();
                asked.set(Readiness::READABLE, watch.interest.is_readable());
                asked.set(Readiness::WRITABLE, watch.interest.is_writable());
                let must = due.get(&slot.token).copied().unwrap_or(asked) & asked;
                assert!(told.contains(must), "{}: {told:?}, {must:?}", slot.token);
            }
        }
        let lost: Vec<_> = due.keys().filter(|token| !seen.contains(token)).collect();
        assert!(lost.is_empty(), "not reported: {lost:?}, capacity {capacity}");
    }
}

/// What an event says beyond what it must.
fn assert_told(slot: &Slot, said: Readiness) {
    let gone = slot.peer.is_none();
    assert!(gone || !said.intersects(Readiness::WRITE_CLOSED), "{said:?}");
    assert!(slot.ended || !said.contains(Readiness::READ_CLOSED), "{said:?}");
    assert!(slot.unread > 0 || slot.ended || !said.contains(Readiness::READABLE), "{said:?}");
    assert!(!said.contains(Readiness::PRIORITY), "{said:?}");
}

fn change(world: &World, slot: &mut Slot, step: &Step, token: usize) {
    match (step, &mut slot.held) {
        (Step::Arm(_, interest, mode), Held::Guard(guard)) => {
            let armed = guard.arm(*interest, *mode);
            assert_eq!(armed.is_ok(), world.supports(*mode));
            if armed.is_ok() {
                slot.armed(*interest, *mode);
            }
        }
        (Step::Disarm(_), Held::Guard(guard)) => {
            guard.disarm().unwrap();
            slot.watch = None;
        }
        (Step::SetToken(_), Held::Guard(guard)) => {
            guard.set_token(Token(token)).unwrap();
            slot.token = token;
            if let Some(Watch { interest, mode, .. }) = slot.watch {
                slot.armed(interest, mode);
            }
        }
        (Step::Add(_, interest, mode), Held::Lent(stream, added)) => {
            let result = world.add(stream, Token(slot.token), *interest, *mode);
            assert_eq!(result.is_ok(), !*added && world.supports(*mode));
            if result.is_ok() {
                *added = true;
                slot.armed(*interest, *mode);
            }
        }
        (Step::Modify(_, interest, mode), Held::Lent(stream, added)) => {
            let result = world.modify(stream, Token(token), *interest, *mode);
            assert_eq!(result.is_ok(), *added && world.supports(*mode));
            if result.is_ok() {
                slot.token = token;
                slot.armed(*interest, *mode);
            }
        }
        (Step::Delete(_), Held::Lent(stream, added)) => {
            assert_eq!(world.delete(stream).is_ok(), *added);
            *added = false;
            slot.watch = None;
        }
        (Step::Write(_), _) if !slot.ended => {
            send(slot.peer.as_ref().expect("a peer that has not closed"));
            slot.unread += 1;
            slot.stir();
        }
        (Step::HalfClose(_), _) if !slot.ended => {
            let peer = slot.peer.as_ref().expect("a peer that has not closed");
            peer.shutdown();
            slot.ended = true;
            slot.stir();
        }
        (Step::HangUp(_), _) if slot.peer.is_some() => {
            slot.peer = None;
            slot.ended = true;
            slot.stir();
        }
        (Step::Read(_), _) if slot.unread > 0 => {
            read_one(slot.stream());
            slot.unread -= 1;
        }
        _ => {}
    }
}

/// The source out of its guard, held by the unowned form from now on.
fn deregistered(slot: Slot) -> Slot {
    let Slot { held, peer, token, unread, ended, .. } = slot;
    let Held::Guard(guard) = held else { unreachable!("asked by the caller") };
    let held = Held::Lent(guard.deregister(), false);
    Slot { held, peer, token, watch: None, unread, ended }
}

/// One script on one backend; panics where the model and the poller disagree.
pub(crate) fn play(backend: Backend, script: &[Step]) {
    let world = World::new(backend);
    let mut run = Run { world: &world, slots: [const { None }; SLOTS], tokens: 0 };
    for step in script {
        run.step(step);
    }
    run.wait(SLOTS);
}

/// The same scripts in each run; `PROPTEST_CASES` makes more, `PROPTEST_RNG_SEED` others. They are
/// made of bytes, since to choose from among kinds takes proptest longer than all the rest.
#[test]
fn every_backend_reports_what_the_model_says() {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngSeed, TestRunner};

    for_each_backend(|world| {
        let backend: Backend = world.backend();
        let mut config = Config { failure_persistence: None, ..Config::default() };
        if config.rng_seed == RngSeed::Random {
            config.rng_seed = RngSeed::Fixed(1);
        }
        let mut runner = TestRunner::new(config);
        let script = proptest::collection::vec(any::<[u8; 3]>().prop_map(Step::of), 1..60);
        let result = runner.run(&script, |script| {
            play(backend, &script);
            Ok(())
        });
        result.unwrap_or_else(|failure| panic!("{failure}"));
    });
}
