//! Whatever is a descriptor is a source: terminals, pipes, standard input, inotify; and files are not.
#![forbid(unsafe_code)]

mod support;

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use poll_core::{Events, Interest, Mode, Poller, Readiness, RegisterError, Source, Token};

use support::{look, on_each_backend, wait};

const READ: Readiness = Readiness::READABLE;

fn is_quiet<S: Source>(poller: &Poller, source: &S) {
    poller.add(source, Token(1), Interest::READABLE, Mode::Level).unwrap();
    assert_eq!(look(poller, &mut Events::with_capacity(4)), []);
}

fn becomes_readable<S: Source>(poller: &Poller, source: &S) {
    let heard = wait(poller, &mut Events::with_capacity(4));
    assert!(heard.len() == 1 && heard[0].0 == Token(1) && heard[0].1.contains(READ), "{heard:?}");
    poller.delete(source).unwrap();
}

#[test]
fn a_childs_pipes() {
    on_each_backend(|poller| {
        let mut child = Command::new("sh")
            .args(["-c", "cat; echo done >&2"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let (mut stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        poller.add(&stdin, Token(2), Interest::WRITABLE, Mode::Level).unwrap();
        let heard = wait(poller, &mut Events::with_capacity(4));
        assert_eq!(heard, [(Token(2), Readiness::WRITABLE)]);
        poller.delete(&stdin).unwrap();
        is_quiet(poller, &stdout);
        stdin.write_all(b"echo").unwrap();
        becomes_readable(poller, &stdout);
        stdout.read_exact(&mut [0; 4]).unwrap();
        is_quiet(poller, &stderr);
        drop(stdin);
        becomes_readable(poller, &stderr);
        assert!(child.wait().unwrap().success());
    });
}

/// Both ends of a pseudo-terminal.
fn terminal() -> (OwnedFd, File) {
    let ends = rustix_openpty::openpty(None, None).unwrap();
    (ends.controller, File::from(ends.user))
}

#[test]
fn both_ends_of_a_terminal() {
    on_each_backend(|poller| {
        let (ours, mut theirs) = terminal();
        is_quiet(poller, &theirs);
        // A terminal hands out whole lines.
        rustix::io::write(&ours, b"a line\n").unwrap();
        becomes_readable(poller, &theirs);
        assert_eq!(theirs.read(&mut [0; 16]).unwrap(), 7);
        // It has echoed them.
        let mut echo = [0; 16];
        let echoed = rustix::io::read(&ours, &mut echo).unwrap();
        assert_eq!(&echo[..echoed], b"a line\r\n");
        is_quiet(poller, &ours);
        theirs.write_all(b"answer").unwrap();
        becomes_readable(poller, &ours);
    });
}

/// The body of the next test, in a process whose standard input is a pipe that it closes.
const IN_CHILD: &str = "POLL_TEST_STANDARD_INPUT";

#[test]
fn standard_input() {
    if std::env::var_os(IN_CHILD).is_none() {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "standard_input"])
            .env(IN_CHILD, "1")
            .stdin(Stdio::piped())
            // Ours holds the results of this program, and its own do not belong there.
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(b"typed").unwrap();
        let ended = child.wait_with_output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
        return;
    }
    on_each_backend(|poller| {
        let stdin = io::stdin();
        poller.add(&stdin, Token(1), Interest::READABLE, Mode::Level).unwrap();
        becomes_readable(poller, &stdin);
    });
    let mut typed = String::new();
    io::stdin().read_to_string(&mut typed).unwrap();
    assert_eq!(typed, "typed");
}

#[test]
fn a_file_or_directory_is_refused_with_a_text_that_says_what_to_do() {
    on_each_backend(|poller| {
        for path in ["/bin/sh", "/"] {
            let file = File::open(path).unwrap();
            let rejected =
                poller.register(file, Token(1), Interest::READABLE, Mode::Level).unwrap_err();
            assert!(matches!(rejected.error(), RegisterError::NotPollable), "{rejected:?}");
            assert!(rejected.to_string().contains("on a thread of its own"), "{rejected}");
        }
    });
}
