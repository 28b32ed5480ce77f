//! How often a source is reported.

/// How often a source is reported while a condition holds.
///
/// # Platform
/// | backend | `Level` | `Edge` | `Oneshot` |
/// |---|---|---|---|
/// | epoll | yes | yes | yes |
/// | kqueue | yes | yes | yes |
/// | event ports | yes | no | yes |
/// | poll(2) | yes | no | yes |
///
/// [`Poller::supports`](crate::Poller::supports) answers for the poller at hand; a mode that it
/// cannot do is [`RegisterError::ModeUnsupported`](crate::RegisterError::ModeUnsupported).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Mode {
    /// Reported by every wait for as long as the condition holds.
    ///
    /// The mode that forgives: data left unread is reported again.
    #[default]
    Level,

    /// Reported at least once after the last arrival or change, and not again while nothing new
    /// happens.
    ///
    /// Not one report per arrival: several arrivals merge, and one may be reported twice. So read
    /// (write, accept) until it would block before you wait again. What is left behind is not
    /// reported until something new arrives; `arm` reports it too.
    Edge,

    /// Reported once, to one thread, with everything that fired; then nothing, hang-up included,
    /// until [`arm`](crate::Registration::arm).
    ///
    /// The mode for several threads on one poller: whoever gets the event owns the source until it
    /// arms it again.
    Oneshot,
}
