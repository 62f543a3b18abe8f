//! How long is a store waited for?
//!
//! A database that hangs (a disk that is gone, a server behind a dead link, a lock that nobody gives back) must not hold
//! whoever waits for an answer: they are told to come again. What was begun may still be saved, as after a crash in the
//! middle, so nothing is acknowledged, and the same bytes come to the same request.

use std::{future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use habeas_core::{
    clock::Instant,
    domain::Domain,
    event::Event,
    id::{LegId, PartyId, RequestId, WireId},
    identity::Identity,
    request::Request,
};
use tokio::time::timeout;

use crate::{
    Counts, Create, DeliveryFilter, DeliveryRow, Errand, Existing, Frozen, Leased, LeasedLeg, LegFilter, LegRow,
    LegSave, Load, NewOwn, NewRequest, ReceiptRow, Receive, RequestFilter, Result, Retry, Save, Secrets, Settlement,
    Slots, Store, StoreError, Verification,
};

/// A store that answers in time, if only with [`StoreError::Unavailable`].
pub struct Prompt {
    store: Arc<dyn Store>,
    within: Duration,
}

impl Prompt {
    /// Waits for a store so long and no longer. Only what works off a whole backlog may take its time.
    pub fn new(store: Arc<dyn Store>, within: Duration) -> Self {
        Self { store, within }
    }

    async fn within<T>(&self, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        timeout(self.within, call).await.unwrap_or_else(|_| Err(StoreError::unavailable(Silent)))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("it did not answer in time")]
struct Silent;

#[async_trait]
impl Store for Prompt {
    async fn receive(&self, new: NewRequest) -> Result<Receive> {
        self.within(self.store.receive(new)).await
    }
    async fn find(&self, organisation: &Domain, party: &PartyId, wire_id: &WireId) -> Result<Option<Request>> {
        self.within(self.store.find(organisation, party, wire_id)).await
    }
    async fn existing(&self, id: &RequestId, body: Option<&[u8]>) -> Result<Option<Existing>> {
        self.within(self.store.existing(id, body)).await
    }
    async fn request(&self, id: &RequestId) -> Result<Option<Request>> {
        self.within(self.store.request(id)).await
    }
    async fn apply(&self, save: Save) -> Result<()> {
        self.within(self.store.apply(save)).await
    }
    async fn secrets(&self, id: &RequestId) -> Result<Option<Secrets>> {
        self.within(self.store.secrets(id)).await
    }
    async fn repeated(
        &self,
        organisation: &Domain,
        party: &PartyId,
        body: &[u8],
        since: Instant,
    ) -> Result<Option<RequestId>> {
        self.within(self.store.repeated(organisation, party, body, since)).await
    }
    async fn asked_before(&self, organisation: &Domain, identities: &[Identity], since: Instant) -> Result<u32> {
        self.within(self.store.asked_before(organisation, identities, since)).await
    }
    async fn verification(&self, organisation: &Domain, token: &str) -> Result<Option<Verification>> {
        self.within(self.store.verification(organisation, token)).await
    }
    async fn save_verification(&self, verification: &Verification) -> Result<()> {
        self.within(self.store.save_verification(verification)).await
    }
    async fn history(&self, id: &RequestId) -> Result<Vec<Event>> {
        self.within(self.store.history(id)).await
    }
    async fn list(&self, filter: &RequestFilter) -> Result<Vec<Request>> {
        self.within(self.store.list(filter)).await
    }
    async fn errands(&self, now: Instant, limit: u32) -> Result<Vec<Errand>> {
        self.within(self.store.errands(now, limit)).await
    }
    async fn shred(&self, now: Instant, limit: u32) -> Result<u32> {
        self.store.shred(now, limit).await
    }
    async fn lease_deliveries(&self, now: Instant, until: Instant, limit: u32, slots: &Slots) -> Result<Vec<Leased>> {
        self.within(self.store.lease_deliveries(now, until, limit, slots)).await
    }
    async fn settle(&self, settlement: Settlement) -> Result<()> {
        self.within(self.store.settle(settlement)).await
    }
    async fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<DeliveryRow>> {
        self.within(self.store.deliveries(filter)).await
    }
    async fn retry(&self, which: &Retry, now: Instant) -> Result<u64> {
        self.store.retry(which, now).await
    }
    fn is_shared(&self) -> bool {
        self.store.is_shared()
    }
    async fn take_back_leases(&self) -> Result<u64> {
        self.store.take_back_leases().await
    }
    async fn next_due(&self, after: Instant) -> Result<Option<Instant>> {
        self.within(self.store.next_due(after)).await
    }
    async fn create(&self, new: NewOwn) -> Result<Create> {
        self.within(self.store.create(new)).await
    }
    async fn by_reference(&self, organisation: &Domain, reference: &str, wish: &[u8]) -> Result<Option<Create>> {
        self.within(self.store.by_reference(organisation, reference, wish)).await
    }
    async fn lease_legs(&self, now: Instant, until: Instant, limit: u32, slots: &Slots) -> Result<Vec<LeasedLeg>> {
        self.within(self.store.lease_legs(now, until, limit, slots)).await
    }
    async fn release_leg(&self, leg: &LegId, fence: u64, due_at: Instant) -> Result<()> {
        self.within(self.store.release_leg(leg, fence, due_at)).await
    }
    async fn freeze(&self, leg: &LegId, fence: u64, message: &Frozen) -> Result<Frozen> {
        self.within(self.store.freeze(leg, fence, message)).await
    }
    async fn sent_before(&self, leg: &LegId) -> Result<bool> {
        self.within(self.store.sent_before(leg)).await
    }
    async fn frozen(&self, leg: &LegId) -> Result<Option<Frozen>> {
        self.within(self.store.frozen(leg)).await
    }
    async fn save_leg(&self, save: LegSave) -> Result<()> {
        self.within(self.store.save_leg(save)).await
    }
    async fn leg_by_token(&self, organisation: &Domain, token: &str) -> Result<Option<LegRow>> {
        self.within(self.store.leg_by_token(organisation, token)).await
    }
    async fn leg(&self, id: &LegId) -> Result<Option<LegRow>> {
        self.within(self.store.leg(id)).await
    }
    async fn list_legs(&self, filter: &LegFilter, now: Instant) -> Result<Vec<LegRow>> {
        self.within(self.store.list_legs(filter, now)).await
    }
    async fn flag_late(&self, now: Instant, limit: u32, alert_host: Option<&str>) -> Result<Vec<LegRow>> {
        self.within(self.store.flag_late(now, limit, alert_host)).await
    }
    async fn legs(&self, id: &RequestId) -> Result<Vec<LegRow>> {
        self.within(self.store.legs(id)).await
    }
    async fn receipts(&self, id: &RequestId) -> Result<Vec<ReceiptRow>> {
        self.within(self.store.receipts(id)).await
    }
    async fn counts(&self, now: Instant) -> Result<Counts> {
        self.within(self.store.counts(now)).await
    }
    async fn ping(&self) -> Result<()> {
        self.within(self.store.ping()).await
    }
    fn load(&self) -> Load {
        self.store.load()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Sealers,
        sqlite::{Durability, Sqlite},
    };

    #[tokio::test(start_paused = true)]
    async fn who_never_answers_is_not_available() {
        let home = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&home.path().join("habeas.db"), Sealers::new([]), Durability::Off).unwrap();
        let prompt = Prompt::new(Arc::new(store), Duration::from_secs(4));
        let asked = tokio::time::Instant::now();
        let answer = prompt.within(std::future::pending::<Result<()>>()).await;
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
        assert_eq!(asked.elapsed(), Duration::from_secs(4));
        assert_eq!(prompt.within(async { Ok(7) }).await.unwrap(), 7);
    }
}
