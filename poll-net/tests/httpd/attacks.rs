//! Clients that mean no good: the server goes on for the others, at bounded memory.

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use crate::client::Client;
use crate::served::{CAP, LARGE, Served, is_sanitized, on_each_backend, wait_until};

/// What a server may take for 64 connections that do their worst: 80 KiB each, and itself.
const MEMORY: usize = 12 << 20;

#[track_caller]
fn assert_serves(served: &Served) {
    let mut client = Client::connect(served.address);
    client.get("/hello.txt");
    assert_eq!(client.answer().body, b"hello, world\n");
}

/// A sanitizer adds memory of its own: under one, only the rest of a test counts.
#[track_caller]
fn assert_memory(served: &Served) {
    if is_sanitized() {
        return;
    }
    if let Some(most) = served.most_memory() {
        assert!(most < MEMORY, "{most} bytes");
    }
}

#[test]
fn a_header_that_trickles_in_is_ended_with_408_though_each_byte_is_in_time() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &["--header-timeout", "0.3"]);
        let mut client = Client::connect(served.address);
        client.send("GET /hello.txt HTTP/1.1\r\nHost: a\r\nX: ");
        // Each read is the wait between two bytes.
        client.stream().set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let mut answer = Vec::new();
        wait_until("the server has answered", || {
            match client.stream().read(&mut [0; 1]) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => client.send("x"),
                Err(error) => panic!("{error}"),
                Ok(_) => answer.push(()),
            }
            !answer.is_empty()
        });
        client.stream().set_read_timeout(Some(CAP)).unwrap();
        let rest = String::from_utf8(client.rest()).unwrap();
        assert!(rest.starts_with("TTP/1.1 408 ") && rest.contains("Connection: close"), "{rest}");
    });
}

#[test]
fn pipelining_with_a_request_always_unfinished_is_no_trickle() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &["--header-timeout", "1"]);
        let mut client = Client::connect(served.address);
        client.send("GET /hello.txt HTTP/1.1\r\nHo");
        let begun = std::time::Instant::now();
        while begun.elapsed() < Duration::from_millis(1500) {
            client.send("st: a\r\n\r\nGET /hello.txt HTTP/1.1\r\nHo");
            assert_eq!(client.answer().status, 200);
        }
    });
}

#[test]
fn a_client_that_says_nothing_is_closed_without_a_word() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &["--idle-timeout", "1"]);
        let mut silent = Client::connect(served.address);
        silent.assert_closed();
        let mut done = Client::connect(served.address);
        done.get("/hello.txt");
        assert_eq!(done.answer().status, 200);
        done.assert_closed();
    });
}

#[test]
fn too_large_a_header_is_refused_while_it_still_comes() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &["--max-header", "2048"]);
        let endless = vec![b'x'; 100_000];
        for (status, beginning) in
            [(431, "GET /hello.txt HTTP/1.1\r\nHost: a\r\nX: "), (414, "GET /")]
        {
            let mut client = Client::connect(served.address);
            client.send(beginning);
            client.send(&endless);
            assert_eq!(client.answer().status, status);
            client.assert_closed();
        }
        let mut client = Client::connect(served.address);
        let fields = "X: y\r\n".repeat(65);
        client.send(format!("GET /hello.txt HTTP/1.1\r\n{fields}\r\n"));
        assert_eq!(client.answer().status, 431, "too many fields");
        assert_serves(&served);
    });
}

#[test]
fn clients_that_never_read_cost_little_and_are_closed() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &["--idle-timeout", "2"]);
        let before = served.descriptors();
        let mut clients: Vec<Client> = (0..64).map(|_| Client::connect(served.address)).collect();
        let paths = ["/large.bin", "/medium.bin", "/paged/"].into_iter().cycle();
        for (client, path) in clients.iter_mut().zip(paths) {
            (0..100).for_each(|_| client.get(path));
        }
        for client in &clients {
            assert_eq!(client.stream().peek(&mut [0; 1]).unwrap(), 1, "the answer has begun");
        }
        assert_serves(&served);
        assert_memory(&served);
        wait_until("the server has closed them", || served.descriptors() == before);
        let mut clients = clients;
        let mut received = Vec::new();
        let result = clients[0].stream().read_to_end(&mut received);
        assert!(result.is_err() || received.len() < LARGE, "closed, not finished");
        clients.clear();
        assert_memory(&served);
    });
}

#[test]
fn a_flood_of_pipelined_requests_is_held_back() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        let client = Client::connect(served.address);
        client.stream().set_write_timeout(Some(Duration::from_millis(500))).unwrap();
        let flood = "GET /medium.bin HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1000);
        let mut sent = 0;
        let stopped = loop {
            match client.stream().write(flood.as_bytes()) {
                Ok(count) => sent += count,
                Err(error) => break error.kind(),
            }
            assert!(sent < 64 << 20, "the server takes whatever comes");
        };
        assert_eq!(stopped, ErrorKind::WouldBlock);
        assert_serves(&served);
        assert_memory(&served);
    });
}

#[test]
fn clients_that_reset_leave_nothing_behind() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        let before = served.descriptors();
        for _ in 0..100 {
            let mut client = Client::connect(served.address);
            client.get("/large.bin");
            client.stream().peek(&mut [0; 1]).unwrap();
            // Unread data turns the close into a reset.
            drop(client);
        }
        wait_until("their descriptors are closed", || served.descriptors() == before);
        assert_serves(&served);
        assert_memory(&served);
    });
}
