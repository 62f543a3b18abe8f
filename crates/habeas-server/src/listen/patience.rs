//! How long is a peer waited for where hyper has no deadline: before it has said which version of HTTP it speaks, and
//! while it does not read our answer?

use std::{
    future::Future,
    io::{self, ErrorKind, IoSlice},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum_server::accept::Accept;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// From the first byte on hyper counts itself, but it begins only when it knows the version.
const SPEAK_DEADLINE: Duration = Duration::from_secs(10);
/// By then the version is known: the length of HTTP/2's preface, shorter than any request of HTTP/1.1.
const SPOKEN_BYTES: usize = 24;
/// A peer that takes no byte of our answer for so long is gone.
const STALL_DEADLINE: Duration = Duration::from_secs(30);

/// Accepts connections that are not waited for without end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patient<A>(pub(super) A);

impl<A, I, S> Accept<I, S> for Patient<A>
where
    A: Accept<I, S>,
    A::Future: Send + 'static,
{
    type Stream = PatientStream<A::Stream>;
    type Service = A::Service;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let accepted = self.0.accept(stream, service);
        Box::pin(async move { accepted.await.map(|(stream, service)| (PatientStream::new(stream), service)) })
    }
}

/// A connection with deadlines.
pub(super) struct PatientStream<S> {
    stream: S,
    heard: usize,
    /// Until the peer has spoken.
    silence: Option<Pin<Box<Sleep>>>,
    /// While the peer does not read.
    stall: Option<Pin<Box<Sleep>>>,
}

impl<S> PatientStream<S> {
    fn new(stream: S) -> Self {
        Self { stream, heard: 0, silence: Some(Box::pin(sleep(SPEAK_DEADLINE))), stall: None }
    }

    /// What a write came to, or that the peer has not read for too long.
    fn unless_stalled<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stall = None;
            return written;
        }
        let stall = self.stall.get_or_insert_with(|| Box::pin(sleep(STALL_DEADLINE)));
        stall.as_mut().poll(cx).map(|()| Err(ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for PatientStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.heard = self.heard.saturating_add(buf.filled().len() - before);
        if self.heard >= SPOKEN_BYTES {
            self.silence = None;
        }
        match &mut self.silence {
            Some(silence) if read.is_pending() => silence.as_mut().poll(cx).map(|()| Err(ErrorKind::TimedOut.into())),
            _ => read,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PatientStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.unless_stalled(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.unless_stalled(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.unless_stalled(cx, shut)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.unless_stalled(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_says_too_little_is_left() {
        let (mut peer, ours) = duplex(64);
        let mut ours = PatientStream::new(ours);
        peer.write_all(b"PRI").await.unwrap();
        let mut bytes = Vec::new();
        assert_eq!(ours.read_to_end(&mut bytes).await.unwrap_err().kind(), ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_has_spoken_may_think() {
        let (mut peer, ours) = duplex(64);
        let mut ours = PatientStream::new(ours);
        peer.write_all(&[b'x'; SPOKEN_BYTES]).await.unwrap();
        let mut bytes = [0; SPOKEN_BYTES];
        ours.read_exact(&mut bytes).await.unwrap();
        let patient = tokio::time::timeout(SPEAK_DEADLINE * 9, ours.read_u8()).await;
        assert!(patient.is_err(), "still waiting");
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_does_not_read_is_left() {
        let (_peer, ours) = duplex(4);
        let mut ours = PatientStream::new(ours);
        assert_eq!(ours.write_all(b"12345").await.unwrap_err().kind(), ErrorKind::TimedOut);
    }
}
