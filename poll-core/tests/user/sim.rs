//! `sim`: an event loop tested without a kernel.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use poll_core::sim::{Sim, Stream};
use poll_core::{
    Backend, Events, Interest, Mode, Poller, Readiness, RegisterError, Registration, Token, channel,
};

use crate::support::{look, wait};

const READ: Readiness = Readiness::READABLE;
const SECOND: Duration = Duration::from_secs(1);

fn world(seed: u64) -> (Sim, Poller, Registration<Stream>, Stream) {
    let sim = Sim::new(seed);
    let poller = sim.poller().unwrap();
    let (ours, theirs) = sim.pair(4).unwrap();
    let ours = poller.reserve(ours, Token(1));
    (sim, poller, ours, theirs)
}

#[test]
fn the_modes_are_those_of_the_real_backends() {
    for (mode, expected) in
        [(Mode::Level, [1, 1, 1]), (Mode::Edge, [1, 0, 1]), (Mode::Oneshot, [1, 0, 0])]
    {
        let (_sim, poller, ours, mut theirs) = world(1);
        let mut events = Events::with_capacity(4);
        ours.arm(Interest::READABLE, mode).unwrap();
        assert_eq!(look(&poller, &mut events), []);
        theirs.write_all(b"a").unwrap();
        let first = look(&poller, &mut events).len();
        let second = look(&poller, &mut events).len();
        theirs.write_all(b"b").unwrap();
        assert_eq!([first, second, look(&poller, &mut events).len()], expected, "{mode:?}");
        ours.arm(Interest::READABLE, mode).unwrap();
        assert_eq!(look(&poller, &mut events), [(Token(1), READ)]);
        ours.disarm().unwrap();
        assert_eq!(look(&poller, &mut events), []);
    }
}

