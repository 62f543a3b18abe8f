//! A controller: sends requests, believes only what is signed by the right one, and follows what it is told.

mod cancels;
mod certificates;
mod discovery;
mod doubt;
mod flood;
mod forged;
mod lenient;
mod live;
mod lost;
mod parties;
pub(crate) mod party;
mod polling;
mod reference;
mod sending;
mod stubborn;
mod trust;

use habeas_core::id::RequestId;

use crate::world::World;

impl World {
    /// Moves the clock to when the request's only leg is tried again.
    pub(crate) async fn until_tried_again(&self, id: &RequestId) {
        let row = self.engine.store().legs(id).await.unwrap().remove(0);
        self.clock.set(row.due_at.unwrap());
    }

    /// The same, later than anything about the party is held against it.
    pub(crate) async fn until_forgiven(&self, id: &RequestId) {
        self.until_tried_again(id).await;
        self.clock.advance(60_000);
    }

    /// What was signed for a request, by operation.
    pub(crate) async fn signed_for(&self, id: &RequestId) -> Vec<String> {
        let receipts = self.story(id).await["receipts"].clone();
        receipts.as_array().unwrap().iter().map(|r| r["operation"].as_str().unwrap().to_owned()).collect()
    }
}
