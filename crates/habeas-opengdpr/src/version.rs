//! In what do the versions of OpenGDPR differ? Names and yes/no; a version that needs more is another implementation.

use habeas_core::{
    dialect::{DialectId, Endpoint},
    state::{Reached, State},
};

use crate::exchange::{Family, canonical_kind};

/// One published version.
pub(crate) struct Version {
    /// Its name among dialects.
    pub(crate) id: DialectId,
    /// Its value of `api_version`.
    pub(crate) api_version: &'static str,
    /// The headers that carry its signatures.
    pub(crate) family: Family,
    /// Its words for where a request stands.
    pub(crate) words: Words,
    /// Its name for the advertising id of Roku (A9).
    pub(crate) roku: &'static str,
    /// Whether 201 and 202 carry `controller_id`.
    pub(crate) receipts_name_controller: bool,
    /// Whether 202, status and callback carry `api_version`.
    pub(crate) answers_name_version: bool,
    /// Whether 202 carries `encoded_request` (A10).
    pub(crate) cancel_answer_holds_original: bool,
    /// Whether status and callback may carry `results_url`.
    pub(crate) has_results: bool,
    /// Whether `extensions` exists, in requests and (A46) in what we tell.
    pub(crate) has_extensions: bool,
    /// Whether a request may be narrowed by a top-level `property_id` (A43).
    pub(crate) has_property_id: bool,
    /// Its routing table.
    pub(crate) endpoints: &'static [Endpoint],
}

/// The words of section 8, one for each core state that has one of its own.
pub(crate) struct Words {
    pub(crate) received: &'static str,
    pub(crate) distributed: &'static str,
    pub(crate) in_progress: &'static str,
    pub(crate) fulfilled: &'static str,
    pub(crate) cancelled: &'static str,
}

impl Version {
    /// The word for a state. Denied and expired requests have none: the last honest one stands for them, and a
    /// denial is never told as fulfilled.
    pub(crate) const fn word(&self, state: &State) -> &'static str {
        let words = &self.words;
        match state {
            State::Received => words.received,
            State::Distributed => words.distributed,
            State::InProgress | State::AwaitingVerification { .. } => words.in_progress,
            State::Fulfilled { .. } | State::Expired { reached: Reached::Fulfilled } => words.fulfilled,
            State::Cancelled => words.cancelled,
            State::Denied { reached, .. } | State::Expired { reached } => match reached {
                Reached::Received => words.received,
                Reached::Distributed => words.distributed,
                Reached::InProgress | Reached::Fulfilled => words.in_progress,
            },
        }
    }

    /// The name of an identity's kind.
    pub(crate) fn kind_word<'a>(&self, kind: &'a str) -> &'a str {
        if canonical_kind(kind) == canonical_kind(self.roku) { self.roku } else { kind }
    }

    /// Whether a value of `api_version` names this major version.
    pub(crate) fn is_named_by(&self, api_version: &str) -> bool {
        let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        api_version.split('.').all(number) && api_version.split('.').next() == self.api_version.split('.').next()
    }
}

#[cfg(test)]
mod tests {
    use habeas_core::{
        clock::Instant,
        dialect::{Dialect, Notice},
        event::Standing,
        id::WireId,
        state::Ground,
    };

    use super::*;
    use crate::{dialect::OpenGdpr, exchange::OPENGDPR};

    /// The other side of every yes and no.
    static TERSE: Version = Version {
        id: DialectId::known("opengdpr/terse"),
        api_version: "0.1",
        family: OPENGDPR,
        words: Words {
            received: "pending",
            distributed: "distributed",
            in_progress: "in_progress",
            fulfilled: "completed",
            cancelled: "cancelled",
        },
        roku: "roku_aid",
        receipts_name_controller: false,
        answers_name_version: false,
        cancel_answer_holds_original: true,
        has_results: false,
        has_extensions: false,
        has_property_id: true,
        endpoints: &[],
    };

    #[test]
    fn names_are_those_of_the_row() {
        assert_eq!(TERSE.word(&State::Distributed), "distributed");
        for name in ["roku_aid", "roku_advertising_id"] {
            assert_eq!(TERSE.kind_word(name), "roku_aid");
        }
        assert_eq!(TERSE.kind_word("email"), "email");
        for (named, ours) in [("0.1", true), ("0.1.3", true), ("0", true), ("1.0", false), ("0.", false), ("", false)] {
            assert_eq!(TERSE.is_named_by(named), ours, "{named}");
        }
    }

    #[test]
    fn what_a_version_does_not_show_is_no_news() {
        let standing = |state| Standing {
            wire_id: WireId::new("w"),
            seq: 0,
            state,
            received_at: Instant::from_ms(0),
            expected_by: Instant::from_ms(0),
            details: None,
        };
        let denied = State::Denied { ground: Ground::Exempt, reached: Reached::InProgress };
        let notice = OpenGdpr::of(&TERSE).notice(Some(&standing(State::InProgress)), &standing(denied));
        assert_eq!(notice, Notice::Silent);
        assert!(OpenGdpr::of(&TERSE).facts().cancel_answer_holds_original);
    }
}
