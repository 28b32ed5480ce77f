//! A safe readiness poller: edge, level and oneshot, over epoll, kqueue, event ports and poll(2).
#![forbid(unsafe_code)]

mod backend;
mod bell;
mod error;
mod event;
mod events;
mod interest;
mod mode;
mod poller;
mod registration;
mod source;
mod sync;
mod token;
mod tokens;
mod wait;
mod waker;

pub use backend::Backend;
pub use error::{RegisterError, Rejected, WakeError};
pub use event::{Event, Readiness};
pub use events::{Events, Iter};
pub use interest::Interest;
pub use mode::Mode;
pub use poller::Poller;
pub use registration::Registration;
pub use source::Source;
pub use token::Token;
pub use tokens::{Tokens, Vacant};
pub use waker::Waker;
