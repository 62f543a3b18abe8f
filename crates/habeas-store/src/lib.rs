//! Where requests are kept.
//!
//! [`Store`] is a set of use-case methods shaped like what the engine does. Each is one transaction: what belongs
//! together is saved together or not at all, and no transaction handle leaks. Writes follow one pattern: *load, decide
//! in the core, save if nothing changed meanwhile, else load again*. Everything personal is sealed in here, so that
//! no caller can forget to.

#![allow(
    private_interfaces,
    private_bounds,
    reason = "the backends are a closed set: what they are about is ours alone"
)]

mod cases;
mod counters;
pub mod error;
mod layered;
pub mod model;
pub mod moving;
pub mod postgres;
mod prompt;
mod seal;
mod sql;
pub mod sqlite;
mod workers;

use async_trait::async_trait;
use habeas_core::{
    clock::Instant,
    domain::Domain,
    event::Event,
    id::{LegId, PartyId, RequestId, WireId},
    identity::Identity,
    request::Request,
};

pub use cases::Database;
pub use error::{StoreError, causes};
pub use layered::{Effect, Layer, Layered, Step};
pub use model::{
    Counts, Create, DeliveryFilter, DeliveryRow, Errand, Existing, Frozen, Issued, IssuedBefore, Leased, LeasedLeg,
    LegFilter, LegRow, LegSave, Load, NewDelivery, NewLeg, NewOwn, NewRequest, ReceiptRow, Receive, RequestFilter,
    Retried, Retry, Save, Secrets, Settlement, Slots, Then, Verification, Waiting,
};
pub use prompt::{Prompt, Within};
pub use seal::Sealers;

/// The result of a use case.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The use cases. Object-safe; every method is one transaction.
#[async_trait]
pub trait Store: Send + Sync {
    // ----- requests that come to us -----

    /// Saves a new request with its identities, first event, deliveries and the signatures we issue; or says which
    /// request already has its id (or deduplication key) with that party.
    async fn receive(&self, new: NewRequest) -> Result<Receive>;

    /// The request that a party made under an id.
    async fn find(&self, organisation: &Domain, party: &PartyId, wire_id: &WireId) -> Result<Option<Request>>;

    /// What [`Store::receive`] would say of a request that exists: for repeated cancellations and replays.
    async fn existing(&self, id: &RequestId, body: Option<&[u8]>) -> Result<Option<Existing>>;

    /// A request by our own name for it.
    async fn request(&self, id: &RequestId) -> Result<Option<Request>>;

    /// Saves changes if the request still stands at `save.from_seq`.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when it has moved on: load, decide and save again.
    async fn apply(&self, save: Save) -> Result<()>;

    /// The personal part of a request; `None` once shredded.
    async fn secrets(&self, id: &RequestId) -> Result<Option<Secrets>>;

    /// The request that a party made with these very bytes and
    /// [`Dedupe::Bytes`](habeas_core::submission::Dedupe::Bytes), if it is open and not older.
    async fn repeated(
        &self,
        organisation: &Domain,
        party: &PartyId,
        body: &[u8],
        since: Instant,
    ) -> Result<Option<RequestId>>;

    /// How many requests of an organisation, received since then, were begun for a person with one of
    /// these identities: those for opt-outs and opt-ins aside, which may come as often as anybody
    /// likes. Those that were shredded are not counted: nothing tells whose they were.
    async fn asked_before(&self, organisation: &Domain, identities: &[Identity], since: Instant) -> Result<u32>;

    /// How far the person is who proves who they are at that address; `None` when there is no such address.
    async fn verification(&self, organisation: &Domain, token: &str) -> Result<Option<Verification>>;

    /// Saves how far the person is.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when somebody else did meanwhile.
    async fn save_verification(&self, verification: &Verification) -> Result<()>;

    /// The request's history, oldest first.
    async fn history(&self, id: &RequestId) -> Result<Vec<Event>>;

    /// Requests by filter: open ones by their deadline, then the others by their age, newest first.
    async fn list(&self, filter: &RequestFilter) -> Result<Vec<Request>>;

    /// Requests for which the engine has something to do now.
    async fn errands(&self, now: Instant, limit: u32) -> Result<Vec<Errand>>;

    /// Deletes the keys of requests whose time has come, and with them everything personal; open deliveries are
    /// abandoned and unsent legs waived first. Returns how many.
    async fn shred(&self, now: Instant, limit: u32) -> Result<u32>;

    // ----- deliveries -----

