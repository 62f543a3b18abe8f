//! Who is called back, and who does the work? Both write down what they hear, and treat repeats as they should.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::{
    client,
    clock::now,
    history::{Callback, Effect},
    protocol::Protocol,
    random::Random,
};

/// So many receivers, each a host of its own.
const HOSTS: u64 = 8;
/// One callback in so many is refused when it comes for the first time.
const REFUSED: u64 = 101;
const PROTOCOLS: [Protocol; 2] = [Protocol::OpenGdpr, Protocol::Drp];
/// The longest that work takes that is not done at once.
const LONGEST_WORK: Duration = Duration::from_millis(400);

/// Both, on one port.
pub(crate) struct Receiver {
    port: u16,
    heard: Arc<Heard>,
    task: JoinHandle<()>,
}

/// What was heard.
pub(crate) struct Heard {
    http: reqwest::Client,
    /// Where the work's result is told.
    api: Mutex<Option<String>>,
    callbacks: Mutex<Vec<Callback>>,
    effects: Mutex<Vec<Effect>>,
    refused: Mutex<BTreeSet<String>>,
    /// When the first callback of a request came.
    first: Mutex<HashMap<String, Instant>>,
    /// How many callbacks told that a request is done, repeats aside.
    done: watch::Sender<u64>,
    done_at: Mutex<BTreeSet<(String, String)>>,
}

