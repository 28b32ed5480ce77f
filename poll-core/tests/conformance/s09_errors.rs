//! Semantics 9 and 10: errors are typed, the same everywhere, and a failed call changes nothing.

use std::fs::File;
use std::io;

use poll_core::{Backend, Mode, Poller, Readiness, RegisterError, Registration, Token};
use poll_sys::errno;

use crate::support::*;

const RESERVED: Token = Token(usize::MAX);

/// What every case finds: a source that is watched and ready, and one that is neither.
struct Fixture {
    watched: Registration<End>,
    reserved: Registration<End>,
    unwatched: End,
    file: File,
    directory: File,
}

/// A call that fails, the variant and the system's number of its error.
struct Case {
    call: &'static str,
    fails: fn(&World, &Fixture) -> Result<(), RegisterError>,
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
    case!("register a source twice", AlreadyRegistered, EXIST, AlreadyExists, |world, f| {
        register(world, &*f.watched, Token(9))
    }),
    case!("register a file", NotPollable, PERM, Unsupported, |world, f| {
        register(world, &f.file, Token(9))
    }),
    case!("register a directory", NotPollable, PERM, Unsupported, |world, f| {
        register(world, &f.directory, Token(9))
    }),
    case!("register with the reserved token", TokenReserved, None, InvalidInput, |world, f| {
        register(world, &f.unwatched, RESERVED)
    }),
    case!("add a source that a guard has", AlreadyRegistered, EXIST, AlreadyExists, |world, f| {
        world.add(&*f.watched, Token(9), WRITE, Mode::Oneshot)
    }),
    case!("add a file", NotPollable, PERM, Unsupported, |world, f| {
        world.add(&f.file, Token(9), READ, LEVEL)
    }),
    case!("add with the reserved token", TokenReserved, None, InvalidInput, |world, f| {
        world.add(&f.unwatched, RESERVED, READ, LEVEL)
    }),
    case!("add what was added", AlreadyRegistered, EXIST, AlreadyExists, |world, f| {
        world.add(&f.unwatched, Token(9), READ, LEVEL)?;
        let again = world.add(&f.unwatched, Token(9), READ, LEVEL);
        world.delete(&f.unwatched)?;
        again
    }),
    case!("modify what nobody added", NotRegistered, NOENT, NotFound, |world, f| {
        world.modify(&f.unwatched, Token(9), READ, LEVEL)
    }),
    case!("modify to the reserved token", TokenReserved, None, InvalidInput, |world, f| {
        world.modify(&*f.watched, RESERVED, READ, LEVEL)
    }),
    case!("delete what nobody added", NotRegistered, NOENT, NotFound, |world, f| {
        world.delete(&f.unwatched)
    }),
    case!("delete twice", NotRegistered, NOENT, NotFound, |world, f| {
        world.add(&f.unwatched, Token(9), READ, LEVEL)?;
        world.delete(&f.unwatched)?;
        world.delete(&f.unwatched)
    }),
    case!("arm a reserved token", TokenReserved, None, InvalidInput, |world, f| {
        world.reserve(&f.unwatched, RESERVED).arm(READ, LEVEL)
    }),
    case!("arm a file", NotPollable, PERM, Unsupported, |world, f| {
        world.reserve(&f.file, Token(9)).arm(READ, LEVEL)
    }),
    case!("arm what is registered", AlreadyRegistered, EXIST, AlreadyExists, |world, f| {
        world.reserve(&*f.watched, Token(9)).arm(READ, LEVEL)
    }),
    case!("set the reserved token", TokenReserved, None, InvalidInput, |_, f| {
        f.watched.set_token(RESERVED)
    }),
    case!("a waker with the reserved token", TokenReserved, None, InvalidInput, |world, _| {
        world.waker(RESERVED).map(drop)
    }),
];

fn register(
    world: &World,
    source: impl poll_core::Source,
    token: Token,
) -> Result<(), RegisterError> {
    Ok(world.register(source, token, READ, LEVEL).map(drop)?)
}

#[test]
fn every_failing_call_has_its_type_and_number_and_changes_nothing() {
    for_each_backend(|world| {
        let (watched, _peer) = world.readable_pair();
        let (reserved, _other) = world.readable_pair();
        let (unwatched, _third) = world.readable_pair();
        let fixture = Fixture {
            watched: world.register(watched, Token(1), READ, LEVEL).unwrap(),
            reserved: world.reserve(reserved, Token(2)),
            unwatched,
            file: File::open(std::env::current_exe().unwrap()).unwrap(),
            directory: File::open("/").unwrap(),
        };
        for case in CASES {
            let error = (case.fails)(world, &fixture).expect_err(case.call);
            assert!((case.variant)(&error), "{}: {error:?}", case.call);
            assert_eq!(error.raw_os_error(), case.number, "{}", case.call);
            assert_eq!(error.kind(), case.kind, "{}", case.call);
            assert_unchanged(world, &fixture, case.call);
        }
    });
}

