//! Semantics 9 and 10: errors are typed, the same everywhere, and a failed call changes nothing.

use std::fs::File;
use std::io;
use std::os::unix::net::UnixStream;

use poll_core::{Backend, Mode, Poller, Readiness, RegisterError, Registration, Token};
use poll_sys::errno;

use crate::support::*;

const RESERVED: Token = Token(usize::MAX);

/// What every case finds: a source that is watched and ready, and one that is neither.
struct Fixture {
    watched: Registration<UnixStream>,
    reserved: Registration<UnixStream>,
    unwatched: UnixStream,
    file: File,
    directory: File,
}

/// A call that fails, the variant and the system's number of its error.
struct Case {
    call: &'static str,
    fails: fn(&Poller, &Fixture) -> Result<(), RegisterError>,
    variant: fn(&RegisterError) -> bool,
    number: Option<i32>,
    kind: io::ErrorKind,
}

/// One line of the table.
macro_rules! case {
    ($call:literal, $variant:ident, $number:expr, $kind:ident, $fails:expr) => {
        Case {
            call: $call,
            fails: $fails,
            variant: |error| matches!(error, RegisterError::$variant),
            number: $number,
            kind: io::ErrorKind::$kind,
        }
    };
}

const EXIST: Option<i32> = Some(errno::EXIST);
const PERM: Option<i32> = Some(errno::PERM);
const NOENT: Option<i32> = Some(errno::NOENT);
const LEVEL: Mode = Mode::Level;

const CASES: &[Case] = &[
    case!("register a source twice", AlreadyRegistered, EXIST, AlreadyExists, |poller, f| {
        register(poller, &*f.watched, Token(9))
    }),
    case!("register a file", NotPollable, PERM, Unsupported, |poller, f| {
        register(poller, &f.file, Token(9))
    }),
    case!("register a directory", NotPollable, PERM, Unsupported, |poller, f| {
        register(poller, &f.directory, Token(9))
    }),
    case!("register with the reserved token", TokenReserved, None, InvalidInput, |poller, f| {
        register(poller, &f.unwatched, RESERVED)
    }),
    case!("add a source that a guard has", AlreadyRegistered, EXIST, AlreadyExists, |poller, f| {
        poller.add(&*f.watched, Token(9), WRITE, Mode::Oneshot)
    }),
    case!("add a file", NotPollable, PERM, Unsupported, |poller, f| {
        poller.add(&f.file, Token(9), READ, LEVEL)
    }),
    case!("add with the reserved token", TokenReserved, None, InvalidInput, |poller, f| {
        poller.add(&f.unwatched, RESERVED, READ, LEVEL)
    }),
    case!("add what was added", AlreadyRegistered, EXIST, AlreadyExists, |poller, f| {
        poller.add(&f.unwatched, Token(9), READ, LEVEL)?;
        let again = poller.add(&f.unwatched, Token(9), READ, LEVEL);
        poller.delete(&f.unwatched)?;
        again
    }),
    case!("modify what nobody added", NotRegistered, NOENT, NotFound, |poller, f| {
        poller.modify(&f.unwatched, Token(9), READ, LEVEL)
    }),
    case!("modify to the reserved token", TokenReserved, None, InvalidInput, |poller, f| {
        poller.modify(&*f.watched, RESERVED, READ, LEVEL)
    }),
    case!("delete what nobody added", NotRegistered, NOENT, NotFound, |poller, f| {
        poller.delete(&f.unwatched)
    }),
    case!("delete twice", NotRegistered, NOENT, NotFound, |poller, f| {
        poller.add(&f.unwatched, Token(9), READ, LEVEL)?;
        poller.delete(&f.unwatched)?;
        poller.delete(&f.unwatched)
    }),
    case!("arm a reserved token", TokenReserved, None, InvalidInput, |poller, f| {
        poller.reserve(&f.unwatched, RESERVED).arm(READ, LEVEL)
    }),
    case!("arm a file", NotPollable, PERM, Unsupported, |poller, f| {
        poller.reserve(&f.file, Token(9)).arm(READ, LEVEL)
    }),
    case!("arm what is registered", AlreadyRegistered, EXIST, AlreadyExists, |poller, f| {
        poller.reserve(&*f.watched, Token(9)).arm(READ, LEVEL)
    }),
    case!("set the reserved token", TokenReserved, None, InvalidInput, |_, f| {
        f.watched.set_token(RESERVED)
    }),
    case!("a waker with the reserved token", TokenReserved, None, InvalidInput, |poller, _| {
        poller.waker(RESERVED).map(drop)
    }),
];

fn register(
    poller: &Poller,
    source: impl poll_core::Source,
    token: Token,
) -> Result<(), RegisterError> {
    Ok(poller.register(source, token, READ, LEVEL).map(drop)?)
}

#[test]
fn every_failing_call_has_its_type_and_number_and_changes_nothing() {
    for_each_backend(|poller| {
        let (watched, _peer) = readable_pair();
        let (reserved, _other) = readable_pair();
        let (unwatched, _third) = readable_pair();
        let fixture = Fixture {
            watched: poller.register(watched, Token(1), READ, LEVEL).unwrap(),
            reserved: poller.reserve(reserved, Token(2)),
            unwatched,
            file: File::open(std::env::current_exe().unwrap()).unwrap(),
            directory: File::open("/").unwrap(),
        };
        for case in CASES {
            let error = (case.fails)(poller, &fixture).expect_err(case.call);
            assert!((case.variant)(&error), "{}: {error:?}", case.call);
            assert_eq!(error.raw_os_error(), case.number, "{}", case.call);
            assert_eq!(error.kind(), case.kind, "{}", case.call);
            assert_unchanged(poller, &fixture, case.call);
        }
    });
}

