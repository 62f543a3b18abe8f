//! What goes into a store's use cases and comes out of them.

use habeas_core::{
    clock::Instant,
    delivery::{Attempt, Delivery, DeliveryKind, DeliveryState},
    domain::Domain,
    event::{Actor, Event, Standing},
    id::{DeliveryId, KeyId, PartyId, RequestId},
    leg::{Leg, LegState},
    receipt::Receipt,
    request::Request,
    role::Role,
    submission::{CallbackUrl, Dedupe, Stamp, Subject},
};
use http::{HeaderMap, Method};
use url::Url;

/// A request that a peer made, ready to be saved.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// The request; its standing is event 0.
    pub request: Request,
    /// Through whom it came.
    pub actor: Actor,
    /// What makes two submissions the same one; `None` where nothing does.
    pub dedupe: Option<Dedupe>,
    /// Where that is the bytes: a request that was received before, or is final, is another one.
    pub repeats_since: Instant,
    /// A digest of the identity token, which no other sender and organisation may use.
    pub token: Option<[u8; 32]>,
    /// Whether the person shall be recognized when asking again: see
    /// [`Store::asked_before`](crate::Store::asked_before).
    pub recognizable: bool,
    /// The bytes it came in: kept as a keyed digest, and sealed if `keep_body`.
    pub body: Vec<u8>,
    /// Whether the dialect will need the bytes again.
    pub keep_body: bool,
    /// The personal part.
    pub subject: Subject,
    /// When the person asked, as written.
    pub submitted: Option<Stamp>,
    /// Whom to tell.
    pub callbacks: Vec<CallbackUrl>,
    /// What is owed at once.
    pub deliveries: Vec<NewDelivery>,
    /// The signatures of our answer.
    pub issued: Vec<Issued>,
    /// When the engine shall look at it.
    pub errand_at: Option<Instant>,
    /// The parties that it is handed on to.
    pub legs: Vec<NewLeg>,
}

/// A leg, ready to be saved with its request.
#[derive(Debug, Clone)]
pub struct NewLeg {
    /// The leg.
    pub leg: Leg,
    /// The path token of its callback URL. Kept as a keyed digest only.
    pub token: String,
    /// The party's host and port.
    pub host: String,
    /// When its first step is due; `None` while something else must happen first.
    pub due_at: Option<Instant>,
    /// Which of the request's legs go first: those of stage 0, then those of 1.
    pub stage: u8,
}

/// What becomes of legs that were not tried yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// They wait for something.
    Held,
    /// They are given up.
    GivenUp,
    /// They are given up, and the parties of those that were tried are to be asked to take them back.
    TakenBack {
        /// When.
        at: Instant,
    },
    /// Those up to that stage wait no more.
    Due {
        /// The stage.
        stage: u8,
        /// When they are due.
        at: Instant,
    },
}

/// How far a person is with proving who they are.
#[derive(Debug, Clone)]
pub struct Verification {
    /// Of which request.
    pub request: RequestId,
    /// Counts its saves; guards against two savers.
    pub revision: u32,
    /// How long the code that was sent last is good; `None` when none is.
    pub code_until: Option<Instant>,
    /// How many codes were given.
    pub tries: u32,
    /// How many codes were sent.
    pub sendings: u32,
    pub(crate) code_mac: Option<[u8; 32]>,
    pub(crate) sealer: std::sync::Arc<habeas_trust::seal::Sealer>,
}

impl Verification {
    /// Whether that is the code.
    pub fn is_code(&self, code: &str) -> bool {
        let given = self.sealer.mac("code", format!("{} {code}", self.request).as_bytes());
        self.code_mac.is_some_and(|mac| habeas_trust::digest::constant_time_eq(&mac, &given))
    }

    /// With a new code, good until then, that is about to be sent.
    #[must_use]
    pub fn with_code(self, code: &str, until: Instant) -> Self {
        let mac = self.sealer.mac("code", format!("{} {code}", self.request).as_bytes());
        Self { code_mac: Some(mac), code_until: Some(until), sendings: self.sendings + 1, ..self }
    }

    /// As it is once it was saved.
    #[must_use]
    pub fn saved(self) -> Self {
        Self { revision: self.revision + 1, ..self }
    }

