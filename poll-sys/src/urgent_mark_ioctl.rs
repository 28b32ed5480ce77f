//! `sockatmark(3)` where the C library came late to it: what it is made of.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use libc::c_int;

use crate::result::check;

/// `SIOCATMARK` of `include/uapi/asm-generic/sockios.h` (Linux 2.6.30), which every CPU of Android's uses.
const AT_MARK: u32 = 0x8905;

pub(crate) fn at_mark(stream: BorrowedFd<'_>) -> io::Result<bool> {
    let mut at: c_int = 0;
    // SAFETY: 1. `stream` is borrowed, so open. 2. The call writes one int through the pointer, which is
    // to a live one: tcp(7), SIOCATMARK.
    check(unsafe { libc::ioctl(stream.as_raw_fd(), AT_MARK as _, &raw mut at) })?;
    Ok(at == 1)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsFd;

    use super::*;
    use crate::urgent;

    #[test]
    fn it_says_what_sockatmark_says() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        let both = |server: &TcpStream| {
            let (by_ioctl, by_function) =
                (at_mark(server.as_fd()), urgent::at_mark(server.as_fd()));
            assert_eq!(by_ioctl.as_ref().unwrap(), by_function.as_ref().unwrap());
            by_ioctl.unwrap()
        };
        assert!(!both(&server));
        client.write_all(b"before").unwrap();
        urgent::send(client.as_fd(), b'!').unwrap();
        client.write_all(b"after").unwrap();
        while urgent::receive(server.as_fd()).is_err() {}
        assert!(!both(&server));
        server.read_exact(&mut [0; 6]).unwrap();
        assert!(both(&server));
        server.read_exact(&mut [0; 5]).unwrap();
        assert!(!both(&server));
    }

    #[test]
    fn what_is_no_socket_is_an_error() {
        let file = std::fs::File::open("/dev/null").unwrap();
        assert!(at_mark(file.as_fd()).is_err());
        assert!(urgent::at_mark(file.as_fd()).is_err());
    }
}
