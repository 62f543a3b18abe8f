//! What stands between somebody and a store, in front of all of its use cases alike?

use std::future::Future;

use async_trait::async_trait;
use habeas_core::{
    clock::Instant,
    domain::Domain,
    event::Event,
    id::{LegId, PartyId, RequestId, WireId},
    identity::Identity,
    request::Request,
};

use crate::{
    Counts, Create, DeliveryFilter, DeliveryRow, Errand, Existing, Frozen, Leased, LeasedLeg, LegFilter, LegRow,
    LegSave, Load, NewOwn, NewRequest, ReceiptRow, Receive, RequestFilter, Result, Retried, Retry, Save, Secrets,
    Settlement, Slots, Store, Verification,
};

/// A use case on its way to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The name of the method of [`Store`].
    pub name: &'static str,
    /// What it does there.
    pub effect: Effect,
}

/// What a use case does in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It changes nothing.
    Reads,
    /// It is one transaction.
    Writes,
    /// It works off a whole backlog, and may take its time.
    Sweeps,
}

/// What every use case goes through.
pub trait Layer: Send + Sync {
    /// The store behind it.
    fn store(&self) -> &dyn Store;

    /// Does one use case: the work is the store's, and is not begun before it is awaited.
    fn step<T: Send>(
        &self,
        step: Step,
        work: impl Future<Output = Result<T>> + Send,
    ) -> impl Future<Output = Result<T>> + Send;

    /// As [`Store::receive`], for who has something else in mind with it.
    fn receive(&self, new: NewRequest) -> impl Future<Output = Result<Receive>> + Send {
        self.step(Step::RECEIVE, self.store().receive(new))
    }
}

/// A store behind a layer.
#[derive(Debug)]
pub struct Layered<L>(pub L);

macro_rules! passes_on {
    ($($effect:ident $name:ident($($arg:ident: $kind:ty),*) -> $out:ty;)*) => {
        impl Step {
            /// Of [`Store::receive`].
            pub const RECEIVE: Self = Self { name: "receive", effect: Effect::Writes };
            /// All of them.
            pub const ALL: &[Self] =
                &[Self::RECEIVE, $(Self { name: stringify!($name), effect: Effect::$effect },)*];
        }

        #[async_trait]
        impl<L: Layer> Store for Layered<L> {
            async fn receive(&self, new: NewRequest) -> Result<Receive> {
                self.0.receive(new).await
            }
            fn is_shared(&self) -> bool {
                self.0.store().is_shared()
            }
            fn load(&self) -> Load {
                self.0.store().load()
            }
            $(async fn $name(&self, $($arg: $kind),*) -> Result<$out> {
                let step = Step { name: stringify!($name), effect: Effect::$effect };
                self.0.step(step, self.0.store().$name($($arg),*)).await
            })*
        }
    };
}

passes_on! {
    Reads find(organisation: &Domain, party: &PartyId, wire_id: &WireId) -> Option<Request>;
    Reads existing(id: &RequestId, body: Option<&[u8]>) -> Option<Existing>;
    Reads request(id: &RequestId) -> Option<Request>;
    Writes apply(save: Save) -> ();
    Reads secrets(id: &RequestId) -> Option<Secrets>;
    Reads repeated(organisation: &Domain, party: &PartyId, body: &[u8], since: Instant) -> Option<RequestId>;
    Reads asked_before(organisation: &Domain, identities: &[Identity], since: Instant) -> u32;
    Reads verification(organisation: &Domain, token: &str) -> Option<Verification>;
    Writes save_verification(verification: &Verification) -> ();
    Reads history(id: &RequestId) -> Vec<Event>;
    Reads list(filter: &RequestFilter) -> Vec<Request>;
    Reads errands(now: Instant, limit: u32) -> Vec<Errand>;
    Sweeps shred(now: Instant, limit: u32) -> u32;
    Writes lease_deliveries(now: Instant, until: Instant, limit: u32, slots: &Slots) -> Vec<Leased>;
    Writes settle(settlement: Settlement) -> ();
    Reads deliveries(filter: &DeliveryFilter) -> Vec<DeliveryRow>;
    Sweeps retry(which: &Retry, now: Instant) -> Retried;
    Sweeps take_back_leases() -> u64;
    Reads next_due(after: Instant) -> Option<Instant>;
    Writes create(new: NewOwn) -> Create;
    Reads by_reference(organisation: &Domain, reference: &str, wish: &[u8]) -> Option<Create>;
    Writes lease_legs(now: Instant, until: Instant, limit: u32, slots: &Slots) -> Vec<LeasedLeg>;
    Writes release_leg(leg: &LegId, fence: u64, due_at: Instant) -> ();
    Writes freeze(leg: &LegId, fence: u64, message: &Frozen) -> Frozen;
    Reads sent_before(leg: &LegId) -> bool;
    Reads frozen(leg: &LegId) -> Option<Frozen>;
    Writes save_leg(save: LegSave) -> ();
    Reads leg_by_token(organisation: &Domain, token: &str) -> Option<LegRow>;
    Reads leg(id: &LegId) -> Option<LegRow>;
    Reads list_legs(filter: &LegFilter, now: Instant) -> Vec<LegRow>;
    Writes flag_late(now: Instant, limit: u32, alert_host: Option<&str>) -> Vec<LegRow>;
    Reads legs(id: &RequestId) -> Vec<LegRow>;
    Reads receipts(id: &RequestId) -> Vec<ReceiptRow>;
    Reads counts(now: Instant) -> Counts;
    Reads wrong_key() -> Option<Domain>;
    Reads ping() -> ();
}
