//! Somebody who is called: remembers every message, and answers as the test wants it.

use std::{
    io::{self, BufReader, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Duration,
};

use crate::wire::{self, Message};

/// Longer than any message takes: whoever waits so long waits in vain.
const PATIENCE: Duration = Duration::from_secs(60);

/// A status and a body.
pub(crate) type Reply = (u16, String);

/// A receiver. Its threads wait for messages until the test's process ends.
pub(crate) struct Receiver {
    port: u16,
    heard: Arc<Heard>,
}

struct Heard {
    messages: Mutex<Vec<Message>>,
    more: Condvar,
    answer: Box<dyn Fn(&Message) -> Reply + Send + Sync>,
}

impl Receiver {
    /// One that answers like this.
    pub(crate) fn start(answer: impl Fn(&Message) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let heard = Arc::new(Heard { messages: Mutex::default(), more: Condvar::new(), answer: Box::new(answer) });
        let for_connections = Arc::clone(&heard);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let heard = Arc::clone(&for_connections);
                // A connection that breaks off is the sender's to try again.
                thread::spawn(move || heard.serve(stream));
            }
        });
        Self { port, heard }
    }

    /// A path of its.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Waits until what was heard is enough, and says what it came to.
    pub(crate) fn wait<T>(&self, what: &str, mut enough: impl FnMut(&[Message]) -> Option<T>) -> T {
        let mut messages = self.heard.messages.lock().expect("no receiver has panicked");
        loop {
            if let Some(seen) = enough(&messages) {
                return seen;
            }
            let (guard, waited) = self.heard.more.wait_timeout(messages, PATIENCE).expect("no receiver has panicked");
            assert!(!waited.timed_out(), "in vain: {what}, after {} messages", guard.len());
            messages = guard;
        }
    }
}

impl Heard {
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        let mut wire = BufReader::new(stream);
        while let Some(message) = wire::read(&mut wire)? {
            let (status, body) = (self.answer)(&message);
            self.messages.lock().expect("no receiver has panicked").push(message);
            self.more.notify_all();
            let reply = format!(
                "HTTP/1.1 {status} As Wished\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            wire.get_mut().write_all(reply.as_bytes())?;
        }
        Ok(())
    }
}
