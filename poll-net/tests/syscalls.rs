//! The table of syscalls in the crate's documentation, counted with `strace` on Linux x86-64.
//!
//! This program runs itself under `strace`. Without it, or elsewhere, it says so and passes.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{IoSlice, Read, Write};
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Command, Stdio};

use bytes::Bytes;
use poll_net::framing::{FrameReader, FrameWriter, LineReader};
use poll_net::udp::{Slot, Transmit};
use poll_net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream};
use poll_net::{pipe, sendfile, splice};

const CHILD: &str = "POLL_NET_SYSCALLS_CHILD";
const ANY_PORT: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);
const DOCUMENTATION: &str = include_str!("../src/lib.rs");

fn main() {
    if std::env::var_os(CHILD).is_some() {
        operations();
        return;
    }
    if std::env::consts::OS != "linux" || std::env::consts::ARCH != "x86_64" {
        return println!("skipped: the table is of Linux on x86-64");
    }
    if std::env::var_os("POLL_SANITIZER").is_some() {
        return println!("skipped: a sanitizer makes syscalls of its own");
    }
    let directory = tempfile::tempdir().unwrap();
    let trace = directory.path().join("trace");
    let traced = Command::new("strace")
        .args(["-qq", "-s", "200", "-o"])
        .arg(&trace)
        .arg(std::env::current_exe().unwrap())
        .env(CHILD, "1")
        .stderr(Stdio::null())
        .status();
    match traced {
        Err(error) => return println!("skipped: strace: {error}"),
        Ok(status) => assert!(status.success(), "{status}"),
    }
    let text = std::fs::read_to_string(&trace).unwrap();
    check(&text);
}

/// Marks the beginning and the end of an operation in the trace, by writes to standard error.
fn operation<T>(name: &str, run: impl FnOnce() -> T) -> T {
    write_mark(&format!("begin {name}\n"));
    let result = run();
    write_mark("end\n");
    result
}

fn write_mark(mark: &str) {
    std::io::stderr().write_all(mark.as_bytes()).unwrap();
}

/// Compares every operation of the trace with its row in the documentation.
fn check(trace: &str) {
    let (mut name, mut calls, mut rows) = (None, Vec::new(), 0);
    for line in trace.lines() {
        if let Some(begun) = line.split_once("\"begin ").map(|(_, rest)| rest) {
            name = begun.split_once("\\n").map(|(name, _)| name.to_owned());
            calls.clear();
        } else if line.contains("\"end\\n\"") {
            let name = name.take().expect("an operation ends that has begun");
            rows += 1;
            check_row(&name, &calls);
        } else if let Some((call, _)) = line.split_once('(') {
            calls.push(format!("`{call}`"));
        }
    }
    assert!(rows > 20, "{rows} operations in the trace:\n{trace}");
    println!("{rows} operations make the syscalls that the documentation says");
}

fn check_row(name: &str, calls: &[String]) {
    let masked = ["`rt_sigprocmask`", "`writev`", "`rt_sigprocmask`"];
    if name == "PipeWriter::write" && calls == masked {
        return println!("skipped: {name}: this kernel has no RWF_NOSIGNAL");
    }
    let listed = if calls.is_empty() { "none".to_owned() } else { calls.join(", ") };
    let row = format!("//! | `{name}` | {} | {listed} |", calls.len());
    assert!(DOCUMENTATION.contains(&row), "the documentation lacks this row:\n{row}");
}

fn operations() {
    tcp();
    udp();
    unix();
    pipes();
    framing();
}

