//! Who takes part in the tests, and how are messages made?

use std::sync::Arc;

use habeas_core::{
    capability::Capabilities,
    clock::Instant,
    dialect::{Answer, Dialect, DialectId, Exchange, Outgoing, Signer},
    domain::Domain,
    event::Standing,
    id::{PartyId, WireId},
    identity::{Format, Kind},
    message::{AnswerHead, Claim, Distrust, Keyring, Params, RequestHead, Unverified, Verified},
    organisation::{Limits, Mount, Organisation, Policy},
    party::{Party, Trust},
    regime::Regime,
    right::Right,
    role::Role,
    secret::Secret,
    state::State,
};
use http::{HeaderMap, HeaderValue, Method};

pub(crate) const ID: &str = "a7551968-d5d6-44b2-9831-815ac9017798";
pub(crate) const REQUEST: &str = include_str!("../../fixtures/1.0/7.1-request.json");

/// The newest version.
pub(crate) fn dialect() -> Arc<dyn Dialect> {
    habeas_opengdpr::v1_0()
}

/// Its signatures say how many bytes they cover.
pub(crate) struct Pen;

impl Signer for Pen {
    fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        format!("signature of {} bytes", bytes.len()).into_bytes()
    }
}

impl Keyring for Pen {
    fn holder(&self, _: &Secret) -> Option<PartyId> {
        Some(PartyId::new("controller"))
    }

    fn signed(&self, _: &Domain, message: &[u8], signature: &[u8]) -> Result<(), Distrust> {
        if signature == self.sign(message) { Ok(()) } else { Err(Distrust::BadSignature) }
    }
}

/// An organisation, where it serves, and who it deals with.
pub(crate) struct World {
    pub(crate) us: Organisation,
    pub(crate) mount: Mount,
    pub(crate) them: Party,
}

impl World {
    pub(crate) fn new() -> Self {
        let kinds = [
            ("email", Format::Raw),
            ("email", Format::Sha256),
            ("controller_customer_id", Format::Raw),
            ("roku_advertising_id", Format::Raw),
        ];
        let us = Organisation {
            domain: "example-processor.com".parse().unwrap(),
            capabilities: Capabilities {
                rights: vec![Right::Access, Right::AccessCategories, Right::Erasure],
                identities: kinds.map(|(kind, format)| (Kind::new(kind), format)).to_vec(),
                ..Capabilities::default()
            },
            limits: Limits { callback_urls: 3, callback_url_chars: 80, identities: 3, ..Limits::default() },
            policy: Policy {
                regime: Regime::Gdpr,
                hold_ms: 0,
                call_back_acceptance: true,
                signature_in_body: true,
                plain_http: false,
            },
        };
        let mount = Mount {
            dialect: DialectId::known("opengdpr/1.0"),
            role: Role::Processor,
            base_url: "https://example-processor.com/v1".parse().unwrap(),
            path: "/v1".to_owned(),
        };
        let them = Party {
            id: PartyId::new("controller"),
            domain: "examplecontroller.com".parse().unwrap(),
            dialect: DialectId::known("opengdpr/1.0"),
            base: Some("https://peer.example/v1/".parse().unwrap()),
            known_as: "example_controller_id".to_owned(),
            trust: Trust::default(),
            knobs: Vec::new(),
            vouches_for: Vec::new(),
            declared: None,
        };
        Self { us, mount, them }
    }

    pub(crate) fn x(&self) -> Exchange<'_> {
        Exchange {
            us: &self.us,
            mount: Some(&self.mount),
            them: Some(&self.them),
            now: at("2018-10-02T15:00:01Z"),
            signer: &Pen,
            tokens: &habeas_core::dialect::NoTokens,
        }
    }
}

pub(crate) fn at(text: &str) -> Instant {
    Instant::from_ms(habeas_wire::time::parse_strict(text).unwrap())
}

/// The request of the fixture as it stands in a state.
pub(crate) fn standing(state: State) -> Standing {
    Standing {
        wire_id: WireId::new(ID),
        seq: 0,
        state,
        received_at: at("2018-10-02T15:00:01Z"),
        expected_by: at("2018-11-01T15:00:01Z"),
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
    let head = head(Method::POST, headers(&[("content-type", "application/json"), ("authorization", "Bearer x")]));
    believed(head, body)
}

pub(crate) fn believed<H>(head: H, body: impl Into<Vec<u8>>) -> Verified<H> {
    Unverified::new(head, body.into()).verify(Claim::Nobody, &Pen).unwrap()
}

/// A call of ours as it arrives at the other end, with its claim checked where it makes one.
pub(crate) fn arrived(call: Outgoing, claim: Option<Claim>) -> Verified<RequestHead> {
    let head = head(call.method, call.headers);
    Unverified::new(head, call.body).verify(claim.unwrap_or(Claim::Nobody), &Pen).unwrap()
}

/// An answer to a call of ours, not signed.
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

/// The id under which a peer knows the request that we ask about.
pub(crate) fn asked() -> habeas_core::id::RemoteId {
    habeas_core::id::RemoteId::new(ID)
}
