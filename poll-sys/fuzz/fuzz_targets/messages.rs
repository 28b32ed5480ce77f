//! Control messages of any bytes lie within them, and addresses come back as they went in.
//!
//! `cargo +nightly fuzz run messages` in `poll-sys`.
#![no_main]

// It is private to poll-sys: the same file is compiled here once more.
#[path = "../../src/control.rs"]
#[expect(dead_code, reason = "only reading is fuzzed")]
mod control;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use control::Messages;
use libfuzzer_sys::fuzz_target;
use poll_sys::address::Address;

fn read(bytes: &[u8]) {
    let within = bytes.as_ptr_range();
    let mut total = 0;
    for message in Messages(bytes) {
        let data = message.data.as_ptr_range();
        assert!(within.start <= data.start && data.end <= within.end);
        total += message.data.len();
        assert_eq!(message.int().is_some(), message.data.len() == 4);
    }
    assert!(total <= bytes.len());
}

fn convert(bytes: &[u8; 26]) {
    let number = |from: usize| u32::from_ne_bytes(std::array::from_fn(|n| bytes[from + n]));
    let port = u16::from_ne_bytes([bytes[16], bytes[17]]);
    let octets: [u8; 16] = std::array::from_fn(|n| bytes[n]);
    let v6 = SocketAddrV6::new(Ipv6Addr::from(octets), port, number(18), number(22));
    let v4 = SocketAddrV4::new(Ipv4Addr::from(number(0)), port);
    for address in [SocketAddr::from(v4), SocketAddr::from(v6)] {
        let raw = Address::from(address);
        assert_eq!(raw.to_inet(), Some(address));
        assert!(raw.to_unix().is_err());
    }
}

fuzz_target!(|data: &[u8]| {
    read(data);
    if let Some(bytes) = data.first_chunk() {
        convert(bytes);
    }
});
