//! What a source is watched for.

use std::fmt;
use std::num::NonZeroU8;
use std::ops::{BitOr, BitOrAssign};

/// What a source is watched for: a non-empty set of [`READABLE`](Self::READABLE),
/// [`WRITABLE`](Self::WRITABLE) and [`PRIORITY`](Self::PRIORITY), built with `|`.
///
/// There is no empty interest: who wants no events
/// [disarms](crate::Registration::disarm); see [`of`](Self::of). Errors and hang-up are reported
/// whatever the interest is.
///
/// # Examples
/// ```
/// use poll_core::Interest;
///
/// let both = Interest::READABLE | Interest::WRITABLE;
/// assert!(both.contains(Interest::READABLE));
/// assert_eq!(both.without(Interest::READABLE), Some(Interest::WRITABLE));
/// assert_eq!(Interest::READABLE.without(both), None);
/// assert_eq!(format!("{both:?}"), "READABLE | WRITABLE");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interest(NonZeroU8);

const READABLE: u8 = 1;
const WRITABLE: u8 = 2;
const PRIORITY: u8 = 4;

impl Interest {
    /// A read would not block: there is data, end-of-file, an error, or a connection to accept.
    pub const READABLE: Self = Self(NonZeroU8::new(READABLE).unwrap());

    /// A write would not block: there is room, or it would fail; a `connect` has come to an end.
    pub const WRITABLE: Self = Self(NonZeroU8::new(WRITABLE).unwrap());

    /// Something out of the ordinary: TCP urgent data, a pseudo-terminal's packet mode, a sysfs
    /// attribute that changed.
    ///
    /// # Platform
    /// | backend | |
    /// |---|---|
    /// | epoll, poll(2) | `EPOLLPRI`, `POLLPRI` |
    /// | others | ask [`Poller::supports_interest`](crate::Poller::supports_interest) |
    pub const PRIORITY: Self = Self(NonZeroU8::new(PRIORITY).unwrap());

    /// The set as a number below 8, never 0.
    #[inline]
    pub(crate) const fn bits(self) -> u8 {
        self.0.get()
    }

    /// The set of [`bits`](Self::bits); none if these are no set's.
    #[inline]
    pub(crate) const fn from_bits(bits: u8) -> Option<Self> {
        match NonZeroU8::new(bits) {
            Some(set) if bits <= (READABLE | WRITABLE | PRIORITY) => Some(Self(set)),
            _ => None,
        }
    }

    /// What a loop knows as two questions: [`READABLE`](Self::READABLE) if it would read,
    /// [`WRITABLE`](Self::WRITABLE) if it would write. `None` if neither: then there is nothing to
    /// watch, and it [disarms](crate::Registration::disarm).
    ///
    /// # Examples
    /// A proxy reads while it has room, and writes what it has:
    /// ```
    /// use poll_core::{Interest, Mode, RegisterError, Registration};
    /// use std::net::TcpStream;
    ///
    /// fn watch(
    ///     stream: &Registration<TcpStream>,
    ///     has_room: bool,
    ///     has_data: bool,
    /// ) -> Result<(), RegisterError> {
    ///     match Interest::of(has_room, has_data) {
    ///         Some(interest) => stream.arm(interest, Mode::Level),
    ///         None => stream.disarm(),
    ///     }
    /// }
    /// ```
    #[inline]
    #[must_use]
    pub const fn of(readable: bool, writable: bool) -> Option<Self> {
        match (readable, writable) {
            (true, true) => Some(Self::READABLE.with(Self::WRITABLE)),
            (true, false) => Some(Self::READABLE),
            (false, true) => Some(Self::WRITABLE),
            (false, false) => None,
        }
    }

