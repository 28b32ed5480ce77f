//! What talks, as tasks of tokio's current-thread runtime: its poller has no other form.

use std::cell::Cell;
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;
use tokio::task::LocalSet;

use super::Body;
use super::talk::{MESSAGE, client};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_io().build().unwrap()
}

async fn put(stream: &mut (impl AsyncWriteExt + Unpin)) {
    stream.write_all(&MESSAGE).await.unwrap();
}

async fn get(stream: &mut (impl AsyncReadExt + Unpin)) -> bool {
    let mut buffer = [0; 256];
    stream.read(&mut buffer).await.unwrap() == MESSAGE.len()
}

async fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let a = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (b, _) = listener.accept().await.unwrap();
    a.set_nodelay(true).unwrap();
    b.set_nodelay(true).unwrap();
    (a, b)
}

/// One task at each end.
pub(super) fn ping_pong(tcp: bool) -> Option<Body> {
    let runtime = runtime();
    if tcp {
        let (a, b) = runtime.block_on(tcp_pair());
        Some(bounce(runtime, a, b))
    } else {
        let (a, b) = runtime.block_on(async { UnixStream::pair().unwrap() });
        Some(bounce(runtime, a, b))
    }
}

fn bounce<S: AsyncReadExt + AsyncWriteExt + Unpin + 'static>(
    runtime: Runtime,
    mut a: S,
    mut b: S,
) -> Body {
    let tasks = LocalSet::new();
    tasks.spawn_local(async move {
        while get(&mut b).await {
            put(&mut b).await;
        }
    });
    Box::new(move |times| {
        tasks.block_on(&runtime, async {
            for _ in 0..times {
                put(&mut a).await;
                assert!(get(&mut a).await);
            }
        });
    })
}

/// One task for each connection; the clients are plain sockets, as with the other peers.
pub(super) fn echo(connections: usize) -> Option<Body> {
    use rustix::net::{RecvFlags, SendFlags, recv, send};
    let runtime = runtime();
    let tasks = LocalSet::new();
    let done = Rc::new((Cell::new(0), Notify::new()));
    let mut clients = Vec::new();
    for _ in 0..connections {
        let (a, mut b) = runtime.block_on(tcp_pair());
        let client = runtime.block_on(async { a.into_std().unwrap() });
        clients.push(client);
        let done = done.clone();
        tasks.spawn_local(async move {
            while get(&mut b).await {
                put(&mut b).await;
                done.0.set(done.0.get() + 1);
                if done.0.get() == connections {
                    done.1.notify_one();
                }
            }
        });
    }
    Some(Box::new(move |times| {
        tasks.block_on(&runtime, async {
            for _ in 0..times {
                done.0.set(0);
                for client in &clients {
                    send(client, &MESSAGE, SendFlags::NOSIGNAL).unwrap();
                }
                done.1.notified().await;
                let mut buffer = [0; 256];
                for client in &clients {
                    recv(client, &mut buffer[..], RecvFlags::empty()).unwrap();
                }
            }
        });
    }))
}

pub(super) fn accept() -> Option<Body> {
    use rustix::net::{RecvFlags, recv};
    let runtime = runtime();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    Some(Box::new(move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                let client = client(address);
                let (mut server, _) = listener.accept().await.unwrap();
                assert!(get(&mut server).await);
                put(&mut server).await;
                recv(&client, &mut [0; 256][..], RecvFlags::empty()).unwrap();
                drop(client);
                drop(server);
            }
        });
    }))
}
