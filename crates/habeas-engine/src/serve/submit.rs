//! A request is made: the receipt leaves only after everything is saved.

use habeas_core::{
    clock::DAY_MS,
    delivery::{DeliveryKind, WEBHOOK_LANE},
    dialect::{Answer, Manners, Notice, Submit},
    event::{Actor, Standing},
    id::{RequestId, WireId},
    message::{RequestHead, Verified},
    problem::{Code, Field, Problem},
    random::{uuid_v4, uuid_v7},
    request::{Request, Upstream},
    state::{Ground, Reached, State},
    submission::{Dedupe, Law, Submission},
};
use habeas_store::{Existing, Issued, IssuedBefore, NewDelivery, NewLeg, NewRequest, Receive};
use habeas_trust::digest::sha256;

use crate::{
    Engine, Error, Result,
    begin::stage,
    change::configured,
    directory::{Fulfilment, Tenant},
    distribute::{Candidate, Names, Share, chosen, serving, without},
    serve::{Arrival, caller},
};

/// The members of a submission.
const NAMES: Names = Names { right: "subject_request_type", identities: "subject_identities" };
/// Who sends the same bytes again within so long has lost the answer (reading R30).
const REPEATED_MS: i64 = DAY_MS;

impl Engine {
    pub(super) async fn submit(&self, arrival: &mut Arrival, message: Verified<RequestHead>) -> Result<Answer> {
        let tenant = std::sync::Arc::clone(&arrival.tenant);
        let downstream = without(self.downstream(&tenant).await?, &tenant, caller(&message)?);
        arrival.stand_for(&downstream);
        match self.take_in(arrival, &downstream, &message).await {
            // What is supported may have changed since it was accepted: the same bytes get the same receipt.
            Err(Error::Refused(problem)) => self.receipt_before(arrival, &message).await?.ok_or(problem.into()),
            taken => taken,
        }
    }