#[test]
fn the_numbers_by_chance_are_those_of_the_seed() {
    let numbers = |seed| {
        let sim = Sim::new(seed);
        [sim.random(), sim.random(), sim.random()]
    };
    // The first of SplitMix64 with this seed, as others print them too.
    assert_eq!(
        numbers(1_234_567),
        [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
    );
    assert_eq!(numbers(1), numbers(1));
}

#[test]
fn time_leaps_to_what_is_scheduled_and_to_the_deadline() {
    let (sim, poller, ours, theirs) = world(1);
    ours.arm(Interest::READABLE, Mode::Level).unwrap();
    sim.after(2 * SECOND, move |_| (&theirs).write_all(b"x").unwrap());
    let (start, mut events) = (poller.now(), Events::with_capacity(4));
    assert_eq!(poller.wait(&mut events, Some(SECOND)).unwrap(), 0);
    assert_eq!(poller.now() - start, SECOND);
    assert_eq!(poller.wait_until(&mut events, Some(start + 9 * SECOND)).unwrap(), 1);
    assert_eq!(poller.now() - start, 2 * SECOND);
    drop(ours);
    assert_eq!(poller.wait_until(&mut events, Some(start + 9 * SECOND)).unwrap(), 0);
    assert_eq!(poller.now() - start, 9 * SECOND);
}

#[test]
fn what_is_due_now_is_done_by_a_wait_of_no_length() {
    let (sim, poller, ours, theirs) = world(1);
    ours.arm(Interest::READABLE, Mode::Level).unwrap();
    sim.after(Duration::ZERO, move |_| (&theirs).write_all(b"x").unwrap());
    let start = poller.now();
    assert_eq!(look(&poller, &mut Events::with_capacity(4)).len(), 1);
    assert_eq!(poller.now(), start);
}

#[test]
fn a_wait_that_nothing_can_end_is_an_error() {
    let (_sim, poller, ours, _theirs) = world(1);
    ours.arm(Interest::READABLE, Mode::Level).unwrap();
    let stuck = poller.wait(&mut Events::with_capacity(4), None).unwrap_err();
    assert!(stuck.to_string().contains("stuck"));
}

#[test]
fn closing_failing_and_filling_show_as_they_do_on_a_socket() {
    let (_sim, poller, ours, mut theirs) = world(1);
    let mut events = Events::with_capacity(4);
    ours.arm(Interest::READABLE | Interest::WRITABLE, Mode::Level).unwrap();
    while (&*ours).write(b"fill").is_ok() {}
    assert_eq!((&*ours).write(b"x").unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(look(&poller, &mut events), []);
    assert!(theirs.read(&mut [0; 4]).unwrap() > 0);
    assert_eq!(look(&poller, &mut events), [(Token(1), Readiness::WRITABLE)]);
    theirs.shutdown_write();
    let half = look(&poller, &mut events)[0].1;
    assert!(
        half.contains(READ | Readiness::READ_CLOSED) && !half.contains(Readiness::WRITE_CLOSED)
    );
    assert_eq!((&*ours).read(&mut [0; 4]).unwrap(), 0);
    ours.fail(ErrorKind::ConnectionReset);
    assert!(look(&poller, &mut events)[0].1.contains(Readiness::ERROR));
    assert_eq!((&*ours).read(&mut [0; 4]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    while theirs.read(&mut [0; 4]).is_ok() {} // unread data would make it a reset
    drop(theirs);
    assert!(look(&poller, &mut events)[0].1.contains(Readiness::WRITE_CLOSED));
    assert_eq!((&*ours).write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn room_that_a_peer_makes_is_an_edge() {
    let (_sim, poller, ours, mut theirs) = world(1);
    let mut events = Events::with_capacity(4);
    ours.arm(Interest::WRITABLE, Mode::Edge).unwrap();
    assert_eq!(look(&poller, &mut events).len(), 1);
    while (&*ours).write(b"fill").is_ok() {}
    assert_eq!(look(&poller, &mut events), []);
    assert!(theirs.read(&mut [0; 4]).unwrap() > 0);
    assert_eq!(look(&poller, &mut events), [(Token(1), Readiness::WRITABLE)]);
}

#[test]
fn every_ready_source_comes_within_as_many_batches_as_it_takes() {
    for seed in 0..20 {
        let sim = Sim::new(seed);
        let poller = sim.poller().unwrap();
        let pairs: Vec<_> = (0..10).map(|_| sim.pair(4).unwrap()).collect();
        for (n, (ours, theirs)) in pairs.iter().enumerate() {
            poller.add(ours, Token(n), Interest::READABLE, Mode::Level).unwrap();
            (&*theirs).write_all(b"x").unwrap();
        }
        let mut events = Events::with_capacity(4);
        for _ in 0..3 {
            let mut seen: Vec<_> = (0..3).flat_map(|_| look(&poller, &mut events)).collect();
            seen.sort_unstable_by_key(|(token, _)| *token);
            seen.dedup();
            assert_eq!(seen.len(), 10, "seed {seed}");
        }
    }
}

#[test]
fn what_arrived_before_a_failure_is_read_before_it() {
    let (_sim, _poller, ours, mut theirs) = world(1);
    theirs.write_all(b"abc").unwrap();
    ours.fail(ErrorKind::ConnectionReset);
    let mut buffer = [0; 3];
    (&*ours).read_exact(&mut buffer).unwrap();
    assert_eq!(&buffer, b"abc");
    assert_eq!((&*ours).read(&mut buffer).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!((&*ours).read(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn an_end_that_is_closed_with_something_unread_resets_the_other() {
    let (_sim, _poller, ours, theirs) = world(1);
    (&*ours).write_all(b"x").unwrap();
    drop(theirs);
    assert_eq!((&*ours).read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!((&*ours).read(&mut [0]).unwrap(), 0);
    assert_eq!((&*ours).write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
}

/// Who looks at these two alone does the call that fails.
#[test]
fn a_failure_is_readable_and_writable() {
    let (_sim, poller, ours, _theirs) = world(1);
    ours.arm(Interest::READABLE | Interest::WRITABLE, Mode::Level).unwrap();
    while (&*ours).write(b"fill").is_ok() {}
    ours.fail(ErrorKind::ConnectionReset);
    let said = READ | Readiness::WRITABLE | Readiness::ERROR;
    assert_eq!(look(&poller, &mut Events::with_capacity(4)), [(Token(1), said)]);
}

#[test]
fn an_end_that_is_shut_down_is_writable_without_room_and_the_write_fails() {
    let (_sim, poller, ours, _theirs) = world(1);
    let mut events = Events::with_capacity(4);
    ours.arm(Interest::WRITABLE, Mode::Level).unwrap();
    while (&*ours).write(b"fill").is_ok() {}
    assert_eq!(look(&poller, &mut events), []);
    ours.shutdown_write();
    assert_eq!(look(&poller, &mut events), [(Token(1), Readiness::WRITABLE)]);
    assert_eq!((&*ours).write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn a_write_of_nothing_is_done_without_room_too() {
    let (_sim, _poller, ours, _theirs) = world(1);
    while (&*ours).write(b"fill").is_ok() {}
    assert_eq!((&*ours).write(b"").unwrap(), 0);
}

#[test]
fn a_failure_does_not_undo_the_edge_before_it() {
    let (_sim, poller, ours, mut theirs) = world(1);
    let mut events = Events::with_capacity(4);
    ours.arm(Interest::READABLE, Mode::Edge).unwrap();
    theirs.write_all(b"a").unwrap();
    assert_eq!(look(&poller, &mut events).len(), 1);
    theirs.write_all(b"b").unwrap();
    ours.fail(ErrorKind::ConnectionReset);
    assert_eq!(look(&poller, &mut events).len(), 1);
}

#[test]
fn a_failure_is_an_edge() {
    let (_sim, poller, ours, mut theirs) = world(1);
    let mut events = Events::with_capacity(4);
    ours.arm(Interest::READABLE, Mode::Edge).unwrap();
    theirs.write_all(b"a").unwrap();
    assert_eq!(look(&poller, &mut events), [(Token(1), READ)]);
    assert_eq!((&*ours).read(&mut [0]).unwrap(), 1);
    assert_eq!(look(&poller, &mut events), []);
    ours.fail(ErrorKind::ConnectionReset);
    assert!(look(&poller, &mut events)[0].1.contains(Readiness::ERROR));
    assert_eq!(look(&poller, &mut events), []);
}

#[test]
fn the_number_of_a_closed_stream_is_not_of_the_world_any_more() {
    let (sim, poller, _ours, _theirs) = world(1);
    let number = OwnedFd::from(sim.pair(4).unwrap().0);
    let refused = poller.add(&number, Token(3), Interest::READABLE, Mode::Level).unwrap_err();
    assert!(matches!(refused, RegisterError::NotPollable), "{refused:?}");
}

#[test]
fn a_guard_closes_its_stream_by_close_too() {
    let (_sim, _poller, ours, mut theirs) = world(1);
    ours.arm(Interest::READABLE, Mode::Level).unwrap();
    ours.close();
    assert_eq!(theirs.read(&mut [0]).unwrap(), 0);
}

#[test]
fn connections_are_accepted_in_their_order() {
    let sim = Sim::new(1);
    let (listener, connector) = sim.listener(4).unwrap();
    let clients = [0, 1, 2].map(|_| connector.connect().unwrap());
    for (n, client) in clients.iter().enumerate() {
        (&*client).write_all(&[n as u8]).unwrap();
    }
    for n in 0..3 {
        let mut first = [9];
        listener.accept().unwrap().read_exact(&mut first).unwrap();
        assert_eq!(first, [n]);
    }
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn an_accept_that_fails_leaves_the_connection_in_the_queue() {
    let sim = Sim::new(1);
    let poller = sim.poller().unwrap();
    let mut events = Events::with_capacity(4);
    let (listener, connector) = sim.listener(4).unwrap();
    let listener = poller.register(listener, Token(1), Interest::READABLE, Mode::Level).unwrap();
    assert_eq!(look(&poller, &mut events), []);
    let _client = connector.connect().unwrap();
    assert_eq!(look(&poller, &mut events), [(Token(1), READ)]);
    let number = rustix::io::Errno::MFILE.raw_os_error();
    listener.fail(std::io::Error::from_raw_os_error(number));
    assert_eq!(listener.accept().unwrap_err().raw_os_error(), Some(number));
    assert_eq!(look(&poller, &mut events), [(Token(1), READ)]);
    listener.accept().unwrap();
    assert_eq!(look(&poller, &mut events), []);
}

#[test]
fn a_listener_that_is_gone_resets_its_queue_and_refuses_the_rest() {
    let sim = Sim::new(1);
    let (listener, connector) = sim.listener(4).unwrap();
    let mut client = connector.connect().unwrap();
    drop(listener);
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(client.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(connector.connect().unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn time_stands_still_while_somebody_is_busy() {
    let (sim, poller, ours, theirs) = world(1);
    ours.arm(Interest::READABLE, Mode::Level).unwrap();
    sim.after(SECOND, |_| panic!("time has gone on"));
    let (start, mut events) = (poller.now(), Events::with_capacity(4));
    let busy = sim.busy();
    assert_eq!(look(&poller, &mut events), []); // does not sleep
    let worker = std::thread::spawn(move || {
        (&theirs).write_all(b"x").unwrap();
        drop(busy);
        theirs
    });
    assert_eq!(wait(&poller, &mut events), [(Token(1), READ)]);
    assert_eq!(poller.now(), start);
    let _theirs = worker.join().unwrap();
}

#[test]
fn a_wait_that_slept_goes_on_in_time_when_nobody_is_busy_any_more() {
    let (sim, poller, ours, _theirs) = world(1);
    ours.arm(Interest::READABLE, Mode::Level).unwrap();
    let (start, busy) = (poller.now(), sim.busy());
    let worker = std::thread::spawn(move || drop(busy));
    assert_eq!(poller.wait(&mut Events::with_capacity(4), Some(SECOND)).unwrap(), 0);
    assert_eq!(poller.now() - start, SECOND);
    worker.join().unwrap();
}

/// A run of an echo server that reads a little at a time; what happened, in order.
fn echo(seed: u64) -> Vec<(usize, Vec<u8>, Duration)> {
    let sim = Sim::new(seed);
    let poller = sim.poller().unwrap();
    let mut connections = Vec::new();
    for n in 0..5 {
        let (server, client) = sim.pair(8).unwrap();
        connections
            .push(poller.register(server, Token(n), Interest::READABLE, Mode::Level).unwrap());
        let after = Duration::from_millis(sim.random() % 3);
        sim.after(after, move |_| (&client).write_all(b"hello").unwrap());
    }
    let (mut log, mut open, start) = (Vec::new(), connections.len(), poller.now());
    let mut events = Events::with_capacity(3);
    while open > 0 {
        poller.wait(&mut events, None).unwrap();
        for event in &events {
            let n = event.token().0;
            let mut buffer = [0; 8];
            let count = (&*connections[n]).read(&mut buffer).unwrap();
            log.push((n, buffer[..count].to_vec(), poller.now() - start));
            if count == 0 {
                connections[n].disarm().unwrap();
                open -= 1;
            }
        }
    }
    log
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_one_another() {
    assert_eq!(echo(1), echo(1));
    assert!((2..12).any(|seed| echo(seed) != echo(1)));
    for (n, log) in (0..5).map(|n| (n, echo(3))) {
        let heard: Vec<u8> = log.into_iter().filter(|(m, ..)| *m == n).flat_map(|l| l.1).collect();
        assert_eq!(heard, b"hello");
    }
}

#[test]
fn wakers_and_channels_work_from_scheduled_actions() {
    let sim = Sim::new(1);
    let poller = sim.poller().unwrap();
    let mut events = Events::with_capacity(4);
    let waker = poller.waker(Token(1)).unwrap();
    let (sender, receiver) = channel::unbounded(&poller, Token(2)).unwrap();
    sim.after(SECOND, move |sim| {
        waker.wake().unwrap();
        sim.after(SECOND, move |_| sender.send(7).unwrap());
    });
    assert_eq!(wait(&poller, &mut events), [(Token(1), READ)]);
    assert_eq!(wait(&poller, &mut events)[0].0, Token(2));
    assert_eq!(receiver.try_recv(), Ok(7));
}

#[test]
fn what_is_not_of_the_world_is_refused() {
    let (sim, poller, ours, _theirs) = world(1);
    assert_eq!(poller.backend(), Backend::Simulated);
    let real = UnixStream::pair().unwrap().0;
    let refused = poller.add(&real, Token(3), Interest::READABLE, Mode::Level).unwrap_err();
    assert!(matches!(refused, RegisterError::NotPollable));
    let foreign = Sim::new(1).pair(1).unwrap().0;
    let refused = poller.add(&foreign, Token(3), Interest::READABLE, Mode::Level).unwrap_err();
    assert!(matches!(refused, RegisterError::NotPollable));
    ours.arm(Interest::READABLE, Mode::Level).unwrap();
    let twice = poller.add(&*ours, Token(3), Interest::READABLE, Mode::Level).unwrap_err();
    assert!(matches!(twice, RegisterError::AlreadyRegistered));
    let priority = ours.arm(Interest::PRIORITY, Mode::Level).unwrap_err();
    assert!(matches!(priority, RegisterError::InterestUnsupported));
    assert_eq!(
        Poller::with_backend(Backend::Simulated).unwrap_err().kind(),
        ErrorKind::Unsupported
    );
    drop(sim);
}
