//! From a file to a socket where there is no `sendfile(2)`: a piece is read and sent. What the
//! socket does not take is read again by the next call.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use crate::result::check_size;
use crate::sendfile::offset_of;
use crate::system::NAMES;

/// `send` has a flag against it.
pub(crate) const RAISES_SIGPIPE: bool = false;

const PIECE: usize = 16 * 1024;

pub(crate) fn send(
    socket: BorrowedFd<'_>,
    file: BorrowedFd<'_>,
    offset: u64,
    count: usize,
) -> io::Result<usize> {
    let offset = offset_of(offset)?;
    let mut piece = [0_u8; PIECE];
    let (from, into, want) = (file.as_raw_fd(), piece.as_mut_ptr(), count.min(PIECE));
    // SAFETY: 1. `file` is borrowed, so open. 2. `want` bytes may be written at `into`, which is to
    // an array of PIECE bytes.
    let got = check_size(unsafe { libc::pread(from, into.cast(), want, offset) })?;
    if got == 0 {
        return Ok(0);
    }
    let (to, bytes) = (socket.as_raw_fd(), piece.as_ptr());
    // SAFETY: 1. `socket` is borrowed, so open. 2. `got` is at most PIECE, the length of the
    // initialised array at `bytes`.
    check_size(unsafe { libc::send(to, bytes.cast(), got, NAMES.no_signal) })
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn sends_a_piece_from_the_offset_and_nothing_at_the_end() {
        let program = std::env::current_exe().unwrap();
        let file = std::fs::File::open(&program).unwrap();
        let (a, mut b) = UnixStream::pair().unwrap();
        assert_eq!(send(a.as_fd(), file.as_fd(), 1, 7).unwrap(), 7);
        let mut bytes = [0; 7];
        b.read_exact(&mut bytes).unwrap();
        assert_eq!(bytes, std::fs::read(&program).unwrap()[1..8]);
        let end = file.metadata().unwrap().len();
        assert_eq!(send(a.as_fd(), file.as_fd(), end, 7).unwrap(), 0);
    }
}
