//! A process group of its own for a program, so that everything that it starts ends with it.

use std::process::Child;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The groups of programs that run now.
static LIVE: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// A child and, if it leads a group, all of that; what is left of it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Group {
    leader: Pid,
    whole: bool,
}

impl Group {
    /// The group of `child`, which was started as the leader of a new one and is not reaped before
    /// this is dropped: as long as it is there, nobody else gets the group's number.
    pub(super) fn led_by(child: &Child) -> Self {
        let leader = Pid::from_child(child);
        live().push(leader);
        Self { leader, whole: true }
    }

    /// `child` by itself, which is in our own group, and not reaped before this is dropped either.
    pub(super) fn of_one(child: &Child) -> Self {
        Self { leader: Pid::from_child(child), whole: false }
    }

    /// Whether the leader has ended; it is not reaped by that.
    ///
    /// # Errors
    /// When it is no child of ours any more.
    pub(super) fn has_ended(&self) -> Result<bool> {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        Ok(waitid(WaitId::Pid(self.leader), look)?.is_some())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.whole {
            live().retain(|leader| *leader != self.leader);
            end(self.leader);
        } else {
            // One that has ended already is no error.
            let _ = kill_process(self.leader, Signal::KILL);
        }
    }
}

/// Lets an interrupt of this program end the programs that it runs: in groups of their own, they
/// get no signal from the terminal.
///
/// # Errors
/// When the signals cannot be watched.
pub(crate) fn end_all_on_interrupt() -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            live().iter().copied().for_each(end);
            std::process::exit(128 + signal);
        }
    });
    Ok(())
}

fn live() -> MutexGuard<'static, Vec<Pid>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A group without anybody left is no error.
fn end(group: Pid) {
    let _ = kill_process_group(group, Signal::KILL);
}
