//! What a connection gets to see.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Router, routing::get};
use habeas_server::{ServeError, TlsFiles, serve};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::world::{HOST, LIMIT, World};

struct Listening {
    at: SocketAddr,
    stop: CancellationToken,
    done: JoinHandle<Result<(), ServeError>>,
}

fn listen(router: Router, tls: Option<TlsFiles>) -> Listening {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    Listening { at, stop: stop.clone(), done: tokio::spawn(serve(listener, tls, router, stop)) }
}

async fn say(at: SocketAddr, words: &[u8]) -> String {
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(words).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_listener_stops_when_told_and_lets_an_answer_out_first() {
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let begun = Arc::new(Mutex::new(Some(begun)));
    let go = CancellationToken::new();
    let wait = go.clone();
    let router = Router::new().route(
        "/",
        get(move || async move {
            begun.lock().unwrap().take().unwrap().send(()).unwrap();
            wait.cancelled().await;
            "done"
        }),
    );
    let listening = listen(router, None);
    let answer = tokio::spawn(say(listening.at, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    has_begun.await.unwrap();
    listening.stop.cancel();
    tokio::task::yield_now().await;
    go.cancel();
    assert!(answer.await.unwrap().ends_with("done"));
    listening.done.await.unwrap().unwrap();
    assert!(TcpStream::connect(listening.at).await.is_err());
}

#[tokio::test]
async fn who_sends_too_much_still_gets_to_see_why_not() {
    let world = World::new();
    let listening = listen(world.public(), None);
    let length = 4 * 1024 * 1024;
    assert!(length > LIMIT);
    let mut message = format!(
        "POST /v1/requests HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nAuthorization: Bearer {}\r\nContent-Length: {length}\r\n\r\n",
        world.token
    )
    .into_bytes();
    message.resize(message.len() + length, b'x');
    let answer = say(listening.at, &message).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.ends_with("stub says payload_too_large"), "{answer}");
}

#[tokio::test]
async fn who_waits_to_be_told_is_told_before_it_sends() {
    let world = World::new();
    let listening = listen(world.public(), None);
    let head =
        format!("POST /v1/requests HTTP/1.1\r\nHost: {HOST}\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
    let answer = say(listening.at, head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "no 100, and the connection is closed: {answer}");
}

#[tokio::test]
async fn a_listener_without_its_certificate_does_not_begin() {
    let nowhere = TlsFiles { certificate: "/nowhere/chain.pem".into(), key: "/nowhere/key.pem".into() };
    let refused = listen(Router::new(), Some(nowhere)).done.await.unwrap();
    assert!(matches!(refused, Err(ServeError::Tls(_))));
}
