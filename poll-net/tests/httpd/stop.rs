//! How the server starts and ends.

use std::net::TcpStream;
use std::process::Command;

use rustix::process::Signal;

use crate::client::Client;
use crate::served::{LARGE, Served, on_each_backend, program};

#[test]
fn sigterm_and_sigint_end_it_in_order() {
    on_each_backend(|backend| {
        for signal in [Signal::TERM, Signal::INT] {
            let mut served = Served::start(backend, &[]);
            let mut idle = Client::connect(served.address);
            idle.get("/hello.txt");
            assert_eq!(idle.answer().status, 200);
            served.signal(signal);
            idle.assert_closed();
            assert_eq!(served.end().code(), Some(0), "{signal:?}");
            assert!(TcpStream::connect(served.address).is_err(), "nobody listens any more");
        }
    });
}

#[test]
fn what_is_being_sent_is_sent_to_its_end() {
    on_each_backend(|backend| {
        let mut served = Served::start(backend, &["--grace", "1000"]);
        let mut client = Client::connect(served.address);
        client.get("/large.bin");
        let begun = client.head();
        assert_eq!(begun.status, 200);
        served.signal(Signal::TERM);
        assert_eq!(client.rest().len(), LARGE);
        assert_eq!(served.end().code(), Some(0));
    });
}

#[test]
fn a_reader_that_never_reads_does_not_hold_it_up() {
    on_each_backend(|backend| {
        let mut served = Served::start(backend, &["--grace", "0.2"]);
        let mut client = Client::connect(served.address);
        client.get("/large.bin");
        client.stream().peek(&mut [0; 1]).unwrap();
        served.signal(Signal::TERM);
        assert_eq!(served.end().code(), Some(0));
    });
}

#[test]
fn a_second_signal_does_not_wait() {
    on_each_backend(|backend| {
        let mut served = Served::start(backend, &["--grace", "1000"]);
        let mut client = Client::connect(served.address);
        client.get("/large.bin");
        client.stream().peek(&mut [0; 1]).unwrap();
        served.signal(Signal::TERM);
        // Its effect has to be there: a signal that is pending takes up a second one.
        crate::served::wait_until("it listens no more", || {
            TcpStream::connect(served.address).is_err()
        });
        served.signal(Signal::TERM);
        assert_eq!(served.end().code(), Some(1));
    });
}

#[test]
fn several_threads_share_the_port_and_all_end() {
    on_each_backend(|backend| {
        let mut served = Served::start(backend, &["--threads", "3"]);
        let mut clients: Vec<Client> = (0..60).map(|_| Client::connect(served.address)).collect();
        for client in &mut clients {
            client.get("/hello.txt");
            assert_eq!(client.answer().status, 200);
        }
        served.signal(Signal::TERM);
        clients.iter_mut().for_each(Client::assert_closed);
        assert_eq!(served.end().code(), Some(0));
    });
}

#[test]
fn the_command_line_explains_itself() {
    let help = Command::new(program()).arg("--help").output().unwrap();
    let text = String::from_utf8(help.stdout).unwrap();
    assert!(help.status.success() && text.contains("--max-connections"), "{text}");
    for (wrong, says) in [
        (&["--backend", "iocp"][..], "this system has"),
        (&["--threads", "0"], "from 1 to 1024"),
        (&["--idle-timeout", "-1"], "seconds are wanted"),
        (&["--nonsense"], "invalid option"),
        (&["one", "two"], "unexpected argument"),
    ] {
        let output = Command::new(program()).args(wrong).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(says) && said.contains("--help"), "{said}");
    }
    let missing = Command::new(program()).arg("/nowhere/at/all").output().unwrap();
    let said = String::from_utf8(missing.stderr).unwrap();
    assert!(missing.status.code() == Some(1) && said.contains("/nowhere/at/all"), "{said}");
}
