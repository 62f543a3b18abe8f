//! What the processor of the tests says beside the usual, and what an operator of shop.localhost wishes for.

use std::sync::{Arc, Mutex, mpsc};

use habeas_trust::signing::SigningKey;
use habeas_wire::base64;
use serde_json::{Value, json};

use crate::world::{
    Answered, Behavior, Reply, World,
    fake::{DISCOVERY, Fake, SUBMIT, Sent, signed_by},
    peer::Heard,
};

/// SHA-256 of `ann@example.org`.
pub(crate) const DIGEST: &str = "438c4c7afe600cdf1e455c369bec76dc970fc8ca463447c7b387a347f3c79331";
/// When the processor says it will be done.
pub(crate) const DATE: &str = "2026-01-31T12:00:00Z";

/// A wish of shop.localhost, to every party that serves it.
pub(crate) fn wish(right: &str) -> Value {
    json!({
        "from": "shop.localhost", "right": right,
        "identities": [{"kind": "email", "format": "raw", "value": "ann@example.org"}],
    })
}

/// The same, to these parties alone.
pub(crate) fn wish_to(parties: &[&str], right: &str) -> Value {
    let mut wish = wish(right);
    wish["to"] = parties.into();
    wish
}

/// Where the processor serves what was sent to it.
pub(crate) fn item(sent: &Sent) -> String {
    format!("{SUBMIT}/{}", sent.id)
}

/// A JSON answer that somebody has signed as some domain.
pub(crate) fn signed(key: &SigningKey, domain: &str, status: u16, body: impl Into<Vec<u8>>) -> Reply {
    let body = body.into();
    let headers = signed_by(key, domain, &body);
    headers.iter().fold(Reply::json(status, body), |reply, (name, value)| reply.with(name, value))
}

/// The members of an honest receipt.
pub(crate) fn receipt_of(heard: &Heard) -> Value {
    json!({
        "controller_id": "shop at fake",
        "expected_completion_time": DATE,
        "received_time": "2026-01-01T12:00:00Z",
        "encoded_request": base64::encode(&heard.body),
        "subject_request_id": heard.json()["subject_request_id"],
    })
}

/// A peer that answers only when it is told to.
pub(crate) struct Gate(mpsc::Sender<()>);

impl Gate {
    /// It holds one answer back. For tests with more than one thread.
    pub(crate) fn before(reply: Reply) -> (Self, Behavior) {
        let (open, opened) = mpsc::channel();
        let opened = Mutex::new(opened);
        let behavior = Behavior::by(move |_| {
            opened.lock().unwrap().recv().unwrap();
            reply.clone()
        });
        (Self(open), behavior)
    }

    pub(crate) fn open(self) {
        self.0.send(()).unwrap();
    }
}

impl Fake {
    /// Says something else of itself from now on.
    pub(crate) fn discovers(&self, world: &World, change: impl FnOnce(&mut Value)) {
        let mut discovery = json!({
            "api_version": "1.0",
            "supported_identities": [{"identity_type": "email", "identity_format": "raw"}],
            "supported_subject_request_types": ["access", "erasure"],
            "processor_certificate": world.peer.url("fake", crate::world::fake::CERTIFICATE),
        });
        change(&mut discovery);
        world.peer.script(DISCOVERY, [Behavior::Reply(Reply::json(200, discovery.to_string()))]);
    }

    /// Takes requests in with receipts that are changed before they are signed.
    pub(crate) fn accepting_with(&self, change: impl Fn(&mut Value) + Send + Sync + 'static) -> Behavior {
        let key = Arc::clone(&self.key);
        Behavior::by(move |heard| {
            let mut body = receipt_of(heard);
            change(&mut body);
            signed(&key, "fake.localhost", 201, body.to_string())
        })
    }

    /// Says how a request stands, signed.
    pub(crate) fn tells(&self, sent: &Sent, word: &str) -> Behavior {
        self.tells_of(&status(sent, word))
    }

    /// Says this of a request, signed.
    pub(crate) fn tells_of(&self, status: &Value) -> Behavior {
        Behavior::Reply(signed(&self.key, "fake.localhost", 200, status.to_string()))
    }
}

/// The body of a status answer.
pub(crate) fn status(sent: &Sent, word: &str) -> Value {
    let mut status = sent.news(word);
    status.as_object_mut().unwrap().remove("status_callback_url");
    status
}

impl World {
    /// An operator of shop.localhost asks for a request.
    pub(crate) async fn wished(&self, wish: &Value) -> Answered {
        self.operate("POST", "/requests", &wish.to_string()).await
    }

    /// A request is made and sent; its story.
    pub(crate) async fn wished_and_sent(&self, wish: &Value) -> Value {
        let made = self.wished(wish).await.is(202).json();
        self.work().await;
        self.told(&made).await
    }

    /// The story of a request by now.
    pub(crate) async fn told(&self, story: &Value) -> Value {
        let path = format!("/requests/{}", story["request_id"].as_str().unwrap());
        self.operate("GET", &path, "").await.is(200).json()
    }

    /// The legs that a query of the operator's API lists.
    pub(crate) async fn legs_listed(&self, query: &str) -> Vec<Value> {
        let listed = self.operate("GET", &format!("/legs{query}"), "").await.is(200).json();
        listed["legs"].as_array().unwrap().clone()
    }

    /// Whether a line stands in the metrics.
    pub(crate) async fn measures(&self, line: &str) -> bool {
        let metrics = self.call(crate::world::Call::get("/metrics").host("operator")).await.is(200).text();
        metrics.lines().any(|other| other == line)
    }
}

/// The part of a story that one party has.
#[track_caller]
pub(crate) fn leg_of<'s>(story: &'s Value, party: &str) -> &'s Value {
    let legs = story["legs"].as_array().unwrap();
    legs.iter().find(|leg| leg["party"] == party).unwrap_or_else(|| panic!("{party} has no leg: {story}"))
}
