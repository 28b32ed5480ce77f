//! What the server does when it has no more of something.

use std::io::Read;
use std::time::Duration;

use crate::client::Client;
use crate::served::{Served, on_each_backend, wait_until};

#[test]
fn a_connection_over_the_limit_hears_503_and_the_next_one_is_served() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &["--max-connections", "2"]);
        let mut first = Client::connect(served.address);
        let mut second = Client::connect(served.address);
        for client in [&mut first, &mut second] {
            client.get("/hello.txt");
            assert_eq!(client.answer().status, 200);
        }
        let mut third = Client::connect(served.address);
        assert_eq!(third.answer().status, 503);
        third.assert_closed();
        drop(third);
        drop(first);
        wait_until("there is room again", || {
            let mut client = Client::connect(served.address);
            client.get("/hello.txt");
            client.answer().status == 200
        });
        second.get("/sub/");
        assert_eq!(second.answer().status, 200);
    });
}

#[test]
fn more_refused_ones_than_are_kept_wait_and_hear_it_too() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &["--max-connections", "1"]);
        let mut first = Client::connect(served.address);
        first.get("/hello.txt");
        assert_eq!(first.answer().status, 200);
        let clients: Vec<Client> = (0..150).map(|_| Client::connect(served.address)).collect();
        for mut client in clients {
            assert_eq!(client.answer().status, 503);
            client.assert_closed();
        }
    });
}

#[test]
fn out_of_descriptors_connections_wait_and_none_is_lost() {
    // With poll(2) a connection takes two: the last one is the first or the second of them.
    for limit in [32, 33] {
        on_each_backend(|backend| {
            let served = Served::start_with_descriptors(limit, backend, &[]);
            let clients: Vec<Client> = (0..100).map(|_| Client::connect(served.address)).collect();
            let mut unavailable = 0;
            for mut client in clients {
                client.send("GET /hello.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
                match client.answer().status {
                    200 => {}
                    // It was accepted with the last descriptor, and none was left for the file.
                    503 => unavailable += 1,
                    other => panic!("{other}"),
                }
                client.assert_closed();
            }
            assert!(unavailable < 100, "none was served");
            wait_until("a file can be opened again", || {
                let mut client = Client::connect(served.address);
                client.get("/hello.txt");
                client.answer().status == 200
            });
        });
    }
}

#[test]
fn out_of_descriptors_it_does_not_spin() {
    on_each_backend(|backend| {
        let served = Served::start_with_descriptors(32, backend, &[]);
        let clients: Vec<Client> = (0..100).map(|_| Client::connect(served.address)).collect();
        // Connections are accepted in order: no answer for the last one means that it waits.
        let last = clients.last().unwrap();
        last.stream().set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        let before = served.processor_ticks();
        last.stream().read(&mut [0; 1]).unwrap_err();
        if let (Some(before), Some(after)) = (before, served.processor_ticks()) {
            // A second has a hundred; the pauses take none or one.
            assert!(after - before < 25, "{} ticks", after - before);
        }
    });
}
