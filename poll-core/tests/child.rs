//! `child::Process`.
#![forbid(unsafe_code)]

mod support;

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};

use poll_core::child::Process;
use poll_core::signal::Signal;
use poll_core::{Backend, Events, Interest, Mode, Poller, Registration, Token};

use support::{look, on_each_backend, wait};

/// Whether an exit is told to nobody but who watches that child. Where SIGCHLD tells it, the exits of
/// other tests' children are told as well.
fn is_exact() -> bool {
    matches!(Backend::available()[0], Backend::Epoll | Backend::Kqueue)
}

/// A child that exits when its standard input is closed.
fn patient() -> Child {
    Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
}

fn watch(poller: &Poller, child: Child, mode: Mode) -> Registration<Process> {
    let process = Process::new(child).unwrap();
    poller.register(process, Token(1), Interest::READABLE, mode).unwrap()
}

/// Waits until `done` answers; once, where nobody is told of another's exit.
fn wait_until<T>(
    poller: &Poller,
    mode: Mode,
    process: &Registration<Process>,
    mut done: impl FnMut() -> Option<T>,
) -> T {
    let mut events = Events::with_capacity(8);
    loop {
        assert_eq!(wait(poller, &mut events)[0].0, Token(1));
        if let Some(answer) = done() {
            return answer;
        }
        assert!(!is_exact(), "it was told of another's exit");
        process.arm(Interest::READABLE, mode).unwrap();
    }
}

/// Waits until the child has exited.
fn exit(poller: &Poller, mode: Mode, process: &Registration<Process>) -> ExitStatus {
    wait_until(poller, mode, process, || process.try_wait().unwrap())
}

/// The same without reaping it.
fn exit_unreaped(poller: &Poller, process: &Registration<Process>) {
    let is_zombie = || state(process.id()).is_some_and(|state| state.starts_with('Z'));
    wait_until(poller, Mode::Level, process, || is_zombie().then_some(()));
}

/// How the system names the state of a process of ours; `None` if there is none. By /proc where there
/// is one: what `ps` takes for words is not the same everywhere.
fn state(id: u32) -> Option<String> {
    if std::path::Path::new("/proc/self/stat").exists() {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // `42 (name) Z …`; a name may hold anything, also parentheses.
        return stat.rsplit(") ").next().map(str::to_owned);
    }
    let listed = Command::new("ps").args(["-o", "stat=", "-p", &id.to_string()]).output().unwrap();
    let state = String::from_utf8(listed.stdout).unwrap().trim().to_owned();
    (!state.is_empty()).then_some(state)
}

#[test]
fn an_exit_is_an_event_in_every_mode_and_nothing_is_before() {
    on_each_backend(|poller| {
        for mode in [Mode::Level, Mode::Edge, Mode::Oneshot] {
            if !poller.supports(mode) {
                continue;
            }
            let mut events = Events::with_capacity(8);
            let mut child = patient();
            let stdin = child.stdin.take();
            let process = watch(poller, child, mode);
            if is_exact() {
                assert_eq!(look(poller, &mut events), []);
            }
            assert!(process.try_wait().unwrap().is_none());
            drop(stdin);
            assert!(exit(poller, mode, &process).success());
            assert!(process.try_wait().unwrap().unwrap().success());
        }
    });
}

/// Kernels before 5.3, and sandboxes that forbid it, have no pidfd_open(2).
#[test]
fn without_a_descriptor_of_the_process_an_exit_is_told_by_sigchld() {
    let strace = |what: &str, arguments: &[&str]| {
        Command::new("strace")
            .args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=pidfd_open", "-e", what])
            .arg(std::env::current_exe().unwrap())
            .args(arguments)
            .output()
    };
    if !strace("signal=none", &["--list"]).is_ok_and(|listing| listing.status.success()) {
        return println!("skipped: strace, which refuses the call, cannot run this program here");
    }
    for error in ["ENOSYS", "EPERM"] {
        let tests = [
            "--exact",
            "--test-threads=1",
            "a_killed_child_tells_its_signal",
            "a_signal_reaches_a_child_that_runs",
            "a_signal_to_a_child_that_has_exited_changes_nothing",
            "an_exit_is_an_event_in_every_mode_and_nothing_is_before",
            "a_drop_after_the_exit_leaves_no_zombie",
        ];
        let traced = strace(&format!("inject=pidfd_open:error={error}"), &tests).unwrap();
        let said = String::from_utf8_lossy(&traced.stdout);
        assert!(traced.status.success() && said.contains("5 passed"), "{error}: {said}");
    }
}

