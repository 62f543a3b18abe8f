//! A business that the recording peer plays, pip.localhost, and what helper.localhost asks of businesses for people.

use habeas_core::id::RequestId;
use serde_json::{Value, json};

use super::{
    Behavior, EMAIL, Reply, World,
    drp::{HELPER, PIP},
    peer::Heard,
};

pub(crate) const WELL_KNOWN: &str = "/.well-known/data-rights.json";
pub(crate) const EXERCISE: &str = "/pip/exercise";
pub(crate) const REVOKE: &str = "/pip/revoke";
/// The id that it gives a request.
pub(crate) const ID: &str = "pri_4-Nn";

/// Where it tells how a request stands.
pub(crate) fn status_of(id: &str) -> String {
    format!("/pip/status?request_id={id}")
}

/// How a request stands, as this protocol has it.
pub(crate) fn standing(status: &str, reason: Option<&str>) -> Value {
    json!({
        "request_id": ID,
        "received_at": "2026-01-01T12:00:00+00:00",
        "expected_by": "2026-02-15T12:00:00+00:00",
        "processing_details": null,
        "status": status,
        "reason": reason,
        "user_verification_url": null,
    })
}

pub(crate) fn says(status: u16, body: &Value) -> Behavior {
    Behavior::Reply(Reply::json(status, body.to_string()))
}

/// A wish that helper.localhost has for a person, until something is changed.
#[derive(Debug, Clone)]
pub(crate) struct Wish(pub(crate) Value);

impl Wish {
    pub(crate) fn of(right: &str) -> Self {
        Self(json!({
            "from": HELPER, "to": PIP, "right": right, "regime": "ccpa", "claims": {"name": "Ann Example"},
            "identities": [{"kind": "email", "format": "raw", "value": EMAIL}],
        }))
    }

    pub(crate) fn erasure() -> Self {
        Self::of("erasure")
    }

    pub(crate) fn to(self, business: &str) -> Self {
        self.with("to", business)
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0[name] = value.into();
        self
    }
}

/// A request of helper.localhost's.
#[derive(Debug, Clone)]
pub(crate) struct Wished {
    pub(crate) id: RequestId,
    /// The path where it is told of changes.
    pub(crate) callbacks: String,
}

impl World {
    /// pip.localhost says what it supports, and takes what is asked for.
    pub(crate) fn open_pip(&self) {
        self.pip_discovers(&self.pip_discovery());
        self.peer.script(EXERCISE, [says(200, &standing("open", None))]);
    }

    pub(crate) fn pip_discovery(&self) -> Value {
        json!({
            "version": "0.5",
            "api_base": self.peer.url("pip", "/pip"),
            "actions": ["deletion", "access", "sale:opt-out", "sale:opt-in"],
            "user_relationships": [],
        })
    }

    pub(crate) fn pip_discovers(&self, discovery: &Value) {
        self.peer.script(WELL_KNOWN, [says(200, discovery)]);
    }

    /// helper.localhost makes a request; nothing is sent yet.
    pub(crate) async fn asks_for(&self, wish: &Wish) -> Wished {
        let story = self.operate("POST", "/requests", &wish.0.to_string()).await.is(202).json();
        let url: url::Url = story["legs"][0]["callback_url"].as_str().unwrap().parse().unwrap();
        assert_eq!(url.host_str(), Some(HELPER));
        Wished { id: RequestId::new(story["request_id"].as_str().unwrap()), callbacks: url.path().to_owned() }
    }

    /// The same, and what is due is done.
    pub(crate) async fn asked_for(&self, wish: &Wish) -> Wished {
        let wished = self.asks_for(wish).await;
        self.work().await;
        wished
    }

    /// Its only leg.
    pub(crate) async fn leg_of(&self, wished: &Wished) -> Value {
        self.story(&wished.id).await["legs"][0].clone()
    }

    /// Where a request of helper.localhost's stands, and its only leg.
    pub(crate) async fn both_of(&self, wished: &Wished) -> (String, String) {
        let story = self.story(&wished.id).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&story["state"]), text(&story["legs"][0]["state"]))
    }
}

/// What the token of a request claims.
pub(crate) fn claims_of(heard: &Heard) -> Value {
    claims_in(heard.json()["identity"].as_str().unwrap())
}

/// What a token claims.
pub(crate) fn claims_in(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&habeas_wire::base64::decode_url(payload.as_bytes()).unwrap()).unwrap()
}