    /// Takes the lease of up to `limit` deliveries that are due: only the first open one of each lane of a request,
    /// and to no host more than it has slots for. A lease that ran out is due again. Where there is more than that,
    /// hosts take turns: of `n` that have slots and something due, each is served within `n` ÷ `limit` calls.
    async fn lease_deliveries(&self, now: Instant, until: Instant, limit: u32, slots: &Slots) -> Result<Vec<Leased>>;

    /// Records an attempt and what follows, if the lease still holds.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when the lease has passed to somebody else.
    async fn settle(&self, settlement: Settlement) -> Result<()>;

    /// Deliveries by filter, oldest first, each with its last attempt.
    async fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<DeliveryRow>>;

    /// Makes deliveries due now, the abandoned ones too. Of all that fail it is a page at a time.
    async fn retry(&self, which: &Retry, now: Instant) -> Result<Retried>;

    /// Whether other nodes may be using it at the same time.
    fn is_shared(&self) -> bool;

    /// Takes back every lease. Only where no other node shares the store: called when a node starts.
    async fn take_back_leases(&self) -> Result<u64>;

    /// When the next delivery, leg, errand or shredding becomes due after that instant. What is due already is not
    /// named: it waits for something else than time.
    async fn next_due(&self, after: Instant) -> Result<Option<Instant>>;

    // ----- requests that we make -----

    /// Saves a request of ours with its legs, unless there is one under its reference.
    async fn create(&self, new: NewOwn) -> Result<Create>;

    /// The request of ours that has that reference, and whether the same was wished for.
    async fn by_reference(&self, organisation: &Domain, reference: &str, wish: &[u8]) -> Result<Option<Create>>;

    /// Takes the lease of up to `limit` legs that are due, and to no host more than it has slots for; hosts take turns
    /// as with deliveries.
    async fn lease_legs(&self, now: Instant, until: Instant, limit: u32, slots: &Slots) -> Result<Vec<LeasedLeg>>;

    /// Gives the lease of a leg back untried; it is due again then.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when the lease has passed to somebody else.
    async fn release_leg(&self, leg: &LegId, fence: u64, due_at: Instant) -> Result<()>;

    /// Saves the bytes of a leg's submission before they are first sent, if the lease still holds. Bytes saved
    /// earlier win: the ones to send are returned. The leg's state becomes `Unsent`.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when the lease has passed to somebody else.
    async fn freeze(&self, leg: &LegId, fence: u64, message: &Frozen) -> Result<Frozen>;

    /// Whether another leg, made earlier for another request, goes to the same party under the same id.
    async fn sent_before(&self, leg: &LegId) -> Result<bool>;

    /// The bytes of a leg's submission that were saved before their first try and are not answered yet.
    async fn frozen(&self, leg: &LegId) -> Result<Option<Frozen>>;

    /// Saves what became of a leg, with its receipt and the changes of its request, all or nothing.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when leg, lease or request have moved on, or another leg of the request means something
    /// else for it than before.
    async fn save_leg(&self, save: LegSave) -> Result<()>;

    /// The leg that a callback's path token names.
    async fn leg_by_token(&self, organisation: &Domain, token: &str) -> Result<Option<LegRow>>;

    /// A leg by its id.
    async fn leg(&self, id: &LegId) -> Result<Option<LegRow>>;

    /// Legs by filter, those due first to be done first.
    async fn list_legs(&self, filter: &LegFilter, now: Instant) -> Result<Vec<LegRow>>;

    /// Notes up to `limit` legs whose party has become late and was not noted before, each with an alert to that
    /// host if there is one. Late is a party past the date it gave, or without one past the request's promise.
    async fn flag_late(&self, now: Instant, limit: u32, alert_host: Option<&str>) -> Result<Vec<LegRow>>;

    /// The legs of a request.
    async fn legs(&self, id: &RequestId) -> Result<Vec<LegRow>>;

    /// The receipts of a request, oldest first.
    async fn receipts(&self, id: &RequestId) -> Result<Vec<ReceiptRow>>;

    // ----- the rest -----

    /// What metrics and health ask for.
    async fn counts(&self, now: Instant) -> Result<Counts>;

    /// An organisation whose sealer does not open what was sealed for it, if there is one. Looked for among 20,000 open
    /// requests and as many others that are not shredded, those with the latest dates.
    async fn wrong_key(&self) -> Result<Option<Domain>>;

    /// Whether a write would succeed.
    async fn ping(&self) -> Result<()>;

    /// How it was written to since it was opened; all zero where nobody counts.
    fn load(&self) -> Load {
        Load::default()
    }
}
