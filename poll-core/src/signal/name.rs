//! The signals by name.

use std::fmt;

use poll_sys::signal;

/// A signal. `Debug` prints its name.
///
/// # Examples
/// ```
/// use poll_core::signal::Signal;
///
/// assert_eq!(format!("{:?}", Signal::TERM), "SIGTERM");
/// assert_eq!(Signal::from_number(Signal::HUP.number()), Signal::HUP);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(i32);

impl Signal {
    /// A timer of alarm(2) or setitimer(2) has expired.
    pub const ALRM: Self = Self(signal::ALRM);
    /// A fault; cannot be watched.
    pub const BUS: Self = Self(signal::BUS);
    /// A child has exited, stopped or gone on. For one child there is [`child`](crate::child).
    pub const CHLD: Self = Self(signal::CHLD);
    /// The process goes on after it was stopped.
    pub const CONT: Self = Self(signal::CONT);
    /// A fault; cannot be watched.
    pub const FPE: Self = Self(signal::FPE);
    /// The terminal is gone; daemons are asked to read their configuration again.
    pub const HUP: Self = Self(signal::HUP);
    /// A fault; cannot be watched.
    pub const ILL: Self = Self(signal::ILL);
    /// The user asks to stop: Ctrl-C.
    pub const INT: Self = Self(signal::INT);
    /// Cannot be watched.
    pub const KILL: Self = Self(signal::KILL);
    /// A write to a pipe or socket that nobody reads. Rust's runtime ignores it; a watch does not
    /// change what the write returns.
    pub const PIPE: Self = Self(signal::PIPE);
    /// The user asks to stop, with a core: Ctrl-\.
    pub const QUIT: Self = Self(signal::QUIT);
    /// A fault; cannot be watched.
    pub const SEGV: Self = Self(signal::SEGV);
    /// Cannot be watched.
    pub const STOP: Self = Self(signal::STOP);
    /// Somebody asks to stop.
    pub const TERM: Self = Self(signal::TERM);
    /// The user asks to be put in the background: Ctrl-Z.
    pub const TSTP: Self = Self(signal::TSTP);
    /// For the program's own use.
    pub const USR1: Self = Self(signal::USR1);
    /// For the program's own use.
    pub const USR2: Self = Self(signal::USR2);
    /// The terminal has another size.
    pub const WINCH: Self = Self(signal::WINCH);

    /// The signal of this number, whether the system has it or not.
    #[must_use]
    pub const fn from_number(number: i32) -> Self {
        Self(number)
    }

    /// The number that this system has for it.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0
    }

    /// The real-time signal `SIGRTMIN + n`.
    ///
    /// # Platform
    /// `None` beyond the last one, and where the C library's `SIGRTMIN` is not to be had: it is on
    /// Linux, illumos, Solaris and Hurd. Elsewhere use [`from_number`](Self::from_number).
    #[must_use]
    pub fn realtime(n: u8) -> Option<Self> {
        let (first, last) = signal::realtime()?;
        let number = first + i32::from(n);
        (number <= last).then_some(Self(number))
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match *self {
            Self::ALRM => "SIGALRM",
            Self::BUS => "SIGBUS",
            Self::CHLD => "SIGCHLD",
            Self::CONT => "SIGCONT",
            Self::FPE => "SIGFPE",
            Self::HUP => "SIGHUP",
            Self::ILL => "SIGILL",
            Self::INT => "SIGINT",
            Self::KILL => "SIGKILL",
            Self::PIPE => "SIGPIPE",
            Self::QUIT => "SIGQUIT",
            Self::SEGV => "SIGSEGV",
            Self::STOP => "SIGSTOP",
            Self::TERM => "SIGTERM",
            Self::TSTP => "SIGTSTP",
            Self::USR1 => "SIGUSR1",
            Self::USR2 => "SIGUSR2",
            Self::WINCH => "SIGWINCH",
            Self(number) => {
                return match signal::realtime() {
                    Some((first, last)) if (first..=last).contains(&number) => {
                        write!(f, "SIGRTMIN+{}", number - first)
                    }
                    _ => write!(f, "signal {number}"),
                };
            }
        };
        f.write_str(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_printed_by_its_name_or_else_by_its_number() {
        let (first, last) = signal::realtime().unwrap_or((0, -1));
        for (number, name) in [
            (signal::ALRM, "SIGALRM".to_owned()),
            (signal::WINCH, "SIGWINCH".to_owned()),
            (last + 1, format!("signal {}", last + 1)),
            (-7, "signal -7".to_owned()),
        ] {
            assert_eq!(format!("{:?}", Signal::from_number(number)), name);
        }
        for n in 0..=last - first {
            let name = format!("{:?}", Signal::from_number(first + n));
            assert_eq!(name, format!("SIGRTMIN+{n}"));
        }
    }

    #[test]
    fn the_real_time_signals_are_counted_from_the_first_to_the_last() {
        let Some((first, last)) = signal::realtime() else { return };
        assert_eq!(Signal::realtime(0).map(Signal::number), Some(first));
        let count = u8::try_from(last - first).unwrap();
        assert_eq!(Signal::realtime(count).map(Signal::number), Some(last));
        assert_eq!(Signal::realtime(count + 1), None);
    }
}
