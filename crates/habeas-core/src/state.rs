//! Where does a request stand, and what may happen to it next?

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use url::Url;

use crate::clock::Instant;

/// The last step that was really reached, remembered where the state itself has no word in some dialect
/// (a denial is told to OpenGDPR peers as the last honest status).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reached {
    /// Received, nothing more.
    Received,
    /// Handed on to all parties.
    Distributed,
    /// Being worked on.
    InProgress,
    /// Fulfilled.
    Fulfilled,
}

/// Why a request is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// The person may or may not be known: no match was found.
    NoMatch,
    /// Somebody else speaks for this person, or nobody could be verified.
    SuspectedFraud,
    /// The identity could not be verified.
    InsufficientVerification,
    /// The law does not apply to this person.
    OutsideJurisdiction,
    /// The right is not one that applies here.
    Unsupported,
    /// The same person asked too often.
    TooManyRequests,
    /// A legal exemption keeps the data, such as a duty to retain it.
    Exempt,
    /// Another ground, told out of band.
    Other,
}

impl Ground {
    /// All grounds.
    pub const ALL: [Self; 8] = [
        Self::NoMatch,
        Self::SuspectedFraud,
        Self::InsufficientVerification,
        Self::OutsideJurisdiction,
        Self::Unsupported,
        Self::TooManyRequests,
        Self::Exempt,
        Self::Other,
    ];

    /// The name used in storage, answers and the operator's API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoMatch => "no_match",
            Self::SuspectedFraud => "suspected_fraud",
            Self::InsufficientVerification => "insufficient_verification",
            Self::OutsideJurisdiction => "outside_jurisdiction",
            Self::Unsupported => "unsupported",
            Self::TooManyRequests => "too_many_requests",
            Self::Exempt => "exempt",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a ground; the grounds are no_match, suspected_fraud, insufficient_verification, outside_jurisdiction, unsupported, too_many_requests, exempt and other"
)]
pub struct NotAGround;

impl FromStr for Ground {
    type Err = NotAGround;
    fn from_str(text: &str) -> Result<Self, NotAGround> {
        Self::ALL.into_iter().find(|ground| ground.as_str() == text).ok_or(NotAGround)
    }
}

/// Where a request stands, with the data that belongs to that state and no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Accepted; nothing irreversible has happened.
    Received,
    /// Handed on to every party that shall act.
    Distributed,
    /// Somebody works on it.
    InProgress,
    /// Waits until the person has proved who they are.
    AwaitingVerification {
        /// Where the person does so.
        url: Url,
        /// Until when.
        until: Option<Instant>,
        /// What had been reached before.
        reached: Reached,
    },
    /// Done.
    Fulfilled {
        /// Where the results are, for rights that have any.
        results: Vec<Url>,
        /// When they stop being there.
        expires_at: Option<Instant>,
    },
    /// Taken back by who asked.
    Cancelled,
    /// Refused.
    Denied {
        /// Why.
        ground: Ground,
        /// What had been reached before.
        reached: Reached,
    },
    /// Ran out of time, or its results did.
    Expired {
        /// What had been reached before.
        reached: Reached,
    },
}

impl State {
    /// The names of all states, in the order of a request's life.
    pub const NAMES: [&'static str; 8] = [
        "received",
        "distributed",
        "in_progress",
        "awaiting_verification",
        "fulfilled",
        "cancelled",
        "denied",
        "expired",
    ];

    /// The name used in storage and the operator's API.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Distributed => "distributed",
            Self::InProgress => "in_progress",
            Self::AwaitingVerification { .. } => "awaiting_verification",
            Self::Fulfilled { .. } => "fulfilled",
            Self::Cancelled => "cancelled",
            Self::Denied { .. } => "denied",
            Self::Expired { .. } => "expired",
        }
    }

    /// The last step really reached: what an honest peer may be told.
    pub const fn reached(&self) -> Reached {
        match self {
            Self::Received | Self::Cancelled => Reached::Received,
            Self::Distributed => Reached::Distributed,
            Self::InProgress => Reached::InProgress,
            Self::Fulfilled { .. } => Reached::Fulfilled,
            Self::AwaitingVerification { reached, .. } | Self::Denied { reached, .. } | Self::Expired { reached } => {
                *reached
            }
        }
    }

    /// Whether nothing is left to be done. Results may still expire.
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Fulfilled { .. } | Self::Cancelled | Self::Denied { .. } | Self::Expired { .. } => true,
            Self::Received | Self::Distributed | Self::InProgress | Self::AwaitingVerification { .. } => false,
        }
    }

    /// The state after `change`.
    ///
    /// # Errors
    /// [`InvalidTransition`] when the change may not follow this state.
    pub fn after(&self, change: &Change) -> Result<Self, InvalidTransition> {
        use Change as C;
        use State as S;
        let reached = self.reached();
        let open = !self.is_final();
        match (self, change) {
            (S::Received, C::Distribute) => Ok(S::Distributed),
            (S::Received | S::Distributed, C::Start) => Ok(S::InProgress),
            (S::Received | S::Distributed | S::InProgress, C::AskVerification { url, until }) => {
                Ok(S::AwaitingVerification { url: url.clone(), until: *until, reached })
            }
            (S::AwaitingVerification { .. }, C::Verified) => Ok(S::InProgress),
            (S::InProgress, C::Fulfill { results, expires_at }) => {
                Ok(S::Fulfilled { results: results.clone(), expires_at: *expires_at })
            }
            (_, C::Cancel) if open => Ok(S::Cancelled),
            (_, C::Deny(ground)) if open => Ok(S::Denied { ground: *ground, reached }),
            (_, C::Expire) if open => Ok(S::Expired { reached }),
            (S::Fulfilled { .. }, C::Expire) => Ok(S::Expired { reached: Reached::Fulfilled }),
            (_, C::Extend { .. } | C::AskCancel | C::KeepOn { .. } | C::Note { .. }) if open => Ok(self.clone()),
            (S::InProgress, C::Found { .. }) => Ok(S::InProgress),
            // What could not be taken back is still to be told.
            (S::Cancelled, C::Note { .. }) => Ok(S::Cancelled),
            _ => Err(InvalidTransition { from: self.name(), change: change.name() }),
        }
    }
}

