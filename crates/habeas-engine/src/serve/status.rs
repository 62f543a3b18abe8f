//! A status is asked for.

use habeas_core::{
    dialect::{Answer, Manners},
    message::{RequestHead, Verified},
    problem::{Code, Problem},
    request::Request,
    right::Right,
};

use crate::{
    Engine, Error, Result,
    serve::{Arrival, caller},
};

impl Engine {
    pub(super) async fn status(&self, arrival: &mut Arrival, message: Verified<RequestHead>) -> Result<Answer> {
        const ABSENT: Error = Error::Bug("an endpoint without its operation");
        let wire_id =
            arrival.dialect.status().ok_or(ABSENT)?.read(&message, &arrival.exchange(self, &arrival.hand()))?;
        // The same answer for "absent" and "somebody else's": ids are made by the senders and no secret.
        let request = self
            .store
            .find(arrival.tenant.domain(), caller(&message)?, &wire_id)
            .await?
            .filter(|request| !self.is_forgotten(request))
            .ok_or(Problem::new(Code::NotFound))?;
        arrival.speak_as(&request);
        let status = arrival.dialect.status().ok_or(ABSENT)?;
        let hand = arrival.hand();
        let answer = status.reply(&request.standing, right_of(&request)?, &arrival.exchange(self, &hand));
        hand.done()?;
        Ok(answer)
    }
}

impl Engine {
    /// Whether nobody is told of a request any more (DRP 0.5 §3.02).
    pub(crate) fn is_forgotten(&self, request: &Request) -> bool {
        let after = request.forgotten_after().filter(|_| self.manners(request) == Some(Manners::Status));
        after.is_some_and(|after| after < self.clock.now())
    }
}

/// The right that a peer's request uses. Rights of one request are told together, so the first speaks for all.
pub(crate) fn right_of(request: &Request) -> Result<Right> {
    request.rights.first().copied().ok_or(Error::Bug("a request without a right"))
}
