//! What is ready without the kernel: notifiers, channels, timers of a wheel.

use std::io;
use std::time::Duration;

use poll_core::driver::Driver;
use poll_core::{Backend, Events, Mode, Poller, Readiness, Token, channel};

use crate::counted;

const NOTIFIER: Token = Token(3);
const CHANNEL: Token = Token(4);
const SENDER: Token = Token(5);

pub(crate) fn operations(backend: &str, poller: &Poller) -> io::Result<()> {
    let mut events = Events::with_capacity(8);
    poller.wait(&mut events, Some(Duration::ZERO))?;
    notifier(backend, poller, &mut events)?;
    channel(backend, poller, &mut events)?;
    driver(backend, poller.clone(), &mut events)
}

fn notifier(backend: &str, poller: &Poller, events: &mut Events) -> io::Result<()> {
    let ready = Readiness::READABLE;
    let notifier = counted(backend, "notifier", || poller.notifier(NOTIFIER, Mode::Level))?;
    counted(backend, "thousand-sets-while-awake", || {
        (0..1_000).try_for_each(|_| notifier.set(ready))
    })?;
    let found = counted(backend, "wait-after-sets", || poller.wait(events, None))?;
    assert_eq!(found, 1);
    counted(backend, "notifier-clear", || notifier.clear(ready));
    counted(backend, "notifier-drop", || drop(notifier));
    Ok(())
}

fn channel(backend: &str, poller: &Poller, events: &mut Events) -> io::Result<()> {
    let made = counted(backend, "channel-bounded", || channel::bounded(poller, CHANNEL, 2));
    let (sender, receiver) = made?;
    let sender = counted(backend, "channel-events", || sender.with_events(poller, SENDER))?;
    counted(backend, "channel-fill", || while sender.try_send(0).is_ok() {});
    let found = counted(backend, "wait-after-sends", || poller.wait(events, None))?;
    assert_eq!(found, 1);
    let received = counted(backend, "channel-drain", || receiver.drain(10).count());
    assert_eq!(received, 2);
    let found = counted(backend, "wait-for-room", || poller.wait(events, None))?;
    assert_eq!(found, 1);
    let (unbounded, _receiver) = channel::unbounded(poller, CHANNEL)?;
    counted(backend, "channel-send-unbounded", || unbounded.send(0)).expect("it has a receiver");
    counted(backend, "channel-drop", || drop((sender, receiver)));
    Ok(())
}

fn driver(backend: &str, poller: Poller, events: &mut Events) -> io::Result<()> {
    let mut driver = counted(backend, "driver", || Driver::new(poller));
    let key = counted(backend, "driver-set-timer", || driver.after(Duration::from_secs(9), ()));
    counted(backend, "driver-cancel-timer", || driver.timers_mut().cancel(key));
    driver.after(Duration::from_millis(2), ());
    driver.wait(events, Some(Duration::ZERO))?; // what the channels have left
    let found = counted(backend, "driver-wait-until-due", || driver.wait(events, None))?;
    let due = counted(backend, "driver-take-expired", || driver.next_expired());
    assert_eq!((found, due), (0, Some(())));
    Ok(())
}

/// A poller inside another one, whose wakes are never left out.
pub(crate) fn nested() -> io::Result<()> {
    let inner = Poller::builder().backend(Backend::Epoll).build_nested()?;
    let mut events = Events::with_capacity(8);
    let waker = inner.waker(NOTIFIER)?;
    inner.wait(&mut events, Some(Duration::ZERO))?;
    counted("nested", "wake", || waker.wake())?;
    counted("nested", "wake-while-pending", || waker.wake())?;
    let found = counted("nested", "wait", || inner.wait(&mut events, Some(Duration::ZERO)))?;
    assert_eq!(found, 1);
    Ok(())
}
