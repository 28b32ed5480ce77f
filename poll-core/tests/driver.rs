//! `driver::Driver`.
#![forbid(unsafe_code)]

mod support;

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use poll_core::driver::Driver;
use poll_core::{Events, Interest, Mode, Token};

use support::{CAP, on_each_backend};

const SOON: Duration = Duration::from_millis(3);

fn expired<T>(driver: &mut Driver<T>) -> Vec<T> {
    std::iter::from_fn(|| driver.next_expired()).collect()
}

#[test]
fn a_due_timer_ends_the_wait_and_none_is_early() {
    on_each_backend(|poller| {
        let mut driver = Driver::new(poller.clone());
        let mut events = Events::with_capacity(4);
        let begin = Instant::now();
        driver.after(SOON, 'a');
        assert_eq!(expired(&mut driver), []);
        assert_eq!(driver.wait(&mut events, Some(CAP)).unwrap(), 0);
        assert!(begin.elapsed() >= SOON);
        assert_eq!(expired(&mut driver), ['a']);
    });
}

#[test]
fn the_timeout_ends_the_wait_before_the_timer() {
    on_each_backend(|poller| {
        let mut driver = Driver::new(poller.clone());
        driver.after(CAP, 'a');
        assert_eq!(driver.wait(&mut Events::with_capacity(4), Some(SOON)).unwrap(), 0);
        assert_eq!((expired(&mut driver), driver.timers().len()), (Vec::new(), 1));
    });
}

#[test]
fn an_event_in_time_can_cancel_its_timeout_also_when_the_loop_is_late() {
    on_each_backend(|poller| {
        let mut driver = Driver::new(poller.clone());
        let mut events = Events::with_capacity(4);
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let _ours = poller.register(ours, Token(1), Interest::READABLE, Mode::Level).unwrap();
        let timeout = driver.after(Duration::ZERO, "timeout");
        theirs.write_all(b"x").unwrap();
        // The deadline is past when the wait begins.
        let late = driver.timers_mut().next_deadline().unwrap();
        while Instant::now() < late {
            std::hint::spin_loop();
        }
        assert_eq!(driver.wait(&mut events, Some(CAP)).unwrap(), 1);
        assert_eq!(driver.timers_mut().cancel(timeout), Some("timeout"));
        assert_eq!(expired(&mut driver), [""; 0]);
    });
}

#[test]
fn timers_come_by_deadline_and_equal_ones_in_order() {
    on_each_backend(|poller| {
        let mut driver = Driver::new(poller.clone());
        let at = driver.now() + SOON;
        for (n, after) in [2, 1, 1, 0].into_iter().enumerate() {
            driver.timers_mut().schedule(at + after * SOON, n);
        }
        let mut fired = Vec::new();
        while fired.len() < 4 {
            driver.wait(&mut Events::with_capacity(4), Some(CAP)).unwrap();
            fired.extend(expired(&mut driver));
        }
        assert_eq!(fired, [3, 1, 2, 0]);
    });
}
