//! What the kernel makes a source of: timers, signals, children.

use std::io;
use std::process::{Command, Stdio};
use std::time::Duration;

use poll_core::child::Process;
use poll_core::signal::{Queued, Signal, Signals};
use poll_core::timer::{Clock, KernelTimer};
use poll_core::{Events, Interest, Mode, Poller, Token};
use rustix::process::{Pid, getpid, kill_process};

use crate::counted;

const SOURCE: Token = Token(6);

pub(crate) fn operations() -> io::Result<()> {
    timer()?;
    signals(getpid())?;
    queued(getpid())?;
    child(&Poller::new()?)
}

fn timer() -> io::Result<()> {
    let timer = counted("timer", "new", || KernelTimer::new(Clock::Monotonic))?;
    counted("timer", "every", || timer.every(Duration::from_secs(9)))?;
    counted("timer", "after", || timer.after(Duration::from_secs(9)))?;
    counted("timer", "take", || timer.take())?;
    counted("timer", "unset", || timer.unset())?;
    counted("timer", "drop", move || {
        let _gone = timer;
    });
    Ok(())
}

fn signals(this: Pid) -> io::Result<()> {
    let both = [Signal::USR1, Signal::WINCH];
    let signals = counted("signals", "new-of-two", || Signals::new(&both))?;
    let again = counted("signals", "new-of-two-again", || Signals::new(&both))?;
    drop(again);
    counted("signals", "delivery", || kill_process(this, rustix::process::Signal::USR1))?;
    let pending = counted("signals", "pending", || signals.pending().count());
    assert_eq!(pending, 1);
    counted("signals", "drop", || drop(signals));
    Ok(())
}

fn queued(this: Pid) -> io::Result<()> {
    let both = [Signal::USR2, Signal::HUP];
    let queue = counted("queued", "new-of-two", || Queued::new(&both))?;
    kill_process(this, rustix::process::Signal::USR2)?;
    let next = counted("queued", "next", || queue.next())?;
    assert!(next.is_some());
    counted("queued", "next-of-none", || queue.next())?;
    counted("queued", "drop", || drop(queue));
    Ok(())
}

fn child(poller: &Poller) -> io::Result<()> {
    let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    let stdin = child.stdin.take();
    let process = counted("child", "new", || Process::new(child))?;
    let running = counted("child", "try-wait-while-it-runs", || process.try_wait())?;
    counted("child", "signal-while-it-runs", || process.signal(Signal::CONT))?;
    drop(stdin);
    poller.add(&process, SOURCE, Interest::READABLE, Mode::Level)?;
    poller.wait(&mut Events::with_capacity(4), None)?;
    poller.delete(&process)?;
    let exited = counted("child", "try-wait", || process.try_wait())?;
    let known = counted("child", "try-wait-again", || process.try_wait())?;
    assert!(running.is_none() && exited.is_some() && exited == known);
    counted("child", "signal-after-the-exit", || process.signal(Signal::CONT))?;
    counted("child", "drop", || drop(process));
    Ok(())
}
