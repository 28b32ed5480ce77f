//! One connection: reads requests, answers them in order, and waits only when it has to.
//!
//! It begins idle: the poller does not know it until a read or a write would block, so a connection
//! that never blocks costs no registration. It is watched level-triggered, for one direction at a
//! time: who waits for requests needs no second read to see that there is nothing more, `arm` with
//! what is armed already is no syscall, and a client that does not read is not read from either.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;

use poll_core::{Interest, Mode, Registration};
use poll_net::{TcpStream, sendfile};

use crate::buffer::{Buffer, Pool};
use crate::files::Root;
use crate::reply::{self, After, Date, Rest, Status};
use crate::request::{self, Parsed};

/// The most that one `sendfile` is asked for.
const PIECE: usize = 1024 * 1024;

/// How many writes one connection gets before the others have their turn.
const WRITES: usize = 4;

/// How much of what a refused client still sends is read and thrown away. Closing earlier would
/// reset the connection and might take the answer away from under the client's eyes.
const DISCARD: usize = 256 * 1024;

/// The size of an output buffer: a file that fits goes out in one write with its head.
pub(crate) const OUTPUT: usize = 64 * 1024;

/// What connections of one thread share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) root: std::sync::Arc<Root>,
    pub(crate) inputs: Pool,
    pub(crate) outputs: Pool,
    pub(crate) date: Date,
    /// Whether the server ends: each connection closes after the request that it is at.
    pub(crate) is_stopping: bool,
}

/// What a connection waits for; it decides which deadline holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// The first byte of a request.
    Request,
    /// The rest of a request.
    Header,
    /// Room to send.
    Room,
    /// That the client closes, too.
    Close,
    /// Nothing: it is over.
    Nothing,
}

/// Whether the last answer was made, and what is to be done when it is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// There may be further requests.
    Open,
    /// Close: the client has said all that it had to say.
    Close,
    /// Close after the client: it may still be sending.
    Linger,
}

#[derive(Debug)]
pub(crate) struct Connection {
    stream: Registration<TcpStream>,
    pub(crate) waiting: Waiting,
    /// Whether a request was answered in the last turn.
    pub(crate) has_answered: bool,
    input: Buffer,
    output: Buffer,
    rest: Rest,
    ending: Ending,
    /// How much may still be thrown away, once the last answer is out.
    discard: usize,
}

impl Connection {
    pub(crate) fn new(stream: Registration<TcpStream>) -> Self {
        Self {
            stream,
            waiting: Waiting::Request,
            has_answered: false,
            input: Buffer::default(),
            output: Buffer::default(),
            rest: Rest::Nothing,
            ending: Ending::Open,
            discard: DISCARD,
        }
    }

    /// Does what can be done without waiting, and arms the poller for what comes next.
    ///
    /// An error is the client's end of the matter: the connection is of no more use.
    pub(crate) fn turn(&mut self, shared: &mut Shared) -> io::Result<Waiting> {
        shared.inputs.lend(&mut self.input);
        shared.outputs.lend(&mut self.output);
        self.has_answered = false;
        self.waiting = self.step(shared)?;
        shared.inputs.take_back(&mut self.input);
        shared.outputs.take_back(&mut self.output);
        match self.waiting {
            Waiting::Nothing => {}
            Waiting::Room => self.stream.arm(Interest::WRITABLE, Mode::Level)?,
            _ => self.stream.arm(Interest::READABLE, Mode::Level)?,
        }
        Ok(self.waiting)
    }

    /// Answers `status` to whatever came, and is over after it.
    pub(crate) fn refuse(&mut self, status: Status, shared: &mut Shared) -> io::Result<Waiting> {
        shared.outputs.lend(&mut self.output);
        reply::refuse(status, &mut shared.date, &mut self.output)?;
        self.ending = Ending::Linger;
        self.turn(shared)
    }

    /// Closes it: one syscall on epoll, for no duplicate of the descriptor lives.
    pub(crate) fn close(self) {
        self.stream.close();
    }

    fn step(&mut self, shared: &mut Shared) -> io::Result<Waiting> {
        if self.waiting == Waiting::Close {
            return self.throw_away();
        }
        if !self.has_output() && self.is_open() && !self.receive()? {
            return Ok(Waiting::Nothing);
        }
        let mut writes = WRITES;
        loop {
            let is_waiting = self.answer(shared)?;
            if !self.send(&mut writes)? {
                return Ok(Waiting::Room);
            }
            if !self.is_open() {
                return self.finish();
            }
            if is_waiting {
                return Ok(match (self.input.is_empty(), shared.is_stopping) {
                    (false, _) => Waiting::Header,
                    (true, false) => Waiting::Request,
                    (true, true) => Waiting::Nothing,
                });
            }
        }
    }

