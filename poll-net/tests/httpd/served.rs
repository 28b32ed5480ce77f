//! A running server, and the directory that it serves.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use poll_core::Backend;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Every wait of a test ends here.
pub(crate) const CAP: Duration = Duration::from_secs(20);

/// The length of `large.bin`: more than all the buffers between a server and a client hold.
pub(crate) const LARGE: usize = 48 << 20;

/// A directory with something of everything; gone when it is dropped.
pub(crate) struct Site {
    directory: TempDir,
}

impl Site {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("root");
        fs::create_dir_all(root.join("sub/deep")).unwrap();
        fs::create_dir_all(root.join("paged")).unwrap();
        fs::write(directory.path().join("secret"), "outside").unwrap();
        fs::write(root.join("hello.txt"), "hello, world\n").unwrap();
        fs::write(root.join("empty.css"), "").unwrap();
        fs::write(root.join("<b>&\" ü.txt"), "odd").unwrap();
        fs::write(root.join("medium.bin"), pattern(300_000)).unwrap();
        fs::write(root.join("sub/index.html"), "<p>index</p>").unwrap();
        fs::write(root.join("sub/deep/leaf.json"), "{}").unwrap();
        let large = fs::File::create(root.join("large.bin")).unwrap();
        large.set_len(LARGE as u64).unwrap();
        symlink("../secret", root.join("out")).unwrap();
        symlink(directory.path().join("secret"), root.join("out-absolute")).unwrap();
        symlink("..", root.join("up")).unwrap();
        symlink("sub/deep", root.join("in")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        Self { directory }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.directory.path().join("root")
    }
}

/// Bytes to recognise.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n % 251) as u8).collect()
}

/// A server that runs; killed when it is dropped.
pub(crate) struct Served {
    process: Child,
    pub(crate) address: SocketAddr,
    pub(crate) site: Site,
}

impl Served {
    /// Starts the server with these arguments besides its backend, port and directory.
    pub(crate) fn start(backend: &str, arguments: &[&str]) -> Self {
        Self::start_by(Command::new(program()), backend, arguments)
    }

    /// The same with so few descriptors.
    pub(crate) fn start_with_descriptors(limit: u32, backend: &str, arguments: &[&str]) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -n {limit}; exec \"$0\" \"$@\"")]).arg(program());
        Self::start_by(shell, backend, arguments)
    }

    /// The same by a command that starts it.
    pub(crate) fn start_by(mut command: Command, backend: &str, arguments: &[&str]) -> Self {
        let site = Site::new();
        let mut process = command
            .args(["--addr", "127.0.0.1:0", "--backend", backend])
            .args(arguments)
            .arg(site.root())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let output = process.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let address = line.trim().trim_start_matches("http://").trim_end_matches('/');
        let address = address.parse().unwrap_or_else(|_| panic!("no address in {line:?}"));
        Self { process, address, site }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.process);
        kill_process(pid, signal).unwrap();
    }

    /// How it ends by itself.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let mut status = None;
        wait_until("the server has ended", || {
            status = self.process.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// The descriptors that it has open, where the system tells.
    pub(crate) fn descriptors(&self) -> Option<usize> {
        let directory = format!("/proc/{}/fd", self.process.id());
        fs::read_dir(directory).ok().map(Iterator::count)
    }

    /// The time for which it has used a processor, in hundredths of a second, where the system tells.
    pub(crate) fn processor_ticks(&self) -> Option<u64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).ok()?;
        // After the name in brackets: user and system time are the 14th and 15th of all fields.
        let (_, fields) = stat.rsplit_once(')').unwrap();
        Some(fields.split_whitespace().skip(11).take(2).map(|n| n.parse::<u64>().unwrap()).sum())
    }

    /// The most memory that it ever had, in bytes, where the system tells.
    pub(crate) fn most_memory(&self) -> Option<usize> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kilobytes: usize = line.trim().trim_end_matches(" kB").parse().unwrap();
        Some(kilobytes * 1024)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ended_already = self.process.kill();
        let _reaped_already = self.process.wait();
    }
}

/// Whether a sanitizer watches, as `cargo xtask sanitize` says: it has memory and syscalls of its own.
pub(crate) fn is_sanitized() -> bool {
    std::env::var_os("POLL_SANITIZER").is_some()
}

/// Runs a test on every backend, and tells which one it was if it fails.
pub(crate) fn on_each_backend(test: impl Fn(&str)) {
    for backend in Backend::available() {
        let name = format!("{backend:?}").to_lowercase();
        println!("backend: {name}");
        test(&name);
    }
}

/// Asks again and again until it is so.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + CAP;
    while !is_so() {
        assert!(Instant::now() < end, "not within {CAP:?}: {what}");
        std::thread::yield_now();
    }
}

/// The example as cargo has built it, beside the tests.
pub(crate) fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.parent().and_then(Path::parent).unwrap().join("examples/httpd");
    let built = fs::metadata(&program).and_then(|it| it.modified()).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; `cargo test -p poll-net` builds it, and so does \
             `cargo build -p poll-net --example httpd`",
            program.display()
        )
    });
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for directory in [examples.clone(), examples.join("httpd")] {
        // Away from the sources there is nothing to compare with.
        for file in fs::read_dir(directory).into_iter().flatten().flatten() {
            let is_part = file.path().to_string_lossy().contains("httpd");
            let changed = file.metadata().and_then(|it| it.modified()).unwrap();
            assert!(
                !is_part || file.path().is_dir() || changed <= built,
                "{} is newer than the example: `cargo test -p poll-net` builds it",
                file.path().display()
            );
        }
    }
    program
}
