//! A server on loopback that does what the script says and writes down what it hears. It answers one request on each
//! connection, byte by byte as told, so that it can also break off, dribble and hang.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
};

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{Duration, interval, timeout},
};

/// What was heard.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Heard {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no header {name}")).to_str().unwrap()
    }

    pub(crate) fn status(&self) -> String {
        self.json()["request_status"].as_str().unwrap().to_owned()
    }
}

/// What is answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, body: body.into(), ..Self::default() }.with("content-type", "application/json")
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

type Answering = Arc<dyn Fn(&Heard) -> Reply + Send + Sync>;

/// How the peer behaves.
#[derive(Clone)]
pub(crate) enum Behavior {
    Status(u16),
    Reply(Reply),
    By(Answering),
    /// Never answers.
    Hang,
    /// Says 200 and then one byte of a header after the other, without an end.
    Trickle,
    /// Says 200 and a body without an end.
    Endless,
    /// Says 200 and then nothing of the body that it has announced.
    Halt,
    /// Hears everything and breaks off.
    BreakOff,
}

impl Behavior {
    pub(crate) fn by(answer: impl Fn(&Heard) -> Reply + Send + Sync + 'static) -> Self {
        Self::By(Arc::new(answer))
    }

    pub(crate) fn redirect(to: &str) -> Self {
        Self::Reply(Reply { status: 302, ..Reply::default() }.with("location", to))
    }
}

struct Shared {
    scripts: Mutex<HashMap<String, VecDeque<Behavior>>>,
    heard: Mutex<Vec<Heard>>,
    count: watch::Sender<usize>,
}

/// The peer.
#[derive(Clone)]
pub(crate) struct Peer {
    port: u16,
    shared: Arc<Shared>,
}

/// Waiting longer than this means that nothing will come.
const PATIENCE: Duration = Duration::from_secs(60);

impl Peer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared =
            Arc::new(Shared { scripts: Mutex::default(), heard: Mutex::default(), count: watch::Sender::new(0) });
        let ours = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&ours)));
            }
        });
        Self { port, shared }
    }

    /// A URL of this peer under a name of its own; each name counts as a host.
    pub(crate) fn url(&self, name: &str, path: &str) -> String {
        format!("http://{name}.localhost:{}{path}", self.port)
    }

    /// What happens at a path, one after the other; the last goes on. Without a script: 202.
    pub(crate) fn script(&self, path: &str, behaviors: impl IntoIterator<Item = Behavior>) {
        self.shared.scripts.lock().unwrap().insert(path.to_owned(), behaviors.into_iter().collect());
    }

    /// What was heard at a path, in order.
    pub(crate) fn heard(&self, path: &str) -> Vec<Heard> {
        self.shared.heard.lock().unwrap().iter().filter(|heard| heard.path == path).cloned().collect()
    }

    /// How many requests were heard in all.
    pub(crate) fn total(&self) -> usize {
        self.shared.heard.lock().unwrap().len()
    }

    /// The statuses told at a path, in order.
    pub(crate) fn statuses(&self, path: &str) -> Vec<String> {
        self.heard(path).iter().map(Heard::status).collect()
    }

    /// Waits until so many requests were heard at a path.
    pub(crate) async fn wait_for(&self, path: &str, count: usize) {
        let mut changes = self.shared.count.subscribe();
        let enough = async {
            while self.heard(path).len() < count {
                changes.changed().await.unwrap();
            }
        };
        timeout(PATIENCE, enough).await.unwrap_or_else(|_| panic!("{path} did not hear {count}"));
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let Some(heard) = read(&mut stream).await else { return };
    let behavior = {
        let mut scripts = shared.scripts.lock().unwrap();
        match scripts.get_mut(&heard.path) {
            Some(script) if script.len() > 1 => script.pop_front(),
            Some(script) => script.front().cloned(),
            None => None,
        }
    };
    shared.heard.lock().unwrap().push(heard.clone());
    shared.count.send_modify(|count| *count += 1);
    let _ = behave(&mut stream, behavior.unwrap_or(Behavior::Status(202)), &heard).await;
}

async fn behave(stream: &mut TcpStream, behavior: Behavior, heard: &Heard) -> std::io::Result<()> {
    match behavior {
        Behavior::Status(status) => write(stream, &Reply { status, ..Reply::default() }).await,
        Behavior::Reply(reply) => write(stream, &reply).await,
        Behavior::By(answer) => write(stream, &answer(heard)).await,
        Behavior::BreakOff => Ok(()),
        Behavior::Hang => std::future::pending().await,
        Behavior::Trickle => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nx-slow: ").await?;
            // The peer's own pace; no test waits for it.
            let mut pace = interval(Duration::from_millis(20));
            loop {
                pace.tick().await;
                stream.write_all(b"x").await?;
            }
        }
        Behavior::Halt => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n").await?;
            std::future::pending().await
        }
        Behavior::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
            let chunk = [b"1000\r\n".as_slice(), &[b'x'; 0x1000], b"\r\n"].concat();
            loop {
                stream.write_all(&chunk).await?;
            }
        }
    }
}

async fn write(stream: &mut TcpStream, reply: &Reply) -> std::io::Result<()> {
    let mut head =
        format!("HTTP/1.1 {} Said\r\ncontent-length: {}\r\nconnection: close\r\n", reply.status, reply.body.len());
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(&[head.as_bytes(), b"\r\n", &reply.body].concat()).await?;
    stream.shutdown().await
}

async fn read(stream: &mut TcpStream) -> Option<Heard> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        headers.append(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value.trim()).ok()?);
    }
    let length: usize = headers.get("content-length").map_or(Some(0), |text| text.to_str().ok()?.parse().ok())?;
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Heard { method, path, headers, body })
}
