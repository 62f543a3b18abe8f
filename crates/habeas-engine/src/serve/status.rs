//! A status is asked for.

use habeas_core::{
    dialect::Answer,
    message::{RequestHead, Verified},
    problem::{Code, Problem},
    request::Request,
    right::Right,
};

use crate::{
    Engine, Error, Result,
    hand::Hand,
    serve::{Arrival, caller},
};

impl Engine {
    pub(super) async fn status(&self, arrival: &mut Arrival, message: Verified<RequestHead>) -> Result<Answer> {
        const ABSENT: Error = Error::Bug("an endpoint without its operation");
        let wire_id = arrival
            .dialect
            .status()
            .ok_or(ABSENT)?
            .read(&message, &arrival.exchange(self, &Hand::new(&arrival.tenant)))?;
        // The same answer for "absent" and "somebody else's": ids are made by the senders and no secret.
        let request = self
            .store
            .find(arrival.tenant.domain(), caller(&message)?, &wire_id)
            .await?
            .ok_or(Problem::new(Code::NotFound))?;
        arrival.speak_as(&request);
        let status = arrival.dialect.status().ok_or(ABSENT)?;
        let hand = Hand::new(&arrival.tenant);
        let answer = status.reply(&request.standing, right_of(&request)?, &arrival.exchange(self, &hand));
        hand.done()?;
        Ok(answer)
    }
}

/// The right that a peer's request uses. Rights of one request are told together, so the first speaks for all.
pub(crate) fn right_of(request: &Request) -> Result<Right> {
    request.rights.first().copied().ok_or(Error::Bug("a request without a right"))
}
