//! What keeps a source of a simulated world open.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use super::Sim;

/// An open source. The fields are dropped in their order: the world forgets the number before anybody
/// can be given it again.
pub(super) struct Open {
    pub(super) handle: Handle,
    /// For its number alone: what the source is registered by.
    name: File,
}

/// A source's name in its world, which closes it when it is dropped.
pub(super) struct Handle {
    pub(super) sim: Sim,
    pub(super) id: u64,
}

impl Open {
    pub(super) fn new(sim: &Sim, name: File, id: u64) -> Self {
        sim.change(|world| world.call(name.as_raw_fd(), id));
        Self { handle: Handle { sim: sim.clone(), id }, name }
    }

    /// Closes the source, and keeps the number.
    pub(super) fn close(self) -> OwnedFd {
        drop(self.handle);
        self.name.into()
    }
}

impl AsFd for Open {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.name.as_fd()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.sim.change(|world| world.close(self.id));
    }
}
