//! What became of a step of a leg is saved, together with what it means for the request.

use habeas_core::{
    delivery::STUCK_ALERT_LANE,
    dialect::{Operation, Reported},
    leg::{Leg, LegCancel, LegState},
    message::Who,
    receipt::Receipt,
};
use habeas_store::{LeasedLeg, LegRow, LegSave, StoreError};

use super::leg::{Answered, Step};
use crate::{Engine, Error, Result, change::LEG_TRIES, outbound::OutboundError};

impl Engine {
    pub(super) async fn conclude_step(&self, leased: &LeasedLeg, step: Result<Step>) -> Result<()> {
        let step = match step {
            Err(Error::Store(StoreError::Stale)) => return Err(StoreError::Stale.into()),
            Err(error) => {
                if !matches!(error, Error::Outbound(_) | Error::Refused(_)) {
                    tracing::error!(leg = %leased.row.leg.id, error = %error, "a leg could not be moved");
                }
                Step::failed(&error)
            }
            Ok(step) => step,
        };
        match step {
            Step::Made { leg, receipt, asked, trouble } => {
                let receipt = receipt.map(|receipt| *receipt);
                self.save_step(leased, &leg, receipt, asked, trouble).await
            }
            Step::NoNews(trouble) => self.wait(leased, trouble).await,
            Step::Again { why, after_ms, doubtful } => self.postpone(leased, why, after_ms, doubtful).await,
            Step::Stuck(why) => self.leave_to_operator(leased, why).await,
        }
    }

    /// What the party signed, to be kept; nothing, where nobody signed or the message would go with any request.
    pub(super) fn receipt_of(
        &self,
        leg: &Leg,
        operation: Operation,
        answer: &Answered,
        reported: &Reported,
    ) -> Option<Receipt> {
        let (Who::Signer { domain, signature }, Some(key)) = (answer.message.who(), &answer.key) else { return None };
        if !reported.names_request {
            return None;
        }
        let answer = &answer.message;
        let (body, hole) = cut(answer.body(), reported.secret.clone());
        Some(Receipt {
            request: leg.request.clone(),
            leg: leg.id.clone(),
            at: self.clock.now(),
            operation,
            signer: domain.clone(),
            sha256: habeas_trust::digest::sha256(answer.body()),
            signature: signature.clone(),
            chain: key.chain.to_pem(),
            body,
            hole,
        })
    }

    /// Saves what a step did. A callback may have moved the leg meanwhile: then both are kept.
    async fn save_step(
        &self,
        leased: &LeasedLeg,
        ours: &Leg,
        receipt: Option<Receipt>,
        asked: u32,
        trouble: Option<String>,
    ) -> Result<()> {
        let mut row = leased.row.clone();
        let alert = trouble.as_ref().and_then(|_| self.alert(STUCK_ALERT_LANE, leased.request.standing.seq));
        for _ in 0..LEG_TRIES {
            let leg = merged(&leased.row.leg, &row.leg, ours);
            let at_once = leg.cancel == LegCancel::Wanted && !leg.state.is_final();
            let due_at = match asked {
                _ if at_once => Some(self.clock.now()),
                0 => self.follow_at(&leg, 0),
                asked => self.by_schedule(&leg, asked),
            };
            let save = LegSave {
                request: self.follow(&leg).await?,
                revision: row.revision,
                fence: Some(leased.fence),
                due_at,
                attempts: asked,
                thaw: leg.accepted_at.is_some() || leg.state.is_final(),
                receipt: receipt.clone(),
                trouble: trouble.clone(),
                alerts: alert.iter().cloned().collect(),
                leg,
            };
            match self.store.save_leg(save).await {
                Err(StoreError::Stale) => row = self.reload_held(&row).await?,
                saved => {
                    self.wake();
                    return Ok(saved?);
                }
            }
        }
        Err(StoreError::Stale.into())
    }

    /// The step is tried again to the schedule.
    async fn postpone(&self, leased: &LeasedLeg, why: String, after_ms: Option<i64>, doubtful: bool) -> Result<()> {
        let attempts = leased.row.attempts + 1;
        let now = self.clock.now();
        let leg = &leased.row.leg;
        // Who has the request is only asked how it stands: that is in no hurry.
        let followed = leg.accepted_at.is_some() && leg.cancel != LegCancel::Wanted;
        let due_at = if followed {
            let no_sooner = now.plus_ms(after_ms.unwrap_or(0));
            self.follow_at(leg, attempts).map(|at| at.max(no_sooner))
        } else {
            Some(self.settings.schedule.next(attempts, now, after_ms, self.random.as_ref()))
        };
        tracing::warn!(request = %leg.request, party = %leg.party, attempts, why, again_at = due_at.map(|at| format!("{at:?}")),
            "a party could not be dealt with");
        let tell = doubtful || !followed && attempts >= self.settings.notice_after_attempts;
        self.leave(leased, Left { attempts, due_at, trouble: Some(why), tell }).await
    }