    /// As if the last code had not been sent: the letter was not taken.
    #[must_use]
    pub fn without_code(self) -> Self {
        Self { code_mac: None, code_until: None, sendings: self.sendings.saturating_sub(1), ..self }
    }

    /// After one more try.
    #[must_use]
    pub fn after_try(self) -> Self {
        Self { tries: self.tries + 1, ..self }
    }
}

/// A delivery to be made.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// What it carries.
    pub kind: DeliveryKind,
    /// To which receiver of the request.
    pub lane: i32,
    /// Of which event.
    pub seq: u32,
    /// The receiver's host and port.
    pub host: String,
    /// When.
    pub due_at: Instant,
}

/// A signature that we gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// SHA-256 of the bytes signed. Stored as a keyed digest only.
    pub sha256: [u8; 32],
    /// The signature.
    pub signature: Vec<u8>,
    /// The key that made it.
    pub key: KeyId,
}

/// What became of a request that came in.
#[derive(Debug, Clone)]
pub enum Receive {
    /// It is saved.
    Accepted,
    /// There is one already under that id or deduplication key.
    Exists(Box<Existing>),
    /// Its identity token was used by another sender, or for another organisation.
    TokenOfAnother,
}

/// A request that exists, with what a replayed answer needs.
#[derive(Debug, Clone)]
pub struct Existing {
    /// How it stands now.
    pub request: Request,
    /// How it stood when accepted.
    pub accepted: Standing,
    /// Whether the bytes are the same that it came in.
    pub same_body: bool,
    /// The signatures given, newest last: of submissions and cancellations. Their digests are keyed; compare with
    /// [`IssuedBefore::matches`].
    pub issued: Vec<IssuedBefore>,
    /// When its cancellation was accepted.
    pub cancelled_at: Option<Instant>,
}

/// A signature given earlier. The digest of what was signed is kept keyed, so it is compared, never shown.
#[derive(Debug, Clone)]
pub struct IssuedBefore {
    pub(crate) mac: [u8; 32],
    pub(crate) sealer: std::sync::Arc<habeas_trust::seal::Sealer>,
    /// The signature.
    pub signature: Vec<u8>,
    /// The key that made it.
    pub key: KeyId,
}

impl IssuedBefore {
    /// Whether this signature was given over bytes of that SHA-256 digest.
    pub fn matches(&self, sha256: &[u8; 32]) -> bool {
        habeas_trust::digest::constant_time_eq(&self.mac, &self.sealer.mac("issued", sha256))
    }
}

/// Changes to be saved together.
#[derive(Debug, Clone)]
pub struct Save {
    /// The number of the event after which they were decided.
    pub from_seq: u32,
    /// The request afterwards.
    pub request: Request,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// What is owed because of it.
    pub deliveries: Vec<NewDelivery>,
    /// Lanes whose open deliveries are not needed any more.
    pub superseded_lanes: Vec<i32>,
    /// The operation whose answer we signed, and the signatures.
    pub issued: Vec<Issued>,
    /// When the engine shall look at it again; `None` for never.
    pub errand_at: Option<Instant>,
    /// When everything personal of it dies.
    pub shred_after: Option<Instant>,
    /// What becomes of legs that were not tried yet, if anything.
    pub waiting: Option<Waiting>,
    /// The secret part of the address where the person is to prove who they are, from now on. Kept as a keyed digest.
    pub verification: Option<String>,
    /// The try at a code that proved who the person is; counted in the same transaction.
    pub proved: Option<Verification>,
}

/// The personal part of a request.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// The person.
    pub subject: Subject,
    /// When the person asked, as written.
    pub submitted: Option<Stamp>,
    /// Whom to tell.
    pub callbacks: Vec<CallbackUrl>,
    /// The original bytes, where they are kept.
    pub body: Option<Vec<u8>>,
}

/// Which requests to list.
#[derive(Debug, Clone, Default)]
pub struct RequestFilter {
    /// Of one organisation.
    pub organisation: Option<Domain>,
    /// In that role.
    pub role: Option<Role>,
    /// In one of these states, by name; empty for all.
    pub states: Vec<String>,
    /// At most so many.
    pub limit: u32,
    /// Leaving out so many.
    pub offset: u32,
}

/// A request that wants the engine's attention.
#[derive(Debug, Clone)]
pub struct Errand {
    /// The request.
    pub request: Request,
    /// When it was due.
    pub due_at: Instant,
}

