//! What of a leg is sealed, and how are its state's columns read?

use habeas_core::{
    leg::{Leg, LegState, Progress},
    state::Ground,
};
use habeas_trust::seal::DataKey;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Place, RequestKeys};
use crate::{Result, StoreError};

/// The URLs of a leg, each of which may open something, and what its party says in words.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LegSecrets {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) callback: Option<Url>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) results: Option<Url>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) heard: Vec<Url>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) verification: Option<Url>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) details: Option<String>,
}

/// A leg's state as columns.
#[derive(Debug, Default)]
pub(crate) struct LegColumns {
    pub(crate) state: String,
    pub(crate) progress: Option<String>,
    pub(crate) ground: Option<Ground>,
    pub(crate) status: Option<u16>,
}

impl LegColumns {
    pub(crate) fn of(state: &LegState) -> Self {
        let name = match state {
            LegState::Sent { .. } => "sent",
            LegState::Waiting
            | LegState::Unsent
            | LegState::Refused { .. }
            | LegState::Waived
            | LegState::Inapplicable => state.name(),
        };
        let mut columns = Self { state: name.to_owned(), ..Self::default() };
        match state {
            LegState::Sent { progress } => {
                columns.progress = Some(progress.name().to_owned());
                if let Progress::Denied { ground } = progress {
                    columns.ground = *ground;
                }
            }
            LegState::Refused { status } => columns.status = Some(*status),
            LegState::Waiting | LegState::Unsent | LegState::Waived | LegState::Inapplicable => {}
        }
        columns
    }

    /// The state; `verification` is the sealed part of it.
    pub(crate) fn state(&self, verification: Option<Url>) -> Result<LegState> {
        let corrupt = || StoreError::Corrupt("legs.state");
        Ok(match self.state.as_str() {
            "waiting" => LegState::Waiting,
            "unsent" => LegState::Unsent,
            "sent" => {
                let name = self.progress.as_deref().ok_or_else(corrupt)?;
                LegState::Sent { progress: progress(name, self.ground, verification)? }
            }
            "refused" => LegState::Refused { status: self.status.ok_or_else(corrupt)? },
            "waived" => LegState::Waived,
            "inapplicable" => LegState::Inapplicable,
            _ => return Err(corrupt()),
        })
    }
}

fn progress(name: &str, ground: Option<Ground>, verification: Option<Url>) -> Result<Progress> {
    let corrupt = |_| StoreError::Corrupt("legs.progress");
    Ok(match name {
        "pending" => Progress::Pending,
        "distributed" => Progress::Distributed,
        "in_progress" => Progress::InProgress,
        "needs_verification" => {
            let url = verification.map_or_else(|| Url::parse("about:blank"), Ok).map_err(corrupt)?;
            Progress::NeedsVerification { url }
        }
        "fulfilled" => Progress::Fulfilled,
        "cancelled" => Progress::Cancelled,
        "denied" => Progress::Denied { ground },
        "expired" => Progress::Expired,
        "unknown" => Progress::Unknown,
        _ => return Err(StoreError::Corrupt("legs.progress")),
    })
}

impl LegSecrets {
    /// What of this leg is to be sealed; `None` when there is nothing.
    pub(crate) fn of(leg: &Leg) -> Option<Self> {
        let verification = match &leg.state {
            LegState::Sent { progress: Progress::NeedsVerification { url } } => Some(url.clone()),
            LegState::Waiting
            | LegState::Unsent
            | LegState::Sent { .. }
            | LegState::Refused { .. }
            | LegState::Waived
            | LegState::Inapplicable => None,
        };
        let secrets = Self {
            callback: leg.callback_url.clone(),
            results: leg.results.clone(),
            heard: leg.heard.clone(),
            verification,
            details: leg.details.clone(),
        };
        (secrets != Self::default()).then_some(secrets)
    }

    pub(crate) fn seal(&self, keys: &RequestKeys, key: &DataKey, leg: &Leg) -> Result<Vec<u8>> {
        keys.seal_json(key, Place::new("legs", &leg.id, "sealed"), self)
    }

    pub(crate) fn open(keys: &RequestKeys, key: &DataKey, id: &dyn std::fmt::Display, sealed: &[u8]) -> Result<Self> {
        keys.open_json(key, Place::new("legs", id, "sealed"), sealed)
    }
}