impl Receiver {
    pub(crate) async fn start() -> Result<Arc<Self>> {
        let listener = TcpListener::bind(("127.0.0.1", habeas_testbed::free_port())).await?;
        let port = listener.local_addr()?.port();
        let heard = Arc::new(Heard {
            http: client::http()?,
            api: Mutex::default(),
            callbacks: Mutex::default(),
            effects: Mutex::default(),
            refused: Mutex::default(),
            first: Mutex::default(),
            done: watch::Sender::new(0),
            done_at: Mutex::default(),
        });
        let router = Router::new().route("/work", post(work)).route("/callbacks/{host}", post(call_back));
        let router = router.with_state(Arc::clone(&heard));
        let task = tokio::spawn(async move {
            // Nothing ends it but the end of this program.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Arc::new(Self { port, heard, task }))
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Says where results of work are told.
    pub(crate) fn tell_at(&self, api: String) {
        *lock(&self.heard.api) = Some(api);
    }

    /// One URL, or for every fourth request two.
    pub(crate) fn urls(&self, random: &mut Random) -> Vec<String> {
        let first = random.below(HOSTS);
        let count = if random.below(4) == 0 { 2 } else { 1 };
        (0..count).map(|number| self.url((first + number) % HOSTS)).collect()
    }

    fn url(&self, host: u64) -> String {
        // Every name below `localhost` is this machine (RFC 6761).
        format!("http://r{host}.localhost:{}/callbacks/{host}", self.port)
    }

    /// The URL of a number in a path.
    fn named(&self, host: &str) -> String {
        format!("http://r{host}.localhost:{}/callbacks/{host}", self.port)
    }

    /// How many callbacks told that a request is done.
    pub(crate) fn done(&self) -> watch::Receiver<u64> {
        self.heard.done.subscribe()
    }

    /// When the first callback of a request came.
    pub(crate) fn first_of(&self, id: &str) -> Option<Instant> {
        lock(&self.heard.first).get(id).copied()
    }

    /// What was heard so far.
    pub(crate) fn heard(&self) -> (Vec<Callback>, Vec<Effect>) {
        let mut callbacks = lock(&self.heard.callbacks).clone();
        for callback in &mut callbacks {
            callback.url = self.named(&callback.url);
        }
        (callbacks, lock(&self.heard.effects).clone())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn call_back(
    State(heard): State<Arc<Heard>>,
    Path(host): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let at = now();
    let Some((callback, name)) = read(&headers, &body, host) else { return StatusCode::BAD_REQUEST };
    // Also of one that is refused: when it is tried again says nothing of how soon it came.
    lock(&heard.first).entry(callback.id.clone()).or_insert(at);
    if hash(&name).is_multiple_of(REFUSED) && lock(&heard.refused).insert(name) {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    let place = (callback.id.clone(), callback.url.clone());
    let is_done = PROTOCOLS.iter().any(|protocol| callback.status == protocol.done());
    lock(&heard.callbacks).push(callback);
    if is_done && lock(&heard.done_at).insert(place) {
        heard.done.send_modify(|done| *done += 1);
    }
    StatusCode::ACCEPTED
}

fn read(headers: &HeaderMap, body: &Bytes, host: String) -> Option<(Callback, String)> {
    let name = headers.get("webhook-id")?.to_str().ok()?.to_owned();
    let seq = name.rsplit('.').next()?.parse().ok()?;
    let json: Value = serde_json::from_slice(body).ok()?;
    let text = |member: &str| Some(json.get(member)?.as_str()?.to_owned());
    let (id, status) = PROTOCOLS.iter().find_map(|protocol| {
        let (id, status) = protocol.members();
        Some((text(id)?, text(status)?))
    })?;
    Some((Callback { id, url: host, seq, status, body: body.to_vec() }, name))
}

/// Does the work at once, or says that it has begun, or nothing; then it tells the result when it is done.
async fn work(State(heard): State<Arc<Heard>>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let Some((effect, json)) = handed(&headers, &body) else { return (StatusCode::BAD_REQUEST, String::new()) };
    if json.get("type").and_then(Value::as_str) != Some("request.received") {
        // It was taken back: there is nothing to be done.
        return (StatusCode::ACCEPTED, String::new());
    }
    let (way, takes) = (hash(&effect.name) % 3, Duration::from_micros(hash(&effect.request) % 400_000));
    lock(&heard.effects).push(effect);
    if way == 0 {
        return (StatusCode::OK, json!({ "answer": "fulfilled" }).to_string());
    }
    let api = lock(&heard.api).clone();
    if let (Some(api), Some(path), Some(token)) = (api, text(&json, "path"), text(&json, "token")) {
        tokio::spawn(tell(heard.http.clone(), format!("{api}{path}"), token, takes.min(LONGEST_WORK)));
    }
    match way {
        1 => (StatusCode::OK, json!({ "answer": "started" }).to_string()),
        _ => (StatusCode::ACCEPTED, String::new()),
    }
}

fn handed(headers: &HeaderMap, body: &Bytes) -> Option<(Effect, Value)> {
    let name = headers.get("webhook-id")?.to_str().ok()?.to_owned();
    let json: Value = serde_json::from_slice(body).ok()?;
    let text = |member: &str| Some(json.get(member)?.as_str()?.to_owned());
    Some((Effect { id: text("subject_request_id")?, request: text("request_id")?, name }, json))
}

fn text(json: &Value, member: &str) -> Option<String> {
    Some(json.get("answer")?.get(member)?.as_str()?.to_owned())
}

/// Tells that the work is done until that is heard.
async fn tell(http: reqwest::Client, url: String, token: String, takes: Duration) {
    tokio::time::sleep(takes).await;
    loop {
        let call = http.post(&url).bearer_auth(&token).json(&json!({ "answer": "fulfilled" }));
        match call.send().await.map(|answer| answer.status().as_u16()) {
            // Refused: it was cancelled, or is not known (any more).
            Ok(200..=499) => return,
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// FNV-1a: the same choice for the same name in every run.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until so many callbacks have told that a request is done. Gives up when nothing comes any more.
pub(crate) async fn drained(receiver: &Receiver, expected: u64, silence: Duration) -> Result<()> {
    let mut done = receiver.done();
    loop {
        if *done.borrow_and_update() >= expected {
            return Ok(());
        }
        let changed = tokio::time::timeout(silence, done.changed()).await;
        changed.context("callbacks stay away")?.context("the receiver has ended")?;
    }
}