/// How many deliveries each host may be given now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slots {
    /// A host that is not named below.
    pub per_host: u32,
    /// Hosts that differ, by name.
    pub left: Vec<(String, u32)>,
}

/// A delivery whose lease we hold, with all it needs.
#[derive(Debug, Clone)]
pub struct Leased {
    /// The delivery.
    pub delivery: Delivery,
    /// The proof of the lease.
    pub fence: u64,
    /// Its request, as it stands now.
    pub request: Request,
    /// How the request stood after the event that is told.
    pub standing: Standing,
    /// The callback URL of its lane; `None` for other lanes, and once shredded.
    pub url: Option<CallbackUrl>,
}

/// What came of a lease.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// The delivery.
    pub id: DeliveryId,
    /// The proof of the lease.
    pub fence: u64,
    /// The attempt, if one was made.
    pub attempt: Option<Attempt>,
    /// What follows.
    pub then: Then,
    /// What is owed because of it: a notice, say. Not saved again where the request has one in that lane already.
    pub deliveries: Vec<NewDelivery>,
}

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It is delivered.
    Delivered,
    /// Try again then.
    Again(Instant),
    /// The lease is given back untried, due as before.
    Untried,
    /// Not needed any more.
    Superseded,
    /// Given up.
    Abandoned,
    /// Given up, and with it everything else in its lane (the receiver said 410).
    LaneAbandoned,
}

/// Which deliveries to list.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// Of one organisation.
    pub organisation: Option<Domain>,
    /// Of one request.
    pub request: Option<RequestId>,
    /// Of that kind.
    pub kind: Option<DeliveryKind>,
    /// In that state.
    pub state: Option<DeliveryState>,
    /// Only those tried and not delivered.
    pub failing: bool,
    /// At most so many.
    pub limit: u32,
}

/// A delivery as listed.
#[derive(Debug, Clone)]
pub struct DeliveryRow {
    /// The delivery.
    pub delivery: Delivery,
    /// Its organisation.
    pub organisation: Domain,
    /// The last attempt.
    pub last: Option<Attempt>,
}

/// Which deliveries to make due now.
#[derive(Debug, Clone)]
pub enum Retry {
    /// One.
    One(DeliveryId),
    /// All undelivered ones of a request.
    OfRequest(RequestId),
    /// All that are failing or abandoned: those of the first few hundred requests behind one.
    Failing {
        /// Of one organisation, or of all.
        organisation: Option<Domain>,
        /// Up to which request that was done before.
        behind: Option<RequestId>,
    },
}

/// What was made due.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Retried {
    /// So many deliveries.
    pub deliveries: u64,
    /// Up to this request; there may be more behind it.
    pub up_to: Option<RequestId>,
}

/// A request of ours, ready to be saved.
#[derive(Debug, Clone)]
pub struct NewOwn {
    /// The request.
    pub request: Request,
    /// The personal part.
    pub subject: Subject,
    /// When the person asked.
    pub submitted: Stamp,
    /// Its legs.
    pub legs: Vec<NewLeg>,
    /// The sender's own name for it, under which the organisation makes a request only once. Kept as a keyed digest.
    pub reference: Option<String>,
    /// What was wished for, as bytes to compare with when the reference comes again. Kept as a keyed digest.
    pub wish: Vec<u8>,
}

/// What became of a request of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Create {
    /// It is saved.
    Created,
    /// There is one already under that reference.
    Exists {
        /// Which.
        request: RequestId,
        /// Whether the same was wished for.
        same: bool,
    },
}

/// A message kept from its first try until it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// The headers, without credentials.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// A leg as stored.
#[derive(Debug, Clone)]
pub struct LegRow {
    /// The leg.
    pub leg: Leg,
    /// Counts its saves; guards against two savers.
    pub revision: u32,
    /// How often its present step was tried.
    pub attempts: u32,
    /// When its next step is due.
    pub due_at: Option<Instant>,
    /// Why the last try came to nothing, in a word of ours; nothing personal.
    pub trouble: Option<String>,
    /// When it was noticed that the party is late.
    pub late_at: Option<Instant>,
    /// After when the party is late: the date it gave, or else that of the request; `None` where nobody waits for it.
    pub late_after: Option<Instant>,
    /// The party's host and port.
    pub host: String,
    /// Keyed digest of the body that was frozen, to compare the echo with: see [`LegRow::sent`].
    pub(crate) sent_mac: Option<[u8; 32]>,
    pub(crate) sealer: std::sync::Arc<habeas_trust::seal::Sealer>,
}

