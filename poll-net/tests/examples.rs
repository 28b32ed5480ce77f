//! The examples, run as a person would run them.
#![forbid(unsafe_code)]

#[allow(dead_code, reason = "each test binary uses a part of it")]
mod common;
#[path = "../examples/idle_connections.rs"]
mod idle_connections;
#[path = "../examples/wake.rs"]
mod wake;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use common::{can_start_programs, leak_checked};

/// A running example; killed when it is dropped.
struct Example {
    child: Child,
    output: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Example {
    /// Starts it on a free port and waits until it says which.
    fn start(name: &str) -> Example {
        let tests = std::env::current_exe().unwrap();
        let program = tests.parent().unwrap().parent().unwrap().join("examples").join(name);
        let mut child = Command::new(program)
            .stdout(Stdio::piped())
            .spawn()
            .expect("an example, built: `cargo build --examples`");
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let line = read_line(&mut output);
        let address = line.strip_prefix("listening on ").unwrap().parse().unwrap();
        Example { child, output, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
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
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
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

#[test]
fn idle_connections_closes_the_silent_one_first_and_nobody_early() {
    leak_checked(|| idle_connections::main().unwrap());
}

#[test]
fn wake_gets_every_result() {
    leak_checked(|| wake::main().unwrap());
}
