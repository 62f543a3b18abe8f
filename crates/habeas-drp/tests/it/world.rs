//! Who takes part in the tests, and how are messages made?

use std::{cell::RefCell, sync::Arc};

use habeas_core::{
    capability::Capabilities,
    clock::Instant,
    dialect::{Answer, Dialect, DialectId, Exchange, Outgoing, Pinned, Signer, TokenKeys},
    domain::Domain,
    event::Standing,
    id::{PartyId, WireId},
    message::{AnswerHead, Claim, Distrust, Keyring, Params, RequestHead, Unverified, Verified},
    organisation::{Limits, Mount, Organisation, Policy},
    party::{Party, Trust},
    problem::Problem,
    regime::Regime,
    right::Right,
    role::Role,
    secret::Secret,
    state::State,
    submission::Submission,
};
use habeas_wire::jws::Unsigned;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};

pub(crate) const ID: &str = "c789ff35-7644-4ceb-9981-4b35c264aac3";
pub(crate) const EXERCISE: &str = include_str!("../../fixtures/0.5/2.02-exercise.json");
pub(crate) const STATUS: &str = include_str!("../../fixtures/0.5/3.03-status.json");

pub(crate) fn dialect() -> Arc<dyn Dialect> {
    habeas_drp::v0_5()
}

/// One key for one algorithm; a signature tells its key and how many bytes it covers, and sums them up.
pub(crate) struct Keys {
    pub(crate) algorithm: Option<&'static str>,
    pub(crate) key: &'static str,
    pub(crate) pinned: Pinned,
    /// The algorithms that were asked for.
    pub(crate) asked: RefCell<Vec<String>>,
}

impl TokenKeys for Keys {
    fn check(&self, algorithm: &str, signed: &[u8], signature: &[u8]) -> Option<Pinned> {
        self.asked.borrow_mut().push(algorithm.to_owned());
        (self.algorithm == Some(algorithm) && signature == self.sign(signed)).then_some(self.pinned)
    }

    fn algorithm(&self) -> Option<&'static str> {
        self.algorithm
    }

    fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let sum = bytes.iter().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
        format!("{} {} {sum:016x}", self.key, bytes.len()).into_bytes()
    }
}

/// Signs nothing: answers are not signed. Believes everybody.
struct Nothing;

impl Signer for Nothing {
    fn sign(&self, _: &[u8]) -> Vec<u8> {
        panic!("nothing is signed but tokens");
    }
}

impl Keyring for Nothing {
    fn holder(&self, _: &Secret) -> Option<PartyId> {
        Some(PartyId::new("agent-1"))
    }

    fn signed(&self, _: &Domain, _: &[u8], _: &[u8]) -> Result<(), Distrust> {
        Err(Distrust::UnknownSigner)
    }
}

/// A covered business and an agent, seen from the one that `us` is.
pub(crate) struct World {
    pub(crate) us: Organisation,
    pub(crate) mount: Mount,
    pub(crate) them: Party,
    pub(crate) keys: Keys,
}

impl World {
    /// The business, to which the agent comes.
    pub(crate) fn new() -> Self {
        let us = Organisation {
            domain: "business.example".parse().unwrap(),
            capabilities: Capabilities {
                rights: vec![Right::Access, Right::Erasure, Right::OptOutOfSale, Right::OptInToSale],
                api_base: Some("https://business.example/data-rights/".parse().unwrap()),
                relationships: vec!["customer".to_owned(), "marketing".to_owned()],
                ..Capabilities::default()
            },
            limits: Limits { callback_url_chars: 80, identities: 3, ..Limits::default() },
            policy: Policy {
                regime: Regime::Ccpa,
                hold_ms: 0,
                call_back_acceptance: false,
                signature_in_body: false,
                plain_http: false,
            },
        };
        let mount = Mount {
            dialect: DialectId::known("drp/0.5"),
            role: Role::Pip,
            base_url: "https://business.example/data-rights".parse().unwrap(),
            path: "/data-rights".to_owned(),
        };
        Self { us, mount, them: party("agent.example"), keys: keys() }
    }

    /// The agent, which goes to the business.
    pub(crate) fn agent() -> Self {
        let mut world = Self::new();
        world.us.domain = "agent.example".parse().unwrap();
        world.them = party("business.example");
        world.them.base = Some("https://business.example/data-rights/".parse().unwrap());
        world
    }

    pub(crate) fn knob(mut self, knob: &str) -> Self {
        assert!(dialect().knobs().iter().any(|known| known.name == knob), "{knob}");
        self.them.knobs.push(knob.to_owned());
        self
    }

