//! What the protocol asks of a server beyond what curl tries.

use std::fmt::Write;

use crate::client::Client;
use crate::served::{LARGE, Served, on_each_backend};

#[test]
fn pipelined_requests_are_answered_in_order() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        let mut client = Client::connect(served.address);
        let mut requests = String::new();
        for n in 0..2000 {
            let path = ["/hello.txt", "/missing", "/sub/"][n % 3];
            write!(requests, "GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        }
        client.send(&requests);
        client.close_write();
        for n in 0..2000 {
            let answer = client.answer();
            let body = String::from_utf8(answer.body).unwrap();
            let expected = ["200 hello, world\n", "404 404 Not Found\n", "200 <p>index</p>"][n % 3];
            assert_eq!(format!("{} {body}", answer.status), expected, "number {n}");
        }
        client.assert_closed();
    });
}

#[test]
fn a_large_file_among_pipelined_requests_keeps_its_place() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        let mut client = Client::connect(served.address);
        for path in ["/hello.txt", "/large.bin", "/medium.bin", "/hello.txt"] {
            client.get(path);
        }
        client.close_write();
        let lengths: Vec<usize> = (0..4).map(|_| client.answer().body.len()).collect();
        assert_eq!(lengths, [13, LARGE, 300_000, 13]);
        client.assert_closed();
    });
}

#[test]
fn a_request_in_single_bytes_is_answered() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        let mut client = Client::connect(served.address);
        for byte in b"\r\nGET /hello.txt HTTP/1.1\r\nHost: a\r\n\r\n" {
            client.send([*byte]);
        }
        assert_eq!(client.answer().body, b"hello, world\n");
    });
}

#[test]
fn a_client_that_closes_its_half_gets_the_whole_answer() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        let mut client = Client::connect(served.address);
        client.get("/large.bin");
        client.close_write();
        assert_eq!(client.answer().body.len(), LARGE);
        client.assert_closed();
    });
}

#[test]
fn a_request_that_is_cut_off_is_not_answered() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        let mut client = Client::connect(served.address);
        client.send("GET /hello.txt HTTP/1.1\r\nHo");
        client.close_write();
        client.assert_closed();
    });
}

#[test]
fn a_connection_goes_on_or_closes_as_version_and_client_say() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        for (goes_on, said, head) in [
            (true, None, "HTTP/1.1\r\nHost: a"),
            (false, Some("close"), "HTTP/1.1\r\nHost: a\r\nConnection: close"),
            (false, Some("close"), "HTTP/1.1\r\nHost: a\r\nConnection: x, Close"),
            (false, Some("close"), "HTTP/1.0"),
            (true, Some("keep-alive"), "HTTP/1.0\r\nConnection: Keep-Alive"),
        ] {
            let mut client = Client::connect(served.address);
            client.send(format!("GET /hello.txt {head}\r\n\r\n"));
            let answer = client.answer();
            assert_eq!((answer.status, answer.field("Connection")), (200, said), "{head}");
            if goes_on {
                client.get("/sub/");
                assert_eq!(client.answer().status, 200, "{head}");
            } else {
                client.assert_closed();
            }
        }
    });
}

#[test]
fn what_is_no_request_is_refused_and_the_connection_closes() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        for (status, request) in [
            (400, "nonsense\r\n\r\n"),
            (400, "GET /hello.txt HTTP/1.1\r\n\r\n"),
            (400, "GET /hello.txt HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
            (400, "GET hello.txt HTTP/1.1\r\nHost: a\r\n\r\n"),
            (400, "GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n"),
            (400, "GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n"),
            (400, "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n"),
            (505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ] {
            let mut client = Client::connect(served.address);
            client.send(request);
            let answer = client.answer();
            let closes = answer.field("Connection") == Some("close");
            assert_eq!((answer.status, closes), (status, true), "{request:?}");
            // The server has closed its half; it waits for this one.
            client.assert_closed();
        }
    });
}

#[test]
fn a_target_with_scheme_and_host_is_its_path() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        let mut client = Client::connect(served.address);
        for (target, status) in
            [("http://a/hello.txt", 200), ("http://a", 200), ("http://a/../secret", 403)]
        {
            client.get(target);
            assert_eq!(client.answer().status, status, "{target}");
        }
    });
}

#[test]
fn a_redirect_never_leads_to_another_host() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        let mut client = Client::connect(served.address);
        client.get("//sub");
        let answer = client.answer();
        assert_eq!((answer.status, answer.field("Location")), (301, Some("/sub/")));
    });
}

#[test]
fn the_answer_to_head_is_followed_by_the_next_answer() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        let mut client = Client::connect(served.address);
        client.send("HEAD /hello.txt HTTP/1.1\r\nHost: a\r\n\r\n");
        client.get("/sub/");
        assert_eq!(client.head().field("Content-Length"), Some("13"));
        assert_eq!(client.answer().body, b"<p>index</p>");
    });
}

#[test]
fn a_body_that_is_not_read_is_not_taken_for_a_request() {
    on_each_backend(|backend| {
        let served = Served::start(backend, &[]);
        let inner = "GET /sub/ HTTP/1.1\r\nHost: a\r\n\r\n";
        for (method, status) in [("GET", 200), ("POST", 405)] {
            let mut client = Client::connect(served.address);
            let length = inner.len();
            client.send(format!(
                "{method} /hello.txt HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{inner}"
            ));
            let answer = client.answer();
            assert_eq!((answer.status, answer.field("Connection")), (status, Some("close")));
            client.assert_closed();
        }
    });
}