#[test]
fn a_reaped_child_stays_readable() {
    on_each_backend(|poller| {
        let mut events = Events::with_capacity(8);
        let mut child = Command::new("sh").args(["-c", "exit 7"]).spawn().unwrap();
        child.wait().unwrap();
        let process = watch(poller, child, Mode::Level);
        for _ in 0..2 {
            assert_eq!(wait(poller, &mut events)[0].0, Token(1));
            assert_eq!(process.try_wait().unwrap().unwrap().code(), Some(7));
        }
    });
}

#[test]
fn a_killed_child_tells_its_signal() {
    on_each_backend(|poller| {
        let process = watch(poller, patient(), Mode::Level);
        process.kill().unwrap();
        assert_eq!(exit(poller, Mode::Level, &process).signal(), Some(9));
        process.kill().unwrap();
    });
}

#[test]
fn a_signal_reaches_a_child_that_runs() {
    on_each_backend(|poller| {
        let process = watch(poller, patient(), Mode::Level);
        let nonsense = process.signal(Signal::from_number(4_000)).unwrap_err();
        assert_eq!(nonsense.raw_os_error(), Some(rustix::io::Errno::INVAL.raw_os_error()));
        process.signal(Signal::TERM).unwrap();
        let status = exit(poller, Mode::Level, &process);
        assert_eq!(status.signal(), Some(Signal::TERM.number()));
    });
}

/// Although it is reaped on the way.
#[test]
fn a_signal_to_a_child_that_has_exited_changes_nothing() {
    on_each_backend(|poller| {
        let mut events = Events::with_capacity(8);
        let mut child = patient();
        let stdin = child.stdin.take();
        let process = watch(poller, child, Mode::Level);
        drop(stdin);
        exit_unreaped(poller, &process);
        process.signal(Signal::TERM).unwrap();
        assert_eq!(state(process.id()), None, "its number is no longer used");
        process.signal(Signal::from_number(4_000)).unwrap();
        assert_eq!(wait(poller, &mut events)[0].0, Token(1));
        assert_eq!(process.try_wait().unwrap().unwrap().code(), Some(0));
        assert_eq!(wait(poller, &mut events)[0].0, Token(1));
    });
}

#[test]
fn of_several_children_the_one_that_exits_is_told() {
    on_each_backend(|poller| {
        let mut events = Events::with_capacity(8);
        let mut children = Vec::new();
        for n in 0..4 {
            let mut child = patient();
            let stdin = child.stdin.take();
            let process = Process::new(child).unwrap();
            let process =
                poller.register(process, Token(n), Interest::READABLE, Mode::Level).unwrap();
            children.push((stdin, process));
        }
        for n in [2, 0, 3, 1] {
            children[n].0 = None;
            let mut exited = Vec::new();
            while exited.is_empty() {
                let told: Vec<Token> = wait(poller, &mut events).iter().map(|(t, _)| *t).collect();
                assert!(!is_exact() || told == [Token(n)], "{told:?}");
                let has_exited = |told: &Token| children[told.0].1.try_wait().unwrap().is_some();
                exited.extend(told.into_iter().filter(has_exited));
            }
            assert_eq!(exited, [Token(n)]);
            children[n].1.disarm().unwrap();
        }
    });
}

#[test]
fn a_drop_after_the_exit_leaves_no_zombie() {
    on_each_backend(|poller| {
        // It exits after it is watched, so that it is not reaped by the first look.
        let mut child = patient();
        let stdin = child.stdin.take();
        let process = watch(poller, child, Mode::Level);
        drop(stdin);
        let id = process.id();
        exit_unreaped(poller, &process);
        drop(process);
        assert_eq!(state(id), None);
    });
}

#[test]
fn a_drop_before_the_exit_leaves_the_child_alone() {
    let mut child = patient();
    let stdin = child.stdin.take();
    let process = Process::new(child).unwrap();
    let id = process.id();
    assert!(state(id).is_some_and(|state| !state.starts_with('Z')));
    let mut child = process.into_child();
    assert!(child.try_wait().unwrap().is_none());
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_child_that_somebody_else_reaped_is_an_error() {
    let child = Command::new("true").spawn().unwrap();
    let id = rustix::process::Pid::from_raw(child.id().try_into().unwrap());
    rustix::process::waitpid(id, rustix::process::WaitOptions::empty()).unwrap();
    let error = Process::new(child).unwrap_err();
    assert_eq!(error.error().raw_os_error(), Some(rustix::io::Errno::CHILD.raw_os_error()));
    assert!(error.into_child().id() > 0);
}