#[test]
fn a_mode_that_is_not_supported_is_refused_by_every_call_and_changes_nothing() {
    for_each_backend(|poller| {
        let (watched, _peer) = readable_pair();
        let (reserved, _other) = readable_pair();
        let (unwatched, _third) = readable_pair();
        let fixture = Fixture {
            watched: poller.register(watched, Token(1), READ, LEVEL).unwrap(),
            reserved: poller.reserve(reserved, Token(2)),
            unwatched,
            file: File::open(std::env::current_exe().unwrap()).unwrap(),
            directory: File::open("/").unwrap(),
        };
        for mode in MODES.into_iter().filter(|mode| !poller.supports(*mode)) {
            let (source, token) = (&fixture.unwatched, Token(9));
            let calls = [
                (
                    "register",
                    poller.register(source, token, READ, mode).map(drop).map_err(Into::into),
                ),
                ("add", poller.add(source, token, READ, mode)),
                ("modify", poller.modify(&*fixture.watched, token, READ, mode)),
                ("arm", fixture.watched.arm(WRITE, mode)),
                ("arm from idle", fixture.reserved.arm(WRITE, mode)),
            ];
            for (call, result) in calls {
                let error = result.expect_err(call);
                assert!(matches!(error, RegisterError::ModeUnsupported), "{call}: {error:?}");
                assert_eq!(error.kind(), io::ErrorKind::Unsupported);
                assert_unchanged(poller, &fixture, call);
            }
        }
    });
}

fn assert_unchanged(poller: &Poller, fixture: &Fixture, call: &str) {
    assert_eq!(look(poller), Ready::from([(1, Readiness::READABLE)]), "after: {call}");
    let guard = &fixture.watched;
    let state = (guard.token(), guard.interest(), guard.mode());
    assert_eq!(state, (Token(1), Some(READ), Some(LEVEL)), "after: {call}");
    let guard = &fixture.reserved;
    let state = (guard.token(), guard.interest(), guard.mode());
    assert_eq!(state, (Token(2), None, None), "after: {call}");
}

/// A device whose driver cannot tell readiness: epoll alone can see that.
#[test]
fn a_device_that_is_always_ready_is_refused_by_epoll_and_ready_elsewhere() {
    for_each_backend(|poller| {
        let null = File::open("/dev/null").unwrap();
        match (poller.backend(), register(poller, &null, Token(1))) {
            (Backend::Epoll, result) => {
                assert!(matches!(result, Err(RegisterError::NotPollable)));
            }
            (Backend::Poll, result) => {
                result.unwrap();
                let _guard = poller.register(&null, Token(1), READ, LEVEL).unwrap();
                assert!(look(poller)[&1].contains(Readiness::READABLE));
            }
            // Differs by system.
            _ => {}
        }
    });
}

#[test]
fn a_rejected_source_comes_back_usable() {
    for_each_backend(|poller| {
        let (ours, theirs) = readable_pair();
        let rejected = poller.register(ours, RESERVED, READ, LEVEL).unwrap_err();
        let (ours, error) = rejected.into_parts();
        assert!(matches!(error, RegisterError::TokenReserved));
        assert_eq!(drain(&ours), 1);
        send(&theirs);
        let _guard = poller.register(ours, Token(1), READ, LEVEL).unwrap();
        assert_eq!(tokens(&look(poller)), [1]);
    });
}

#[test]
fn an_error_keeps_its_type_and_number_as_an_io_error() {
    for_each_backend(|poller| {
        let (ours, _theirs) = pair();
        let _guard = watch(poller, &ours, 1, READ, LEVEL);
        let error: io::Error = poller.register(&ours, Token(2), READ, LEVEL).unwrap_err().into();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<RegisterError>());
        assert_eq!(inner.unwrap().raw_os_error(), Some(errno::EXIST));
    });
}

#[test]
fn a_backend_that_is_not_here_is_unsupported() {
    for_each_backend(|_| {
        let here = Backend::available();
        assert_eq!(Poller::new().unwrap().backend(), here[0]);
        let all = [Backend::Epoll, Backend::Kqueue, Backend::EventPort, Backend::Poll];
        for missing in all.into_iter().filter(|backend| !here.contains(backend)) {
            let error = Poller::with_backend(missing).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::Unsupported);
        }
    });
}

#[test]
fn without_a_free_descriptor_no_poller_is_made_and_nothing_stays_open() {
    for_each_backend(|poller| {
        // Every number of descriptors at which the constructor can stop.
        for free in 0..4 {
            let result = with_free_descriptors(free, || Poller::with_backend(poller.backend()));
            if let Err(error) = result {
                assert!(is_emfile(&error), "{error}");
            } else {
                assert!(free > 0);
            }
        }
    });
}

#[test]
fn without_a_free_descriptor_a_source_is_watched_or_rejected_unchanged() {
    for_each_backend(|poller| {
        let (ours, _theirs) = readable_pair();
        let result = with_free_descriptors(0, || {
            poller.register(&ours, Token(1), READ, LEVEL).map(poll_core::Registration::abandon)
        });
        match result {
            Ok(source) => poller.delete(source).unwrap(),
            Err(rejected) => assert!(is_emfile(&rejected.into())),
        }
        assert_silent(poller);
        let _guard = watch(poller, &ours, 1, READ, LEVEL);
        assert_eq!(tokens(&look(poller)), [1]);
    });
}

fn is_emfile(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error())
}
