//! What do the tests put in?

use habeas_core::{
    clock::Instant,
    delivery::{Attempt, DeliveryKind, Outcome},
    dialect::DialectId,
    event::{Actor, Standing},
    id::{KeyId, LegId, PartyId, RequestId, WireId},
    identity::{Format, Identity, Kind},
    leg::{Leg, LegCancel, LegState, Progress},
    regime::Regime,
    request::{Request, Upstream},
    right::Right,
    role::Role,
    secret::Secret,
    state::{Change, State},
    submission::{Carried, Dedupe, Stamp, Subject},
};
use habeas_store::{
    Slots, Store,
    model::{
        Create, Issued, Leased, LeasedLeg, LegRow, LegSave, NewDelivery, NewLeg, NewOwn, NewRequest, Receive, Retry,
        Save, Settlement, Then,
    },
};

pub(crate) const US: &str = "us.example";
pub(crate) const OTHER: &str = "other.example";
/// Words that must never be found in the clear.
pub(crate) const EMAIL: &str = "canary.identity@person.example";
pub(crate) const CALLBACK: &str = "https://peer.example/canary-callback";
pub(crate) const BODY: &[u8] = b"{\"canary\":\"body of canary.identity@person.example\"}";
pub(crate) const EXTENSION: &str = "canary-extension";
pub(crate) const RESULTS: &str = "https://us.example/canary-results";
pub(crate) const DETAILS: &str = "canary-details";

pub(crate) const fn at(ms: i64) -> Instant {
    Instant::from_ms(1_800_000_000_000 + ms)
}

pub(crate) fn request(id: &str) -> Request {
    Request {
        id: RequestId::new(id),
        organisation: US.parse().unwrap(),
        upstream: Some(upstream("party")),
        role: Role::Processor,
        rights: vec![Right::Access, Right::Erasure],
        regime: Regime::Gdpr,
        standing: Standing {
            wire_id: WireId::new(format!("wire-{id}")),
            seq: 0,
            state: State::Received,
            received_at: at(0),
            expected_by: at(30_000),
            details: None,
            found: None,
        },
        submitted_at: Some(at(-5)),
        promised_by: at(40_000),
        hold_until: at(10),
        final_at: None,
        expires_at: None,
        expiry_first_set_at: None,
    }
}

pub(crate) fn upstream(party: &str) -> Upstream {
    Upstream { party: PartyId::new(party), dialect: DialectId::known("opengdpr/1.0"), mount: "/v1".to_owned() }
}

pub(crate) fn subject() -> Subject {
    Subject {
        identities: vec![Identity { kind: Kind::new("email"), format: Format::Raw, value: Secret::new(EMAIL) }],
        carried: vec![Carried { name: "extensions".to_owned(), json: format!("{{\"x\":\"{EXTENSION}\"}}") }],
        claims: vec![Carried { name: "email".to_owned(), json: format!("\"{EMAIL}\"") }],
        relationships: vec![EXTENSION.to_owned()],
    }
}

pub(crate) fn stamp() -> Stamp {
    Stamp { at: at(-5), text: "2027-01-15T08:00:00+00:00".to_owned() }
}

/// A request with two callback URLs, its acceptance to be told to both and to our own systems.
pub(crate) fn new(id: &str) -> NewRequest {
    NewRequest {
        dedupe: Some(Dedupe::Key(format!("wire-{id}"))),
        repeats_since: at(0),
        token: None,
        recognizable: true,
        request: request(id),
        actor: Actor::Upstream,
        body: BODY.to_vec(),
        keep_body: true,
        subject: subject(),
        submitted: Some(stamp()),
        callbacks: vec![CALLBACK.parse().unwrap(), format!("{CALLBACK}/2").parse().unwrap()],
        deliveries: Vec::new(),
        issued: vec![issued(1)],
        errand_at: None,
        legs: Vec::new(),
    }
}

/// [`new`] with one callback of its acceptance.
pub(crate) fn calling_back(id: &str) -> NewRequest {
    NewRequest { deliveries: vec![callback(0, 0)], ..new(id) }
}

pub(crate) fn issued(n: u8) -> Issued {
    Issued { sha256: [n; 32], signature: vec![n; 256], key: KeyId::new("key") }
}

/// A callback that is due at once.
pub(crate) fn callback(lane: i32, seq: u32) -> NewDelivery {
    delivery(DeliveryKind::Callback, lane, seq)
}

pub(crate) fn delivery(kind: DeliveryKind, lane: i32, seq: u32) -> NewDelivery {
    let host = format!("host{lane}.example:443");
    NewDelivery { kind, lane, seq, host, due_at: at(0) }
}

pub(crate) async fn accept(store: &dyn Store, new: NewRequest) {
    assert!(matches!(store.receive(new).await.unwrap(), Receive::Accepted));
}

/// The request after a change, told in the lanes.
pub(crate) fn change(before: &Request, change: &Change, lanes: &[i32]) -> Save {
    let now = at(100 + i64::from(before.standing.seq));
    let (request, event) = before.apply(change, Actor::Operator, now).unwrap();
    let seq = request.standing.seq;
    Save {
        from_seq: before.standing.seq,
        deliveries: lanes.iter().map(|lane| callback(*lane, seq)).collect(),
        events: vec![event],
        superseded_lanes: Vec::new(),
        issued: Vec::new(),
        errand_at: None,
        shred_after: None,
        waiting: None,
        verification: None,
        proved: None,
        request,
    }
}