    /// Whether everything in `other` is in this set too.
    #[inline]
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0.get() & other.0.get() == other.0.get()
    }

    /// This set and `other`: `|` where a constant is made.
    ///
    /// # Examples
    /// ```
    /// use poll_core::Interest;
    ///
    /// const BOTH: Interest = Interest::READABLE.with(Interest::WRITABLE);
    /// assert_eq!(BOTH, Interest::READABLE | Interest::WRITABLE);
    /// ```
    #[inline]
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        // Neither is zero, so this is not. The `|` of `NonZero` is not for constants.
        Self(NonZeroU8::new(self.0.get() | other.0.get()).unwrap())
    }

    /// This set less `other`, or `None` if nothing is left.
    #[inline]
    #[must_use]
    pub const fn without(self, other: Self) -> Option<Self> {
        match NonZeroU8::new(self.0.get() & !other.0.get()) {
            Some(left) => Some(Self(left)),
            None => None,
        }
    }

    /// Whether [`READABLE`](Self::READABLE) is in the set.
    #[inline]
    #[must_use]
    pub const fn is_readable(self) -> bool {
        self.contains(Self::READABLE)
    }

    /// Whether [`WRITABLE`](Self::WRITABLE) is in the set.
    #[inline]
    #[must_use]
    pub const fn is_writable(self) -> bool {
        self.contains(Self::WRITABLE)
    }

    /// Whether [`PRIORITY`](Self::PRIORITY) is in the set.
    #[inline]
    #[must_use]
    pub const fn is_priority(self) -> bool {
        self.contains(Self::PRIORITY)
    }
}

impl BitOr for Interest {
    type Output = Self;

    #[inline]
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Interest {
    #[inline]
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

impl fmt::Debug for Interest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (Self::READABLE, "READABLE"),
            (Self::WRITABLE, "WRITABLE"),
            (Self::PRIORITY, "PRIORITY"),
        ];
        let mut separator = "";
        for (_, name) in names.into_iter().filter(|(flag, _)| self.contains(*flag)) {
            write!(f, "{separator}{name}")?;
            separator = " | ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Interest;

    #[test]
    fn a_union_contains_its_parts_and_nothing_else() {
        let set = Interest::READABLE | Interest::PRIORITY;
        assert!(set.is_readable() && set.is_priority() && !set.is_writable());
        assert!(!Interest::READABLE.contains(set));
    }

    #[test]
    fn an_interest_is_one_byte_and_so_is_an_option_of_it() {
        assert_eq!(size_of::<Option<Interest>>(), 1);
    }

    #[test]
    fn two_questions_make_the_interest_that_answers_them() {
        for (readable, writable) in [(false, true), (true, false), (true, true)] {
            let interest = Interest::of(readable, writable).unwrap();
            assert_eq!((interest.is_readable(), interest.is_writable()), (readable, writable));
            assert!(!interest.is_priority());
        }
        assert_eq!(Interest::of(false, false), None);
    }

    #[test]
    fn with_is_a_union() {
        let sets: Vec<_> = (1..8).filter_map(Interest::from_bits).collect();
        for (a, b) in sets.iter().flat_map(|a| sets.iter().map(move |b| (*a, *b))) {
            assert_eq!(a.with(b), a | b);
        }
    }

    #[test]
    fn an_interest_can_be_added_to_and_is_printed_by_its_names() {
        let mut interest = Interest::READABLE;
        interest |= Interest::PRIORITY;
        assert_eq!(interest, Interest::READABLE | Interest::PRIORITY);
        assert_eq!(format!("{interest:?}"), "READABLE | PRIORITY");
    }

    #[test]
    fn sets_are_made_told_and_lessened_bit_by_bit() {
        for bits in (0..=u8::MAX).filter(|bits| !(1..8).contains(bits)) {
            assert_eq!(Interest::from_bits(bits), None);
        }
        for bits in 1..8 {
            let set = Interest::from_bits(bits).unwrap();
            assert_eq!(set.bits(), bits);
            let told = [set.is_readable(), set.is_writable(), set.is_priority()];
            assert_eq!(told, [1, 2, 4].map(|bit| bits & bit != 0));
            for other in 1..8 {
                let less = set.without(Interest::from_bits(other).unwrap());
                assert_eq!(less.map_or(0, Interest::bits), bits & !other);
            }
        }
    }
}
