//! HTTP/1.1 as far as the tests need it: messages of declared length, read and written byte for byte.

use std::{
    io::{self, BufRead, BufReader, ErrorKind, Write as _},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

use serde_json::Value;

/// Longer than any answer takes: whoever waits so long waits in vain.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request or an answer.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    start: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// The status of an answer.
    pub(crate) fn status(&self) -> u16 {
        self.word(1).parse().expect("a status")
    }

    /// The path of a request.
    pub(crate) fn path(&self) -> &str {
        self.word(1)
    }

    fn word(&self, index: usize) -> &str {
        self.start.split(' ').nth(index).expect("a start line of three words")
    }

    /// The value of a header; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a body of JSON")
    }
}

/// Reads a message; `None` where the other side has closed.
pub(crate) fn read(stream: &mut impl BufRead) -> io::Result<Option<Message>> {
    let Some(start) = line(stream)? else { return Ok(None) };
    let mut headers = Vec::new();
    loop {
        let line = line(stream)?.ok_or(ErrorKind::UnexpectedEof)?;
        match line.split_once(':') {
            Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
            None => break,
        }
    }
    let mut message = Message { start, headers, body: Vec::new() };
    message.body.resize(message.header("content-length").parse().unwrap_or(0), 0);
    stream.read_exact(&mut message.body)?;
    Ok(Some(message))
}

fn line(stream: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    // Without its end it may have been longer: the other side broke off.
    let whole = line.strip_suffix("\r\n").ok_or(ErrorKind::UnexpectedEof)?;
    Ok(Some(whole.to_owned()))
}

/// A call of a host behind a port of this machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) port: u16,
    pub(crate) host: &'a str,
    pub(crate) token: Option<&'a str>,
}

impl Call<'_> {
    /// Reads something.
    pub(crate) fn get(&self, path: &str) -> Message {
        self.exchange("GET", path, "").expect("an answer")
    }

    /// Sends something.
    pub(crate) fn post(&self, path: &str, body: &str) -> Message {
        self.exchange("POST", path, body).expect("an answer")
    }

    /// The same, where the other side may go away in the middle of it.
    pub(crate) fn exchange(&self, method: &str, path: &str, body: &str) -> io::Result<Message> {
        let mut wire = self.send(method, path, body)?;
        read(&mut wire)?.ok_or_else(|| ErrorKind::UnexpectedEof.into())
    }

    /// Only sends; the answer is still to be read.
    pub(crate) fn send(&self, method: &str, path: &str, body: &str) -> io::Result<BufReader<TcpStream>> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let token = self.token.map_or_else(String::new, |token| format!("authorization: Bearer {token}\r\n"));
        let message = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}:{}\r\n{token}connection: close\r\naccept: application/json\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.host,
            self.port,
            body.len()
        );
        stream.write_all(message.as_bytes())?;
        Ok(BufReader::new(stream))
    }
}
