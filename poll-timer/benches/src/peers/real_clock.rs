//! Timers that read the real clock and cannot be told the time: calloop's and mio-extras'.

use std::thread::sleep;
use std::time::{Duration, Instant};

use calloop::timer::{TimeoutAction, Timer};
use calloop::{EventLoop, LoopHandle, RegistrationToken};

use crate::Peer;

/// Sleeps until a tick has begun, and a bit of the next one is over.
fn sleep_until(origin: Instant, tick: u64) {
    let end = origin + Duration::from_millis(tick + 1);
    sleep(end.saturating_duration_since(Instant::now()));
}

/// calloop's event loop with nothing but timers.
pub struct Calloop {
    event_loop: EventLoop<'static, Vec<u32>>,
    handle: LoopHandle<'static, Vec<u32>>,
    origin: Instant,
}

impl Peer for Calloop {
    const NAME: &'static str = "calloop";
    type Key = RegistrationToken;

    fn new() -> Self {
        let event_loop = EventLoop::try_new().expect("an event loop");
        Self { handle: event_loop.handle(), event_loop, origin: Instant::now() }
    }
    fn insert(&mut self, id: u32, deadline: u64) -> RegistrationToken {
        let timer = Timer::from_deadline(self.origin + Duration::from_millis(deadline));
        let inserted = self.handle.insert_source(timer, move |_, (), expired: &mut Vec<u32>| {
            expired.push(id);
            TimeoutAction::Drop
        });
        inserted.expect("a timer is no descriptor")
    }
    fn cancel(&mut self, _: u32, key: RegistrationToken) {
        self.handle.remove(key);
    }
    fn reset(&mut self, id: u32, key: RegistrationToken, deadline: u64) -> RegistrationToken {
        self.cancel(id, key);
        self.insert(id, deadline)
    }
    fn advance(&mut self, now: u64, expired: &mut Vec<u32>) -> usize {
        sleep_until(self.origin, now);
        let before = expired.len();
        let done = self.event_loop.dispatch(Duration::ZERO, expired);
        done.expect("no descriptor can fail");
        expired.len() - before
    }
    fn next(&mut self) -> Option<u64> {
        None
    }
}

/// mio-extras' timer, with as many slots as there are ticks in a minute.
pub struct MioExtras {
    timer: mio_extras::timer::Timer<u32>,
    origin: Instant,
}

impl Peer for MioExtras {
    const NAME: &'static str = "mio-extras";
    type Key = mio_extras::timer::Timeout;

    fn new() -> Self {
        let builder = mio_extras::timer::Builder::default();
        Self {
            timer: builder
                .tick_duration(Duration::from_millis(1))
                .num_slots(1 << 16)
                .capacity(1 << 21)
                .build(),
            origin: Instant::now(),
        }
    }
    fn insert(&mut self, id: u32, deadline: u64) -> Self::Key {
        let deadline = self.origin + Duration::from_millis(deadline);
        let delay = deadline.saturating_duration_since(Instant::now());
        self.timer.set_timeout(delay, id)
    }
    fn cancel(&mut self, _: u32, key: Self::Key) {
        self.timer.cancel_timeout(&key);
    }
    fn reset(&mut self, id: u32, key: Self::Key, deadline: u64) -> Self::Key {
        self.cancel(id, key);
        self.insert(id, deadline)
    }
    fn advance(&mut self, now: u64, expired: &mut Vec<u32>) -> usize {
        sleep_until(self.origin, now + 1); // it rounds up, or down
        let before = expired.len();
        while let Some(id) = self.timer.poll() {
            expired.push(id);
        }
        expired.len() - before
    }
    fn next(&mut self) -> Option<u64> {
        None
    }
}
