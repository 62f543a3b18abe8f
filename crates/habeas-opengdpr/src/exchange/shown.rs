//! What of a request's standing does a peer see, and when is it news? (1.0 §8; A20, A44, A46)

use habeas_core::{
    dialect::{Exchange, Notice},
    event::Standing,
    right::Right,
    state::{Ground, State},
};
use habeas_wire::{json::ObjectWriter, time};
use url::Url;

use super::answer::nested;
use crate::version::Version;

/// What a version shows of a standing.
#[derive(PartialEq, Eq)]
pub(super) struct Shown<'a> {
    word: &'static str,
    expected: String,
    results: Option<&'a Url>,
    denied: Option<Ground>,
    details: Option<&'a str>,
}

impl<'a> Shown<'a> {
    pub(super) fn of(version: &Version, standing: &'a Standing) -> Self {
        let (results, denied) = match &standing.state {
            State::Fulfilled { results, .. } => (results.first(), None),
            State::Denied { ground, .. } => (None, Some(*ground)),
            State::Received
            | State::Distributed
            | State::InProgress
            | State::AwaitingVerification { .. }
            | State::Cancelled
            | State::Expired { .. } => (None, None),
        };
        Self {
            word: version.word(&standing.state),
            expected: time::format(standing.expected_by.ms()),
            results: results.filter(|_| version.has_results),
            denied: denied.filter(|_| version.has_extensions),
            details: standing.details.as_deref().filter(|text| version.has_extensions && !text.is_empty()),
        }
    }

    /// When we expect to be done.
    pub(super) fn expected(&self) -> &str {
        &self.expected
    }

    /// Writes the members that status and callback end with.
    pub(super) fn write(&self, version: &Version, right: Right, writer: &mut ObjectWriter, x: &Exchange<'_>) {
        writer.string("request_status", self.word);
        if version.answers_name_version {
            writer.string("api_version", version.api_version);
        }
        if let Some(results) = self.results.filter(|_| right.has_results()) {
            writer.string("results_url", results.as_str());
        }
        if self.denied.is_some() || self.details.is_some() {
            let ours = nested(ObjectWriter::new().raw(x.us.domain.as_str(), &self.extension()));
            writer.raw("extensions", &ours);
        }
    }

    /// What the version has no member for stands in our own extension: why a request is denied, and what else there
    /// is to say, such as why it takes longer.
    fn extension(&self) -> String {
        let mut writer = ObjectWriter::new();
        if let Some(ground) = self.denied {
            let denied = nested(ObjectWriter::new().string("reason", ground.as_str()));
            writer.raw("denied", &denied);
        }
        if let Some(details) = self.details {
            writer.string("details", details);
        }
        nested(&mut writer)
    }
}

/// Every change is told that shows; a change that would say the same words twice is not.
pub(crate) fn notice(version: &Version, before: Option<&Standing>, after: &Standing) -> Notice {
    let unchanged = before.is_some_and(|before| Shown::of(version, before) == Shown::of(version, after));
    if unchanged { Notice::Silent } else { Notice::Every }
}
