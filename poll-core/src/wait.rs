//! The wait itself: user-space events, the kernel's, and the clock, in one loop for every backend.

use std::io;
use std::time::{Duration, Instant};

use crate::bell::{Bell, Entry, Ring};
use crate::event::{Event, Readiness};
use crate::events::Events;
use crate::token::Token;

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
    #[inline]
    fn wait_with(
        &self,
        bell: &Bell,
        events: &mut Events,
        timeout: Option<Duration>,
        deadline: Option<Instant>,
    ) -> io::Result<usize>
    where
        Self: Sized,
    {
        wait(bell, self, events, timeout, deadline, || self.now())
    }
}

/// Fills `events`. `timeout` and `deadline` say the same, once for the kernel and once for the
/// clock; a zero timeout needs no deadline.
///
/// What nearly every wait is, one look into the kernel that finds something and nothing in user
/// space, is done here; the rest in [`go_on`].
#[inline]
pub(crate) fn wait<K: Kernel>(
    bell: &Bell,
    kernel: &K,
    events: &mut Events,
    timeout: Option<Duration>,
    deadline: Option<Instant>,
    now: impl Fn() -> Instant,
) -> io::Result<usize> {
    let mut looked = None;
    if timeout == Some(Duration::ZERO) {
        if !bell.is_pending(&events.memory) {
            events.clear();
            let said = kernel.wait(events, Some(Duration::ZERO));
            let pending = bell.looked(&events.memory, kernel);
            if !pending && said.is_ok() {
                events.memory.served_user = false;
                return Ok(events.len());
            }
            looked = Some(Look { entry: Entry::Pending, said, pending });
        }
    } else {
        let entry = bell.enter(&events.memory, kernel);
        if entry.may_sleep() {
            // It is empty; said again where the compiler sees it, the batch's bounds need no check.
            events.clear();
            let said = kernel.wait(events, timeout);
            let pending = bell.leave(entry, kernel);
            if !pending && !events.is_empty() {
                events.memory.served_user = false;
                return Ok(events.len());
            }
            looked = Some(Look { entry, said, pending });
        }
    }
    go_on(bell, kernel, events, timeout, deadline, now, looked)
}

/// What one look into the kernel came to.
struct Look {
    entry: Entry,
    said: io::Result<()>,
    /// Whether there may be something in user space.
    pending: bool,
}

impl Look {
    fn take<K: Kernel>(
        bell: &Bell,
        kernel: &K,
        events: &mut Events,
        entry: Entry,
        timeout: Option<Duration>,
    ) -> Self {
        if entry.may_sleep() {
            let said = kernel.wait(events, timeout);
            return Self { entry, said, pending: bell.leave(entry, kernel) };
        }
        let said = kernel.wait(events, Some(Duration::ZERO));
        Self { entry, said, pending: bell.looked(&events.memory, kernel) }
    }
}

/// Looks until there is something, or the time is over. `looked` is the first look, if it has been
/// taken already.
#[cold]
#[inline(never)]
fn go_on<K: Kernel>(
    bell: &Bell,
    kernel: &K,
    events: &mut Events,
    mut timeout: Option<Duration>,
    deadline: Option<Instant>,
    now: impl Fn() -> Instant,
    mut looked: Option<Look>,
) -> io::Result<usize> {
    let blocking = timeout != Some(Duration::ZERO);
    let mut quota = Quota::of(events);
    // Whether a wake has turned out to be taken back, or taken by another thread.
    let mut stale = false;
    loop {
        let Look { entry, said, pending } = match looked.take() {
            Some(look) => look,
            None => {
                let may_sleep = blocking && timeout != Some(Duration::ZERO);
                let entry =
                    if may_sleep { bell.enter(&events.memory, kernel) } else { Entry::Pending };
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
                Look::take(bell, kernel, events, entry, timeout)
            }
        };
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
        if let Some(deadline) = deadline {
            let left = deadline.saturating_duration_since(now());
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
        let mut memory = std::mem::take(&mut events.memory);
        let taken = bell.take(&mut memory, quota, kernel, |token: Token, readiness: Readiness| {
            // There is room: the quota was cut to it.
            let _room = events.push(Event::new(token, readiness));
        });
        events.memory = memory;
        self.taken += taken;
    }

    #[inline]
    fn remember(&self, events: &mut Events) {
        events.memory.served_user = self.taken > 0;
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
