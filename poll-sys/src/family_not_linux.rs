//! What all systems but Linux and Android answer alike: mostly that they have not what those have.

pub(crate) use crate::fork_handler as fork_watch;

#[path = "abstract_name_none.rs"]
pub mod abstract_name;
#[path = "quiet_flag_none.rs"]
pub(crate) mod quiet_flag;
#[path = "signalfd_none.rs"]
pub mod signalfd;
#[path = "splice_none.rs"]
pub mod splice;
#[path = "threads_unknown.rs"]
pub(crate) mod threads_told;
pub(crate) mod urgent_mark;
