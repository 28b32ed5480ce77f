//! What a program says, kept while it comes.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// Where a program's output goes while it runs, besides being kept.
#[derive(Clone, Copy, Debug)]
pub(super) enum Echo {
    Same,
    Stderr,
}

/// One output of a program, read by a thread of its own.
#[derive(Debug)]
pub(super) struct Stream {
    kept: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Stream {
    /// Keeps what comes out of `stream`, and shows it where `echo` says.
    pub(super) fn kept(stream: Option<impl Read + Send + 'static>, echo: Option<Echo>) -> Self {
        let kept = Arc::default();
        let reader = {
            let kept = Arc::clone(&kept);
            thread::spawn(move || stream.into_iter().for_each(|stream| read(stream, echo, &kept)))
        };
        Self { kept, reader }
    }

    /// Whether nobody can say anything there any more, and all of it was read.
    pub(super) fn has_ended(&self) -> bool {
        self.reader.is_finished()
    }

    /// Everything, however long its end takes to come.
    pub(super) fn whole(self) -> String {
        // A reader that has panicked leaves what it has read until then.
        let _ = self.reader.join();
        text(&self.kept)
    }

    /// What has come until now.
    pub(super) fn so_far(self) -> String {
        text(&self.kept)
    }
}

fn read(mut stream: impl Read, echo: Option<Echo>, kept: &Mutex<Vec<u8>>) {
    let mut piece = [0; 4096];
    // What came before an error is still worth showing, and a closed terminal is no reason to
    // stop reading.
    while let Ok(length @ 1..) = stream.read(&mut piece) {
        let piece = &piece[..length];
        kept.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(piece);
        let _ = match echo {
            None => Ok(()),
            Some(Echo::Same) => std::io::stdout().write_all(piece),
            Some(Echo::Stderr) => std::io::stderr().write_all(piece),
        };
    }
}

fn text(kept: &Mutex<Vec<u8>>) -> String {
    String::from_utf8_lossy(&kept.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}
