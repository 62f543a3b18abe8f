//! What a sender believes of its parties is so.

use habeas_core::{
    dialect::DialectId,
    leg::{Leg, LegState, Progress},
    state::{Reached, State},
};

use super::{Census, Found, found};
use crate::world::World;

impl World {
    /// Each leg stands as the request stands that its party has.
    pub(super) fn everybody_agrees(&self, census: &Census) -> Found {
        for (name, story) in &census.stories {
            for leg in story.legs.iter().map(|row| &row.leg) {
                let wire_id = leg.remote_id.as_ref().map_or(leg.wire_id.as_str(), |id| id.as_str());
                let theirs = census.of(leg.party.as_str(), name, wire_id).map(|story| &story.request.standing.state);
                if self.is_given_up(leg) || agree(leg, theirs) {
                    continue;
                }
                let theirs = theirs.map_or("unknown", State::name);
                let what = format!(
                    "{name} believes {} {} at {}, where it is {theirs}",
                    leg.request,
                    leg.state.name(),
                    leg.party
                );
                return found("agreement", what);
            }
        }
        Ok(())
    }

    /// Whether an operator gave it up: what its party does then is what the operator chose.
    fn is_given_up(&self, leg: &Leg) -> bool {
        leg.state == LegState::Waived && self.waived.contains(&leg.id)
    }

    /// Nobody works on what its sender knows nothing of.
    pub(super) fn nobody_works_for_nobody(&self, census: &Census) -> Found {
        for (name, story) in &census.stories {
            let Some(upstream) = &story.request.upstream else { continue };
            let sender = upstream.party.as_str();
            let legs = census.stories.iter().filter(|(from, _)| *from == sender).flat_map(|(_, story)| &story.legs);
            let mut theirs = legs.map(|row| &row.leg).filter(|leg| leg.party.as_str() == *name);
            let known = |leg: &Leg| {
                let id = leg.remote_id.as_ref().map_or(leg.wire_id.as_str(), |id| id.as_str());
                id.eq_ignore_ascii_case(story.request.standing.wire_id.as_str()) || self.is_given_up(leg)
            };
            if story.request.standing.state != State::Cancelled && !theirs.any(known) {
                let state = story.request.standing.state.name();
                return found(
                    "effects",
                    format!("{name} has {} ({state}), and {sender} does not know", story.request.id),
                );
            }
        }
        Ok(())
    }

    /// What was handed on is done when every party is, and not before: above all, what people's agents are told.
    pub(super) fn done_is_done_by_all(&self, census: &Census) -> Found {
        for (name, story) in &census.stories {
            let done = matches!(
                story.request.standing.state,
                State::Fulfilled { .. } | State::Expired { reached: Reached::Fulfilled }
            );
            let open = |leg: &&Leg| {
                !matches!(leg.state, LegState::Inapplicable | LegState::Sent { progress: Progress::Fulfilled })
            };
            if let Some(leg) = story.legs.iter().map(|row| &row.leg).find(open).filter(|_| done) {
                let what = format!("{} is done at {name}, and {} is {}", story.request.id, leg.party, leg.state.name());
                return found("bridge", what);
            }
        }
        Ok(())
    }
}

fn agree(leg: &Leg, theirs: Option<&State>) -> bool {
    let Some(theirs) = theirs else {
        // Nobody has it: it was never sent, or never taken.
        return matches!(
            leg.state,
            LegState::Waiting | LegState::Unsent | LegState::Refused { .. } | LegState::Waived | LegState::Inapplicable
        );
    };
    let LegState::Sent { progress } = &leg.state else { return false };
    let has_words = leg.dialect != DialectId::known("opengdpr/0.1.3");
    match theirs {
        State::Fulfilled { .. } | State::Expired { reached: Reached::Fulfilled } => *progress == Progress::Fulfilled,
        State::Cancelled => *progress == Progress::Cancelled,
        State::Denied { .. } if has_words => matches!(progress, Progress::Denied { .. }),
        // The last honest status stands.
        State::Denied { .. } | State::Expired { .. } => !matches!(progress, Progress::Fulfilled | Progress::Cancelled),
        State::Received => *progress == Progress::Pending,
        // Not every version has a word for it.
        State::Distributed => matches!(progress, Progress::Distributed | Progress::InProgress),
        State::InProgress => *progress == Progress::InProgress,
        State::AwaitingVerification { .. } => {
            matches!(progress, Progress::InProgress | Progress::NeedsVerification { .. })
        }
    }
}