impl LegRow {
    /// Whether its party is past its date, and still waited for.
    #[must_use]
    pub fn is_late(&self, now: Instant) -> bool {
        self.late_after.is_some_and(|by| by < now)
    }

    /// Whether its party may have heard of the request: then it is too late to hold it.
    #[must_use]
    pub const fn was_tried(&self) -> bool {
        match self.leg.state {
            LegState::Inapplicable => false,
            LegState::Waiting | LegState::Waived => self.sent_mac.is_some(),
            LegState::Unsent | LegState::Sent { .. } | LegState::Refused { .. } => true,
        }
    }

    /// Whether these are the bytes that were frozen for this leg.
    pub fn sent(&self, body: &[u8]) -> bool {
        self.sent_mac.is_some_and(|mac| habeas_trust::digest::constant_time_eq(&mac, &self.sealer.mac("sent", body)))
    }
}

/// A leg whose lease we hold.
#[derive(Debug, Clone)]
pub struct LeasedLeg {
    /// The leg.
    pub row: LegRow,
    /// The proof of the lease.
    pub fence: u64,
    /// Its request.
    pub request: Request,
}

/// What became of a leg.
#[derive(Debug, Clone)]
pub struct LegSave {
    /// The leg afterwards.
    pub leg: Leg,
    /// The revision it was decided on.
    pub revision: u32,
    /// The lease it was done under, which ends with this; `None` when none was needed.
    pub fence: Option<u64>,
    /// When its next step is due; `None` for never.
    pub due_at: Option<Instant>,
    /// How often that step was tried so far.
    pub attempts: u32,
    /// Whether the frozen message is not needed any more.
    pub thaw: bool,
    /// What the party signed.
    pub receipt: Option<Receipt>,
    /// What it means for the request.
    pub request: Option<Save>,
    /// Why the try came to nothing; `None` when it did not.
    pub trouble: Option<String>,
    /// Alerts that are owed because of it. Not saved again where the request has one in that lane already.
    pub alerts: Vec<NewDelivery>,
}

/// Which legs to list. Those of requests that are final or shredded are left out, unless a request is named.
#[derive(Debug, Clone, Default)]
pub struct LegFilter {
    /// Of one organisation.
    pub organisation: Option<Domain>,
    /// Of one request.
    pub request: Option<RequestId>,
    /// Of one party.
    pub party: Option<PartyId>,
    /// Only those whose party is past its date.
    pub late: bool,
    /// Only those that wait for an operator: something is wrong and nothing is due.
    pub stuck: bool,
    /// At most so many.
    pub limit: u32,
}

/// A receipt as stored.
#[derive(Debug, Clone)]
pub struct ReceiptRow {
    /// Its number.
    pub id: i64,
    /// The receipt.
    pub receipt: Receipt,
}

/// Numbers for metrics and health.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests by organisation, role and state.
    pub requests: Vec<(Domain, Role, String, u64)>,
    /// Deliveries by kind and state.
    pub deliveries: Vec<(DeliveryKind, DeliveryState, u64)>,
    /// For how long the delivery that is due longest is due, in milliseconds.
    pub oldest_due_ms: Option<i64>,
    /// How long ago, in milliseconds, the oldest news came up that a callback should have told and has not. Looked for
    /// among the deliveries due longest and the oldest requests with failing ones, a thousand of each.
    pub oldest_untold_ms: Option<i64>,
    /// Deliveries tried and not delivered.
    pub failing: u64,
    /// Open requests past their deadline.
    pub late: u64,
    /// Open legs whose party is past its date.
    pub legs_late: u64,
    /// Legs that wait for an operator.
    pub legs_stuck: u64,
}

/// Sizes by which commits are counted: see [`Load::batches`].
pub const BATCH_SIZES: [u64; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/// How a store is written to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Commits so far.
    pub commits: u64,
    /// Use cases written so far.
    pub writes: u64,
    /// Commits so far by how many use cases shared them: more than the size before, at most that of [`BATCH_SIZES`].
    pub batches: [u64; BATCH_SIZES.len()],
}
