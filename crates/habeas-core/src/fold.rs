//! How does a request of ours stand, given how its legs stand?

use url::Url;

use crate::{
    leg::{Leg, LegCancel, LegState, Progress},
    state::{Change, Ground, State},
};

/// The request's next changes from all its legs: a sequence and not a state, so that a leg that overtakes swallows no
/// step that others wait to hear of.
///
/// Distributed is a request when every party has answered, or at the latest when one has begun: a party that is down
/// does not hide that another works. Parties that turned out to have nothing to do with it count for nothing.
pub fn fold(state: &State, legs: &[Leg]) -> Vec<Change> {
    let mut changes = Vec::new();
    if state.is_final() || legs.is_empty() {
        return changes;
    }
    let legs: Vec<&Leg> = legs.iter().filter(|leg| leg.state != LegState::Inapplicable).collect();
    if legs.is_empty() {
        return vec![Change::Deny(Ground::Unsupported)];
    }
    let progress = |leg: &&Leg| match &leg.state {
        LegState::Sent { progress } => Some(progress.clone()),
        LegState::Waiting | LegState::Unsent | LegState::Refused { .. } | LegState::Waived | LegState::Inapplicable => {
            None
        }
    };
    let answered = |leg: &&Leg| leg.accepted_at.is_some() || progress(leg).is_some() || leg.state.is_final();
    let taken = |leg: &&Leg| leg.accepted_at.is_some() || progress(leg).is_some();
    let worked = |leg: &&Leg| {
        matches!(progress(leg), Some(Progress::InProgress | Progress::NeedsVerification { .. } | Progress::Fulfilled))
    };
    // Given up by an operator is not taken back by who asked.
    let gone = |leg: &&Leg| {
        progress(leg) == Some(Progress::Cancelled) || leg.state == LegState::Waived && leg.cancel == LegCancel::Done
    };
    let nowhere = |leg: &&Leg| gone(leg) || matches!(leg.state, LegState::Refused { .. });

    let called_off = legs.iter().any(gone) && legs.iter().all(nowhere);
    let begun = legs.iter().any(worked);
    let sent = legs.iter().all(answered) && legs.iter().any(taken) && !legs.iter().any(gone);
    if *state == State::Received && (sent || begun) {
        changes.push(Change::Distribute);
    }
    if matches!(state, State::Received | State::Distributed) && begun {
        changes.push(Change::Start);
    }
    if !legs.iter().all(|leg| leg.state.is_final()) {
        return changes;
    }
    if legs.iter().all(|leg| progress(leg) == Some(Progress::Fulfilled)) {
        let results: Vec<Url> = legs.iter().flat_map(|leg| leg.results.iter().chain(&leg.heard).cloned()).collect();
        changes.push(Change::Fulfill { results, expires_at: None });
    } else if called_off {
        changes.push(Change::Cancel);
    } else {
        // Fulfilled only when every leg is: one that was refused, cancelled alone or expired is never hidden.
        let ground = legs.iter().find_map(|leg| match progress(leg) {
            Some(Progress::Denied { ground }) => ground,
            _ => None,
        });
        changes.push(Change::Deny(ground.unwrap_or(Ground::Other)));
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Instant,
        dialect::DialectId,
        id::{LegId, PartyId, RequestId, WireId},
        right::Right,
    };

    fn leg(state: LegState) -> Leg {
        Leg {
            id: LegId::new("l"),
            request: RequestId::new("r"),
            organisation: "shop.localhost".parse().unwrap(),
            party: PartyId::new("p"),
            dialect: DialectId::known("opengdpr/1.0"),
            right: Right::Erasure,
            wire_id: WireId::new("w"),
            remote_id: None,
            accepted_at: matches!(state, LegState::Sent { .. }).then_some(Instant::from_ms(1)),
            state,
            cancel: LegCancel::No,
            expected_by: None,
            callback_url: None,
            results: None,
            details: None,
            heard: Vec::new(),
        }
    }

    fn sent(progress: Progress) -> Leg {
        leg(LegState::Sent { progress })
    }

    fn names(state: &State, legs: &[Leg]) -> Vec<&'static str> {
        fold(state, legs).iter().map(Change::name).collect()
    }

    #[test]
    fn a_leg_that_overtakes_still_lets_distributed_be_heard() {
        assert_eq!(names(&State::Received, &[sent(Progress::Fulfilled)]), ["distribute", "start", "fulfill"]);
    }

    #[test]
    fn fulfilled_only_when_every_leg_is() {
        use Progress as P;
        let working = State::InProgress;
        assert!(names(&working, &[sent(P::Fulfilled), sent(P::InProgress)]).is_empty());
        assert_eq!(names(&working, &[sent(P::Fulfilled), sent(P::Fulfilled)]), ["fulfill"]);
        for other in [P::Denied { ground: None }, P::Expired, P::Cancelled] {
            assert_eq!(names(&working, &[sent(P::Fulfilled), sent(other)]), ["deny"]);
        }
        let refused = leg(LegState::Refused { status: 400 });
        assert_eq!(names(&State::Received, &[refused]), ["deny"]);
    }

    #[test]
    fn a_request_whose_legs_are_all_taken_back_is_cancelled() {
        let waived = || Leg { cancel: LegCancel::Done, ..leg(LegState::Waived) };
        assert_eq!(names(&State::Received, &[waived()]), ["cancel"]);
        assert_eq!(names(&State::Received, &[sent(Progress::Cancelled), waived()]), ["cancel"]);
        assert_eq!(names(&State::Distributed, &[waived(), leg(LegState::Refused { status: 400 })]), ["cancel"]);
    }

    #[test]
    fn what_an_operator_gives_up_is_not_told_as_taken_back() {
        assert_eq!(names(&State::Received, &[leg(LegState::Waived)]), ["deny"]);
        assert_eq!(names(&State::InProgress, &[sent(Progress::Fulfilled), leg(LegState::Waived)]), ["deny"]);
    }

    #[test]
    fn a_party_that_is_down_does_not_hide_that_another_works() {
        let (down, done) = (leg(LegState::Unsent), sent(Progress::Fulfilled));
        assert_eq!(names(&State::Received, &[down, done]), ["distribute", "start"]);
    }

    #[test]
    fn a_party_that_has_nothing_to_do_with_it_counts_for_nothing() {
        let stranger = || leg(LegState::Inapplicable);
        assert_eq!(names(&State::InProgress, &[stranger(), sent(Progress::Fulfilled)]), ["fulfill"]);
        assert_eq!(names(&State::Received, &[stranger(), stranger()]), ["deny"]);
    }

    #[test]
    fn nothing_changes_while_a_leg_was_not_answered() {
        assert!(names(&State::Received, &[sent(Progress::Pending), leg(LegState::Unsent)]).is_empty());
    }
}
