//! The wait itself: user-space events, the kernel's, and the clock, in one loop for every backend.

use std::io;
use std::time::{Duration, Instant};

use crate::bell::{Bell, Entry, Out, Ring};
use crate::event::{Event, Readiness};
use crate::events::Events;

/// A kernel to wait in.
pub(crate) trait Kernel: Ring {
    /// Appends what is ready to `events`, as far as there is room, and sleeps up to `timeout` for
    /// it if nothing is; `None` is for ever. May come back early, with nothing.
    fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()>;

    /// The clock that deadlines are held against.
    #[inline]
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// The [`wait`] of this module, here.
    #[inline(always)]
    fn wait_with(&self, bell: &Bell, events: &mut Events, limit: &Limit) -> io::Result<usize>
    where
        Self: Sized,
    {
        wait(bell, self, events, limit)
    }
}

/// How long a wait may take.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Limit {
    /// No time at all.
    Zero,
    /// For ever.
    None,
    /// Said twice, for the kernel and for the clock. The time is not zero, and there is no deadline
    /// beyond the clock.
    Time { timeout: Duration, deadline: Option<Instant> },
}

impl Limit {
    /// For the kernel.
    #[inline(always)]
    fn timeout(&self) -> Option<Duration> {
        match self {
            Self::Zero => Some(Duration::ZERO),
            Self::None => None,
            Self::Time { timeout, .. } => Some(*timeout),
        }
    }
}

/// Fills `events`.
///
/// What nearly every wait is, one look into the kernel that finds something and nothing in user
/// space, is done here; the rest in [`end`]. This stands where it is called, and the compiler knows
/// there whether the limit is zero or none. Whatever it calls, it calls last: so it needs next to no
/// stack.
#[inline(always)]
pub(crate) fn wait<K: Kernel>(
    bell: &Bell,
    kernel: &K,
    events: &mut Events,
    limit: &Limit,
) -> io::Result<usize> {
    let entry = match limit {
        Limit::Zero => bell.pass(&events.memory),
        Limit::None | Limit::Time { .. } => bell.enter(&events.memory, kernel),
    };
    // Each a look of its own, which knows how it was entered.
    match entry {
        Entry::Passing => first_look(bell, kernel, events, limit, Entry::Passing),
        Entry::Alone => first_look(bell, kernel, events, limit, Entry::Alone),
        Entry::Counted => first_look(bell, kernel, events, limit, Entry::Counted),
        Entry::Pending | Entry::Herd => {
            events.clear();
            go_on(bell, kernel, events, limit, entry, Out::QUIET, Ok(()))
        }
    }
}

/// The first look of a wait, which is mostly all of it.
#[inline(always)]
fn first_look<K: Kernel>(
    bell: &Bell,
    kernel: &K,
    events: &mut Events,
    limit: &Limit,
    entry: Entry,
) -> io::Result<usize> {
    // Here, where the compiler sees that no bound needs to be checked.
    events.clear();
    if let Err(error) = kernel.wait(events, limit.timeout()) {
        let out = bell.come_out(entry);
        return go_on(bell, kernel, events, limit, entry, out, Err(error));
    }
    // Before the bell is asked, which the compiler takes for a change of everything.
    let found = events.len();
    let out = bell.come_out(entry);
    if out.is_quiet() && (found > 0 || entry == Entry::Passing) {
        events.memory.served_user = false;
        return Ok(found);
    }
    end(bell, kernel, events, limit, entry, out)
}

/// What one look into the kernel came to.
struct Look {
    entry: Entry,
    out: Out,
    said: io::Result<()>,
}

/// What the other waits nearly always are is done here: a look that the first waker has ended, and
/// nothing else. A thread that has slept finds its caches cold: each line of code that it goes
/// through takes some 10 ns, so there are few.
#[cold]
#[inline(never)]
fn end<K: Kernel>(
    bell: &Bell,
    kernel: &K,
    events: &mut Events,
    limit: &Limit,
    entry: Entry,
    out: Out,
) -> io::Result<usize> {
    if out.is_first() && events.is_empty() {
        // None if another thread has taken it, or there is more to report.
        if let Some(token) = bell.take_first(&events.memory) {
            // There is room: the capacity is at least 1.
            let _pushed = events.push(Event::new(token, Readiness::READABLE));
            events.memory.served_user = true;
            return Ok(1);
        }
    }
    go_on(bell, kernel, events, limit, entry, out, Ok(()))
}

