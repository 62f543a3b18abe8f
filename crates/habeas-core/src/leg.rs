//! One downstream party's share of one right of a request.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    clock::Instant,
    dialect::DialectId,
    domain::Domain,
    id::{LegId, PartyId, RemoteId, RequestId, WireId},
    right::Right,
    state::Ground,
};

/// One downstream party's share of one right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// Our name for it.
    pub id: LegId,
    /// The request it serves.
    pub request: RequestId,
    /// The organisation that sends.
    pub organisation: Domain,
    /// Who shall act.
    pub party: PartyId,
    /// In which dialect we speak to it.
    pub dialect: DialectId,
    /// Which right.
    pub right: Right,
    /// The id under which we send it.
    pub wire_id: WireId,
    /// The id that the party has for it.
    pub remote_id: Option<RemoteId>,
    /// When our submission was answered. A callback may overtake the answer, so this is not the state.
    pub accepted_at: Option<Instant>,
    /// Where it stands.
    pub state: LegState,
    /// Whether the party shall take it back.
    pub cancel: LegCancel,
    /// When the party expects to be done.
    pub expected_by: Option<Instant>,
    /// Where the party calls us back; holds the token that names this leg.
    pub callback_url: Option<Url>,
    /// Where the party says the results are.
    pub results: Option<Url>,
    /// Where it stands, in the party's words. May hold anything.
    pub details: Option<String>,
    /// Where those say they are to whom the party has handed it on: an agent of 0.1 has no word for results.
    pub heard: Vec<Url>,
}

/// Where a leg stands, as far as we know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "leg", rename_all = "snake_case")]
pub enum LegState {
    /// Not tried yet.
    Waiting,
    /// Tried, in doubt: the party may have it.
    Unsent,
    /// The party has it and says so.
    Sent {
        /// What it says.
        progress: Progress,
    },
    /// The party refused it.
    Refused {
        /// The HTTP status of its answer.
        status: u16,
    },
    /// Given up before it was sent, because the request was cancelled or shredded, or an operator said so.
    Waived,
    /// The party turned out to serve neither this right nor any of these identities, so it was sent nothing.
    Inapplicable,
}

impl LegState {
    /// The name used in the operator's API: the progress once the party has spoken.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Unsent => "unsent",
            Self::Sent { progress } => progress.name(),
            Self::Refused { .. } => "refused",
            Self::Waived => "waived",
            Self::Inapplicable => "inapplicable",
        }
    }

    /// Whether nothing more is expected of the party.
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Waiting | Self::Unsent => false,
            Self::Sent { progress } => progress.is_final(),
            Self::Refused { .. } | Self::Waived | Self::Inapplicable => true,
        }
    }

    /// The state after the party's report, or `None` when the report says nothing new or would go back: reports are
    /// replayed and reordered, because OpenGDPR signs only the body (reading A22).
    pub fn forward(&self, report: &Progress) -> Option<Self> {
        let rank = match self {
            Self::Waiting | Self::Unsent => 0,
            Self::Sent { progress } if progress.is_final() => return None,
            // The person is asked to prove who they are, and the work goes on once that is done.
            Self::Sent { progress } if progress.swaps_with(report) => {
                return Some(Self::Sent { progress: report.clone() });
            }
            Self::Sent { progress } => progress.rank(),
            Self::Refused { .. } | Self::Waived | Self::Inapplicable => return None,
        };
        (report.rank() > rank).then(|| Self::Sent { progress: report.clone() })
    }
}

/// What a party reports of its share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "progress", rename_all = "snake_case")]
pub enum Progress {
    /// It has the request.
    Pending,
    /// It has handed it on.
    Distributed,
    /// It works on it.
    InProgress,
    /// The person must prove who they are, there.
    NeedsVerification {
        /// Where.
        url: Url,
    },
    /// Done.
    Fulfilled,
    /// Taken back.
    Cancelled,
    /// Refused, on that ground if it said one we know.
    Denied {
        /// The ground.
        ground: Option<Ground>,
    },
    /// Ran out of time.
    Expired,
    /// A word that we do not know.
    Unknown,
}

impl Progress {
    /// The name used in storage and the operator's API.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Distributed => "distributed",
            Self::InProgress => "in_progress",
            Self::NeedsVerification { .. } => "needs_verification",
            Self::Fulfilled => "fulfilled",
            Self::Cancelled => "cancelled",
            Self::Denied { .. } => "denied",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Pending => 1,
            Self::Distributed => 2,
            Self::InProgress | Self::NeedsVerification { .. } => 3,
            Self::Fulfilled | Self::Cancelled | Self::Denied { .. } | Self::Expired => 4,
        }
    }

    /// Whether the one may follow the other either way: verification of the person interrupts the
    /// work, and may be asked for anew at another address.
    fn swaps_with(&self, other: &Self) -> bool {
        let interruptible = |one: &Self| matches!(one, Self::InProgress | Self::NeedsVerification { .. });
        interruptible(self) && interruptible(other) && self != other
    }

    /// Whether the party will report nothing more.
    pub const fn is_final(&self) -> bool {
        self.rank() == 4
    }
}

/// Whether a leg shall be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegCancel {
    /// Nobody asked.
    No,
    /// Asked, the party has not answered yet.
    Wanted,
    /// The party took it back.
    Done,
    /// The party did not.
    Refused,
}

impl LegCancel {
    /// The name used in storage and the operator's API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Wanted => "wanted",
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

impl fmt::Display for LegCancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no state of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the state of a leg's cancellation")]
pub struct NotALegCancel;

impl FromStr for LegCancel {
    type Err = NotALegCancel;
    fn from_str(text: &str) -> Result<Self, NotALegCancel> {
        [Self::No, Self::Wanted, Self::Done, Self::Refused]
            .into_iter()
            .find(|c| c.as_str() == text)
            .ok_or(NotALegCancel)
    }
}

/// What a party said of a leg, read from its answer or callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The id it names.
    pub remote_id: RemoteId,
    /// Where it stands.
    pub progress: Progress,
    /// When it received the request.
    pub received_at: Option<Instant>,
    /// When it expects to be done.
    pub expected_by: Option<Instant>,
    /// Where the results are.
    pub results: Option<Url>,
    /// Where it stands, in the party's words.
    pub details: Option<String>,
    /// The callback URL that the message says it was sent to.
    pub callback_url: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_move_a_leg_forward_only() {
        let completed = LegState::Sent { progress: Progress::Fulfilled };
        assert_eq!(completed.forward(&Progress::InProgress), None);
        assert_eq!(completed.forward(&Progress::Cancelled), None);
        let working = LegState::Sent { progress: Progress::InProgress };
        assert_eq!(working.forward(&Progress::Pending), None);
        assert_eq!(working.forward(&Progress::InProgress), None);
        assert_eq!(working.forward(&Progress::Fulfilled), Some(completed));
        assert_eq!(LegState::Unsent.forward(&Progress::Pending).map(|s| s.name()), Some("pending"));
        assert_eq!(LegState::Unsent.forward(&Progress::Unknown), None);
        let url = "https://example.com/v".parse().unwrap();
        let asked = LegState::Sent { progress: Progress::NeedsVerification { url } };
        assert_eq!(asked.forward(&Progress::InProgress), Some(working));
        let elsewhere = Progress::NeedsVerification { url: "https://example.com/w".parse().unwrap() };
        assert!(asked.forward(&elsewhere).is_some(), "it is another address");
        assert_eq!(asked.forward(&Progress::Pending), None);
        assert_eq!(LegState::Waived.forward(&Progress::Fulfilled), None);
    }
}