    fn is_open(&self) -> bool {
        self.ending == Ending::Open
    }

    fn has_output(&self) -> bool {
        !self.output.is_empty() || !matches!(self.rest, Rest::Nothing)
    }

    /// Reads once. What did not fit is reported again, and so is what comes later. False at the
    /// end: all that came before it has been answered.
    fn receive(&mut self) -> io::Result<bool> {
        match (&self.stream).read(self.input.room()) {
            Ok(0) => return Ok(false),
            Ok(count) => self.input.add(count),
            Err(error) if is_later(&error) => {}
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// Answers requests until the output has to be sent first. True if the next one has not come as
    /// a whole.
    fn answer(&mut self, shared: &mut Shared) -> io::Result<bool> {
        while self.is_open() && matches!(self.rest, Rest::Nothing) && !self.output.is_half_full() {
            if self.input.is_empty() {
                return Ok(true);
            }
            match request::parse(self.input.bytes(), self.input.is_full()) {
                Parsed::Part => return Ok(true),
                Parsed::Bad(status) => {
                    reply::refuse(status, &mut shared.date, &mut self.output)?;
                    self.ending = Ending::Linger;
                }
                Parsed::Whole(request, length) => {
                    let after = match (request.keep_alive && !shared.is_stopping, request.is_old) {
                        (false, _) => After::Close,
                        (true, true) => After::GoOnOld,
                        (true, false) => After::GoOn,
                    };
                    let date = &mut shared.date;
                    let out = &mut self.output;
                    self.rest = reply::reply(&request, after, &shared.root, date, out)?;
                    self.ending = match (after, request.has_body) {
                        (After::Close, false) => Ending::Close,
                        (After::Close, true) => Ending::Linger,
                        _ => Ending::Open,
                    };
                    self.has_answered = true;
                    self.input.take(length);
                }
            }
        }
        Ok(false)
    }

    /// Sends what there is. False if some is left, because the client is slow or others wait.
    fn send(&mut self, writes: &mut usize) -> io::Result<bool> {
        while self.has_output() {
            if *writes == 0 {
                return Ok(false);
            }
            *writes -= 1;
            let (sent, wanted) = match self.write() {
                Ok(counts) => counts,
                Err(error) if is_later(&error) => return Ok(false),
                Err(error) => return Err(error),
            };
            if sent < wanted {
                // It took a part: the next write would find no room.
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// One write of what comes next: how much was sent of how much.
    fn write(&mut self) -> io::Result<(usize, usize)> {
        if !self.output.is_empty() {
            let wanted = self.output.len();
            let sent = (&self.stream).write(self.output.bytes())?;
            self.output.take(sent);
            return Ok((sent, wanted));
        }
        match &mut self.rest {
            Rest::Nothing => Ok((0, 0)),
            Rest::File { file, at, end } => {
                let wanted = usize::try_from(*end - *at).unwrap_or(PIECE).min(PIECE);
                let sent = sendfile(&*self.stream, file, *at, wanted)?;
                if sent == 0 {
                    // The file is shorter by now than its head has promised.
                    return Err(ErrorKind::UnexpectedEof.into());
                }
                *at += sent as u64;
                if at == end {
                    self.rest = Rest::Nothing;
                }
                Ok((sent, wanted))
            }
            Rest::Text(text, at) => {
                let wanted = text.len() - *at;
                let sent = (&self.stream).write(&text[*at..])?;
                *at += sent;
                if *at == text.len() {
                    self.rest = Rest::Nothing;
                }
                Ok((sent, wanted))
            }
        }
    }

    /// After the last answer.
    fn finish(&mut self) -> io::Result<Waiting> {
        if self.ending == Ending::Close && self.input.is_empty() {
            return Ok(Waiting::Nothing);
        }
        self.input.clear();
        self.stream.shutdown(Shutdown::Write)?;
        self.throw_away()
    }

    /// Reads to the end, or to the limit.
    fn throw_away(&mut self) -> io::Result<Waiting> {
        loop {
            let room = self.input.room();
            match (&self.stream).read(room) {
                Ok(0) => return Ok(Waiting::Nothing),
                Ok(count) if count > self.discard => return Ok(Waiting::Nothing),
                Ok(count) => self.discard -= count,
                Err(error) if is_later(&error) => return Ok(Waiting::Close),
                Err(error) => return Err(error),
            }
        }
    }
}

fn is_later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
