//! What does the operator's API say and take, as JSON? One set of types for server and clients.
//!
//! Members are snake_case; times are RFC 3339 in UTC. Clients must bear members and words that they do not know; the
//! server refuses members that it does not know.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

mod faults;
mod leg;

pub use faults::{CertificateEnd, Faults};
pub use leg::{Leg, LegQuery, Legs, Receipt};

pub use super::wishes::{Deny, Extend, Fulfill, Fulfilment, RetryMany, Send, To, Verify};
use super::words;

/// A failure (RFC 9457). Sent as `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemDetails {
    /// Which kind of failure: `urn:habeas:problem:<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is wrong, the same for every failure of this kind.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What would be right, or more of what is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The member or parameter that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Under which id the server's log has more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
}

/// A request, without anything personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Request {
    /// Our own name for it.
    pub request_id: String,
    /// The domain of the organisation that it belongs to.
    pub organisation: String,
    /// The role in which the organisation has it.
    #[schema(schema_with = words::role)]
    pub role: String,
    /// Who sent it; absent when it is ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
    /// In which dialect it came; absent when it is ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<String>,
    /// The id under which its sender knows it.
    pub subject_request_id: String,
    /// The rights used.
    #[schema(schema_with = words::rights)]
    pub rights: Vec<String>,
    /// The law under which its clock runs.
    #[schema(schema_with = words::regime)]
    pub regime: String,
    /// Where it stands.
    #[schema(schema_with = words::state)]
    pub state: String,
    /// Why it was denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = words::ground)]
    pub ground: Option<String>,
    /// Where its results are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results_urls: Option<Vec<String>>,
    /// Where it stands in words for the peer, such as the reason of an extension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    /// When it was accepted.
    pub received_at: String,
    /// When the person asked, as the sender says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<String>,
    /// When we expect to be done.
    pub expected_by: String,
    /// The legal deadline as first promised.
    pub promised_by: String,
    /// Nothing irreversible happens before.
    pub hold_until: String,
    /// When it came to its final state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_at: Option<String>,
    /// Full days until `expected_by`, negative once it is past; absent when nothing is left to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_left: Option<i64>,
}

/// Requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Requests {
    /// Open ones by their deadline, then the others, newest first.
    pub requests: Vec<Request>,
}

/// A request with its whole story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Story {
    /// The request.
    #[serde(flatten)]
    pub request: Request,
    /// To whom it was sent.
    pub legs: Vec<Leg>,
    /// What happened, oldest first.
    pub history: Vec<Event>,
    /// What parties signed, oldest first.
    pub receipts: Vec<Receipt>,
    /// What is or was owed because of it.
    pub deliveries: Vec<Delivery>,
}

/// A request whose parties are being asked how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Polled {
    /// The request as it stands meanwhile.
    #[serde(flatten)]
    pub story: Story,
    /// When they were asked.
    pub asked_at: String,
}

/// Something that happened to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// Counts the events of one request; 0 is the acceptance.
    pub seq: u32,
    /// When.
    pub at: String,
    /// What: `receive`, `start`, `fulfill`, `deny`, …
    pub change: String,
    /// Through whom: `upstream`, `downstream`, `operator`, `system`, `schedule`.
    pub actor: String,
    /// Where the request stood afterwards.
    #[schema(schema_with = words::state)]
    pub state: String,
    /// When we expected to be done then.
    pub expected_by: String,
    /// Where it stood in words for the peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

/// A duty of ours to tell somebody of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// Its name.
    pub delivery_id: String,
    /// The request it tells of.
    pub request_id: String,
    /// The request's organisation.
    pub organisation: String,
    /// What it carries.
    #[schema(schema_with = words::delivery_kind)]
    pub kind: String,
    /// Which of the receivers; callbacks have the index of their URL.
    pub lane: i32,
    /// The number of the event it tells.
    pub seq: u32,
    /// The receiver's host.
    pub host: String,
    /// Where it stands.
    #[schema(schema_with = words::delivery_state)]
    pub state: String,
    /// When it is to be tried next.
    pub due_at: String,
    /// How often it was tried.
    pub attempts: u32,
    /// The last try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Attempt>,
}

/// One try of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    /// When it began.
    pub at: String,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// The HTTP status of the answer, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why there was none, in one word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deliveries {
    /// Oldest first.
    pub deliveries: Vec<Delivery>,
}

/// How many deliveries were made due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Retried {
    /// So many.
    pub retried: u64,
}

/// The person of a request: personal data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Subject {
    /// The request.
    pub request_id: String,
    /// By what the person is known.
    pub identities: Vec<Identity>,
    /// What an identity token claims of the person: `email_verified`, `address`, `power_of_attorney`, …
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    #[schema(value_type = Object)]
    pub claims: serde_json::Map<String, serde_json::Value>,
    /// How the person says to stand to the organisation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relationships: Vec<String>,
    /// When the person asked, as the sender wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<String>,
}

/// Where the persons of a request go to prove who they are.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Verification {
    /// One for each party that asks for it.
    pub links: Vec<VerificationLink>,
}

/// Where a person goes to prove who they are to a party. Holds the identity token: personal data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VerificationLink {
    /// The party.
    pub party: String,
    /// The address, with the identity token, where to go afterwards, and the party's id of the request.
    pub url: String,
}

/// One identifier of a person: personal data, so `Debug` does not show the value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Identity {
    /// What it identifies by: `email`, `phone`, …
    pub kind: String,
    /// How the value is written.
    #[schema(schema_with = words::format)]
    pub format: String,
    /// The identifier.
    pub value: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:…", self.kind, self.format)
    }
}

/// An organisation of this server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Organisation {
    /// Its domain.
    pub domain: String,
    /// The roles it has here.
    pub roles: Vec<String>,
    /// Where it serves what.
    pub mounts: Vec<Mount>,
    /// With whom it deals.
    pub parties: Vec<Party>,
    /// When the certificate it signs with ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_not_after: Option<String>,
}

/// A place where an organisation serves one dialect in one role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mount {
    /// The dialect.
    pub dialect: String,
    /// The role.
    #[schema(schema_with = words::role)]
    pub role: String,
    /// What peers see.
    pub base_url: String,
}

/// A counterparty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Party {
    /// Its name here.
    pub id: String,
    /// The domain it signs as.
    pub domain: String,
    /// The dialect in which we speak to it.
    pub dialect: String,
    /// Where it serves that dialect; absent for one that only calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
}

/// The organisations of this server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Organisations {
    /// By their domains.
    pub organisations: Vec<Organisation>,
}

/// What a party says that it supports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Capabilities {
    /// The rights served.
    #[schema(schema_with = words::rights)]
    pub rights: Vec<String>,
    /// The identities accepted.
    pub identities: Vec<Accepted>,
    /// Where its certificate is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_url: Option<String>,
}

/// A kind of identity that is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Accepted {
    /// What it identifies by.
    pub kind: String,
    /// How the value is written.
    #[schema(schema_with = words::format)]
    pub format: String,
}

/// Where the person goes afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct VerificationQuery {
    /// An address whose origin the party knows.
    pub redirect_to: String,
}

/// Which requests to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RequestQuery {
    /// In one of these states, separated by commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Of that organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// In that role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// At most so many: 100 if not said, 1000 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Leaving out so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u32>,
}

/// Which deliveries to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    /// In that state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Only those tried and not delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<bool>,
    /// Of that organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// Of that request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Of that kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// At most so many: 100 if not said, 1000 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}