    async fn take_in(
        &self,
        arrival: &Arrival,
        downstream: &[Candidate<'_>],
        message: &Verified<RequestHead>,
    ) -> Result<Answer> {
        let submit = arrival.dialect.submit().ok_or(Error::Bug("an endpoint without its operation"))?;
        let submission = submit.read(message, &arrival.exchange(self, &arrival.hand()))?;
        self.check_callbacks(arrival, &submission)?;
        let objection = match arrival.dialect.facts().manners {
            Manners::Status => {
                Self::comes_apart(&arrival.tenant, &submission.rights)?;
                self.objection(&arrival.tenant, &submission).await?
            }
            Manners::Receipts => None,
        };
        let party = caller(message)?.clone();
        let upstream = Upstream { party, dialect: arrival.dialect.id(), mount: arrival.mount.path.clone() };
        let rights = submission.rights.clone();
        let request = self.accept(arrival, upstream, &submission, objection);
        let (answer, issued) = self.receipt(arrival, submit, &request.standing, message.body(), &[])?;
        let legs = self.legs_of(arrival, downstream, &request, &submission)?;
        let new = self.new_request(arrival, request, submission, message.body().to_vec(), issued);
        let new = NewRequest { legs, ..new };
        let owes = !new.deliveries.is_empty() || new.errand_at.is_some() || !new.legs.is_empty();
        match self.store.receive(new).await? {
            Receive::Accepted => {
                self.metrics.received(arrival.dialect.id().as_str(), &rights);
                if owes {
                    self.wake();
                }
                Ok(answer)
            }
            Receive::Exists(existing) => self.replay(arrival, submit, &existing, message.body()),
            Receive::TokenOfAnother => Err(Problem::at(Code::InvalidField, Field::named("identity"))
                .because("it was made for another agent or another business")
                .into()),
        }
    }

    /// The receipt that these very bytes were given before, if they were.
    async fn receipt_before(&self, arrival: &Arrival, message: &Verified<RequestHead>) -> Result<Option<Answer>> {
        let submit = arrival.dialect.submit().ok_or(Error::Bug("an endpoint without its operation"))?;
        let (organisation, party) = (arrival.tenant.domain(), caller(message)?);
        let id = match submit.names(message) {
            Some(wire_id) => self.store.find(organisation, party, &wire_id).await?.map(|request| request.id),
            // A token may have expired while its answer was lost.
            None if arrival.dialect.facts().manners == Manners::Status && arrival.tenant.business.repeats => {
                let since = self.clock.now().plus_ms(-REPEATED_MS);
                self.store.repeated(organisation, party, message.body(), since).await?
            }
            None => None,
        };
        let Some(id) = id else { return Ok(None) };
        let existing = self.store.existing(&id, Some(message.body())).await?;
        match existing.filter(|existing| existing.same_body) {
            Some(existing) => self.replay(arrival, submit, &existing, message.body()).map(Some),
            None => Ok(None),
        }
    }

    /// What can be told from a URL alone is told at once, not when the callback fails for weeks.
    fn check_callbacks(&self, arrival: &Arrival, submission: &Submission) -> Result<()> {
        for (index, callback) in submission.callbacks.iter().enumerate() {
            self.outbound.may_call(callback.url()).map_err(|refusal| {
                Problem::at(Code::CallbackNotAllowed, arrival.dialect.callback_field(index))
                    .because(refusal.to_string())
            })?;
        }
        Ok(())
    }

    /// The same bytes get the same receipt; other bytes under the same id are refused.
    fn replay(&self, arrival: &Arrival, submit: &dyn Submit, existing: &Existing, body: &[u8]) -> Result<Answer> {
        let (standing, key) = match arrival.dialect.facts().manners {
            Manners::Receipts => (&existing.accepted, "subject_request_id"),
            Manners::Status => (&existing.request.standing, "Idempotency-Key"),
        };
        if !existing.same_body {
            return Err(Problem::at(Code::AlreadyExists, Field::named(key)).into());
        }
        let (answer, _) = self.receipt(arrival, submit, standing, body, &existing.issued)?;
        Ok(answer)
    }

    fn receipt(
        &self,
        arrival: &Arrival,
        submit: &dyn Submit,
        standing: &Standing,
        body: &[u8],
        before: &[IssuedBefore],
    ) -> Result<(Answer, Vec<Issued>)> {
        let hand = arrival.hand_remembering(before);
        let answer = submit.reply(standing, body, &arrival.exchange(self, &hand));
        Ok((answer, hand.done()?))
    }

    fn accept(
        &self,
        arrival: &Arrival,
        upstream: Upstream,
        submission: &Submission,
        objection: Option<(Ground, &'static str)>,
    ) -> Request {
        let now = self.clock.now();
        let policy = arrival.tenant.organisation.policy;
        let regime = match submission.law {
            Law::Said(regime) => regime,
            Law::Unsaid | Law::Unknown => policy.regime,
        };
        let submitted_at = submission.submitted.as_ref().map(|stamp| stamp.at);
        let promised_by = regime.respond_by(&submission.rights, submitted_at, now);
        let denied = |(ground, _)| State::Denied { ground, reached: Reached::Received };
        let wire_id = submission.wire_id.clone().unwrap_or_else(|| WireId::new(uuid_v4(self.random.as_ref())));
        Request {
            id: RequestId::new(uuid_v7(self.random.as_ref(), now)),
            organisation: arrival.tenant.domain().clone(),
            upstream: Some(upstream),
            role: arrival.mount.role,
            rights: submission.rights.clone(),
            regime,
            standing: Standing {
                wire_id,
                seq: 0,
                state: objection.map_or(State::Received, denied),
                received_at: now,
                expected_by: promised_by,
                details: objection.map(|(_, why)| why.to_owned()),
                found: None,
            },
            submitted_at,
            promised_by,
            hold_until: now.plus_ms(policy.hold_ms),
            final_at: objection.map(|_| now),
            expires_at: None,
            expiry_first_set_at: None,
        }
    }

    fn new_request(
        &self,
        arrival: &Arrival,
        request: Request,
        submission: Submission,
        body: Vec<u8>,
        issued: Vec<Issued>,
    ) -> NewRequest {
        let tenant: &Tenant = &arrival.tenant;
        let now = request.standing.received_at;
        let by_itself = arrival.dialect.facts().manners == Manners::Status;
        let mut deliveries = Vec::new();
        let told = arrival.dialect.notice(None, &request.standing) != Notice::Silent;
        if tenant.organisation.policy.call_back_acceptance && told {
            deliveries = self.callback_deliveries(&submission.callbacks, &request.standing, now);
        }
        // Who takes it up by itself hands it over then.
        if let Fulfilment::Webhook(webhook) = &tenant.fulfilment
            && !by_itself
        {
            deliveries.push(NewDelivery {
                kind: DeliveryKind::Webhook,
                lane: WEBHOOK_LANE,
                seq: 0,
                host: configured(&webhook.url),
                due_at: request.hold_until,
            });
        }
        NewRequest {
            // What is denied already is looked at once more, for what is personal in it to end.
            errand_at: self.errand_at(tenant, &request, now).or(request.final_at),
            repeats_since: now.plus_ms(-REPEATED_MS),
            token: submission.token.as_ref().map(|token| sha256(token.expose().as_bytes())),
            recognizable: by_itself,
            request,
            actor: Actor::Upstream,
            dedupe: submission.dedupe.filter(|dedupe| *dedupe != Dedupe::Bytes || tenant.business.repeats),
            body,
            keep_body: arrival.dialect.facts().cancel_answer_holds_original,
            subject: submission.subject,
            submitted: submission.submitted,
            callbacks: submission.callbacks,
            deliveries,
            issued,
            legs: Vec::new(),
        }
    }

    /// The shares of those who do the work, once the request may no longer be held.
    fn legs_of(
        &self,
        arrival: &Arrival,
        downstream: &[Candidate<'_>],
        request: &Request,
        submission: &Submission,
    ) -> Result<Vec<NewLeg>> {
        let tenant = &arrival.tenant;
        if !matches!(tenant.fulfilment, Fulfilment::Parties(_)) || request.standing.state.is_final() {
            return Ok(Vec::new());
        }
        let by_itself = arrival.dialect.facts().manners == Manners::Status;
        // A callback in another dialect would tell the sender what it cannot read.
        let forwarded = if by_itself { 0 } else { submission.callbacks.len() };
        let mut legs: Vec<NewLeg> = Vec::new();
        for (index, right) in request.rights.iter().enumerate() {
            // A party is sent one request only under one id.
            let another = (index > 0).then(|| WireId::new(uuid_v4(self.random.as_ref())));
            let share = Share {
                request: &request.id,
                wire_id: another.as_ref().unwrap_or(&request.standing.wire_id),
                right: *right,
                forwarded,
                due_at: (!by_itself).then_some(request.hold_until),
                stage: stage(*right, &request.rights),
            };
            let identities = &submission.subject.identities;
            let chosen = match by_itself {
                false => chosen(downstream, *right, identities, &NAMES)?,
                // What no party serves is left to the organisation.
                true => serving(downstream, *right, identities),
            };
            for leg in chosen.into_iter().map(|peer| self.new_leg(tenant, peer, &share)) {
                // Two rights of ours may be one of theirs.
                if !legs.iter().any(|other| other.leg.party == leg.leg.party && other.leg.right == leg.leg.right) {
                    legs.push(leg);
                }
            }
        }
        Ok(legs)
    }
}
