//! What of a standing is sealed, and how is a state put together again once that is gone?

use habeas_core::{
    clock::Instant,
    event::Standing,
    state::{Ground, Reached, State},
};
use habeas_trust::seal::DataKey;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Place, RequestKeys};
use crate::{Result, StoreError};

/// What of a standing may tell of the person.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StandingSecrets {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    results: Vec<Url>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verification: Option<Url>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    details: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) found: Option<Vec<Url>>,
}

/// The row of a standing: an event is sealed once and stored twice, with the event and with the request.
struct Row<'a>(&'a RequestKeys, u32);

impl std::fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0.request, self.1)
    }
}

impl StandingSecrets {
    /// What of this standing is to be sealed; `None` when there is nothing.
    pub(crate) fn of(standing: &Standing) -> Option<Self> {
        let (details, found) = (standing.details.clone(), standing.found.clone());
        let mut secrets = Self { details, found, ..Self::default() };
        match &standing.state {
            State::Fulfilled { results, expires_at } => {
                secrets.results.clone_from(results);
                secrets.expires_at = *expires_at;
            }
            State::AwaitingVerification { url, until, .. } => {
                secrets.verification = Some(url.clone());
                secrets.until = *until;
            }
            State::Received
            | State::Distributed
            | State::InProgress
            | State::Cancelled
            | State::Denied { .. }
            | State::Expired { .. } => {}
        }
        (secrets != Self::default()).then_some(secrets)
    }

    pub(crate) fn seal(&self, keys: &RequestKeys, key: &DataKey, seq: u32) -> Result<Vec<u8>> {
        keys.seal_json(key, Place::new("events", &Row(keys, seq), "sealed"), self)
    }

    pub(crate) fn open(keys: &RequestKeys, key: &DataKey, seq: u32, sealed: &[u8]) -> Result<Self> {
        keys.open_json(key, Place::new("events", &Row(keys, seq), "sealed"), sealed)
    }

    /// The state of that name with its parts; what was shredded is missing from it.
    pub(crate) fn state(
        self,
        name: &str,
        reached: Option<Reached>,
        ground: Option<Ground>,
    ) -> Result<(State, Option<String>)> {
        let corrupt = || StoreError::Corrupt("state");
        let reached = reached.ok_or_else(corrupt);
        let state = match name {
            "received" => State::Received,
            "distributed" => State::Distributed,
            "in_progress" => State::InProgress,
            "awaiting_verification" => {
                // Where it was is no longer known once shredded; that it was is.
                let nowhere = || Url::parse("about:blank").map_err(|_| corrupt());
                let url = self.verification.map_or_else(nowhere, Ok)?;
                State::AwaitingVerification { url, until: self.until, reached: reached? }
            }
            "fulfilled" => State::Fulfilled { results: self.results, expires_at: self.expires_at },
            "cancelled" => State::Cancelled,
            "denied" => State::Denied { ground: ground.ok_or_else(corrupt)?, reached: reached? },
            "expired" => State::Expired { reached: reached? },
            _ => return Err(corrupt()),
        };
        Ok((state, self.details))
    }
}

/// The columns of a state that has more than its name.
pub(crate) fn columns(state: &State) -> (Option<&'static str>, Option<Ground>) {
    match state {
        State::AwaitingVerification { reached, .. } | State::Expired { reached } => {
            (Some(reached_name(*reached)), None)
        }
        State::Denied { ground, reached } => (Some(reached_name(*reached)), Some(*ground)),
        State::Received | State::Distributed | State::InProgress | State::Fulfilled { .. } | State::Cancelled => {
            (None, None)
        }
    }
}

const REACHED: [(&str, Reached); 4] = [
    ("received", Reached::Received),
    ("distributed", Reached::Distributed),
    ("in_progress", Reached::InProgress),
    ("fulfilled", Reached::Fulfilled),
];

const fn reached_name(reached: Reached) -> &'static str {
    match reached {
        Reached::Received => "received",
        Reached::Distributed => "distributed",
        Reached::InProgress => "in_progress",
        Reached::Fulfilled => "fulfilled",
    }
}

/// The step of that name.
pub(crate) fn reached_named(name: &str) -> Option<Reached> {
    REACHED.into_iter().find(|(known, _)| *known == name).map(|(_, reached)| reached)
}

#[cfg(test)]
mod tests {
    use habeas_core::id::WireId;

    use super::*;

    fn standing(state: State) -> Standing {
        let at = Instant::from_ms(0);
        Standing {
            wire_id: WireId::new("w"),
            seq: 1,
            state,
            received_at: at,
            expected_by: at,
            details: None,
            found: None,
        }
    }

    fn states() -> Vec<State> {
        let url = Url::parse("https://example.com/v").unwrap();
        let at = Some(Instant::from_ms(5));
        vec![
            State::Received,
            State::Distributed,
            State::InProgress,
            State::AwaitingVerification { url: url.clone(), until: at, reached: Reached::Distributed },
            State::Fulfilled { results: vec![url], expires_at: at },
            State::Cancelled,
            State::Denied { ground: Ground::Exempt, reached: Reached::InProgress },
            State::Expired { reached: Reached::Fulfilled },
        ]
    }

    #[test]
    fn every_state_comes_back_as_it_was() {
        for state in states() {
            let (reached, ground) = columns(&state);
            let secrets = StandingSecrets::of(&standing(state.clone())).unwrap_or_default();
            let back = secrets.state(state.name(), reached.and_then(reached_named), ground).unwrap();
            assert_eq!(back, (state, None));
        }
    }

    #[test]
    fn every_state_comes_back_by_name_when_what_was_sealed_is_gone() {
        for state in states() {
            let (reached, ground) = columns(&state);
            let shredded = StandingSecrets::default();
            let (back, _) = shredded.state(state.name(), reached.and_then(reached_named), ground).unwrap();
            assert_eq!((back.name(), back.reached()), (state.name(), state.reached()));
        }
    }
}
