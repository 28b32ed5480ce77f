//! An inotify descriptor is a source like any other.

use std::fs::File;
use std::time::Duration;

use rustix::fs::inotify;

use crate::{Backend, Events, Interest, Mode, Poller, Token};

#[test]
fn an_inotify_descriptor_is_a_source() {
    for backend in Backend::available() {
        let poller = Poller::with_backend(*backend).unwrap();
        let mut events = Events::with_capacity(4);
        let directory = tempfile::tempdir().unwrap();
        let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
        inotify::add_watch(&watch, directory.path(), inotify::WatchFlags::CREATE).unwrap();
        let _watch = poller.register(watch, Token(1), Interest::READABLE, Mode::Level).unwrap();
        assert_eq!(poller.wait(&mut events, Some(Duration::ZERO)).unwrap(), 0);
        File::create(directory.path().join("file")).unwrap();
        assert_eq!(poller.wait(&mut events, Some(Duration::from_secs(20))).unwrap(), 1);
        assert!(events.get(0).unwrap().is_readable());
    }
}
