//! What does the API say of one party's share of a request?

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::words;

/// One downstream party's share of one right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Leg {
    /// Our name for it.
    pub leg_id: String,
    /// The request that it serves.
    pub request_id: String,
    /// The organisation that sends.
    pub organisation: String,
    /// Who shall act.
    pub party: String,
    /// The domain that this party signs as; absent when the configuration does not know it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// In which dialect it is spoken to.
    pub dialect: String,
    /// Where it stands: `waiting`, `unsent`, `refused`, `waived`, `inapplicable`, or what the party reports.
    pub state: String,
    /// Which right.
    #[schema(schema_with = words::right)]
    pub right: String,
    /// The id under which we sent it.
    pub wire_id: String,
    /// How often its present step was tried in vain.
    pub attempts: u32,
    /// When it is tried next, if there is anything left to try.
    pub next_attempt_at: Option<String>,
    /// Why the last try came to nothing, in words of ours. Where nothing is tried next, it waits for an operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Whether the party is past its date.
    pub late: bool,
    /// Counts its changes: a larger number means that something has happened.
    pub revision: u32,
    /// When our submission was answered.
    pub accepted_at: Option<String>,
    /// When the party expects to be done.
    pub expected_by: Option<String>,
    /// Where the party says the results are.
    pub results_url: Option<String>,
    /// Where it stands, in the party's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    /// Where the party asks the person to prove who they are. The agent sends the person there by way of the address
    /// that `/requests/{id}/verification` gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_url: Option<String>,
    /// Where those say they are to whom the party has handed it on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heard_results_urls: Vec<String>,
    /// Whether it shall be taken back: `no`, `wanted`, `done`, `refused` (the party could not take it back).
    pub cancel: String,
    /// Where the party calls us back.
    pub callback_url: Option<String>,
    /// The party's receipt of our submission; in a request's story only.
    pub receipt: Option<Receipt>,
}

/// Legs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Legs {
    /// Those due first to be done first.
    pub legs: Vec<Leg>,
}

/// What a party signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// The leg it belongs to.
    pub leg_id: String,
    /// What it answers: `submit`, `status`, `cancel`, `callback`.
    pub operation: String,
    /// Whether signature, chain and domain held. Others are not kept.
    pub verified: bool,
    /// The domain that signed.
    pub signer: String,
    /// When it reached us.
    pub at: String,
    /// SHA-256 of the bytes signed, in hexadecimal.
    pub sha256: String,
}

/// Which legs to list; those of requests that are final are left out, unless a request is named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LegQuery {
    /// Only those whose party is past its date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<bool>,
    /// Only those that wait for an operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stuck: Option<bool>,
    /// Of that party.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
    /// Of that organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// Of that request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// At most so many: 100 if not said, 1000 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}
