//! A static-file HTTP/1.1 server for a directory.
//!
//! `cargo run --release --example httpd -p poll-net -- .` serves the current directory, and says
//! where. `--help` lists the options.
//!
//! | for | look at |
//! |---|---|
//! | the event loop: accepting, deadlines, limits, stopping | `httpd/server.rs` |
//! | one connection: try the I/O first, arm only when it would block | `httpd/connection.rs` |
//! | buffers that only a busy connection has | `httpd/buffer.rs` |
//! | what a request says, and what it is answered | `httpd/request.rs`, `httpd/reply.rs` |
//! | opening files beneath the root, and nowhere else | `httpd/files.rs` |
#![forbid(unsafe_code)]

#[path = "httpd/buffer.rs"]
mod buffer;
#[path = "httpd/connection.rs"]
mod connection;
#[path = "httpd/files.rs"]
mod files;
#[path = "httpd/listing.rs"]
mod listing;
#[path = "httpd/options.rs"]
mod options;
#[path = "httpd/range.rs"]
mod range;
#[path = "httpd/reply.rs"]
mod reply;
#[path = "httpd/request.rs"]
mod request;
#[path = "httpd/server.rs"]
mod server;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use poll_net::TcpListener;
use rustix::process::{Resource, getrlimit, setrlimit};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};

use files::Root;
use options::{HELP, Options};
use server::Server;

fn main() -> ExitCode {
    let options = match Options::from_arguments() {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("httpd: {error}; `--help` lists the options");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("httpd: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Starts the threads, tells where they listen, and stops them when a signal says so.
fn run(options: &Options) -> io::Result<()> {
    allow_many_descriptors();
    let root = Arc::new(Root::open(&options.root)?);
    let mut servers = Vec::new();
    for listener in listen(options)? {
        servers.push(Server::new(listener, Arc::clone(&root), options)?);
    }
    // Before the first connection: from here on a signal stops the server in order.
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    announce(options, &servers[0])?;

    let stops: Vec<_> = servers.iter().map(Server::stop).collect();
    let last_one_out = Arc::new(CloseOnDrop(signals.handle()));
    let threads: Vec<_> = servers
        .into_iter()
        .map(|mut server| {
            let guard = Arc::clone(&last_one_out);
            let stops = stops.clone();
            thread::spawn(move || {
                let _guard = guard;
                server.run().inspect_err(|_| stops.iter().for_each(|stop| _ = stop.wake()))
            })
        })
        .collect();
    drop(last_one_out);

    for (count, _signal) in signals.forever().enumerate() {
        if count > 0 {
            // Asked twice: whoever asks does not want to wait for slow readers.
            std::process::exit(1);
        }
        for stop in &stops {
            stop.wake()?;
        }
    }
    threads.into_iter().try_for_each(|thread| thread.join().expect("a server does not panic"))
}

/// Ends the loop over the signals when the last thread has ended.
struct CloseOnDrop(Handle);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// One listener per thread, all on one address.
fn listen(options: &Options) -> io::Result<Vec<TcpListener>> {
    let builder = TcpListener::builder().backlog(4096).reuse_port(options.threads > 1);
    let first = builder.bind(options.address)?;
    // Port 0 is a port of its own for each bind: the others take the first one's.
    let address = first.local_addr()?;
    let mut listeners = vec![first];
    for _ in 1..options.threads {
        listeners.push(builder.bind(address)?);
    }
    for listener in &listeners {
        // What a listener has, its connections have from the start, without a syscall for each.
        listener.options().set_tcp_nodelay(true)?;
    }
    Ok(listeners)
}

/// Tells where it listens, in one write. Who started it may have gone away: that ends no server.
fn announce(options: &Options, server: &Server) -> io::Result<()> {
    let address = server.address()?;
    let text = format!(
        "http://{address}/\n  \
         serves {}\n  \
         with   {}, {} thread(s)\n  \
         try    curl -i http://{address}/\n  \
         stop   Ctrl-C\n",
        options.root.display(),
        options.backend,
        options.threads
    );
    let _unheard = io::stdout().write_all(text.as_bytes());
    Ok(())
}

/// Raises the limit of open descriptors as far as it goes without rights: every connection has one,
/// and a second one while it sends a file or is watched by poll(2).
fn allow_many_descriptors() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // The server runs with any limit; see `Server::pause`.
    let _as_it_was = setrlimit(Resource::Nofile, limit);
}
