//! Every request has gone a way that it may go, step by step.

use habeas_core::{
    event::{Actor, Event},
    request::Request,
};
use habeas_engine::operator::Story;

use super::{Census, Found, found};
use crate::world::World;

impl World {
    /// Each history begins with the acceptance, skips nothing, and makes legal steps only.
    pub(super) fn every_history_is_legal(&self, census: &Census) -> Found {
        for (name, story) in &census.stories {
            let Story { request, history, .. } = story;
            let wrong = |what: &str| found("states", format!("{what} of {} at {name}", request.id));
            if !history.iter().zip(0..).all(|(event, seq)| event.standing.seq == seq) {
                return wrong("a gap in the history");
            }
            if history.last().is_none_or(|last| last.standing != request.standing) {
                return wrong("another end than in the history");
            }
            for pair in history.windows(2) {
                let [before, after] = pair else { continue };
                if !may_follow(before, after) {
                    let (from, to) = (before.standing.state.name(), after.standing.state.name());
                    return wrong(&format!("a step from {from} to {to} ({})", after.change));
                }
                if after.change == "cancel" && !may_be_cancelled(request, before, after) {
                    return wrong(&format!("a cancellation when it was {}", before.standing.state.name()));
                }
            }
        }
        Ok(())
    }
}

/// The steps there are, written down once more, so that a mistake in the core is seen.
fn may_follow(before: &Event, after: &Event) -> bool {
    let ends = ["cancelled", "denied", "expired"];
    match (before.standing.state.name(), after.standing.state.name()) {
        ("fulfilled", "expired") => true,
        ("cancelled", "cancelled") => after.change == "note",
        ("fulfilled" | "cancelled" | "denied" | "expired", _) => false,
        (from, to) if from == to || ends.contains(&to) => true,
        ("received", "distributed" | "in_progress" | "awaiting_verification") => true,
        ("distributed", "in_progress" | "awaiting_verification") => true,
        ("in_progress", "awaiting_verification" | "fulfilled") => true,
        ("awaiting_verification", "in_progress") => true,
        _ => false,
    }
}

/// Who asked by OpenGDPR takes a request back while it is pending only; where it was handed on, the parties say so.
fn may_be_cancelled(request: &Request, before: &Event, after: &Event) -> bool {
    let receipts = request.upstream.as_ref().is_some_and(|from| from.dialect.as_str().starts_with("opengdpr/"));
    !receipts || after.actor != Actor::Upstream || before.standing.state.name() == "received"
}
