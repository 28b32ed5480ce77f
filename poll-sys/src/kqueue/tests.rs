//! What every kqueue does, asked of the system's own or of the one in `POLL_KQUEUE_LIBRARY`.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;

use super::*;

/// Long enough for any wait of these tests; a wait that takes as long has failed.
const CAP: Option<Duration> = Some(Duration::from_secs(10));
const NOW: Option<Duration> = Some(Duration::ZERO);

struct Kqueue(OwnedFd);

impl Kqueue {
    fn new() -> Self {
        Self(create().expect("a kqueue; on Linux POLL_KQUEUE_LIBRARY must name a library"))
    }

    /// Applies each change, each with a receipt, and returns the `errno`s.
    fn change<const N: usize>(&self, changes: [Change<'_>; N]) -> [i64; N] {
        let with_receipt = changes.map(|change| {
            let mut raw = change.raw;
            raw.flags |= Flags::RECEIPT.bits();
            Change { raw, ..change }
        });
        let mut receipts = [Event::default(); N];
        assert_eq!(kevent(self.0.as_fd(), &with_receipt, &mut receipts, NOW).unwrap(), N);
        receipts.map(|receipt| receipt.data())
    }

    fn wait(&self, timeout: Option<Duration>) -> Vec<Event> {
        let mut events = [Event::default(); 8];
        let count = kevent(self.0.as_fd(), &[], &mut events, timeout).unwrap();
        events[..count].to_vec()
    }
}

#[test]
fn data_is_reported_with_its_size_and_the_callers_word() {
    let (receiver, mut sender) = UnixStream::pair().unwrap();
    let kq = Kqueue::new();
    assert_eq!(kq.change([Change::read(receiver.as_fd(), Flags::ADD).udata(usize::MAX)]), [0]);
    assert!(kq.wait(NOW).is_empty());

    sender.write_all(b"hello").unwrap();
    let events = kq.wait(CAP);
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!((events[0].filter(), events[0].data()), (Filter::READ, 5));
    assert_eq!(events[0].udata(), usize::MAX);
    assert_eq!(events[0].ident(), receiver.as_fd().as_raw_fd().unsigned_abs() as usize);
    assert!(events[0].error().is_none());
}

#[test]
fn no_more_events_are_written_than_there_is_room_for() {
    let (receiver, mut sender) = UnixStream::pair().unwrap();
    let kq = Kqueue::new();
    let fd = receiver.as_fd();
    assert_eq!(kq.change([Change::read(fd, Flags::ADD), Change::write(fd, Flags::ADD)]), [0, 0]);
    sender.write_all(b"x").unwrap();

    assert_eq!(kevent(kq.0.as_fd(), &[], &mut [Event::default(); 1], CAP).unwrap(), 1);
    assert_eq!(kevent(kq.0.as_fd(), &[], &mut [Event::default(); 3], CAP).unwrap(), 2);
    assert_eq!(kevent(kq.0.as_fd(), &[], &mut [], CAP).unwrap(), 0);
}

#[test]
fn each_change_has_a_receipt_of_its_own_and_pending_events_stay() {
    let (receiver, mut sender) = UnixStream::pair().unwrap();
    sender.write_all(b"x").unwrap();
    let kq = Kqueue::new();
    let fd = receiver.as_fd();
    let outcomes = kq.change([
        Change::read(fd, Flags::ADD),
        Change::write(fd, Flags::DELETE),
        Change::write(fd, Flags::ADD),
    ]);
    assert_eq!(outcomes, [0, libc::ENOENT.into(), 0]);
    assert_eq!(kq.wait(CAP).len(), 2);
}

#[test]
fn without_room_for_receipts_the_first_failure_is_the_calls() {
    let (receiver, _sender) = UnixStream::pair().unwrap();
    let kq = Kqueue::new();
    let delete = Change::read(receiver.as_fd(), Flags::DELETE);
    let error = kevent(kq.0.as_fd(), &[delete], &mut [], NOW).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
}

#[test]
fn adding_again_reports_what_is_pending_with_the_new_word() {
    for flags in [Flags::ADD, Flags::ADD | Flags::CLEAR] {
        let (receiver, mut sender) = UnixStream::pair().unwrap();
        sender.write_all(b"x").unwrap();
        let kq = Kqueue::new();
        assert_eq!(kq.change([Change::read(receiver.as_fd(), flags).udata(1)]), [0]);
        assert_eq!(kq.wait(CAP)[0].udata(), 1);
        assert_eq!(kq.change([Change::read(receiver.as_fd(), flags).udata(2)]), [0]);
        assert_eq!(kq.wait(CAP)[0].udata(), 2, "{flags:?}");
    }
}

#[test]
fn clear_reports_once_and_dispatch_until_enabled() {
    let rearm = Flags::ADD | Flags::ENABLE | Flags::DISPATCH;
    for (flags, again) in [(Flags::ADD | Flags::CLEAR, 0), (rearm, 1)] {
        let (receiver, mut sender) = UnixStream::pair().unwrap();
        sender.write_all(b"x").unwrap();
        let kq = Kqueue::new();
        assert_eq!(kq.change([Change::read(receiver.as_fd(), flags)]), [0]);
        assert_eq!(kq.wait(CAP).len(), 1);
        assert_eq!(kq.wait(NOW).len(), 0, "{flags:?}");

        sender.write_all(b"y").unwrap();
        let arrivals = if again == 0 { kq.wait(CAP) } else { kq.wait(NOW) };
        assert_eq!(arrivals.len(), 1 - again, "{flags:?}");
        if again == 1 {
            assert_eq!(kq.change([Change::read(receiver.as_fd(), flags)]), [0]);
            assert_eq!(kq.wait(CAP).len(), 1);
        }
    }
}

#[test]
fn a_peer_that_closes_is_end_of_file() {
    let (receiver, sender) = UnixStream::pair().unwrap();
    let kq = Kqueue::new();
    assert_eq!(kq.change([Change::read(receiver.as_fd(), Flags::ADD)]), [0]);
    drop(sender);
    let events = kq.wait(CAP);
    assert!(events[0].flags().contains(Flags::EOF), "{events:?}");
    assert_eq!((&receiver).read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn a_user_event_with_clear_reports_once_for_each_trigger() {
    let kq = Kqueue::new();
    assert_eq!(kq.change([Change::user(7, Flags::ADD | Flags::CLEAR).udata(9)]), [0]);
    assert!(kq.wait(NOW).is_empty());
    for _ in 0..2 {
        let trigger = Change::user(7, Flags::empty()).fflags(note::TRIGGER).udata(9);
        assert_eq!(kevent(kq.0.as_fd(), &[trigger], &mut [], NOW).unwrap(), 0);
        let events = kq.wait(CAP);
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!((events[0].filter(), events[0].ident()), (Filter::USER, 7));
        assert!(kq.wait(NOW).is_empty());
    }
}

#[test]
fn a_timer_counts_its_expirations() {
    let kq = Kqueue::new();
    let add = Change::timer(3, Flags::ADD | Flags::ONESHOT, 0, 1);
    assert_eq!(kq.change([add]), [0]);
    let events = kq.wait(CAP);
    assert_eq!((events[0].filter(), events[0].ident(), events[0].data()), (Filter::TIMER, 3, 1));
    assert_eq!(kq.change([Change::timer(3, Flags::DELETE, 0, 0)]), [libc::ENOENT.into()]);
}

#[test]
fn a_periodic_timer_expires_again_until_it_is_deleted() {
    let kq = Kqueue::new();
    assert_eq!(kq.change([Change::timer(4, Flags::ADD, 0, 1).udata(9)]), [0]);
    for _ in 0..3 {
        let events = kq.wait(CAP);
        assert_eq!((events[0].filter(), events[0].udata()), (Filter::TIMER, 9), "{events:?}");
        assert!(events[0].data() >= 1, "{events:?}");
    }
    assert_eq!(kq.change([Change::timer(4, Flags::DELETE, 0, 0)]), [0]);
    assert_eq!(kq.wait(Some(Duration::from_millis(5))).len(), 0);
}

#[test]
fn a_timer_can_be_set_in_nanoseconds_where_the_system_can() {
    let Some(nanoseconds) = note::NSECONDS else { return };
    let kq = Kqueue::new();
    // As milliseconds it would expire in five hours.
    let add = Change::timer(5, Flags::ADD | Flags::ONESHOT, nanoseconds, 20_000_000);
    let begun = std::time::Instant::now();
    assert_eq!(kq.change([add]), [0]);
    assert_eq!(kq.wait(CAP).len(), 1);
    assert!(begun.elapsed() >= Duration::from_nanos(20_000_000));
}

/// Makes a test's body run in a process whose threads all block SIGURG.
const BLOCKED: &str = "POLL_SYS_KQUEUE_TEST_BLOCKED";

#[test]
fn a_signal_that_is_ignored_is_counted_each_time_it_comes() {
    // A kernel counts it before it looks at masks. What stands in for one in user space can only take
    // it if no thread does.
    if std::env::var_os(BLOCKED).is_none() {
        let name = "kqueue::tests::a_signal_that_is_ignored_is_counted_each_time_it_comes";
        let mut this = std::process::Command::new(std::env::current_exe().unwrap());
        this.args(["--exact", name]).env(BLOCKED, "1");
        // SAFETY: 1. The closure runs in a child of fork(2) that will exec: it makes calls that
        // signal-safety(7) lists, allocates nothing and takes no lock.
        unsafe { this.pre_exec(block_sigurg) };
        // Its output is kept: ours holds the results of this program alone.
        let ended = this.output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
        return;
    }
    let kq = Kqueue::new();
    // Ignored unless a program wants it, on every system.
    let number = libc::SIGURG.unsigned_abs();
    assert_eq!(kq.change([Change::signal(number, Flags::ADD).udata(9)]), [0]);
    assert!(kq.wait(NOW).is_empty());
    for _ in 0..2 {
        // SAFETY: 1. getpid(2) takes no argument.
        let this = unsafe { libc::getpid() };
        // SAFETY: 1. kill(2) takes two numbers and reads no memory. 2. What the signal does to this
        // process is nothing, by its default.
        check(unsafe { libc::kill(this, libc::SIGURG) }).unwrap();
        let events = kq.wait(CAP);
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!((events[0].filter(), events[0].ident()), (Filter::SIGNAL, number as usize));
        assert_eq!((events[0].data(), events[0].udata()), (1, 9));
        assert!(kq.wait(NOW).is_empty());
    }
}

fn block_sigurg() -> io::Result<()> {
    let mut set = std::mem::MaybeUninit::uninit();
    // SAFETY: 1. The pointer is to a local, which sigemptyset(3) initialises.
    check(unsafe { libc::sigemptyset(set.as_mut_ptr()) })?;
    // SAFETY: 1. The pointer is to a local, initialised above. 2. SIGURG is a signal.
    check(unsafe { libc::sigaddset(set.as_mut_ptr(), libc::SIGURG) })?;
    // SAFETY: 1. The set is a local, initialised above. 2. The old mask is not asked for.
    let errno = unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), ptr::null_mut()) };
    if errno == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(errno)) }
}

