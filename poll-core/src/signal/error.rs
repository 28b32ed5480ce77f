//! Why a signal cannot be watched.

use std::io;

use thiserror::Error;

use super::Signal;

/// Why a signal cannot be watched. Nothing is watched then.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SignalError {
    /// SIGKILL and SIGSTOP are the system's: no process can catch them.
    #[error("{0:?} cannot be caught by any process")]
    Uncatchable(Signal),

    /// SIGILL, SIGFPE, SIGSEGV, SIGBUS say that the instruction at hand cannot go on; a handler that
    /// returns would run into it again.
    #[error("{0:?} is a fault of the running instruction and cannot wait for an event loop")]
    Fault(Signal),

    /// The system has no signal of this number.
    #[error("this system has no {0:?}")]
    Unknown(Signal),

    /// The system said something else: EMFILE, ENOMEM; `Unsupported` for [`Queued`](super::Queued)
    /// where there is no signalfd.
    #[error(transparent)]
    Os(#[from] io::Error),
}

impl From<SignalError> for io::Error {
    fn from(error: SignalError) -> Self {
        match error {
            SignalError::Os(error) => error,
            other => Self::new(io::ErrorKind::InvalidInput, other),
        }
    }
}

/// Refuses what cannot be watched on any system.
pub(super) fn check(signals: &[Signal]) -> Result<(), SignalError> {
    for signal in signals {
        match *signal {
            Signal::KILL | Signal::STOP => return Err(SignalError::Uncatchable(*signal)),
            Signal::ILL | Signal::FPE | Signal::SEGV | Signal::BUS => {
                return Err(SignalError::Fault(*signal));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The type of an error that the system made of `signal`.
pub(super) fn of(signal: Signal, error: io::Error) -> SignalError {
    match error.kind() {
        io::ErrorKind::InvalidInput => SignalError::Unknown(signal),
        _ => SignalError::Os(error),
    }
}
