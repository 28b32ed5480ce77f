//! The reactor of a small async runtime: futures that wait for readiness, one thread that polls.

use std::future::Future;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker as TaskWaker};

use poll_core::{Events, Interest, Mode, Poller, Registration, Token, Tokens, Waker};

const UNPARK: Token = Token::fixed(0);

struct Reactor {
    poller: Poller,
    /// The task that waits for each source, if one does.
    tasks: Mutex<Tokens<Option<TaskWaker>>>,
}

/// A source whose operations are futures.
struct Async<'r> {
    reactor: &'r Reactor,
    stream: Registration<UnixStream>,
}

impl Reactor {
    fn adopt(&self, stream: UnixStream) -> io::Result<Async<'_>> {
        stream.set_nonblocking(true)?;
        let token = self.tasks.lock().unwrap().insert(None);
        Ok(Async { reactor: self, stream: self.poller.reserve(stream, token) })
    }

    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        struct Unpark(Waker);
        impl Wake for Unpark {
            fn wake(self: Arc<Self>) {
                self.0.wake().unwrap();
            }
        }
        let unpark = Arc::new(Unpark(self.poller.waker(UNPARK).unwrap()));
        let waker = TaskWaker::from(unpark);
        let mut future = pin!(future);
        let mut events = Events::with_capacity(8);
        loop {
            if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return value;
            }
            self.poller.wait(&mut events, None).unwrap();
            for event in &events {
                // The lock is not held while the task is woken.
                let task = self.tasks.lock().unwrap().get_mut(event.token()).and_then(Option::take);
                task.map(TaskWaker::wake).unwrap_or_default();
            }
        }
    }
}

impl Async<'_> {
    /// Tries `operation`; if it would block, arms the source once and tries again when it fires.
    async fn when<T>(
        &self,
        interest: Interest,
        mut operation: impl FnMut(&Registration<UnixStream>) -> io::Result<T>,
    ) -> io::Result<T> {
        std::future::poll_fn(|context| match operation(&self.stream) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let task = Some(context.waker().clone());
                *self.reactor.tasks.lock().unwrap().get_mut(self.stream.token()).unwrap() = task;
                self.stream.arm(interest, Mode::Oneshot)?;
                Poll::Pending
            }
            done => Poll::Ready(done),
        })
        .await
    }

    async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.when(Interest::READABLE, |mut stream| stream.read(buffer)).await
    }

    async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let n = self.when(Interest::WRITABLE, |mut stream| stream.write(bytes)).await?;
            bytes = &bytes[n..];
        }
        Ok(())
    }
}

impl Drop for Async<'_> {
    fn drop(&mut self) {
        self.reactor.tasks.lock().unwrap().remove(self.stream.token());
    }
}

#[test]
fn two_tasks_that_wait_for_each_other_come_to_an_end() {
    for poller in super::pollers(Mode::Oneshot) {
        let reactor = Reactor { poller, tasks: Mutex::default() };
        let (left, right) = UnixStream::pair().unwrap();
        let (left, right) = (reactor.adopt(left).unwrap(), reactor.adopt(right).unwrap());
        let bytes = vec![7; 1_000_000];
        let total = reactor.block_on(async {
            let send = async {
                left.write_all(&bytes).await.unwrap();
                drop(left);
            };
            let receive = async {
                let (mut total, mut buffer) = (0, [0; 65_536]);
                loop {
                    match right.read(&mut buffer).await.unwrap() {
                        0 => return total,
                        n => total += n,
                    }
                }
            };
            join(send, receive).await
        });
        assert_eq!(total, bytes.len());
        drop(right);
        assert!(reactor.tasks.lock().unwrap().is_empty());
    }
}

/// Runs both, returns what the second does.
async fn join<T>(first: impl Future<Output = ()>, second: impl Future<Output = T>) -> T {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let mut first_is_done = false;
    std::future::poll_fn(|context| {
        if !first_is_done {
            first_is_done = first.as_mut().poll(context).is_ready();
        }
        second.as_mut().poll(context)
    })
    .await
}
