//! `timer::KernelTimer`.
#![forbid(unsafe_code)]

mod support;

use std::io::ErrorKind;
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
        if timer.clock() == Clock::RealTime {
            assert!(SystemTime::now() >= time);
            timer.at_time_of_day(SystemTime::UNIX_EPOCH).unwrap();
            wait(poller, &mut events);
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
