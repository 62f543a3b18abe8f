//! What is told of a request? One object in every answer and callback: the Exercise Status (§3.03; R2, R10, R11, R25).

mod read;

use habeas_core::{clock::Instant, dialect::Answer, event::Standing, state::State};
use habeas_wire::{
    json::{ObjectWriter, quote},
    time,
};
pub(super) use read::{read, read_of};
use url::Url;

use super::{message, words};

/// The member that names the request.
pub(super) const ID: &str = "request_id";

/// How `reason` is written where there is none.
#[derive(Clone, Copy)]
pub(super) enum NoReason {
    Null,
    Empty,
    Absent,
}

/// The answer that tells how a request stands.
pub(super) fn answer(standing: &Standing) -> Answer {
    message::answer(200, write(standing, NoReason::Null))
}

/// Whether two standings are told in the same words.
pub(super) fn alike(one: &Standing, other: &Standing) -> bool {
    write(one, NoReason::Null) == write(other, NoReason::Null)
}

/// The object. The first seven members are always there: some peers take one without them for broken.
pub(super) fn write(standing: &Standing, no_reason: NoReason) -> Vec<u8> {
    let Added { verification, results, expires_at } = Added::of(&standing.state);
    let details = standing.details.as_deref().filter(|text| !text.is_empty());
    let mut writer = ObjectWriter::new();
    writer
        .string(ID, standing.wire_id.as_str())
        .string("received_at", &instant(standing.received_at))
        .string("expected_by", &instant(standing.expected_by))
        .raw("processing_details", &nullable(details))
        .string("status", words::status_of(&standing.state));
    match (words::reason_of(&standing.state), no_reason) {
        (None, NoReason::Empty) => writer.string("reason", ""),
        (None, NoReason::Absent) => &mut writer,
        (reason, _) => writer.raw("reason", &nullable(reason)),
    };
    writer.raw("user_verification_url", &nullable(verification.map(Url::as_str)));
    if let Some(expires_at) = expires_at {
        writer.string("expires_at", &instant(expires_at));
    }
    if let Some(results) = results {
        writer.string("results_url", results.as_str());
    }
    writer.finish()
}

/// What single states add to the members that all have (§3.02).
#[derive(Default)]
struct Added<'a> {
    verification: Option<&'a Url>,
    results: Option<&'a Url>,
    expires_at: Option<Instant>,
}

impl<'a> Added<'a> {
    fn of(state: &'a State) -> Self {
        match state {
            State::AwaitingVerification { url, until, reached: _ } => {
                Self { verification: Some(url), expires_at: *until, results: None }
            }
            State::Fulfilled { results, expires_at } => {
                Self { results: results.first(), expires_at: *expires_at, verification: None }
            }
            State::Received
            | State::Distributed
            | State::InProgress
            | State::Cancelled
            | State::Denied { .. }
            | State::Expired { .. } => Self::default(),
        }
    }
}

fn nullable(text: Option<&str>) -> String {
    text.map_or("null".to_owned(), quote)
}

/// With its offset in digits: a peer's reader of times does not know `Z`.
fn instant(at: Instant) -> String {
    time::format_offset(at.ms())
}
