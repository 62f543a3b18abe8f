//! A request is taken back by who made it.

use habeas_core::{
    clock::Instant,
    dialect::{Answer, Cancel, Cancellable},
    event::{Actor, Standing},
    message::{RequestHead, Verified},
    problem::{Code, Problem},
    request::Request,
    state::{Change, State},
};
use habeas_store::{Issued, IssuedBefore, StoreError};

use crate::{
    Engine, Error, Result,
    change::TRIES,
    hand::Hand,
    serve::{Arrival, caller},
};

impl Engine {
    pub(super) async fn cancel_theirs(&self, arrival: &Arrival, message: Verified<RequestHead>) -> Result<Answer> {
        let cancel = arrival.dialect.cancel().ok_or(Error::Bug("an endpoint without its operation"))?;
        let wire_id = cancel.read(&message, &arrival.exchange(self, &Hand::new(&arrival.tenant)))?;
        let party = caller(&message)?;
        for _ in 0..TRIES {
            let request =
                self.store.find(arrival.tenant.domain(), party, &wire_id).await?.ok_or(Problem::new(Code::NotFound))?;
            if request.standing.state == State::Cancelled {
                return self.cancelled_before(arrival, cancel, &request).await;
            }
            may_cancel(arrival, &request)?;
            match self.cancel_now(arrival, cancel, &request).await {
                Err(Error::Store(StoreError::Stale)) => {}
                done => return done,
            }
        }
        Err(StoreError::Stale.into())
    }

    async fn cancel_now(&self, arrival: &Arrival, cancel: &dyn Cancel, request: &Request) -> Result<Answer> {
        let now = self.clock.now();
        let callbacks = self.callbacks_of(request).await?;
        let original = self.original(arrival, request).await?;
        let mut save = self.plan(request, &[Change::Cancel], Actor::Upstream, &callbacks)?;
        let (answer, issued) =
            self.cancellation(arrival, cancel, &save.request.standing, now, original.as_deref(), &[])?;
        save.issued = issued;
        self.store.apply(save).await?;
        self.wake();
        Ok(answer)
    }

    /// The same answer once more, and no second callback.
    async fn cancelled_before(&self, arrival: &Arrival, cancel: &dyn Cancel, request: &Request) -> Result<Answer> {
        let existing = self
            .store
            .existing(&request.id, None)
            .await?
            .ok_or(Error::Bug("a request that vanished while it was read"))?;
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
        let hand = Hand::remembering(&arrival.tenant, before);
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
    Err(Problem::new(Code::NotCancellable).because(format!("it is {}", arrival.dialect.word(state))).into())
}
