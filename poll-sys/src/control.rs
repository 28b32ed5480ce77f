//! `cmsghdr`: control messages, written into and read out of plain bytes.
//!
//! Nothing here trusts the bytes: any contents give messages that lie within them. What the lengths
//! mean is asked of `libc`'s `CMSG_LEN` and `CMSG_SPACE`, and a property test holds this against
//! `libc`'s own walk.

use std::mem::{align_of, size_of};

use libc::{c_int, c_uint, cmsghdr};

/// Bytes for control messages, aligned as `cmsghdr` wants it.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub(crate) struct Space<const N: usize>(pub(crate) [u8; N]);

impl<const N: usize> Space<N> {
    pub(crate) const ZERO: Space<N> = Space([0; N]);
}

const _: () = assert!(align_of::<Space<0>>() >= align_of::<cmsghdr>());

/// The messages that were put into a buffer so far.
pub(crate) struct Writer<'a> {
    buf: &'a mut [u8],
    used: usize,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(buf: &'a mut [u8]) -> Writer<'a> {
        Writer { buf, used: 0 }
    }

    /// Adds a message, or does nothing and returns false if it does not fit.
    #[must_use]
    pub(crate) fn push(&mut self, level: c_int, kind: c_int, data: &[u8]) -> bool {
        let room = &mut self.buf[self.used..];
        let space = space(data.len());
        if room.len() < space {
            return false;
        }
        // SAFETY: 1. `cmsghdr` is integers (and padding, on musl): zeros are a value.
        let mut header: cmsghdr = unsafe { std::mem::zeroed() };
        header.cmsg_len = (header_len() + data.len()) as _;
        header.cmsg_level = level;
        header.cmsg_type = kind;
        let at = room.as_mut_ptr().cast::<cmsghdr>();
        // SAFETY: 1. `room` has `space` bytes and more, which is at least a header; unaligned is
        // fine.
        unsafe { at.write_unaligned(header) };
        room[header_len()..][..data.len()].copy_from_slice(data);
        self.used += space;
        true
    }

    /// The messages, as `msg_control` takes them.
    pub(crate) fn finish(self) -> &'a [u8] {
        &self.buf[..self.used]
    }
}

/// One control message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    pub(crate) level: c_int,
    pub(crate) kind: c_int,
    /// What is there of the data: shorter than it was sent if the kernel truncated it.
    pub(crate) data: &'a [u8],
}

impl Message<'_> {
    /// The data as an int, if it is one.
    pub(crate) fn int(&self) -> Option<c_int> {
        self.data.try_into().ok().map(c_int::from_ne_bytes)
    }
}

/// The control messages that the kernel wrote.
pub(crate) struct Messages<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        let here = std::mem::take(&mut self.0);
        if here.len() < header_len() {
            return None;
        }
        let at = here.as_ptr().cast::<cmsghdr>();
        // SAFETY: 1. `here` has a header's bytes and more, all initialised; any bytes are a
        // `cmsghdr`, which is integers; unaligned is fine.
        let header = unsafe { at.read_unaligned() };
        let message_len: usize = header.cmsg_len as _;
        let data_len = message_len.checked_sub(header_len())?;
        let data = &here[header_len()..];
        let (level, kind) = (header.cmsg_level, header.cmsg_type);
        if data_len > data.len() {
            // Truncated: this is the last one.
            return Some(Message { level, kind, data });
        }
        self.0 = here.get(space(data_len)..).unwrap_or_default();
        Some(Message { level, kind, data: &data[..data_len] })
    }
}

/// What a message with that much data takes, padding included.
pub(crate) fn space(data_len: usize) -> usize {
    let data_len = c_uint::try_from(data_len).expect("control data is smaller than 4 GiB");
    // SAFETY: 1. Arithmetic on the length; no memory is touched (cmsg(3)).
    unsafe { libc::CMSG_SPACE(data_len) as usize }
}

/// Where the data of a message begins.
fn header_len() -> usize {
    // SAFETY: 1. Arithmetic on the length; no memory is touched (cmsg(3)).
    let len = unsafe { libc::CMSG_LEN(0) as usize };
    debug_assert!(len >= size_of::<cmsghdr>());
    len
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What libc's own macros find in a buffer.
    fn walk_of_libc(buf: &mut [u8]) -> Vec<(c_int, c_int, Vec<u8>)> {
        // SAFETY: 1. `msghdr` is integers and pointers: zeros are a value.
        let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
        header.msg_control = buf.as_mut_ptr().cast();
        header.msg_controllen = buf.len() as _;
        let mut found = Vec::new();
        // SAFETY: 1. The header's control pointer and length are the live buffer's.
        let mut at = unsafe { libc::CMSG_FIRSTHDR(&raw const header) };
        while !at.is_null() {
            // SAFETY: 1. Not null, so within the buffer, with a header's bytes behind it.
            let message = unsafe { at.read_unaligned() };
            // SAFETY: 1. Arithmetic on a pointer to a whole message that `Writer` wrote.
            let data = unsafe { libc::CMSG_DATA(at) };
            let len = message.cmsg_len as usize - header_len();
            // SAFETY: 1. `Writer` put `len` bytes of data behind the header.
            let data = unsafe { std::slice::from_raw_parts(data, len) };
            found.push((message.cmsg_level, message.cmsg_type, data.to_vec()));
            // SAFETY: 1. The header is the live buffer's and `at` a message in it.
            at = unsafe { libc::CMSG_NXTHDR(&raw const header, at) };
        }
        found
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_and_as_libc_reads_it(
            messages in prop::collection::vec(
                (any::<c_int>(), any::<c_int>(), prop::collection::vec(any::<u8>(), 0..40)),
                0..6,
            ),
        ) {
            let mut space = Space::<512>::ZERO;
            let mut writer = Writer::new(&mut space.0);
            for (level, kind, data) in &messages {
                prop_assert!(writer.push(*level, *kind, data));
            }
            let mut written = Space::<512>::ZERO;
            let used = writer.finish();
            written.0[..used.len()].copy_from_slice(used);
            let used = used.len();
            let read: Vec<_> = Messages(&written.0[..used])
                .map(|message| (message.level, message.kind, message.data.to_vec()))
                .collect();
            prop_assert_eq!(&read, &messages);
            // musl's CMSG_NXTHDR(3) passes over a message without data at the very end.
            if messages.last().is_none_or(|(.., data)| !data.is_empty()) {
                prop_assert_eq!(walk_of_libc(&mut written.0[..used]), messages);
            }
        }

        #[test]
        fn any_bytes_give_messages_that_lie_within_them_and_an_end(
            bytes in prop::collection::vec(prop_oneof![Just(0_u8), 0_u8..48, any::<u8>()], 0..300),
        ) {
            let mut total = 0;
            for message in Messages(&bytes) {
                total += header_len() + message.data.len();
            }
            prop_assert!(total <= bytes.len());
        }

        #[test]
        fn a_message_that_does_not_fit_changes_nothing(len in 0_usize..64, data in 0_usize..64) {
            let mut space = Space::<64>::ZERO;
            let mut writer = Writer::new(&mut space.0[..len]);
            let data = vec![7; data];
            let fits = writer.push(1, 2, &data);
            prop_assert_eq!(fits, super::space(data.len()) <= len);
            prop_assert_eq!(writer.finish().is_empty(), !fits);
        }
    }

    #[test]
    fn a_message_that_just_fits_fits() {
        let mut buf = Space::<64>::ZERO;
        let mut writer = Writer::new(&mut buf.0[..space(4)]);
        assert!(writer.push(1, 2, &[7; 4]));
        assert!(!writer.push(1, 2, &[]));
    }
}