#[test]
fn a_file_reports_what_is_done_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let [first, second] = ["first", "second"].map(|name| dir.path().join(name));
    let mut file = std::fs::File::create_new(&first).unwrap();
    let kq = Kqueue::new();
    let asked = note::WRITE | note::EXTEND | note::RENAME | note::DELETE;
    let watch = Change::vnode(file.as_fd(), Flags::ADD | Flags::CLEAR, asked).udata(9);
    assert_eq!(kq.change([watch]), [0]);
    let next = || {
        let events = kq.wait(CAP);
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!((events[0].filter(), events[0].udata()), (Filter::VNODE, 9));
        assert!(kq.wait(NOW).is_empty());
        events[0].fflags()
    };
    assert!(kq.wait(NOW).is_empty());
    file.write_all(b"x").unwrap();
    assert_eq!(next(), note::WRITE | note::EXTEND);
    std::fs::rename(&first, &second).unwrap();
    assert_eq!(next(), note::RENAME);
    std::fs::remove_file(&second).unwrap();
    assert_eq!(next(), note::DELETE);
}

#[test]
fn a_process_that_exits_reports_its_status() {
    let mut child = std::process::Command::new("sh")
        .args(["-c", "read _; exit 7"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let kq = Kqueue::new();
    let watch = Change::process(child.id(), Flags::ADD | Flags::ONESHOT, note::EXIT);
    assert_eq!(kq.change([watch]), [0]);
    drop(child.stdin.take());
    let events = kq.wait(CAP);
    assert_eq!(events[0].filter(), Filter::PROC, "{events:?}");
    assert_ne!(events[0].fflags() & note::EXIT, 0);
    assert_eq!(child.wait().unwrap().code(), Some(7));
}

#[test]
fn a_wait_with_nothing_pending_ends_when_its_time_is_up() {
    let kq = Kqueue::new();
    let (start, timeout) = (std::time::Instant::now(), Duration::from_micros(1_500));
    assert!(kq.wait(Some(timeout)).is_empty());
    assert!(start.elapsed() >= timeout);
}

#[test]
fn debug_names_filter_flags_and_notes() {
    let (receiver, _sender) = UnixStream::pair().unwrap();
    let text = format!("{:?}", Change::read(receiver.as_fd(), Flags::ADD | Flags::CLEAR).udata(7));
    let expected = ", filter: READ, flags: Flags(ADD | CLEAR), fflags: 0x0, data: 0, udata: 7 }";
    assert!(text.starts_with("Change { ident: ") && text.ends_with(expected), "{text}");

    let text = format!("{:?}", Change::user(1, Flags::ADD).fflags(note::TRIGGER | 3));
    let expected = "Change { ident: 1, filter: USER, flags: Flags(ADD), \
                    fflags: TRIGGER | 0x3, data: 0, udata: 0 }";
    assert_eq!(text, expected);
}

#[test]
fn the_queue_is_close_on_exec() {
    let kq = Kqueue::new();
    // SAFETY: 1. `kq` is open. 2. F_GETFD takes no further argument and reads no memory.
    let flags = unsafe { libc::fcntl(kq.0.as_raw_fd(), libc::F_GETFD) };
    assert_ne!(flags & libc::FD_CLOEXEC, 0);
}
