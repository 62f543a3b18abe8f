//! A request is taken back by who made it.

use habeas_core::{
    clock::Instant,
    dialect::{Answer, Cancel, Cancellable, Manners},
    event::{Actor, Standing},
    message::{RequestHead, Verified},
    problem::{Code, Problem},
    request::Request,
    state::{Change, State},
};
use habeas_store::{Existing, Issued, IssuedBefore, LegRow, StoreError};

use crate::{
    Engine, Error, Result,
    change::TRIES,
    send::not_taken_back,
    serve::{Arrival, caller},
};

const VANISHED: Error = Error::Bug("a request that vanished while it was read");

impl Engine {
    pub(super) async fn cancel_theirs(&self, arrival: &mut Arrival, message: Verified<RequestHead>) -> Result<Answer> {
        const ABSENT: Error = Error::Bug("an endpoint without its operation");
        let wire_id =
            arrival.dialect.cancel().ok_or(ABSENT)?.read(&message, &arrival.exchange(self, &arrival.hand()))?;
        let party = caller(&message)?;
        for _ in 0..TRIES {
            let request = self.store.find(arrival.tenant.domain(), party, &wire_id).await?;
            let request = request.filter(|request| !self.is_forgotten(request)).ok_or(Problem::new(Code::NotFound))?;
            arrival.speak_as(&request);
            let dialect = std::sync::Arc::clone(&arrival.dialect);
            let cancel = dialect.cancel().ok_or(ABSENT)?;
            if request.standing.state == State::Cancelled {
                let existing = self.store.existing(&request.id, None).await?.ok_or(VANISHED)?;
                return self.cancelled_before(arrival, cancel, &request, &existing).await;
            }
            let legs = self.store.legs(&request.id).await?;
            let done = if legs.is_empty() || dialect.facts().manners == Manners::Status {
                may_cancel(arrival, &request)?;
                // Who asked is not made to wait for those who do the work: they are asked to take it back, and which
                // of them could not is told when it is known (DRP 0.5 §2.05.1).
                self.cancel_now(arrival, cancel, &request, Change::Cancel).await
            } else {
                self.hand_cancel_on(arrival, cancel, &request, &legs).await
            };
            match done {
                Err(Error::Store(StoreError::Stale)) => {}
                done => return done,
            }
        }
        Err(StoreError::Stale.into())
    }

    /// A request that was handed on is taken back wherever that is still possible: parties that have not begun are
    /// asked by the worker, and the request is cancelled once all of them are. The wish is noted first, so that it
    /// survives whatever happens here.
    async fn hand_cancel_on(
        &self,
        arrival: &Arrival,
        cancel: &dyn Cancel,
        request: &Request,
        legs: &[LegRow],
    ) -> Result<Answer> {
        let existing = self.store.existing(&request.id, None).await?.ok_or(VANISHED)?;
        if existing.cancelled_at.is_some() {
            let legs: Vec<_> = legs.iter().map(|row| row.leg.clone()).collect();
            if let Some(why) = not_taken_back(&legs, &arrival.tenant) {
                return Err(Problem::new(Code::NotCancellable).because(why).into());
            }
            self.take_legs_back(&request.id).await?;
            return self.cancelled_before(arrival, cancel, request, &existing).await;
        }
        if !matches!(request.standing.state, State::Received | State::Distributed) {
            return Err(not_cancellable(arrival, request));
        }
        let answer = self.cancel_now(arrival, cancel, request, Change::AskCancel).await?;
        self.take_legs_back(&request.id).await?;
        Ok(answer)
    }

    async fn cancel_now(
        &self,
        arrival: &Arrival,
        cancel: &dyn Cancel,
        request: &Request,
        change: Change,
    ) -> Result<Answer> {
        let now = self.clock.now();
        let callbacks = self.callbacks_of(request).await?;
        let original = self.original(arrival, request).await?;
        let mut save = self.plan(request, &[change], Actor::Upstream, &callbacks)?;
        let (answer, issued) =
            self.cancellation(arrival, cancel, &save.request.standing, now, original.as_deref(), &[])?;
        save.issued = issued;
        // Who was told to do the work is told that nobody wants it any more.
        if save.request.standing.state == State::Cancelled && self.was_handed_over(&request.id).await? {
            self.hand_over(&arrival.tenant, &mut save);
        }
        self.store.apply(save).await?;
        self.wake();
        Ok(answer)
    }

    /// The same answer once more, and no second callback.
    async fn cancelled_before(
        &self,
        arrival: &Arrival,
        cancel: &dyn Cancel,
        request: &Request,
        existing: &Existing,
    ) -> Result<Answer> {
        let at = existing.cancelled_at.ok_or(Error::Bug("a cancelled request without its cancellation"))?;
        let original = self.original(arrival, request).await?;
        let (answer, _) =
            self.cancellation(arrival, cancel, &request.standing, at, original.as_deref(), &existing.issued)?;
        Ok(answer)
    }

    /// The bytes the request came in, where the answer repeats them.
    async fn original(&self, arrival: &Arrival, request: &Request) -> Result<Option<Vec<u8>>> {
        if !arrival.dialect.facts().cancel_answer_holds_original {
            return Ok(None);
        }
        Ok(self.store.secrets(&request.id).await?.and_then(|secrets| secrets.body))
    }

    fn cancellation(
        &self,
        arrival: &Arrival,
        cancel: &dyn Cancel,
        standing: &Standing,
        at: Instant,
        original: Option<&[u8]>,
        before: &[IssuedBefore],
    ) -> Result<(Answer, Vec<Issued>)> {
        let hand = arrival.hand_remembering(before);
        let answer = cancel.reply(standing, at, original, &arrival.exchange(self, &hand));
        Ok((answer, hand.done()?))
    }
}

fn may_cancel(arrival: &Arrival, request: &Request) -> Result<()> {
    let state = &request.standing.state;
    let may = match arrival.dialect.facts().cancel {
        Cancellable::WhilePending => *state == State::Received,
        Cancellable::UntilFinal => !state.is_final(),
    };
    if may {
        return Ok(());
    }
    Err(not_cancellable(arrival, request))
}

fn not_cancellable(arrival: &Arrival, request: &Request) -> Error {
    let state = &request.standing.state;
    if matches!(state, State::Denied { .. } | State::Expired { .. }) {
        // It has no word of its own in some versions, where it reads as what was reached.
        return Problem::new(Code::NotCancellable).because("nothing more is done about it").into();
    }
    let word = arrival.dialect.word(state);
    Problem::new(Code::NotCancellable).because(format!("it is {word}")).into()
}
