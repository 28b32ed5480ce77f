//! `timer::KernelTimer`.
#![forbid(unsafe_code)]

mod support;

use std::fs;
use std::io::ErrorKind;
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant, SystemTime};

use poll_core::timer::{Clock, KernelTimer};
use poll_core::{Events, Interest, Mode, Poller, Registration, Token};

use support::{look, on_each_backend, wait};

const FAR: Duration = Duration::from_secs(3600);
const SOON: Duration = Duration::from_millis(3);

fn timers() -> Vec<KernelTimer> {
    [Clock::Monotonic, Clock::BootTime, Clock::RealTime]
        .into_iter()
        .filter_map(|clock| match KernelTimer::new(clock) {
            Err(error) if error.kind() == ErrorKind::Unsupported => None,
            timer => Some(timer.unwrap()),
        })
        .collect()
}

fn on_each(body: impl Fn(&Poller, Registration<KernelTimer>)) {
    on_each_backend(|poller| {
        for timer in timers() {
            println!("by {:?}", timer.clock());
            body(
                poller,
                poller.register(timer, Token(1), Interest::READABLE, Mode::Level).unwrap(),
            );
        }
    });
}

#[test]
fn it_expires_once_and_never_early() {
    on_each(|poller, timer| {
        let mut events = Events::with_capacity(4);
        for after in [Duration::ZERO, Duration::from_nanos(1), SOON] {
            let before = Instant::now();
            timer.after(after).unwrap();
            assert_eq!(wait(poller, &mut events)[0].0, Token(1));
            assert!(before.elapsed() >= after);
            assert_eq!(timer.take().unwrap(), 1);
            assert_eq!(timer.take().unwrap(), 0);
            assert_eq!(look(poller, &mut events), []);
        }
    });
}

#[test]
fn a_period_repeats_and_counts() {
    on_each(|poller, timer| {
        let mut events = Events::with_capacity(4);
        let before = Instant::now();
        timer.every(SOON).unwrap();
        let mut expired = 0;
        while expired < 3 {
            wait(poller, &mut events);
            expired += timer.take().unwrap();
        }
        assert!(before.elapsed() >= 3 * SOON);
    });
}

#[test]
fn setting_it_anew_forgets_what_was_before() {
    on_each(|poller, timer| {
        let mut events = Events::with_capacity(4);
        timer.after(Duration::ZERO).unwrap();
        wait(poller, &mut events);
        timer.after(FAR).unwrap();
        assert_eq!(look(poller, &mut events), []);
        timer.every(SOON).unwrap();
        wait(poller, &mut events);
        timer.unset().unwrap();
        assert_eq!((look(poller, &mut events), timer.take().unwrap()), (Vec::new(), 0));
        timer.unset().unwrap();
    });
}

#[test]
fn a_point_in_time_is_taken_by_the_clock_that_it_belongs_to() {
    on_each(|poller, timer| {
        let mut events = Events::with_capacity(4);
        let (instant, time) = (Instant::now() + SOON, SystemTime::now() + SOON);
        let refused = match timer.clock() {
            Clock::Monotonic => {
                timer.at(instant).unwrap();
                timer.at_time_of_day(time)
            }
            Clock::RealTime => {
                timer.at_time_of_day(time).unwrap();
                timer.at(instant)
            }
            _ => timer.at(instant).and(timer.at_time_of_day(time)),
        };
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
        if timer.clock() != Clock::BootTime {
            wait(poller, &mut events);
            assert_eq!(timer.take().unwrap(), 1);
        }
        match timer.clock() {
            Clock::Monotonic => assert!(Instant::now() >= instant),
            Clock::RealTime => assert!(SystemTime::now() >= time),
            _ => {}
        }
    });
}

#[test]
fn the_first_time_and_the_period_are_apart() {
    on_each(|poller, timer| {
        let mut events = Events::with_capacity(4);
        let hour = Duration::from_secs(3600);
        match timer.first_then_every(Duration::ZERO, hour) {
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::Unsupported),
            Ok(()) => {
                assert_eq!(wait(poller, &mut events).len(), 1);
                assert_eq!(timer.take().unwrap(), 1);
                assert_eq!(look(poller, &mut events), []);
            }
        }
    });
}

#[test]
fn a_point_in_the_past_is_at_once() {
    on_each(|poller, timer| {
        let mut events = Events::with_capacity(4);
        let day = Duration::from_secs(24 * 3600);
        match timer.clock() {
            Clock::Monotonic => {
                let now = Instant::now();
                timer.at(now.checked_sub(SOON).unwrap_or(now)).unwrap();
                wait(poller, &mut events);
            }
            Clock::RealTime => {
                for past in [SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH - day] {
                    timer.at_time_of_day(past).unwrap();
                    wait(poller, &mut events);
                    assert_eq!(timer.take().unwrap(), 1);
                }
            }
            _ => {}
        }
    });
}

#[test]
fn the_first_expiration_can_come_before_the_period() {
    on_each(|poller, timer| {
        let mut events = Events::with_capacity(4);
        let before = Instant::now();
        match timer.first_then_every(Duration::ZERO, SOON) {
            // kqueue knows one number.
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported),
            Ok(()) => {
                let mut expired = 0;
                while expired < 3 {
                    wait(poller, &mut events);
                    expired += timer.take().unwrap();
                }
                assert!(before.elapsed() >= 2 * SOON);
            }
        }
        timer.first_then_every(SOON, SOON).unwrap();
        for _ in 0..2 {
            wait(poller, &mut events);
            assert!(timer.take().unwrap() >= 1);
        }
    });
}

#[test]
fn a_period_of_zero_still_repeats() {
    on_each(|poller, timer| {
        timer.every(Duration::ZERO).unwrap();
        for _ in 0..2 {
            wait(poller, &mut Events::with_capacity(4));
            assert!(timer.take().unwrap() >= 1);
        }
    });
}

/// Linux tells what a descriptor is; elsewhere there is one clock only.
#[test]
fn it_follows_the_clock_that_it_was_made_for() {
    for timer in timers() {
        let number = timer.as_fd().as_raw_fd();
        let Ok(told) = fs::read_to_string(format!("/proc/self/fdinfo/{number}")) else { return };
        let Some(told) = told.lines().find_map(|line| line.strip_prefix("clockid: ")) else {
            return println!("skipped: this kernel does not tell a timer's clock");
        };
        // clock_gettime(2), include/uapi/linux/time.h.
        let wanted = match timer.clock() {
            Clock::RealTime => "0",
            Clock::BootTime => "7",
            _ => "1",
        };
        assert_eq!(told, wanted, "{:?}", timer.clock());
    }
}
