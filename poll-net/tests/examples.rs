//! The examples, run as a person would run them.
#![forbid(unsafe_code)]

#[allow(dead_code, reason = "each test binary uses a part of it")]
mod common;
#[path = "../examples/idle_connections.rs"]
mod idle_connections;
#[path = "../examples/wake.rs"]
mod wake;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use common::{can_start_programs, leak_checked};
use poll_core::{Events, Interest, Mode, Poller, Source, Token};
use rustix::process::{Pid, Signal, kill_process};

const CAP: Duration = Duration::from_secs(10);

/// A running example; killed when it is dropped.
struct Example {
    child: Child,
    output: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Example {
    /// Starts it on a free port and waits until it says which.
    fn start(name: &str) -> Example {
        Example::start_with(name, &[])
    }

    /// Its own arguments say where it listens, which is a free port, if they say so at all.
    fn start_with(name: &str, arguments: &[&str]) -> Example {
        let tests = std::env::current_exe().unwrap();
        let program = tests.parent().unwrap().parent().unwrap().join("examples").join(name);
        let mut child = Command::new(program)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("an example, built: `cargo build --examples`");
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let line = read_line(&mut output);
        let address = line.strip_prefix("listening on ").unwrap().parse().unwrap();
        Example { child, output, address }
    }

    fn connect(&self) -> TcpStream {
        capped(TcpStream::connect(self.address).unwrap())
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A stream that has failed the test when it does nothing for so long.
fn capped(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(CAP)).unwrap();
    stream.set_write_timeout(Some(CAP)).unwrap();
    stream
}

/// Waits until there is something to read, or accept.
fn wait_for(source: &impl Source) {
    let poller = Poller::new().unwrap();
    poller.add(source, Token(0), Interest::READABLE, Mode::Level).unwrap();
    assert_ne!(poller.wait(&mut Events::with_capacity(1), Some(CAP)).unwrap(), 0, "nothing came");
}

fn accept(listener: &TcpListener) -> TcpStream {
    wait_for(listener);
    capped(listener.accept().unwrap().0)
}

fn read_line(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

#[test]
fn tcp_echo_gives_everything_back_even_to_a_slow_reader() {
    leak_checked(|| {
        if !can_start_programs() {
            return;
        }
        let example = Example::start("tcp_echo");
        let mut idle = example.connect();
        let mut stream = example.connect();
        let bytes: Vec<u8> = (0..4_u32 << 20).map(|n| (n % 253) as u8).collect();
        let mut writer = stream.try_clone().unwrap();
        let copy = bytes.clone();
        let writing = std::thread::spawn(move || {
            writer.write_all(&copy).unwrap();
            writer.shutdown(Shutdown::Write).unwrap();
        });
        // Nothing is read before a part is written: the buffers fill and the example must wait.
        idle.write_all(b"still there").unwrap();
        idle.read_exact(&mut [0; 11]).unwrap();
        let mut back = Vec::new();
        stream.read_to_end(&mut back).unwrap();
        writing.join().unwrap();
        assert!(back == bytes, "{} bytes of {} came back", back.len(), bytes.len());
    });
}

#[test]
fn udp_echo_answers_every_datagram() {
    leak_checked(|| {
        if !can_start_programs() {
            return;
        }
        let example = Example::start("udp_echo");
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(CAP)).unwrap();
        socket.connect(example.address).unwrap();
        for n in 0..50 {
            socket.send(&[n; 100]).unwrap();
        }
        for n in 0..50 {
            let mut buf = [0; 200];
            assert_eq!(socket.recv(&mut buf).unwrap(), 100);
            assert_eq!(buf[0], n);
        }
    });
}

#[test]
fn edge_drain_counts_every_byte_of_every_peer() {
    leak_checked(|| {
        if !can_start_programs() {
            return;
        }
        let mut example = Example::start("edge_drain");
        let mut streams: Vec<_> = (0..5).map(|_| example.connect()).collect();
        for stream in &mut streams {
            stream.write_all(&vec![7; 1_000_003]).unwrap();
        }
        drop(streams);
        for _ in 0..5 {
            let line = read_line(&mut example.output);
            assert!(line.ends_with(" sent 1000003 bytes: end"), "{line}");
        }
    });
}

/// Where the proxy of a test connects to, and the proxy.
fn proxy(silence: &str) -> (TcpListener, Example) {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = upstream.local_addr().unwrap().to_string();
    let example = Example::start_with("proxy", &[&address, "127.0.0.1:0", silence]);
    (upstream, example)
}

#[test]
fn proxy_passes_on_every_byte_and_each_half_close() {
    leak_checked(|| {
        if !can_start_programs() {
            return;
        }
        let (upstream, example) = proxy("10000");
        let mut client = example.connect();
        let bytes: Vec<u8> = (0..4_u32 << 20).map(|n| (n % 251) as u8).collect();
        let copy = bytes.clone();
        let serving = std::thread::spawn(move || {
            // It answers only when it has everything, so that the proxy has to hold the answer's side
            // open after the question's has ended.
            let mut server = accept(&upstream);
            let mut question = Vec::new();
            server.read_to_end(&mut question).unwrap();
            assert!(question == copy, "{} bytes of {} came", question.len(), copy.len());
            server.write_all(&question).unwrap();
        });
        client.write_all(&bytes).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap();
        assert!(answer == bytes, "{} bytes of {} came back", answer.len(), bytes.len());
        serving.join().unwrap();
    });
}

#[test]
fn proxy_closes_who_is_silent() {
    leak_checked(|| {
        if !can_start_programs() {
            return;
        }
        let (upstream, example) = proxy("20");
        let mut client = example.connect();
        let mut server = accept(&upstream);
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
        assert_eq!(server.read(&mut [0]).unwrap(), 0);
    });
}

#[test]
fn proxy_ends_with_its_last_connection_once_it_is_told_to() {
    leak_checked(|| {
        if !can_start_programs() {
            return;
        }
        let (upstream, mut example) = proxy("10000");
        let mut client = example.connect();
        let mut server = accept(&upstream);
        kill_process(Pid::from_child(&example.child), Signal::TERM).unwrap();
        assert_eq!(read_line(&mut example.output), "stopping");
        assert!(TcpStream::connect(example.address).is_err());
        client.write_all(b"x").unwrap();
        server.read_exact(&mut [0]).unwrap();
        drop((client, server));
        wait_for(example.output.get_ref()); // the end
        assert!(example.child.wait().unwrap().success());
    });
}

#[test]
fn idle_connections_closes_the_silent_one_first_and_nobody_early() {
    leak_checked(|| idle_connections::main().unwrap());
}

#[test]
fn wake_gets_every_result() {
    leak_checked(|| wake::main().unwrap());
}
