//! A party that has a request is asked how it stands, when its callbacks stay away.

use habeas_core::{
    clock::{Instant, MINUTE_MS},
    dialect::{Operation, Told},
    leg::{Leg, LegCancel, LegState, Progress, Report},
};
use habeas_store::LeasedLeg;

use super::leg::{Step, known_as, refused_for_now};
use crate::{
    Engine, Result,
    directory::{Peer, Tenant},
    outbound::OutboundError,
};

/// A party is given so long after the date it named before it is asked.
const GRACE_MS: i64 = MINUTE_MS;

impl Engine {
    pub(super) async fn poll_leg(&self, leased: &LeasedLeg, tenant: &Tenant, peer: &Peer) -> Result<Step> {
        let leg = &leased.row.leg;
        let Some(status) = self.dialect_of(peer)?.status() else { return Ok(Step::NoNews(None)) };
        let id = known_as(leg);
        let answer = self
            .converse_by_id(tenant, peer, Operation::Status, |x| status.ask(&id, x), |x| status.ask_elsewhere(&id, x))
            .await?;
        match status.hear(&answer.message).map_err(|_| OutboundError::Unusable("its status cannot be read"))? {
            // Some say 400 of an id that they do not know.
            Told::Refused { status: 404, .. } | Told::Refused { again: false, .. } => {
                Ok(Step::NoNews(Some("it does not know the request any more".to_owned())))
            }
            Told::Refused { status, .. } => Ok(refused_for_now(status, answer.message.head())),
            Told::Said(reported) => {
                if !reported.report.remote_id.as_str().eq_ignore_ascii_case(id.as_str()) {
                    return Err(OutboundError::Unusable("its status is of another request").into());
                }
                let Some(next) = moved(leg, &reported.report) else { return Ok(Step::NoNews(None)) };
                let receipt = self.receipt_of(leg, Operation::Status, &answer, &reported);
                if next.state != leg.state {
                    return Ok(Step::made(next, receipt));
                }
                // Some name another date each time they are asked: that is no news to ask more often for.
                let receipt = match receipt {
                    Some(receipt) if self.is_new_evidence(&receipt).await? => Some(Box::new(receipt)),
                    _ => None,
                };
                Ok(Step::Made { leg: Box::new(next), receipt, asked: leased.row.attempts + 1, trouble: None })
            }
        }
    }

    /// When a party that has a request is asked next, after so many questions without news: soon after the date that it
    /// named, at the latest.
    pub(crate) fn follow_at(&self, leg: &Leg, asked: u32) -> Option<Instant> {
        let next = self.by_schedule(leg, asked)?;
        let promised = leg.expected_by.map(|by| by.plus_ms(GRACE_MS)).filter(|by| *by > self.clock.now());
        Some(promised.map_or(next, |by| by.min(next)))
    }

    /// The same without regard to a date that it has moved just now: some always name the present moment.
    pub(crate) fn by_schedule(&self, leg: &Leg, asked: u32) -> Option<Instant> {
        let next = || self.settings.follow.next(asked, self.clock.now(), None, self.random.as_ref());
        (!leg.state.is_final()).then(next)
    }
}

/// The leg after the report, or `None` when that says nothing new. What a party said last stays said: an old callback
/// is signed for ever.
pub(crate) fn moved(leg: &Leg, report: &Report) -> Option<Leg> {
    if leg.state.is_final() {
        return None;
    }
    let mut next = leg.clone();
    if let Some(state) = leg.state.forward(&report.progress) {
        // It took the wish to take it back, and somebody works on it all the same.
        if leg.cancel == LegCancel::Done && matches!(report.progress, Progress::InProgress | Progress::Fulfilled) {
            next.cancel = LegCancel::Refused;
        }
        next.state = state;
    }
    // It has done so before it was asked, or before its answer came.
    if next.cancel == LegCancel::Wanted && next.state == (LegState::Sent { progress: Progress::Cancelled }) {
        next.cancel = LegCancel::Done;
    }
    let same_word = matches!(&next.state, LegState::Sent { progress } if *progress == report.progress);
    if same_word {
        next.expected_by = report.expected_by.or(next.expected_by);
        next.results = report.results.clone().or(next.results);
        next.details = report.details.clone().or(next.details);
    }
    // Where the party makes the ids, its first message says under which it has the request.
    if next.remote_id.is_none() && !report.remote_id.as_str().eq_ignore_ascii_case(leg.wire_id.as_str()) {
        next.remote_id = Some(report.remote_id.clone());
    }
    (next != *leg).then_some(next)
}
