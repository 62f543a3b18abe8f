//! What people's agents ask of business.localhost by the Data Rights Protocol.

use habeas_core::id::RequestId;
use habeas_engine::directory::Tenant;
use habeas_trust::token::TokenSigner;
use habeas_wire::jws::Unsigned;
use serde_json::{Value, json};

use super::{Answered, Call, EMAIL, World};

pub(crate) const BUSINESS: &str = "business.localhost";
pub(crate) const OTHER: &str = "other.localhost";
/// Below which a business serves everything but discovery.
pub(crate) const BASE: &str = "/data-rights";
/// An agent that is an organisation of ours, and one that is not.
pub(crate) const HELPER: &str = "helper.localhost";
pub(crate) const RIVAL: &str = "rival.localhost";
/// A business that the recording peer plays.
pub(crate) const PIP: &str = "pip.localhost";
/// Where agents want people to be sent back to.
pub(crate) const REDIRECT: &str = "https://helper.example/done?for=ann";

/// With which one calls the other.
pub(crate) fn secret(caller: &str, called: &str) -> String {
    format!("the secret of {caller} at {called}")
}

/// With which an agent's tokens for a business are signed.
pub(crate) fn identity_key(agent: &str, business: &str) -> String {
    format!("the identity key of {agent} for {business}, and nobody else")
}

/// A token as HS256 makes it.
pub(crate) fn token(claims: &Value, key: &str) -> String {
    signed(r#"{"alg":"HS256","typ":"JWT"}"#, &claims.to_string(), key)
}

/// The same with any header and payload.
pub(crate) fn signed(header: &str, payload: &str, key: &str) -> String {
    let unsigned = Unsigned::new(header.as_bytes(), payload.as_bytes());
    let signature = TokenSigner::secret(key).unwrap().sign(unsigned.signing_input()).unwrap();
    unsigned.signed(&signature)
}

/// A request of an agent for a person, until something is changed.
#[derive(Debug, Clone)]
pub(crate) struct Exercise {
    /// The body but for the token.
    pub(crate) body: Value,
    pub(crate) claims: Value,
    pub(crate) agent: &'static str,
    pub(crate) business: &'static str,
}

impl Exercise {
    pub(crate) fn of(action: &str) -> Self {
        let body = json!({"meta": {"version": "0.5"}, "regime": "ccpa", "exercise": [action]});
        let claims = json!({"iss": HELPER, "aud": BUSINESS, "sub": "ann", "name": "Ann Example", "email": EMAIL});
        Self { body, claims, agent: HELPER, business: BUSINESS }
    }

    pub(crate) fn deletion() -> Self {
        Self::of("deletion")
    }

    /// Another agent makes it.
    pub(crate) fn by(mut self, agent: &'static str) -> Self {
        self.agent = agent;
        self.claim("iss", agent)
    }

    /// Of another business.
    pub(crate) fn at(mut self, business: &'static str) -> Self {
        self.business = business;
        self.claim("aud", business)
    }

    /// Sets a member, or removes it where the value is null.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.body, name, value.into());
        self
    }

    /// The same of a claim.
    pub(crate) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.claims, name, value.into());
        self
    }

    /// Another request of the same person: its token is another.
    pub(crate) fn again(self, n: u32) -> Self {
        self.claim("jti", format!("another {n}"))
    }

    pub(crate) fn callback(self, url: impl Into<String>) -> Self {
        self.with("status_callback", url.into())
    }

    pub(crate) fn token(&self) -> String {
        token(&self.claims, &identity_key(self.agent, self.business))
    }

    pub(crate) fn text(&self) -> String {
        let mut body = self.body.clone();
        if body.get("identity").is_none() {
            body["identity"] = self.token().into();
        }
        body.to_string()
    }

    pub(crate) fn call(&self) -> Call {
        self.call_with(self.text())
    }

    pub(crate) fn call_with(&self, body: impl Into<Vec<u8>>) -> Call {
        Call::post(&format!("{BASE}/exercise"), body).host(self.business).by(&secret(self.agent, self.business))
    }
}

fn set(object: &mut Value, name: &str, value: Value) {
    match value {
        Value::Null => drop(object.as_object_mut().unwrap().remove(name)),
        value => object[name] = value,
    }
}

impl Answered {
    /// An error as this protocol has it: its code as text, words, nothing else, and never from a cache (§3.06).
    #[track_caller]
    pub(crate) fn is_drp_error(&self, status: u16) {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/json");
        assert_eq!(self.header("cache-control"), "no-store");
        let error = self.json();
        let names: Vec<_> = error.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["code", "message"], "{error}");
        assert_eq!(error["code"], status.to_string());
        assert!(error["message"].as_str().is_some_and(|text| !text.trim().is_empty()), "{error}");
        assert!(!self.headers.contains_key("authorization"), "{error}");
        assert!(!self.text().to_lowercase().contains("c4na7y"), "{error}");
    }
}

/// Does something to business.localhost alone.
pub(crate) fn of_business(tenant: &mut Tenant, change: impl FnOnce(&mut Tenant)) {
    if tenant.domain().as_str() == BUSINESS {
        change(tenant);
    }
}

/// A call about a request, by helper.localhost.
pub(crate) fn about(method: &str, id: &str) -> Call {
    let call = match method {
        "status" => Call::get(&format!("{BASE}/status?request_id={id}")),
        _ => Call::post(&format!("{BASE}/revoke"), json!({"request_id": id}).to_string()),
    };
    call.host(BUSINESS).by(&secret(HELPER, BUSINESS))
}

/// A request that a business has.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The id that the agent was given.
    pub(crate) wire: String,
    /// Our own name for it.
    pub(crate) id: RequestId,
    /// What was answered.
    pub(crate) first: Value,
}

impl World {
    /// An agent makes a request; nothing is done about it yet.
    pub(crate) async fn exercise(&self, exercise: &Exercise) -> Asked {
        let first = self.call(exercise.call()).await.is(200).json();
        let wire = first["request_id"].as_str().unwrap().to_owned();
        let id = self.named_at(exercise.business, &wire).await;
        Asked { wire, id, first }
    }

    /// The same, and what is due is done.
    pub(crate) async fn exercised(&self, exercise: &Exercise) -> Asked {
        let asked = self.exercise(exercise).await;
        self.work().await;
        asked
    }

    /// What helper.localhost is told of a request.
    pub(crate) async fn standing(&self, asked: &Asked) -> Value {
        self.call(about("status", &asked.wire)).await.is(200).json()
    }

    /// How a request stands, in two words.
    pub(crate) async fn stands(&self, asked: &Asked) -> (String, Option<String>) {
        two_words(&self.standing(asked).await)
    }

    /// helper.localhost takes a request back.
    pub(crate) async fn revoke(&self, asked: &Asked) -> Answered {
        self.call(about("revoke", &asked.wire)).await
    }

    /// What was called back at a path, in two words each.
    pub(crate) fn called_back(&self, path: &str) -> Vec<(String, Option<String>)> {
        self.peer.heard(path).iter().map(|heard| two_words(&heard.json())).collect()
    }
}

/// Status and reason.
pub(crate) fn two_words(status: &Value) -> (String, Option<String>) {
    (status["status"].as_str().unwrap().to_owned(), status["reason"].as_str().map(str::to_owned))
}

/// The same, to compare with.
pub(crate) fn words(status: &str, reason: Option<&str>) -> (String, Option<String>) {
    (status.to_owned(), reason.map(str::to_owned))
}