/// Something that happens to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Every party that shall act has it.
    Distribute,
    /// Work begins.
    Start,
    /// The person must prove who they are first.
    AskVerification {
        /// Where.
        url: Url,
        /// Until when.
        until: Option<Instant>,
    },
    /// The person did.
    Verified,
    /// The work is done.
    Fulfill {
        /// Where the results are.
        results: Vec<Url>,
        /// When they stop being there.
        expires_at: Option<Instant>,
    },
    /// Who asked takes it back.
    Cancel,
    /// It is refused.
    Deny(Ground),
    /// Time ran out.
    Expire,
    /// It takes longer.
    Extend {
        /// The new date.
        by: Instant,
        /// Why: shown to the peer, so no personal data.
        why: String,
    },
    /// Who asked wants it taken back; whether that is still possible, the parties will say.
    AskCancel,
    /// It goes on although its sender took it back, because not every party could.
    KeepOn {
        /// Which ones could not: shown to the peer, so no personal data.
        why: String,
    },
    /// The organisation has done what no party does for it.
    Found {
        /// Where the results of that are.
        results: Vec<Url>,
    },
    /// Nothing but the words for where it stands.
    Note {
        /// The words, none where there is nothing to say: shown to the peer, so no personal data.
        words: String,
    },
}

impl Change {
    /// Whether it ends an open request.
    pub const fn ends(&self) -> bool {
        matches!(self, Self::Fulfill { .. } | Self::Cancel | Self::Deny(_) | Self::Expire)
    }

    /// The name used in history.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Distribute => "distribute",
            Self::Start => "start",
            Self::AskVerification { .. } => "ask_verification",
            Self::Verified => "verified",
            Self::Fulfill { .. } => "fulfill",
            Self::Cancel => "cancel",
            Self::Deny(_) => "deny",
            Self::Expire => "expire",
            Self::Extend { .. } => "extend",
            Self::AskCancel => "ask_cancel",
            Self::KeepOn { .. } => "keep_on",
            Self::Note { .. } => "note",
            Self::Found { .. } => "found",
        }
    }
}

/// The change may not follow the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a request that is {from} does not admit: {change}")]
pub struct InvalidTransition {
    /// The state's name.
    pub from: &'static str,
    /// The change's name.
    pub change: &'static str,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn url() -> Url {
        "https://example.com/".parse().unwrap()
    }

    fn changes() -> Vec<Change> {
        vec![
            Change::Distribute,
            Change::Start,
            Change::AskVerification { url: url(), until: None },
            Change::Verified,
            Change::Fulfill { results: vec![], expires_at: None },
            Change::Cancel,
            Change::Deny(Ground::NoMatch),
            Change::Expire,
            Change::Extend { by: Instant::from_ms(9), why: "many requests".into() },
            Change::AskCancel,
            Change::KeepOn { why: "mail.example could not take it back".into() },
            Change::Note { words: "mail.example is done".into() },
            Change::Found { results: vec![] },
        ]
    }

    proptest! {
        /// Whatever happens in whatever order: what was reached never sinks, a final state admits nothing but the
        /// expiry of results, and a denial never counts as fulfilled.
        #[test]
        fn no_order_of_changes_breaks_the_state_machine(steps in prop::collection::vec(0..13_usize, 0..40)) {
            let changes = changes();
            let mut state = State::Received;
            let mut worked = Reached::Received;
            for step in steps {
                let change = &changes[step];
                match state.after(change) {
                    Ok(next) => {
                        let still = matches!(
                            (&state, change),
                            (State::Fulfilled { .. }, Change::Expire) | (State::Cancelled, Change::Note { .. })
                        );
                        prop_assert!(!state.is_final() || still);
                        if !matches!(next, State::Cancelled) {
                            prop_assert!(next.reached() >= worked);
                            worked = next.reached();
                        }
                        if matches!(next, State::Denied { .. }) {
                            prop_assert!(next.reached() < Reached::Fulfilled);
                        }
                        state = next;
                    }
                    Err(refused) => prop_assert_eq!(refused.from, state.name()),
                }
            }
        }
    }

    #[test]
    fn a_cancelled_request_cannot_be_fulfilled() {
        let fulfill = Change::Fulfill { results: vec![], expires_at: None };
        assert!(State::Cancelled.after(&fulfill).is_err());
        assert!(State::Received.after(&fulfill).is_err(), "work begins before it ends");
    }
}
