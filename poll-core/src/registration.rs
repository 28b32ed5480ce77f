//! The guard that owns a source and its watch.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::ops::Deref;
use std::os::fd::OwnedFd;

use crate::backend::Key;
use crate::error::RegisterError;
use crate::interest::Interest;
use crate::mode::Mode;
use crate::poller::Poller;
use crate::source::Source;
use crate::token::Token;
use crate::watch::{How, Watch};

use state::{Change, State};

mod state;

/// The guard of a registered source: owns the source, and stops the watch before the source closes.
///
/// It is in one of two states. *Idle*, as [`Poller::reserve`] makes it: the kernel does not know the
/// source, nothing is reported. *Armed*, as [`Poller::register`] makes it: the source is watched.
/// [`arm`](Self::arm) leads to the second from both, [`disarm`](Self::disarm) to the first. Both take
/// `&self`, so that any thread that can reach the guard can change the watch; two that do so at once
/// take turns.
///
/// It derefs to the source, shared only: a `&mut` to it would let a caller swap the source out from
/// under its registration. Where the source reads and writes, so does the guard; and so does
/// `&Registration<S>` where `&S` does. Through an `Arc` or a `&T` it is one step further:
/// `(&**guard).read(…)`.
///
/// # Dropping
/// Deregisters, then drops the source. Once it is dropped, no wait that begins later reports its
/// token, whatever duplicates of the descriptor live on. It never blocks. In a child of `fork` it
/// leaves the parent's registration alone, and what changes the watch is `Forked` there. A forgotten
/// guard (`mem::forget`) leaks the source, which stays registered: sound, and as intended as any
/// leak.
///
/// # Examples
/// Idle first, armed only when the I/O would block:
/// ```
/// use poll_core::{Events, Interest, Mode, Poller, Token};
/// use std::io::{ErrorKind, Read, Write};
/// use std::os::unix::net::UnixStream;
///
/// let poller = Poller::new()?;
/// let (mut ours, theirs) = UnixStream::pair()?;
/// theirs.set_nonblocking(true)?;
/// let theirs = poller.reserve(theirs, Token(0)); // no syscall
///
/// let mut buffer = [0; 8];
/// match (&theirs).read(&mut buffer) {
///     Err(error) if error.kind() == ErrorKind::WouldBlock => {
///         theirs.arm(Interest::READABLE, Mode::Level)?;
///     }
///     done => panic!("nobody wrote: {done:?}"),
/// }
/// ours.write_all(b"late")?;
/// poller.wait(&mut Events::with_capacity(8), None)?;
/// assert_eq!((&theirs).read(&mut buffer)?, 4);
/// # std::io::Result::Ok(())
/// ```
///
/// Guards of one type for sources of many, in a runtime that does the I/O elsewhere:
/// ```
/// use poll_core::{Interest, Mode, Poller, Registration, Tokens};
/// use std::{os::fd::AsFd, os::unix::net::UnixStream, sync::Arc};
///
/// let poller = Poller::new()?;
/// let mut sources: Tokens<Registration<Arc<dyn AsFd + Send + Sync>>> = Tokens::new();
/// let (one, _other) = UnixStream::pair()?;
/// let stream = Arc::new(one);
/// let token = sources.insert_with(|token| poller.reserve(stream.clone() as _, token));
/// // Whatever thread finds that `&*stream` would block:
/// sources[token].arm(Interest::READABLE, Mode::Oneshot)?;
/// # std::io::Result::Ok(())
/// ```
#[must_use = "dropped, it deregisters the source and drops it"]
pub struct Registration<S: Source> {
    poller: Poller,
    state: State,
    /// PRESENT: `Some` until the guard is consumed by value, and seen by nobody after.
    source: Option<S>,
}

impl<S: Source> Registration<S> {
    #[inline]
    pub(crate) fn idle(poller: Poller, source: S, token: Token) -> Self {
        Self { poller, state: State::idle(token), source: Some(source) }
    }

    /// The guard of a source that the backend watches, under this key.
    #[inline]
    pub(crate) fn armed(poller: Poller, source: S, watch: Watch, key: Key) -> Self {
        Self { poller, state: State::armed(watch, key), source: Some(source) }
    }