#[test]
fn a_mode_that_is_not_supported_is_refused_by_every_call_and_changes_nothing() {
    for_each_backend(|world| {
        let (watched, _peer) = world.readable_pair();
        let (reserved, _other) = world.readable_pair();
        let (unwatched, _third) = world.readable_pair();
        let fixture = Fixture {
            watched: world.register(watched, Token(1), READ, LEVEL).unwrap(),
            reserved: world.reserve(reserved, Token(2)),
            unwatched,
            file: File::open(std::env::current_exe().unwrap()).unwrap(),
            directory: File::open("/").unwrap(),
        };
        for mode in MODES.into_iter().filter(|mode| !world.supports(*mode)) {
            let (source, token) = (&fixture.unwatched, Token(9));
            let calls = [
                (
                    "register",
                    world.register(source, token, READ, mode).map(drop).map_err(Into::into),
                ),
                ("add", world.add(source, token, READ, mode)),
                ("modify", world.modify(&*fixture.watched, token, READ, mode)),
                ("arm", fixture.watched.arm(WRITE, mode)),
                ("arm from idle", fixture.reserved.arm(WRITE, mode)),
            ];
            for (call, result) in calls {
                let error = result.expect_err(call);
                assert!(matches!(error, RegisterError::ModeUnsupported), "{call}: {error:?}");
                assert_eq!(error.kind(), io::ErrorKind::Unsupported);
                assert_unchanged(world, &fixture, call);
            }
        }
    });
}

fn assert_unchanged(world: &World, fixture: &Fixture, call: &str) {
    assert_eq!(look(world), Ready::from([(1, Readiness::READABLE)]), "after: {call}");
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
    for_each_backend(|world| {
        let null = File::open("/dev/null").unwrap();
        match (world.backend(), register(world, &null, Token(1))) {
            (Backend::Epoll | Backend::Simulated, result) => {
                assert!(matches!(result, Err(RegisterError::NotPollable)));
            }
            (Backend::Poll, result) => {
                result.unwrap();
                let _guard = world.register(&null, Token(1), READ, LEVEL).unwrap();
                assert!(look(world)[&1].contains(Readiness::READABLE));
            }
            // Differs by system.
            _ => {}
        }
    });
}

#[test]
fn a_rejected_source_comes_back_usable() {
    for_each_backend(|world| {
        let (ours, theirs) = world.readable_pair();
        let rejected = world.register(ours, RESERVED, READ, LEVEL).unwrap_err();
        let (ours, error) = rejected.into_parts();
        assert!(matches!(error, RegisterError::TokenReserved));
        assert_eq!(drain(&ours), 1);
        send(&theirs);
        let _guard = world.register(ours, Token(1), READ, LEVEL).unwrap();
        assert_eq!(tokens(&look(world)), [1]);
    });
}

#[test]
fn an_error_keeps_its_type_and_number_as_an_io_error() {
    for_each_backend(|world| {
        let (ours, _theirs) = world.pair();
        let _guard = watch(world, &ours, 1, READ, LEVEL);
        let error: io::Error = world.register(&ours, Token(2), READ, LEVEL).unwrap_err().into();
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
        use Backend::{Epoll, EventPort, Kqueue, Poll, Simulated};
        let all = [Epoll, Kqueue, EventPort, Poll, Simulated];
        for missing in all.into_iter().filter(|backend| !here.contains(backend)) {
            let error = Poller::with_backend(missing).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::Unsupported);
        }
    });
}

#[test]
fn without_a_free_descriptor_no_poller_is_made_and_nothing_stays_open() {
    for_each_backend(|world| {
        // Every number of descriptors at which the constructor can stop.
        for free in 0..4 {
            let result = with_free_descriptors(free, || world.another());
            if let Err(error) = result {
                assert!(is_emfile(&error), "{error}");
            } else {
                // The simulation has no descriptor of its own.
                assert!(free > 0 || world.backend() == Backend::Simulated);
            }
        }
    });
}

#[test]
fn without_a_free_descriptor_a_source_is_watched_or_rejected_unchanged() {
    for_each_backend(|world| {
        let (ours, _theirs) = world.readable_pair();
        let result =
            with_free_descriptors(0, || world.register(&ours, Token(1), READ, LEVEL).map(drop));
        if let Err(rejected) = result {
            assert!(is_emfile(&rejected.into()));
        }
        assert_silent(world);
        let _guard = watch(world, &ours, 1, READ, LEVEL);
        assert_eq!(tokens(&look(world)), [1]);
    });
}

fn is_emfile(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error())
}