/// Makes a change to the request as it stands in the store.
pub(crate) async fn move_on(store: &dyn Store, id: &str, by: &Change, lanes: &[i32]) -> Request {
    let save = change(&current(store, id).await, by, lanes);
    let after = save.request.clone();
    store.apply(save).await.unwrap();
    after
}

/// Shreds a request that is cancelled for it.
pub(crate) async fn shred(store: &dyn Store, id: &str) {
    let save = change(&current(store, id).await, &Change::Cancel, &[]);
    store.apply(Save { shred_after: Some(at(500)), ..save }).await.unwrap();
    assert_eq!(store.shred(at(500), 10).await.unwrap(), 1);
}

pub(crate) async fn current(store: &dyn Store, id: &str) -> Request {
    store.request(&RequestId::new(id)).await.unwrap().unwrap()
}

/// Leases all that is due at `now`, for 60 ms.
pub(crate) fn free() -> Slots {
    Slots { per_host: 100, left: Vec::new() }
}

pub(crate) async fn lease(store: &dyn Store, now: i64) -> Vec<Leased> {
    store.lease_deliveries(at(now), at(now + 60), 100, &free()).await.unwrap()
}

pub(crate) fn names(leased: &[Leased]) -> Vec<String> {
    leased.iter().map(|leased| leased.delivery.id.to_string()).collect()
}

pub(crate) fn settlement(leased: &Leased, then: Then) -> Settlement {
    let status = if then == Then::Delivered { 200 } else { 503 };
    let tried = !matches!(then, Then::Untried | Then::Superseded);
    Settlement {
        id: leased.delivery.id.clone(),
        fence: leased.fence,
        attempt: tried.then(|| attempt(Outcome::Answered(status))),
        then,
        deliveries: Vec::new(),
    }
}

/// All that fail, whosever they are.
pub(crate) fn failing() -> Retry {
    Retry::Failing { organisation: None, behind: None }
}

pub(crate) fn attempt(outcome: Outcome) -> Attempt {
    Attempt { at: at(50), took_ms: 7, outcome, answer: format!("sorry, {EMAIL}").into_bytes() }
}

pub(crate) async fn settle(store: &dyn Store, leased: &Leased, then: Then) {
    store.settle(settlement(leased, then)).await.unwrap();
}

pub(crate) fn leg(request: &str, name: &str) -> Leg {
    Leg {
        id: LegId::new(name),
        request: RequestId::new(request),
        organisation: US.parse().unwrap(),
        party: PartyId::new(format!("party-of-{name}")),
        dialect: DialectId::known("opengdpr/1.0"),
        right: Right::Erasure,
        wire_id: WireId::new(format!("wire-{name}")),
        remote_id: None,
        accepted_at: None,
        state: LegState::Waiting,
        cancel: LegCancel::No,
        expected_by: None,
        callback_url: Some(format!("https://us.example/c/token-{name}").parse().unwrap()),
        results: None,
        details: None,
        heard: Vec::new(),
    }
}

/// A leg that is due at once, its party at a host of its own.
pub(crate) fn new_leg(leg: Leg) -> NewLeg {
    NewLeg {
        token: format!("token-{}", leg.id),
        host: format!("{}.example:443", leg.id),
        due_at: Some(at(0)),
        stage: 0,
        leg,
    }
}

/// A request of ours with legs of these names.
pub(crate) fn own(id: &str, legs: &[&str]) -> NewOwn {
    NewOwn {
        request: Request { upstream: None, role: Role::Controller, ..request(id) },
        subject: subject(),
        submitted: stamp(),
        legs: legs.iter().map(|name| new_leg(leg(id, name))).collect(),
        reference: None,
        wish: Vec::new(),
    }
}

pub(crate) async fn create(store: &dyn Store, new: NewOwn) {
    assert_eq!(store.create(new).await.unwrap(), Create::Created);
}

/// Leases all legs that are due at `now`, for 60 ms.
pub(crate) async fn lease_legs(store: &dyn Store, now: i64) -> Vec<LeasedLeg> {
    store.lease_legs(at(now), at(now + 60), 100, &free()).await.unwrap()
}

pub(crate) fn leg_names<'a>(rows: impl IntoIterator<Item = &'a LegRow>) -> Vec<&'a str> {
    rows.into_iter().map(|row| row.leg.id.as_str()).collect()
}

pub(crate) async fn the_leg(store: &dyn Store, name: &str) -> LegRow {
    store.leg(&LegId::new(name)).await.unwrap().unwrap()
}

pub(crate) fn save_of(row: &LegRow, fence: Option<u64>, leg: Leg) -> LegSave {
    LegSave {
        leg,
        revision: row.revision,
        fence,
        due_at: None,
        attempts: row.attempts,
        thaw: false,
        receipt: None,
        request: None,
        trouble: None,
        alerts: Vec::new(),
    }
}

/// Saves a leg as it is after `change`.
pub(crate) async fn change_leg(store: &dyn Store, name: &str, change: impl FnOnce(LegSave) -> LegSave) {
    let row = the_leg(store, name).await;
    let save = save_of(&row, None, row.leg.clone());
    store.save_leg(change(LegSave { due_at: row.due_at, trouble: row.trouble.clone(), ..save })).await.unwrap();
}

pub(crate) fn sent(leg: &Leg, progress: Progress) -> Leg {
    Leg { state: LegState::Sent { progress }, accepted_at: Some(at(20)), ..leg.clone() }
}
