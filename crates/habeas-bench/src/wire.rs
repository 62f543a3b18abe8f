//! How is HTTP/1.1 read with as little work as possible? Just enough of it for answers and requests of known form: a
//! head, and a body of declared length.

use std::io::{self, ErrorKind};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
};

/// No message here is longer.
const MOST: usize = 64 * 1024;

/// One side of a kept-alive connection.
pub(crate) struct Wire<S = TcpStream> {
    stream: S,
    buffer: Vec<u8>,
    /// What of the buffer was handed out.
    done: usize,
}

/// A message as it lies in the buffer.
pub(crate) struct Message<'a> {
    head: &'a [u8],
    pub(crate) body: &'a [u8],
}

impl Message<'_> {
    /// The status, if it is an answer; 0 if not.
    pub(crate) fn status(&self) -> u16 {
        let digits = self.head.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
        digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(self.head, name)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, buffer: Vec::with_capacity(4096), done: 0 }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// The next message; `None` when the other side has closed after the last one.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Message<'_>>> {
        self.buffer.drain(..self.done);
        self.done = 0;
        loop {
            if let Some((body, end)) = whole(&self.buffer)? {
                self.done = end;
                return Ok(self
                    .buffer
                    .get(..end)
                    .and_then(|message| message.split_at_checked(body))
                    .map(|(head, body)| Message { head, body }));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                let broken = Err(ErrorKind::UnexpectedEof.into());
                return if self.buffer.is_empty() { Ok(None) } else { broken };
            }
        }
    }
}

/// Where body and message end, if all of the message is here.
fn whole(buffer: &[u8]) -> io::Result<Option<(usize, usize)>> {
    let too_long = || io::Error::from(ErrorKind::InvalidData);
    if buffer.len() > MOST {
        return Err(too_long());
    }
    let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let body = at + 4;
    let head = buffer.get(..body).unwrap_or_default();
    let length = match header(head, "content-length") {
        Some(length) => length.parse::<usize>().map_err(|_| too_long())?,
        None => 0,
    };
    Ok(Some((body, body + length)).filter(|(_, end)| buffer.len() >= *end))
}

fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    head.split(|byte| *byte == b'\n').find_map(|line| {
        let (key, value) = line.split_at_checked(name.len())?;
        let value = value.strip_prefix(b":").filter(|_| key.eq_ignore_ascii_case(name.as_bytes()))?;
        std::str::from_utf8(value).ok().map(str::trim)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_are_told_apart_wherever_they_are_cut() {
        let text = b"HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 400 Bad\r\nwebhook-id: 7\r\n\r\n";
        for cut in 0..text.len() {
            let (mut peer, ours) = tokio::io::duplex(1024);
            let (first, second) = text.split_at(cut);
            peer.write_all(first).await.unwrap();
            peer.write_all(second).await.unwrap();
            drop(peer);
            let mut wire = Wire::new(ours);
            let message = wire.next().await.unwrap().unwrap();
            assert_eq!((message.status(), message.body), (201, &b"abc"[..]));
            let message = wire.next().await.unwrap().unwrap();
            assert_eq!((message.status(), message.header("Webhook-Id"), message.body.len()), (400, Some("7"), 0));
            assert!(wire.next().await.unwrap().is_none());
        }
    }
}
