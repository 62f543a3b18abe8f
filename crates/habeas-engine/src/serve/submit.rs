//! A request is made: the receipt leaves only after everything is saved.

use habeas_core::{
    delivery::{DeliveryKind, WEBHOOK_LANE},
    dialect::{Answer, Submit},
    event::{Actor, Standing},
    id::{RequestId, WireId},
    message::{RequestHead, Verified},
    problem::{Code, Field, Problem},
    random::{uuid_v4, uuid_v7},
    request::{Request, Upstream},
    state::State,
    submission::Submission,
};
use habeas_store::{Existing, Issued, IssuedBefore, NewDelivery, NewLeg, NewRequest, Receive};

use crate::{
    Engine, Error, Result,
    change::{configured, errand_at},
    directory::{Fulfilment, Tenant},
    distribute::{Candidate, Names, Share, chosen, without},
    hand::Hand,
    serve::{Arrival, caller},
};

/// The members of a submission.
const NAMES: Names = Names { right: "subject_request_type", identities: "subject_identities" };

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
        let hand = Hand::new(&arrival.tenant);
        let submission = submit.read(message, &arrival.exchange(self, &hand))?;
        self.check_callbacks(arrival, &submission)?;
        let party = caller(message)?.clone();
        let upstream = Upstream { party, dialect: arrival.dialect.id(), mount: arrival.mount.path.clone() };
        let request = self.accept(arrival, upstream, &submission);
        let (answer, issued) = self.receipt(arrival, submit, &request.standing, message.body(), &[])?;
        let legs = self.legs_of(&arrival.tenant, downstream, &request, &submission)?;
        let new = self.new_request(arrival, request, submission, message.body().to_vec(), issued);
        let new = NewRequest { legs, ..new };
        let owes = !new.deliveries.is_empty() || new.errand_at.is_some() || !new.legs.is_empty();
        match self.store.receive(new).await? {
            Receive::Accepted => {
                self.metrics.received(arrival.dialect.id().as_str());
                if owes {
                    self.wake();
                }
                Ok(answer)
            }
            Receive::Exists(existing) => self.replay(arrival, submit, &existing, message.body()),
        }
    }

    /// The receipt that these very bytes were given before, if they were.
    async fn receipt_before(&self, arrival: &Arrival, message: &Verified<RequestHead>) -> Result<Option<Answer>> {
        let submit = arrival.dialect.submit().ok_or(Error::Bug("an endpoint without its operation"))?;
        let Some(wire_id) = submit.names(message) else { return Ok(None) };
        let request = self.store.find(arrival.tenant.domain(), caller(message)?, &wire_id).await?;
        let Some(request) = request else { return Ok(None) };
        let existing = self.store.existing(&request.id, Some(message.body())).await?;
        match existing.filter(|existing| existing.same_body) {
            Some(existing) => self.replay(arrival, submit, &existing, message.body()).map(Some),
            None => Ok(None),
        }
    }

    /// What can be told from a URL alone is told at once, not when the callback fails for weeks.
    fn check_callbacks(&self, arrival: &Arrival, submission: &Submission) -> Result<()> {
        for (index, callback) in submission.callbacks.iter().enumerate() {
            self.outbound.may_call(callback.url()).map_err(|refusal| {
                Problem::at(Code::CallbackNotAllowed, Field::entry(arrival.dialect.callbacks_field(), index))
                    .because(refusal.to_string())
            })?;
        }
        Ok(())
    }

    /// The same bytes get the same receipt; other bytes under the same id are refused.
    fn replay(&self, arrival: &Arrival, submit: &dyn Submit, existing: &Existing, body: &[u8]) -> Result<Answer> {
        if !existing.same_body {
            return Err(Problem::at(Code::AlreadyExists, Field::named("subject_request_id")).into());
        }
        let (answer, _) = self.receipt(arrival, submit, &existing.accepted, body, &existing.issued)?;
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
        let hand = Hand::remembering(&arrival.tenant, before);
        let answer = submit.reply(standing, body, &arrival.exchange(self, &hand));
        Ok((answer, hand.done()?))
    }

    fn accept(&self, arrival: &Arrival, upstream: Upstream, submission: &Submission) -> Request {
        let now = self.clock.now();
        let policy = arrival.tenant.organisation.policy;
        let regime = submission.regime.unwrap_or(policy.regime);
        let submitted_at = submission.submitted.as_ref().map(|stamp| stamp.at);
        let promised_by = regime.respond_by(submitted_at, now);
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
                state: State::Received,
                received_at: now,
                expected_by: promised_by,
                details: None,
            },
            submitted_at,
            promised_by,
            hold_until: now.plus_ms(policy.hold_ms),
            final_at: None,
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
        let mut deliveries = Vec::new();
        if tenant.organisation.policy.call_back_acceptance {
            deliveries = self.callback_deliveries(&submission.callbacks, &request.standing, now);
        }
        if let Fulfilment::Webhook(webhook) = &tenant.fulfilment {
            deliveries.push(NewDelivery {
                kind: DeliveryKind::Webhook,
                lane: WEBHOOK_LANE,
                seq: 0,
                host: configured(&webhook.url),
                due_at: request.hold_until,
            });
        }
        NewRequest {
            errand_at: errand_at(tenant, &request, now),
            request,
            actor: Actor::Upstream,
            dedupe: submission.dedupe,
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
        tenant: &Tenant,
        downstream: &[Candidate<'_>],
        request: &Request,
        submission: &Submission,
    ) -> Result<Vec<NewLeg>> {
        if !matches!(tenant.fulfilment, Fulfilment::Parties(_)) {
            return Ok(Vec::new());
        }
        let mut legs = Vec::new();
        for right in &request.rights {
            let share = Share {
                request: &request.id,
                wire_id: &request.standing.wire_id,
                right: *right,
                forwarded: submission.callbacks.len(),
                due_at: request.hold_until,
            };
            let chosen = chosen(downstream, *right, &submission.subject.identities, &NAMES)?;
            legs.extend(chosen.into_iter().map(|peer| self.new_leg(tenant, peer, &share)));
        }
        Ok(legs)
    }
}