    /// Starts the watch, changes it, or enables it again after [`Mode::Oneshot`] has fired.
    ///
    /// A condition that holds already is reported, in every mode.
    ///
    /// # Errors
    /// Those of [`Poller::register`]. The watch is as it was; only a change to or from
    /// [`Mode::Exclusive`] may leave the guard idle.
    ///
    /// # Cost
    /// None if it is [`Mode::Level`] or [`Mode::Exclusive`] and stays so with the same interest. From
    /// idle as [`Poller::register`]. Else 1 syscall on epoll and kqueue, 2 to or from
    /// [`Mode::Exclusive`], 1 on event ports, and none on poll(2), or one if a thread waits. No
    /// allocation beyond the growth of a backend's tables.
    pub fn arm(&self, interest: Interest, mode: Mode) -> Result<(), RegisterError> {
        let inner = self.poller.inner();
        inner.check_process()?;
        let how = How::new(interest, mode);
        let keeps = matches!(mode, Mode::Level | Mode::Exclusive);
        if keeps && self.state.is_armed(how) {
            // Whatever another thread makes of it now comes after this.
            return Ok(());
        }
        self.set(&self.state.change(inner.single()), how)
    }

    /// Tells the backend what is wanted now. This is the process that may.
    #[inline]
    fn set(&self, state: &Change<'_>, how: How) -> Result<(), RegisterError> {
        let inner = self.poller.inner();
        let watch = Watch { token: state.token(), how };
        inner.check(watch)?;
        let descriptor = self.source().descriptor();
        match state.how() {
            None => state.set_key(inner.backend.add(descriptor, watch)?),
            Some(before) if before.mode() == Mode::Exclusive || how.mode() == Mode::Exclusive => {
                self.replace(state, watch)?;
            }
            Some(_) => inner.backend.modify(descriptor, state.key(), watch)?,
        }
        state.set_how(Some(how));
        Ok(())
    }

    /// A watch that is exclusive cannot be changed, nor be made of another.
    #[cold]
    fn replace(&self, state: &Change<'_>, watch: Watch) -> Result<(), RegisterError> {
        let backend = &self.poller.inner().backend;
        let descriptor = self.source().descriptor();
        backend.delete(descriptor, state.key())?;
        state.set_how(None);
        state.set_key(backend.add(descriptor, watch)?);
        Ok(())
    }

    /// Ends the watch and keeps the guard, idle. Nothing is reported then, hang-up included.
    ///
    /// # Errors
    /// [`Forked`](RegisterError::Forked). [`NotRegistered`](RegisterError::NotRegistered) if the
    /// source has broken its [contract](Source) and changed its descriptor; the guard is idle then.
    /// After any other error it is armed as before.
    ///
    /// # Cost
    /// 1 syscall; none if it is idle already.
    pub fn disarm(&self) -> Result<(), RegisterError> {
        let inner = self.poller.inner();
        inner.check_process()?;
        let state = self.state.change(inner.single());
        if state.how().is_none() {
            return Ok(());
        }
        let deleted = inner.backend.delete(self.source().descriptor(), state.key());
        if matches!(deleted, Ok(()) | Err(RegisterError::NotRegistered)) {
            state.set_how(None);
        }
        deleted
    }

    /// Gives the source another token. If it is armed this counts as an [`arm`](Self::arm) with the
    /// same interest and mode: a condition that holds is reported, now with the new token, and a
    /// oneshot that has fired is enabled again.
    ///
    /// # Errors
    /// Those of [`arm`](Self::arm); the token is as it was.
    ///
    /// # Cost
    /// 1 syscall if armed, else none.
    pub fn set_token(&self, token: Token) -> Result<(), RegisterError> {
        let inner = self.poller.inner();
        inner.check_process()?;
        let state = self.state.change(inner.single());
        let before = state.token();
        state.set_token(token);
        let Some(how) = state.how() else {
            return Ok(());
        };
        self.set(&state, how).inspect_err(|_| state.set_token(before))
    }

    /// The token that the source's events carry.
    #[must_use]
    pub fn token(&self) -> Token {
        self.state.token()
    }

    /// What the source is watched for; `None` while idle. A oneshot that has fired still counts.
    #[must_use]
    pub fn interest(&self) -> Option<Interest> {
        self.state.how().map(How::interest)
    }

    /// How the source is watched; `None` while idle. A oneshot that has fired still counts.
    #[must_use]
    pub fn mode(&self) -> Option<Mode> {
        self.state.how().map(How::mode)
    }

    /// The poller that the source is registered with.
    #[must_use]
    pub fn poller(&self) -> &Poller {
        &self.poller
    }

    /// Ends the watch and gives the source back.
    ///
    /// # Cost
    /// 1 syscall; none if it is idle.
    pub fn deregister(mut self) -> S {
        self.stop();
        self.take()
    }

    /// Closes the source and lets the kernel's close end the watch, which saves a syscall where the
    /// close does that.
    ///
    /// Use it only if no duplicate of the descriptor lives (`dup`, `try_clone`, a forked child, a
    /// descriptor in flight). On epoll such a duplicate keeps the registration alive: its events go
    /// on under the token, and can no longer be stopped. When in doubt, drop the guard.
    ///
    /// # Platform
    /// | backend | the close deregisters |
    /// |---|---|
    /// | epoll | if no duplicate lives |
    /// | kqueue, event ports | always |
    /// | poll(2) | no: the watch is ended first |
    ///
    /// # Cost
    /// 1 syscall (`close`); 2 on poll(2).
    pub fn close(mut self)
    where
        S: Into<OwnedFd>,
    {
        self.forget_watch();
        let descriptor: OwnedFd = self.take().into();
        drop(descriptor);
    }

