//! What happened to a request, when, and through whom?

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{clock::Instant, id::WireId, state::State};

/// The request as it stood after one event: what answers and callbacks are rendered from, so that a late callback
/// tells what was true then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The id that the peer knows.
    pub wire_id: WireId,
    /// Counts the events of one request; 0 is the acceptance.
    pub seq: u32,
    /// The state.
    pub state: State,
    /// When the request was accepted.
    pub received_at: Instant,
    /// When we expect to be done.
    pub expected_by: Instant,
    /// Where the request stands, in words for the peer; no personal data.
    pub details: Option<String>,
    /// Once the organisation has done what no party does for it: where its results are.
    pub found: Option<Vec<Url>>,
}

/// One entry of a request's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it happened.
    pub at: Instant,
    /// The change's name; `receive` for the acceptance.
    pub change: String,
    /// Through whom.
    pub actor: Actor,
    /// How the request stood afterwards.
    pub standing: Standing,
}

/// Through whom a change came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The party that made the request.
    Upstream,
    /// A party that the request was sent to.
    Downstream,
    /// An operator of this organisation.
    Operator,
    /// This organisation's own systems, through the webhook.
    System,
    /// The clock.
    Schedule,
    /// The person, by proving who they are.
    Subject,
}

impl Actor {
    const ALL: [Self; 6] =
        [Self::Upstream, Self::Downstream, Self::Operator, Self::System, Self::Schedule, Self::Subject];

    /// The name used in storage and the operator's API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Upstream => "upstream",
            Self::Downstream => "downstream",
            Self::Operator => "operator",
            Self::System => "system",
            Self::Schedule => "schedule",
            Self::Subject => "subject",
        }
    }

    /// The actor of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|actor| actor.as_str() == name)
    }
}
