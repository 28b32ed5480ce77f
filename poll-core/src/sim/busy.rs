//! Threads of a simulated world that work while its loop waits.

use super::Sim;

/// Another thread works for the loop, and time stands still; see [`Sim::busy`].
///
/// # Examples
/// A worker takes its time, which is not the loop's:
/// ```
/// use poll_core::sim::Sim;
/// use poll_core::{Events, Token, channel};
/// use std::time::Duration;
///
/// let sim = Sim::new(1);
/// let poller = sim.poller()?;
/// let (results, receiver) = channel::unbounded(&poller, Token(1))?;
/// let busy = sim.busy();
/// let worker = std::thread::spawn(move || {
///     let sum: u64 = (0..1_000).sum();
///     results.send(sum).unwrap();
///     drop(busy);
/// });
///
/// let start = poller.now();
/// poller.wait(&mut Events::with_capacity(8), Some(Duration::from_secs(5)))?;
/// assert_eq!(receiver.try_recv(), Ok(499_500));
/// assert_eq!(poller.now(), start);
/// # worker.join().unwrap();
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
#[must_use = "dropped, it lets time go on"]
pub struct Busy(Sim);

impl Busy {
    pub(super) fn new(sim: &Sim) -> Self {
        sim.change(|world| world.busy += 1);
        Self(sim.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.change(|world| world.busy -= 1);
    }
}
