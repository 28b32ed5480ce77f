//! A safe readiness poller.
#![forbid(unsafe_code)]
