//! Which use case is found where?

use async_trait::async_trait;
use habeas_core::{
    clock::Instant,
    domain::Domain,
    event::Event,
    id::{LegId, PartyId, RequestId, WireId},
    identity::Identity,
    request::Request,
};

use super::{Backend, Database};
use crate::{
    Result, Store,
    model::{
        Counts, Create, DeliveryFilter, DeliveryRow, Errand, Existing, Frozen, Leased, LeasedLeg, LegFilter, LegRow,
        LegSave, Load, NewOwn, NewRequest, ReceiptRow, Receive, RequestFilter, Retried, Retry, Save, Secrets,
        Settlement, Slots, Verification,
    },
};

#[async_trait]
impl<B: Backend> Store for Database<B> {
    async fn receive(&self, new: NewRequest) -> Result<Receive> {
        self.save_received(new).await
    }
    async fn find(&self, organisation: &Domain, party: &PartyId, wire_id: &WireId) -> Result<Option<Request>> {
        self.find_request(organisation, party, wire_id).await
    }
    async fn existing(&self, id: &RequestId, body: Option<&[u8]>) -> Result<Option<Existing>> {
        self.load_existing(id, body).await
    }
    async fn request(&self, id: &RequestId) -> Result<Option<Request>> {
        self.load_request(id).await
    }
    async fn apply(&self, save: Save) -> Result<()> {
        self.save_changes(save).await
    }
    async fn secrets(&self, id: &RequestId) -> Result<Option<Secrets>> {
        self.load_secrets(id).await
    }
    async fn repeated(
        &self,
        organisation: &Domain,
        party: &PartyId,
        body: &[u8],
        since: Instant,
    ) -> Result<Option<RequestId>> {
        self.load_repeated(organisation, party, body, since).await
    }
    async fn asked_before(&self, organisation: &Domain, identities: &[Identity], since: Instant) -> Result<u32> {
        self.count_asked_before(organisation, identities, since).await
    }
    async fn verification(&self, organisation: &Domain, token: &str) -> Result<Option<Verification>> {
        self.load_verification(organisation, token).await
    }
    async fn save_verification(&self, verification: &Verification) -> Result<()> {
        self.save_person_verification(verification).await
    }
    async fn history(&self, id: &RequestId) -> Result<Vec<Event>> {
        self.load_history(id).await
    }
    async fn list(&self, filter: &RequestFilter) -> Result<Vec<Request>> {
        self.list_requests(filter).await
    }
    async fn errands(&self, now: Instant, limit: u32) -> Result<Vec<Errand>> {
        self.load_errands(now, limit).await
    }
    async fn shred(&self, now: Instant, limit: u32) -> Result<u32> {
        self.shred_due(now, limit).await
    }

    async fn lease_deliveries(&self, now: Instant, until: Instant, limit: u32, slots: &Slots) -> Result<Vec<Leased>> {
        self.lease_due_deliveries(now, until, limit, slots).await
    }
    async fn settle(&self, settlement: Settlement) -> Result<()> {
        self.settle_delivery(settlement).await
    }
    async fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<DeliveryRow>> {
        self.list_deliveries(filter).await
    }
    async fn retry(&self, which: &Retry, now: Instant) -> Result<Retried> {
        self.retry_deliveries(which, now).await
    }
    fn is_shared(&self) -> bool {
        self.backend.is_shared()
    }
    async fn take_back_leases(&self) -> Result<u64> {
        self.take_back_all_leases().await
    }
    async fn next_due(&self, after: Instant) -> Result<Option<Instant>> {
        self.load_next_due(after).await
    }

    async fn create(&self, new: NewOwn) -> Result<Create> {
        self.create_own(new).await
    }
    async fn lease_legs(&self, now: Instant, until: Instant, limit: u32, slots: &Slots) -> Result<Vec<LeasedLeg>> {
        self.lease_due_legs(now, until, limit, slots).await
    }
    async fn release_leg(&self, leg: &LegId, fence: u64, due_at: Instant) -> Result<()> {
        self.release_leased_leg(leg, fence, due_at).await
    }
    async fn leg(&self, id: &LegId) -> Result<Option<LegRow>> {
        self.load_leg(id).await
    }
    async fn list_legs(&self, filter: &LegFilter, now: Instant) -> Result<Vec<LegRow>> {
        self.list_filtered_legs(filter, now).await
    }
    async fn flag_late(&self, now: Instant, limit: u32, alert_host: Option<&str>) -> Result<Vec<LegRow>> {
        self.flag_late_legs(now, limit, alert_host).await
    }
    async fn by_reference(&self, organisation: &Domain, reference: &str, wish: &[u8]) -> Result<Option<Create>> {
        self.load_by_reference(organisation, reference, wish).await
    }
    async fn sent_before(&self, leg: &LegId) -> Result<bool> {
        self.leg_sent_before(leg).await
    }
    async fn frozen(&self, leg: &LegId) -> Result<Option<Frozen>> {
        self.load_frozen(leg).await
    }
    async fn freeze(&self, leg: &LegId, fence: u64, message: &Frozen) -> Result<Frozen> {
        self.freeze_message(leg, fence, message).await
    }
    async fn save_leg(&self, save: LegSave) -> Result<()> {
        self.save_leg_changes(save).await
    }
    async fn leg_by_token(&self, organisation: &Domain, token: &str) -> Result<Option<LegRow>> {
        self.load_leg_by_token(organisation, token).await
    }
    async fn legs(&self, id: &RequestId) -> Result<Vec<LegRow>> {
        self.load_legs(id).await
    }
    async fn receipts(&self, id: &RequestId) -> Result<Vec<ReceiptRow>> {
        self.load_receipts(id).await
    }

    async fn counts(&self, now: Instant) -> Result<Counts> {
        self.load_counts(now).await
    }
    async fn wrong_key(&self) -> Result<Option<Domain>> {
        self.find_wrong_key().await
    }
    async fn ping(&self) -> Result<()> {
        self.beat().await
    }
    fn load(&self) -> Load {
        self.backend.load()
    }
}