    /// Gives the source back without a word to the kernel, for a descriptor that belongs to somebody
    /// who may have closed it: a C library, say, that reports "the socket is gone" after the fact.
    ///
    /// What the poller itself holds of the registration is freed. If the descriptor is open after
    /// all, it stays registered with epoll and kqueue, and its events go on until an unowned
    /// [`delete`](Poller::delete). Event ports and poll(2) report nothing of it any more.
    ///
    /// # Cost
    /// No syscall, but on poll(2): a `close` of its duplicate.
    pub fn abandon(mut self) -> S {
        self.forget_watch();
        self.take()
    }

    /// Ends the watch, if there is one and it is this process's.
    #[inline]
    fn stop(&mut self) {
        let inner = self.poller.inner();
        let Some(source) = &self.source else { return };
        let Some(key) = self.state.take_armed() else { return };
        if inner.is_of_this_process() {
            // It fails only if the source has broken its contract and is not registered any more,
            // which is the state that was wanted.
            let _gone = inner.backend.delete(source.descriptor(), key);
        }
    }

    /// Frees what the backend itself holds of the watch, and says nothing to the kernel.
    fn forget_watch(&mut self) {
        let inner = self.poller.inner();
        if inner.is_of_this_process() {
            if let Some(key) = self.state.take_armed() {
                inner.backend.abandon(key);
            }
        }
    }

    fn take(&mut self) -> S {
        self.source.take().expect("PRESENT")
    }

    #[inline]
    fn source(&self) -> &S {
        self.source.as_ref().expect("PRESENT")
    }
}

impl<S: Source> Drop for Registration<S> {
    #[inline]
    fn drop(&mut self) {
        self.stop();
    }
}

impl<S: Source> Deref for Registration<S> {
    type Target = S;

    #[inline]
    fn deref(&self) -> &S {
        self.source()
    }
}

impl<S: Source> fmt::Debug for Registration<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("token", &self.token())
            .field("armed", &self.state.how())
            .finish_non_exhaustive()
    }
}

impl<S: Source + Read> Read for Registration<S> {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.source.as_mut().expect("PRESENT").read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.source.as_mut().expect("PRESENT").read_vectored(buffers)
    }
}

impl<S: Source + Write> Write for Registration<S> {
    #[inline]
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.source.as_mut().expect("PRESENT").write(buffer)
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.source.as_mut().expect("PRESENT").write_vectored(buffers)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.source.as_mut().expect("PRESENT").flush()
    }
}

impl<S: Source> Read for &Registration<S>
where
    for<'s> &'s S: Read,
{
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.source().read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.source().read_vectored(buffers)
    }
}

impl<S: Source> Write for &Registration<S>
where
    for<'s> &'s S: Write,
{
    #[inline]
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.source().write(buffer)
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.source().write_vectored(buffers)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.source().flush()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::backend::Backend;

    /// To delete and to add it again would take two calls, and lose its turn.
    #[test]
    fn an_armed_guard_is_changed_where_it_is() {
        let poller = Poller::with_backend(Backend::Poll).unwrap();
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let guard = poller.register(ours, Token(1), Interest::READABLE, Mode::Level).unwrap();
        // poll(2) gives each addition a key of its own.
        let key = || guard.state.change(guard.poller.inner().single()).key();
        let first = key();
        guard.arm(Interest::WRITABLE, Mode::Oneshot).unwrap();
        guard.set_token(Token(2)).unwrap();
        assert_eq!(key(), first);
        guard.disarm().unwrap();
        guard.arm(Interest::WRITABLE, Mode::Level).unwrap();
        assert_ne!(key(), first);
    }

    /// epoll does not watch an epoll exclusively (epoll_ctl(2)), and says so when the watch that was
    /// there has ended already.
    #[test]
    fn a_guard_whose_exclusive_watch_is_refused_is_idle() {
        let poller = Poller::new().unwrap();
        if !poller.supports(Mode::Exclusive) {
            return;
        }
        let nested = Poller::builder().build_nested().unwrap();
        let guard = poller.register(nested, Token(1), Interest::READABLE, Mode::Level).unwrap();
        let refused = guard.arm(Interest::READABLE, Mode::Exclusive);
        assert!(matches!(refused, Err(RegisterError::Os(_))));
        assert_eq!(guard.mode(), None);
        guard.arm(Interest::READABLE, Mode::Level).unwrap();
    }
}