    pub(crate) fn x(&self) -> Exchange<'_> {
        Exchange {
            us: &self.us,
            mount: Some(&self.mount),
            them: Some(&self.them),
            now: now(),
            signer: &Nothing,
            tokens: &self.keys,
        }
    }

    /// What is read of a request.
    pub(crate) fn read(&self, body: &Value) -> Result<Submission, Problem> {
        dialect().submit().unwrap().read(&posted(body.to_string()), &self.x())
    }

    /// What is read of a request with this identity, as JSON.
    pub(crate) fn identify(&self, identity: Value) -> Result<Submission, Problem> {
        self.read(&with("identity", identity))
    }

    /// What is read of a request whose token has these claims.
    pub(crate) fn claim(&self, claims: Value) -> Result<Submission, Problem> {
        self.identify(token(&claims).into())
    }
}

fn party(domain: &str) -> Party {
    Party {
        id: PartyId::new("agent-1"),
        domain: domain.parse().unwrap(),
        dialect: DialectId::known("drp/0.5"),
        base: None,
        known_as: "CR_AA_DRP_ID_001".to_owned(),
        trust: Trust::default(),
        knobs: Vec::new(),
        vouches_for: Vec::new(),
        declared: None,
    }
}

/// A secret between the two.
pub(crate) fn keys() -> Keys {
    Keys { algorithm: Some("HS256"), key: "pairwise", pinned: Pinned::Pairwise, asked: RefCell::default() }
}

pub(crate) fn at(text: &str) -> Instant {
    Instant::from_ms(habeas_wire::time::parse_strict(text).unwrap())
}

pub(crate) fn now() -> Instant {
    at("2021-09-02T22:27:25.403Z")
}

/// A token in the compact serialization, signed with the key between the two.
pub(crate) fn signed(header: &str, payload: &str) -> String {
    let unsigned = Unsigned::new(header.as_bytes(), payload.as_bytes());
    let signature = keys().sign(unsigned.signing_input());
    unsigned.signed(&signature)
}

pub(crate) fn token(claims: &Value) -> String {
    signed(r#"{"alg":"HS256","typ":"JWT"}"#, &claims.to_string())
}

/// What the example's agent claims of its user.
pub(crate) fn claims() -> Value {
    json!({
        "iss": "agent.example", "aud": "business.example", "sub": "ann", "name": "Ann Example",
        "email": "ann@example.org", "email_verified": true, "phone_number": "+12025550123",
    })
}

/// The example of the specification with a token in its place.
pub(crate) fn exercise() -> Value {
    let mut body: Value = serde_json::from_str(EXERCISE).unwrap();
    body["identity"] = token(&claims()).into();
    body
}

/// The same with a member set, or removed where the value is null.
pub(crate) fn with(member: &str, value: Value) -> Value {
    let mut body = exercise();
    match value {
        Value::Null => drop(body.as_object_mut().unwrap().remove(member)),
        value => body[member] = value,
    }
    body
}

/// A request as it stands in a state.
pub(crate) fn standing(state: State) -> Standing {
    Standing {
        wire_id: WireId::new(ID),
        seq: 0,
        state,
        received_at: now(),
        expected_by: at("2021-10-17T22:27:25.403Z"),
        details: None,
        found: None,
    }
}

pub(crate) fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

pub(crate) fn head(method: Method, headers: HeaderMap) -> RequestHead {
    RequestHead { method, params: Params::default(), query: None, headers }
}

/// A request as its sender posts it.
pub(crate) fn posted(body: impl Into<Vec<u8>>) -> Verified<RequestHead> {
    believed(head(Method::POST, headers(&[("content-type", "application/json")])), body)
}

pub(crate) fn believed<H>(head: H, body: impl Into<Vec<u8>>) -> Verified<H> {
    Unverified::new(head, body.into()).verify(Claim::Nobody, &Nothing).unwrap()
}

/// An answer to a call of ours.
pub(crate) fn answered(status: u16, body: impl Into<Vec<u8>>) -> Verified<AnswerHead> {
    believed(AnswerHead { status, headers: HeaderMap::new() }, body)
}

/// An answer or a call as text: status or target, headers by name, a blank line, one member per line.
pub(crate) trait Printed {
    fn printed(&self) -> String;
}

impl Printed for Answer {
    fn printed(&self) -> String {
        print(&self.status.to_string(), &self.headers, &self.body)
    }
}

impl Printed for Outgoing {
    fn printed(&self) -> String {
        print(&format!("{} {}", self.method, self.url), &self.headers, &self.body)
    }
}

fn print(first: &str, headers: &HeaderMap, body: &[u8]) -> String {
    let mut lines: Vec<_> =
        headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    lines.sort();
    let body = String::from_utf8(body.to_vec()).unwrap().replace(",\"", ",\n\"");
    format!("{first}\n{}\n\n{body}", lines.join("\n"))
}