    /// There was nothing new; the party is asked again.
    async fn wait(&self, leased: &LeasedLeg, trouble: Option<String>) -> Result<()> {
        let attempts = leased.row.attempts + 1;
        let due_at = self.follow_at(&leased.row.leg, attempts);
        let tell = trouble.is_some();
        self.leave(leased, Left { attempts, due_at, trouble, tell }).await
    }

    async fn leave_to_operator(&self, leased: &LeasedLeg, why: String) -> Result<()> {
        tracing::warn!(leg = %leased.row.leg.id, request = %leased.row.leg.request, party = %leased.row.leg.party, why,
            "a leg waits for an operator; see `habeas legs list --stuck`");
        self.leave(leased, Left { attempts: leased.row.attempts, due_at: None, trouble: Some(why), tell: true }).await
    }

    /// The leg as somebody else has saved it meanwhile. If nobody has, the lease is lost.
    async fn reload_held(&self, row: &LegRow) -> Result<LegRow> {
        let now = self.reload(row).await?;
        if now.revision == row.revision { Err(StoreError::Stale.into()) } else { Ok(now) }
    }

    /// Saves a leg that did not move.
    async fn leave(&self, leased: &LeasedLeg, left: Left) -> Result<()> {
        // Freezing has noted that it may have been sent.
        let mut row = self.reload(&leased.row).await?;
        let alert = if left.tell { self.alert(STUCK_ALERT_LANE, leased.request.standing.seq) } else { None };
        let now = self.clock.now();
        let was = &leased.row.leg;
        for _ in 0..LEG_TRIES {
            let leg = row.leg.clone();
            // Somebody who took the request back, or a callback, meanwhile does not wait for the schedule.
            let moved = leg.cancel != was.cancel || leg.state.is_final() && !was.state.is_final();
            let save = LegSave {
                leg,
                revision: row.revision,
                fence: Some(leased.fence),
                due_at: if moved { Some(now) } else { left.due_at },
                attempts: if moved { 0 } else { left.attempts },
                thaw: false,
                receipt: None,
                request: None,
                trouble: left.trouble.clone(),
                alerts: alert.iter().cloned().collect(),
            };
            match self.store.save_leg(save).await {
                Err(StoreError::Stale) => row = self.reload_held(&row).await?,
                saved => return Ok(saved?),
            }
        }
        Err(StoreError::Stale.into())
    }
}

/// How a leg that did not move is left.
struct Left {
    attempts: u32,
    due_at: Option<habeas_core::clock::Instant>,
    trouble: Option<String>,
    /// Whether the operator is told.
    tell: bool,
}

/// Why a step failed, in a word that holds nothing of the peer's.
pub(super) fn word(error: &Error) -> String {
    match error {
        Error::Outbound(OutboundError::Unusable(why)) => (*why).to_owned(),
        Error::Outbound(error) => error.word().to_owned(),
        // Why a certificate is not believed.
        Error::Refused(problem) => {
            problem.detail.as_ref().map_or_else(|| problem.code.row().name.to_owned(), ToString::to_string)
        }
        _ => "internal".to_owned(),
    }
}

/// A leg as it is stored now, with what our step found out. What changed meanwhile is newer.
fn merged(before: &Leg, stored: &Leg, ours: &Leg) -> Leg {
    let mut leg = stored.clone();
    leg.accepted_at = leg.accepted_at.or(ours.accepted_at);
    leg.remote_id = leg.remote_id.or_else(|| ours.remote_id.clone());
    if stored.expected_by == before.expected_by {
        leg.expected_by = ours.expected_by.or(leg.expected_by);
    }
    if stored.results == before.results {
        leg.results = ours.results.clone().or(leg.results);
    }
    if stored.details == before.details {
        leg.details = ours.details.clone().or(leg.details);
    }
    match (&leg.state, &ours.state) {
        (_, LegState::Sent { progress }) => {
            if let Some(state) = leg.state.forward(progress) {
                leg.state = state;
            }
        }
        (LegState::Waiting | LegState::Unsent, other) => leg.state = other.clone(),
        _ => {}
    }
    if ours.cancel != LegCancel::No && ours.cancel != LegCancel::Wanted {
        leg.cancel = ours.cancel;
    }
    leg
}

/// Cuts out of the body what may not be stored.
pub(crate) fn cut(body: &[u8], secret: Option<std::ops::Range<usize>>) -> (Vec<u8>, Option<std::ops::Range<usize>>) {
    let parts = secret.as_ref().and_then(|range| Some((body.get(..range.start)?, body.get(range.end..)?)));
    match parts {
        Some((before, after)) => ([before, after].concat(), secret),
        None => (body.to_vec(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn what_may_not_be_stored_is_cut_out_at_a_recorded_place() {
        let (body, hole) = cut(b"{\"a\":\"SECRET\"}", Some(5..13));
        assert_eq!((body.as_slice(), hole), (b"{\"a\":}".as_slice(), Some(5..13)));
    }
}
