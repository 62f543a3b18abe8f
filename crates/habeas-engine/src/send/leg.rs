//! The next step of a leg: submit it, or take it back.

use habeas_core::{
    dialect::{Exchange, Operation, Outgoing, Reported, Told},
    id::RemoteId,
    leg::{Leg, LegCancel, LegState, Progress},
    message::{AnswerHead, Claim, Unverified, Verified, Who},
    problem::{Code, Problem},
    receipt::Receipt,
    submission::{Outbound, Stamp},
};
use habeas_store::{Frozen, LeasedLeg, LegSave, StoreError};

use crate::{
    Engine, Error, Result,
    change::TRIES,
    directory::{Peer, Tenant},
    keyring::Keys,
    outbound::{Call, Destination, OutboundError},
};

const READ_BYTES: usize = 4 * 1024 * 1024;

/// What became of a step.
struct Done {
    leg: Leg,
    receipt: Option<Receipt>,
}

impl Engine {
    /// Makes the next step of a leased leg and saves what became of it.
    pub(crate) async fn step(&self, leased: LeasedLeg) {
        let id = leased.row.leg.id.clone();
        let outcome = match self.next_step(&leased).await {
            Ok(Some(done)) => self.conclude_leg(&leased, done).await,
            Ok(None) => self.postpone(&leased, "refused for now").await,
            Err(Error::Outbound(error)) => self.postpone(&leased, error.word()).await,
            Err(Error::Refused(problem)) => self.postpone(&leased, problem.code.row().name).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) | Err(Error::Store(StoreError::Stale)) => {}
            Err(error) => {
                tracing::error!(leg = %id, error = %error, "a leg could not be moved");
                if let Err(error) = self.postpone(&leased, "internal").await {
                    tracing::error!(leg = %id, error = %error, "a leg could not be postponed");
                }
            }
        }
    }

    /// `None`: the party wants to be asked again later.
    async fn next_step(&self, leased: &LeasedLeg) -> Result<Option<Done>> {
        let leg = &leased.row.leg;
        let tenant = self.tenant(&leased.request)?;
        let Some(peer) = tenant.peer(&leg.party) else { return Err(Error::Bug("the party of a leg is gone")) };
        let told = matches!(leg.state, LegState::Sent { .. });
        if leg.state.is_final() && (leg.accepted_at.is_some() || !told) {
            return Ok(Some(Done { leg: leg.clone(), receipt: None }));
        }
        if leg.cancel == LegCancel::Wanted && !leg.state.is_final() {
            return self.take_back(leased, tenant, peer).await;
        }
        if leg.accepted_at.is_none() {
            return self.submit_leg(leased, tenant, peer).await;
        }
        Ok(Some(Done { leg: leg.clone(), receipt: None }))
    }

    async fn submit_leg(&self, leased: &LeasedLeg, tenant: &Tenant, peer: &Peer) -> Result<Option<Done>> {
        let mut leg = leased.row.leg.clone();
        let Some(secrets) = self.store.secrets(&leg.request).await? else {
            leg.state = LegState::Waived;
            return Ok(Some(Done { leg, receipt: None }));
        };
        let submit = self.dialect_of(peer)?.submit().ok_or(Error::Bug("a dialect without submissions"))?;
        let at = leased.request.submitted_at.unwrap_or(leased.request.standing.received_at);
        let submitted = secrets.submitted.unwrap_or_else(|| Stamp { at, text: habeas_wire::time::format(at.ms()) });
        let callbacks: Vec<_> = leg.callback_url.iter().cloned().collect();
        let outbound = Outbound {
            wire_id: &leg.wire_id,
            right: leg.right,
            submitted: &submitted,
            subject: &secrets.subject,
            callbacks: &callbacks,
        };
        let outgoing = self.ask(tenant, peer, |x: &Exchange<'_>| submit.ask(&outbound, x))?;
        let Outgoing { method, url, headers, body } = outgoing;
        // From the first try on the bytes stay the same, so that a lost answer is asked for again and not made anew.
        let frozen = self.store.freeze(&leg.id, leased.fence, &Frozen { method, url, headers, body }).await?;
        let sent = frozen.body.clone();
        let answer = self.converse(tenant, peer, Operation::Submit, frozen).await?;
        match submit.hear(&answer).map_err(|_| OutboundError::Unusable("its receipt cannot be read"))? {
            Told::Refused { again: true, .. } => Ok(None),
            Told::Refused { status, .. } => {
                tracing::warn!(request = %leg.request, party = %leg.party, status, "a party refused a request");
                leg.state = LegState::Refused { status };
                Ok(Some(Done { leg, receipt: None }))
            }
            Told::Said(reported) => {
                let receipt = self.receipt_of(&leg, Operation::Submit, &answer, &reported, tenant, peer).await?;
                let makes_ids = self.dialect_of(peer)?.facts().receiver_makes_id;
                if !makes_ids && reported.report.remote_id.as_str() != leg.wire_id.as_str() {
                    return Err(OutboundError::Unusable("its receipt is for another request").into());
                }
                let honest = reported.echoed.as_ref().is_none_or(|echoed| *echoed == sent);
                if !honest {
                    tracing::warn!(request = %leg.request, party = %leg.party,
                        "a party's receipt repeats other bytes than were sent, so it proves nothing");
                }
                leg.accepted_at = Some(self.clock.now());
                hear(&mut leg, reported);
                Ok(Some(Done { leg, receipt: receipt.filter(|_| honest) }))
            }
        }
    }

    async fn take_back(&self, leased: &LeasedLeg, tenant: &Tenant, peer: &Peer) -> Result<Option<Done>> {
        let mut leg = leased.row.leg.clone();
        let cancel = self.dialect_of(peer)?.cancel().ok_or(Error::Bug("a dialect without cancellation"))?;
        let id = leg.remote_id.clone().unwrap_or_else(|| RemoteId::new(leg.wire_id.as_str()));
        let Outgoing { method, url, headers, body } = self.ask(tenant, peer, |x| cancel.ask(&id, x))?;
        let answer = self.converse(tenant, peer, Operation::Cancel, Frozen { method, url, headers, body }).await?;
        match cancel.hear(&answer).map_err(|_| OutboundError::Unusable("its answer cannot be read"))? {
            Told::Refused { status: 404, .. } if leg.accepted_at.is_none() => {
                // It was in doubt whether the request had arrived: it had not.
                leg.state = LegState::Waived;
                leg.cancel = LegCancel::Done;
                Ok(Some(Done { leg, receipt: None }))
            }
            Told::Refused { again: true, .. } => Ok(None),
            Told::Refused { status, .. } => {
                tracing::info!(request = %leg.request, party = %leg.party, status, "a party did not take a request back");
                leg.cancel = LegCancel::Refused;
                Ok(Some(Done { leg, receipt: None }))
            }
            Told::Said(reported) => {
                if reported.report.remote_id != id {
                    return Err(OutboundError::Unusable("its answer is about another request").into());
                }
                let receipt = self.receipt_of(&leg, Operation::Cancel, &answer, &reported, tenant, peer).await?;
                leg.cancel = LegCancel::Done;
                leg.state = LegState::Sent { progress: Progress::Cancelled };
                Ok(Some(Done { leg, receipt }))
            }
        }
    }

    /// Sends a message with our credential, and opens the answer once its proof holds.
    async fn converse(
        &self,
        tenant: &Tenant,
        peer: &Peer,
        operation: Operation,
        message: Frozen,
    ) -> Result<Verified<AnswerHead>> {
        let Frozen { method, url, headers, body } = message;
        let call = Call {
            outgoing: Outgoing { method, url, headers, body },
            destination: Destination::Configured,
            credential: peer.outgoing.as_ref(),
            read_bytes: READ_BYTES,
            within_ms: self.settings.attempt_ms,
        };
        let (head, body) = self.outbound.call(call).await?.split()?;
        let doubtful = |_| OutboundError::Unusable("its answer is not signed as it should be");
        let claim = self.dialect_of(peer)?.proof(operation, &head).map_err(doubtful)?;
        let key = match &claim {
            Claim::Signer { domain, signature } => {
                if *domain != peer.party.domain {
                    return Err(OutboundError::Unusable("its answer is signed by another domain").into());
                }
                Some(self.key_for(tenant, peer, &body, signature).await?)
            }
            Claim::Nobody | Claim::Holder(_) => None,
        };
        let keys = Keys { tenant, signer: key.as_ref() };
        Unverified::new(head, body)
            .verify(claim, &keys)
            .map_err(|_| OutboundError::Unusable("its signature does not hold").into())
    }

    async fn receipt_of(
        &self,
        leg: &Leg,
        operation: Operation,
        answer: &Verified<AnswerHead>,
        reported: &Reported,
        tenant: &Tenant,
        peer: &Peer,
    ) -> Result<Option<Receipt>> {
        let Who::Signer { domain, signature } = answer.who() else { return Ok(None) };
        let chain = self.key_for(tenant, peer, answer.body(), signature).await?.chain.to_pem();
        let (body, hole) = cut(answer.body(), reported.secret.clone());
        Ok(Some(Receipt {
            request: leg.request.clone(),
            leg: leg.id.clone(),
            at: self.clock.now(),
            operation,
            signer: domain.clone(),
            sha256: habeas_trust::digest::sha256(answer.body()),
            signature: signature.clone(),
            chain,
            body,
            hole,
        }))
    }

    /// Saves what a step did. A callback may have moved the leg meanwhile: then both are kept.
    async fn conclude_leg(&self, leased: &LeasedLeg, done: Done) -> Result<()> {
        let mut row = leased.row.clone();
        for _ in 0..TRIES {
            let leg = merged(&row.leg, &done.leg);
            let save = LegSave {
                request: self.follow(&leg).await?,
                revision: row.revision,
                fence: Some(leased.fence),
                due_at: (leg.cancel == LegCancel::Wanted && !leg.state.is_final()).then(|| self.clock.now()),
                attempts: 0,
                thaw: leg.accepted_at.is_some() || leg.state.is_final(),
                receipt: done.receipt.clone(),
                leg,
            };
            match self.store.save_leg(save).await {
                Err(StoreError::Stale) => row = self.reload(&row).await?,
                saved => {
                    self.wake();
                    return Ok(saved?);
                }
            }
        }
        Err(StoreError::Stale.into())
    }

    /// The step is tried again to the schedule.
    async fn postpone(&self, leased: &LeasedLeg, why: &'static str) -> Result<()> {
        let mut row = leased.row.clone();
        let attempts = leased.row.attempts + 1;
        let now = self.clock.now();
        let due_at = self.settings.schedule.next(attempts, now, None, self.random.as_ref());
        tracing::warn!(request = %row.leg.request, party = %row.leg.party, attempts, why, again_at = ?due_at,
            "a party could not be dealt with");
        for _ in 0..TRIES {
            let mut leg = row.leg.clone();
            if leg.state == LegState::Waiting {
                leg.state = LegState::Unsent;
            }
            // Somebody who took the request back meanwhile does not wait for the schedule.
            let cancelled = leg.cancel == LegCancel::Wanted && leased.row.leg.cancel != LegCancel::Wanted;
            let save = LegSave {
                leg,
                revision: row.revision,
                fence: Some(leased.fence),
                due_at: Some(if cancelled { now } else { due_at }),
                attempts: if cancelled { 0 } else { attempts },
                thaw: false,
                receipt: None,
                request: None,
            };
            match self.store.save_leg(save).await {
                Err(StoreError::Stale) => row = self.reload(&row).await?,
                saved => return Ok(saved?),
            }
        }
        Err(Problem::new(Code::Unavailable).into())
    }
}

fn hear(leg: &mut Leg, reported: Reported) {
    let report = reported.report;
    leg.remote_id = Some(report.remote_id);
    leg.expected_by = report.expected_by.or(leg.expected_by);
    if let Some(state) = leg.state.forward(&report.progress) {
        leg.state = state;
    }
}

/// A leg as it is stored now, with what our step found out.
fn merged(stored: &Leg, ours: &Leg) -> Leg {
    let mut leg = stored.clone();
    leg.accepted_at = leg.accepted_at.or(ours.accepted_at);
    leg.remote_id = leg.remote_id.or_else(|| ours.remote_id.clone());
    leg.expected_by = leg.expected_by.or(ours.expected_by);
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
fn cut(body: &[u8], secret: Option<std::ops::Range<usize>>) -> (Vec<u8>, Option<std::ops::Range<usize>>) {
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
