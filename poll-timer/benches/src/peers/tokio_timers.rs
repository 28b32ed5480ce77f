//! tokio-util's `DelayQueue` and tokio's `Sleep`, on tokio's paused clock.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::runtime::{Builder, EnterGuard, Runtime};
use tokio::time::{Instant, Sleep};
use tokio_util::time::{DelayQueue, delay_queue};

use crate::Peer;

/// Makes the runtime that both need, with its clock paused, and enters it for good.
pub fn runtime() -> (&'static Runtime, EnterGuard<'static>) {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime: &Runtime = Box::leak(Box::new(runtime.expect("a runtime without I/O")));
    RUNTIME.with(|place| place.set(Some(runtime)));
    (runtime, runtime.enter())
}

thread_local! {
    static RUNTIME: std::cell::Cell<Option<&'static Runtime>> = const { std::cell::Cell::new(None) };
}

fn tell_time(to: Instant) {
    let runtime = RUNTIME.get().expect("runtime() was called");
    let by = to.saturating_duration_since(Instant::now());
    runtime.block_on(tokio::time::advance(by));
}

/// `DelayQueue`.
pub struct Delay {
    queue: DelayQueue<u64>,
    origin: Instant,
}

impl Peer for Delay {
    const NAME: &'static str = "tokio-util DelayQueue";
    type Key = delay_queue::Key;

    fn new() -> Self {
        Self { queue: DelayQueue::new(), origin: Instant::now() }
    }
    fn insert(&mut self, id: u32, deadline: u64) -> Self::Key {
        self.queue.insert_at(id.into(), self.origin + Duration::from_millis(deadline))
    }
    fn cancel(&mut self, _: u32, key: Self::Key) {
        self.queue.remove(&key);
    }
    fn reset(&mut self, _: u32, key: Self::Key, deadline: u64) -> Self::Key {
        self.queue.reset_at(&key, self.origin + Duration::from_millis(deadline));
        key
    }
    fn advance(&mut self, now: u64, expired: &mut Vec<u32>) -> usize {
        tell_time(self.origin + Duration::from_millis(now));
        let before = expired.len();
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(entry)) = self.queue.poll_expired(&mut context) {
            expired.push(entry.into_inner() as u32);
        }
        expired.len() - before
    }
    fn next(&mut self) -> Option<u64> {
        let deadline = self.queue.deadline(&self.queue.peek()?);
        Some(deadline.duration_since(self.origin).as_millis() as u64)
    }
}

struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }
    fn wake_by_ref(self: &Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A `Sleep` per timer, in a box.
pub struct Sleeps {
    origin: Instant,
    count: Arc<Count>,
    waker: Waker,
    seen: usize,
}

impl Peer for Sleeps {
    const NAME: &'static str = "tokio Sleep";
    type Key = Pin<Box<Sleep>>;

    fn new() -> Self {
        let count = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&count));
        Self { origin: Instant::now(), count, waker, seen: 0 }
    }
    fn insert(&mut self, _: u32, deadline: u64) -> Self::Key {
        let deadline = self.origin + Duration::from_millis(deadline);
        let mut sleep = Box::pin(tokio::time::sleep_until(deadline));
        _ = sleep.as_mut().poll(&mut Context::from_waker(&self.waker));
        sleep
    }
    fn cancel(&mut self, _: u32, key: Self::Key) {
        drop(key);
    }
    fn reset(&mut self, _: u32, mut key: Self::Key, deadline: u64) -> Self::Key {
        key.as_mut().reset(self.origin + Duration::from_millis(deadline));
        key
    }
    fn advance(&mut self, now: u64, _: &mut Vec<u32>) -> usize {
        tell_time(self.origin + Duration::from_millis(now));
        let count = self.count.0.load(Ordering::Relaxed);
        count - std::mem::replace(&mut self.seen, count)
    }
    fn next(&mut self) -> Option<u64> {
        None
    }
}