fn tcp() {
    let listener = operation("TcpListener::bind", || TcpListener::bind(ANY_PORT)).unwrap();
    let address = listener.local_addr().unwrap();
    let client = operation("TcpStream::connect", || TcpStream::connect(address)).unwrap();
    let (mut server, _) = operation("TcpListener::accept", || listener.accept()).unwrap();
    operation("TcpStream::connect_result", || client.connect_result()).unwrap();
    operation("TcpStream::write", || (&client).write(b"ping")).unwrap();
    let bufs = [IoSlice::new(b"a"), IoSlice::new(b"b")];
    operation("TcpStream::write_vectored", || (&client).write_vectored(&bufs)).unwrap();
    operation("TcpStream::read", || server.read(&mut [0; 16])).unwrap();
    operation("TcpStream::set_nodelay", || client.set_nodelay(true)).unwrap();
    let file = File::open(std::env::current_exe().unwrap()).unwrap();
    operation("sendfile", || sendfile(&client, &file, 0, 10)).unwrap();
    operation("TcpStream::send_urgent", || client.send_urgent(b'!')).unwrap();
    operation("TcpStream::at_urgent_mark", || server.at_urgent_mark()).unwrap();
    let std = std::net::TcpStream::connect(address).unwrap();
    let ours = operation("TcpStream::try_from(std)", || TcpStream::try_from(std)).unwrap();
    let fd = OwnedFd::from(ours);
    operation("TcpStream::try_from(fd)", || TcpStream::try_from(fd)).unwrap();
    listener.accept().unwrap();
    let _waiting = [TcpStream::connect(address).unwrap(), TcpStream::connect(address).unwrap()];
    let mut accepted = Vec::with_capacity(2);
    operation("accept_ready, of two", || accepted.extend(listener.accept_ready()));
    assert_eq!(accepted.len(), 2);
}

fn udp() {
    let socket = operation("UdpSocket::bind", || UdpSocket::bind(ANY_PORT)).unwrap();
    let to = socket.local_addr().unwrap();
    operation("UdpSocket::send_to", || socket.send_to(b"x", to)).unwrap();
    operation("UdpSocket::recv_from", || socket.recv_from(&mut [0; 8])).unwrap();
    let batch = [Transmit::new(b"x").to(to); 8];
    let sent = operation("UdpSocket::send_many, of 8", || socket.send_many(&batch)).unwrap();
    assert_eq!(sent, 8);
    let mut bufs = [[0; 8]; 16];
    let mut slots = bufs.each_mut().map(|buf| Slot::new(buf));
    let got = operation("UdpSocket::recv_many, of 8", || socket.recv_many(&mut slots)).unwrap();
    assert_eq!(got, 8);
    operation("UdpSocket::send_with", || socket.send_with(&batch[0])).unwrap();
    operation("UdpSocket::recv_with", || socket.recv_with(&mut slots[0])).unwrap();
}

fn unix() {
    let name = format!("poll-net-syscalls-{}", std::process::id());
    let address = poll_net::unix::abstract_name(name.as_bytes()).unwrap();
    let listener = operation("UnixListener::bind", || UnixListener::bind_addr(&address)).unwrap();
    operation("UnixStream::connect", || UnixStream::connect_addr(&address)).unwrap();
    operation("UnixListener::accept", || listener.accept()).unwrap();
    let (a, b) = operation("UnixStream::pair", UnixStream::pair).unwrap();
    operation("UnixStream::send_fds", || a.send_fds(b"x", &[a.as_fd()])).unwrap();
    let mut fds = Vec::with_capacity(1);
    operation("UnixStream::recv_fds", || b.recv_fds(&mut [0; 8], 1, &mut fds)).unwrap();
    operation("UnixStream::peer_credentials", || a.peer_credentials()).unwrap();
    operation("UnixDatagram::pair", UnixDatagram::pair).map(drop).unwrap();
}

fn pipes() {
    let (mut reader, mut writer) = operation("pipe", pipe).unwrap();
    writer.write_all(b"x").unwrap();
    operation("PipeWriter::write", || writer.write(b"x")).unwrap();
    let (stream, _peer) = UnixStream::pair().unwrap();
    operation("splice", || splice(&reader, &stream, 1)).unwrap();
    operation("PipeReader::read", || reader.read(&mut [0; 8])).unwrap();
}

fn framing() {
    let (mut a, mut b) = UnixStream::pair().unwrap();
    let mut writer = FrameWriter::new(100);
    for _ in 0..8 {
        operation("FrameWriter::push", || writer.push(Bytes::from_static(b"frame"))).unwrap();
    }
    operation("FrameWriter::write, of 8", || writer.write(&mut a)).unwrap();
    let mut reader = FrameReader::new(100);
    operation("FrameReader::read, of 8", || reader.read(&mut b)).unwrap().unwrap();
    for _ in 1..8 {
        operation("FrameReader::read, of a held one", || reader.read(&mut b)).unwrap().unwrap();
    }
    a.write_all(b"one\ntwo\n").unwrap();
    let mut lines = LineReader::new(100);
    operation("LineReader::read, of 2", || lines.read(&mut b)).unwrap().unwrap();
    operation("LineReader::read, of a held one", || lines.read(&mut b)).unwrap().unwrap();
}
