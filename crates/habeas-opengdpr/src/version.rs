//! In what do the versions of OpenGDPR differ? Names and yes/no; a version that needs more is another implementation.

use habeas_core::{
    dialect::{DialectId, Endpoint, Knob},
    state::{Reached, State},
};

use crate::exchange::{Family, canonical_kind};

/// One published version.
pub(crate) struct Version {
    /// Its name among dialects.
    pub(crate) id: DialectId,
    /// Its value of `api_version`.
    pub(crate) api_version: &'static str,
    /// The numbers that tell it from other versions: all three below 1.0, the major one since (A4).
    pub(crate) number: &'static str,
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
    /// Whether its examples show single requests below the singular (A3).
    pub(crate) shows_singular_path: bool,
    /// What may be done differently for single parties.
    pub(crate) knobs: &'static [Knob],
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

    /// Whether a value of `api_version` names this major version: what we can answer to.
    pub(crate) fn is_named_by(&self, api_version: &str) -> bool {
        agree(api_version, self.number, 1)
    }

    /// Whether a value of `api_version` may mean this very version: it says no number that is another.
    pub(crate) fn is_meant_by(&self, api_version: &str) -> bool {
        agree(api_version, self.number, usize::MAX)
    }
}

/// Whether two version numbers are the same in their first `count` parts, as far as both go.
fn agree(named: &str, ours: &str, count: usize) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    named.split('.').all(is_number) && named.split('.').zip(ours.split('.')).take(count).all(|(a, b)| a == b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{v0_1_2, v0_1_3, v1_0};

    #[test]
    fn names_are_those_of_the_row() {
        for (version, distributed, roku) in [
            (&v0_1_2::VERSION, "in_progress", "roku_aid"),
            (&v0_1_3::VERSION, "distributed", "roku_aid"),
            (&v1_0::VERSION, "in_progress", "roku_advertising_id"),
        ] {
            assert_eq!(version.word(&State::Distributed), distributed);
            for name in ["roku_aid", "roku_advertising_id"] {
                assert_eq!(version.kind_word(name), roku);
            }
            assert_eq!(version.kind_word("email"), "email");
        }
    }

    #[test]
    fn a_number_means_the_versions_that_it_does_not_contradict() {
        // What is named, which of our three versions it may mean, and which of them answer to it.
        for (named, meant, answer) in [
            ("0.1", [true, true, false], [true, true, false]),
            ("0.1.2", [true, false, false], [true, true, false]),
            ("0.1.3", [false, true, false], [true, true, false]),
            ("0.1.4", [false, false, false], [true, true, false]),
            ("0", [true, true, false], [true, true, false]),
            ("0.2", [false, false, false], [true, true, false]),
            ("1", [false, false, true], [false, false, true]),
            ("1.0", [false, false, true], [false, false, true]),
            ("1.1", [false, false, true], [false, false, true]),
            ("2.0", [false; 3], [false; 3]),
            ("0.", [false; 3], [false; 3]),
            ("0.1.x", [false; 3], [false; 3]),
            ("v1", [false; 3], [false; 3]),
            ("", [false; 3], [false; 3]),
        ] {
            let ours = [&v0_1_2::VERSION, &v0_1_3::VERSION, &v1_0::VERSION];
            assert_eq!(ours.map(|version| version.is_meant_by(named)), meant, "{named}");
            assert_eq!(ours.map(|version| version.is_named_by(named)), answer, "{named}");
        }
    }
}