/// Looks until there is something, or the time is over. The last three are the first [`Look`], in
/// parts because those go into registers; there was none if `entry` does not lead into the kernel, which
/// may be so because the bell does not know the batch.
#[cold]
#[inline(never)]
fn go_on<K: Kernel>(
    bell: &Bell,
    kernel: &K,
    events: &mut Events,
    limit: &Limit,
    entry: Entry,
    out: Out,
    said: io::Result<()>,
) -> io::Result<usize> {
    let mut looked = match entry {
        Entry::Passing | Entry::Alone | Entry::Counted => Some(Look { entry, out, said }),
        Entry::Pending | Entry::Herd => {
            bell.introduce(&mut events.memory);
            None
        }
    };
    let mut timeout = limit.timeout();
    let blocking = timeout != Some(Duration::ZERO);
    let mut quota = Quota::of(events);
    // Whether a wake has turned out to be taken back, or taken by another thread.
    let mut stale = false;
    loop {
        let Look { entry, out, said } = match looked.take() {
            Some(look) => look,
            None => {
                let may_sleep = blocking && timeout != Some(Duration::ZERO);
                let entry =
                    if may_sleep { bell.enter(&events.memory, kernel) } else { Entry::Passing };
                if !entry.may_sleep() && quota.is_first() && bell.is_pending(&events.memory) {
                    quota.fill(bell, kernel, events);
                    if events.is_full() {
                        break;
                    }
                    if entry == Entry::Pending && quota.taken == 0 && blocking && !stale {
                        // Nothing was pending after all. Once: nobody may keep a wait from the kernel.
                        stale = true;
                        continue;
                    }
                }
                let timeout = if entry.may_sleep() { timeout } else { Some(Duration::ZERO) };
                let said = kernel.wait(events, timeout);
                Look { entry, out: bell.come_out(entry), said }
            }
        };
        let pending = bell.heed(entry, out, &events.memory, kernel);
        if pending && quota.taken == 0 {
            quota.fill(bell, kernel, events);
        } else if pending {
            // Level-triggered notifiers are in this batch already; what is new comes with the next.
            bell.pass_on(kernel);
        }
        if !events.is_empty() {
            // An error beside events comes again with the next wait; the events would not.
            break;
        }
        let interrupted = match said {
            Ok(()) => false,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => true,
            Err(error) => return Err(error),
        };
        if let Limit::Time { deadline: Some(deadline), .. } = limit {
            let left = deadline.saturating_duration_since(kernel.now());
            if left.is_zero() && !interrupted {
                break;
            }
            timeout = Some(left);
        } else if !blocking && !interrupted {
            break;
        }
        if entry == Entry::Herd {
            crate::sync::yield_now();
        }
    }
    quota.remember(events);
    Ok(events.len())
}

/// How many user-space events may go into a batch: half of it, so that neither side starves the
/// other. At capacity 1 the sides take turns.
struct Quota {
    most: usize,
    taken: usize,
    /// At capacity 1: whether it is the kernel's turn.
    kernel_first: bool,
}

impl Quota {
    #[inline]
    fn of(events: &Events) -> Self {
        let capacity = events.capacity();
        Self {
            most: (capacity / 2).max(1),
            taken: 0,
            kernel_first: capacity == 1 && events.memory.served_user,
        }
    }

    fn is_first(&self) -> bool {
        !self.kernel_first
    }

    /// Takes what is pending into `events`, as far as the quota and the room go.
    #[cold]
    fn fill<K: Kernel>(&mut self, bell: &Bell, kernel: &K, events: &mut Events) {
        let quota = self.most.min(events.room().len());
        if quota == 0 {
            bell.pass_on(kernel);
            return;
        }
        let (memory, mut push) = events.memory_and_push();
        self.taken += bell.take(memory, quota, kernel, |token, readiness| {
            let _room = push(Event::new(token, readiness));
        });
    }

    #[inline]
    fn remember(&self, events: &mut Events) {
        events.memory.served_user = self.taken > 0;
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
