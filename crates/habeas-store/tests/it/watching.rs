//! Which parties are late, and which legs wait for an operator?

use std::sync::Arc;

use habeas_core::{
    clock::Instant,
    delivery::{DeliveryKind, DeliveryState, LATE_ALERT_LANE},
    id::{PartyId, RequestId},
    leg::{Leg, LegState, Progress},
    request::Request,
    state::{Change, Ground},
};
use habeas_store::{
    Store,
    model::{LegFilter, LegSave, NewOwn, NewRequest, Save},
};

use crate::fixtures::*;

const CONTROL: &str = "control.example:443";
/// After the promise of every request here.
const PAST: i64 = 40_001;

fn every() -> LegFilter {
    LegFilter { limit: 100, ..LegFilter::default() }
}

async fn listed(store: &dyn Store, filter: LegFilter, now: i64) -> Vec<String> {
    let rows = store.list_legs(&filter, at(now)).await.unwrap();
    rows.into_iter().map(|row| row.leg.id.to_string()).collect()
}

/// The late ones, as the list and as the count have them.
async fn late(store: &dyn Store, now: i64) -> Vec<String> {
    let late = listed(store, LegFilter { late: true, ..every() }, now).await;
    assert_eq!(store.counts(at(now)).await.unwrap().legs_late, u64::try_from(late.len()).unwrap());
    late
}

/// The stuck ones, as the list and as the count have them.
async fn stuck(store: &dyn Store) -> Vec<String> {
    let stuck = listed(store, LegFilter { stuck: true, ..every() }, 0).await;
    assert_eq!(store.counts(at(0)).await.unwrap().legs_stuck, u64::try_from(stuck.len()).unwrap());
    stuck
}

async fn noted(store: &dyn Store, now: i64) -> Vec<String> {
    let rows = store.flag_late(at(now), 100, Some(CONTROL)).await.unwrap();
    assert!(rows.iter().all(|row| row.late_at == Some(at(now))));
    rows.into_iter().map(|row| row.leg.id.to_string()).collect()
}

async fn alerts(store: &dyn Store) -> Vec<String> {
    let filter = habeas_store::DeliveryFilter { kind: Some(DeliveryKind::Alert), limit: 100, ..Default::default() };
    let rows = store.deliveries(&filter).await.unwrap();
    rows.into_iter().map(|row| row.delivery.id.to_string()).collect()
}

/// The party says when it expects to be done.
async fn expects(store: &dyn Store, leg: &str, by: Option<Instant>) {
    change_leg(store, leg, |save| {
        let leg = Leg { expected_by: by, ..sent(&save.leg, Progress::Pending) };
        LegSave { leg, ..save }
    })
    .await;
}

async fn has_trouble(store: &dyn Store, leg: &str, trouble: Option<&str>, due_at: Option<Instant>) {
    let trouble = trouble.map(str::to_owned);
    change_leg(store, leg, |save| LegSave { trouble, due_at, ..save }).await;
}

pub(crate) async fn a_party_is_late_past_its_own_date_or_else_past_the_promise(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1", "l2"])).await;
    let legs = vec![new_leg(leg("r1", "l3")), new_leg(leg("r1", "l4"))];
    accept(store, NewRequest { legs, ..new("r1") }).await;
    expects(store, "l2", Some(at(5_000))).await;
    expects(store, "l4", Some(at(90_000))).await;
    assert!(late(store, 5_000).await.is_empty());
    assert_eq!(late(store, 5_001).await, ["l2"]);
    assert_eq!(late(store, 40_000).await, ["l2"]);
    assert_eq!(late(store, PAST).await, ["l2", "l1", "l3"]);
    assert_eq!(late(store, 90_001).await, ["l2", "l1", "l3", "l4"]);
}

pub(crate) async fn whoever_is_still_expected_to_answer_can_be_late_and_nobody_else(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1"])).await;
    let progresses = [
        Progress::Pending,
        Progress::Distributed,
        Progress::InProgress,
        Progress::NeedsVerification { url: RESULTS.parse().unwrap() },
        Progress::Unknown,
        Progress::Fulfilled,
        Progress::Cancelled,
        Progress::Denied { ground: Some(Ground::NoMatch) },
        Progress::Expired,
    ];
    let unsent = [LegState::Waiting, LegState::Unsent, LegState::Waived, LegState::Inapplicable];
    let sent = progresses.into_iter().map(|progress| LegState::Sent { progress });
    for state in unsent.into_iter().chain([LegState::Refused { status: 400 }]).chain(sent) {
        let awaited = !state.is_final();
        let waits = awaited || matches!(state, LegState::Refused { .. });
        change_leg(store, "l1", |save| {
            let leg = Leg { state: state.clone(), ..save.leg };
            LegSave { leg, trouble: Some("timeout".to_owned()), due_at: None, ..save }
        })
        .await;
        assert_eq!(!late(store, PAST).await.is_empty(), awaited, "{state:?}");
        assert_eq!(!stuck(store).await.is_empty(), waits, "{state:?}");
    }
}

pub(crate) async fn a_late_party_is_noted_once_and_its_request_alerts_once(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1", "l2"])).await;
    let legs = vec![new_leg(leg("r1", "l3"))];
    accept(store, NewRequest { legs, ..new("r1") }).await;
    move_on(store, "r1", &Change::Distribute, &[]).await;
    expects(store, "l2", Some(at(5_000))).await;
    assert!(noted(store, 5_000).await.is_empty());
    assert_eq!(noted(store, 5_001).await, ["l2"]);
    assert_eq!(alerts(store).await, ["o1.-4.0"]);
    assert_eq!(noted(store, PAST).await, ["l1", "l3"]);
    assert!(noted(store, PAST + 1).await.is_empty());
    assert_eq!(alerts(store).await, ["o1.-4.0", "r1.-4.1"]);
    assert_eq!(the_leg(store, "l2").await.late_at, Some(at(5_001)));
    // It can be made like every other delivery.
    let leased = lease(store, PAST).await;
    assert_eq!(names(&leased), ["o1.-4.0", "r1.-4.1"]);
    assert_eq!((leased[0].delivery.due_at, leased[1].delivery.due_at), (at(5_001), at(PAST)));
    assert_eq!((leased[1].delivery.host.as_str(), leased[1].standing.seq), (CONTROL, 1));
    assert_eq!(late(store, PAST).await.len(), 3, "noted ones are late all the same");
}

pub(crate) async fn without_a_host_nobody_is_alerted(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1", "l2", "l3"])).await;
    assert_eq!(leg_names(&store.flag_late(at(PAST), 2, None).await.unwrap()), ["l1", "l2"]);
    assert_eq!(leg_names(&store.flag_late(at(PAST), 2, None).await.unwrap()), ["l3"]);
    assert!(alerts(store).await.is_empty());
}

pub(crate) async fn a_party_that_gives_another_date_is_late_anew(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1"])).await;
    expects(store, "l1", Some(at(100))).await;
    assert_eq!(noted(store, 200).await, ["l1"]);
    expects(store, "l1", Some(at(100))).await;
    assert_eq!(the_leg(store, "l1").await.late_at, Some(at(200)), "the same date again");
    expects(store, "l1", Some(at(300))).await;
    assert_eq!(the_leg(store, "l1").await.late_at, None);
    assert!(noted(store, 300).await.is_empty());
    assert_eq!(noted(store, 301).await, ["l1"]);
    assert_eq!(alerts(store).await, ["o1.-4.0"], "one alert is enough");
    change_leg(store, "l1", |save| LegSave { leg: sent(&save.leg, Progress::Fulfilled), ..save }).await;
    assert_eq!(the_leg(store, "l1").await.late_at, None);
    assert!(late(store, PAST).await.is_empty());
}

/// Noting is no decision, so nobody's becomes stale by it.
pub(crate) async fn a_leg_that_is_being_worked_on_can_be_noted(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1"])).await;
    let leased = lease_legs(store, 0).await.remove(0);
    assert_eq!(noted(store, PAST).await, ["l1"]);
    store.save_leg(save_of(&leased.row, Some(leased.fence), leased.row.leg.clone())).await.unwrap();
    assert_eq!(the_leg(store, "l1").await.late_at, Some(at(PAST)));
}

pub(crate) async fn nobody_waits_for_the_parties_of_a_request_that_is_final(store: Arc<dyn Store>) {
    let store = &*store;
    let stuck_leg = |request: &str, name: &str| NewRequest { legs: vec![new_leg(leg(request, name))], ..new(request) };
    for (request, name) in [("r1", "l1"), ("r2", "l2")] {
        accept(store, stuck_leg(request, name)).await;
        has_trouble(store, name, Some("timeout"), None).await;
    }
    create(store, own("o1", &["l3"])).await;
    move_on(store, "r1", &Change::Cancel, &[]).await;
    // Shredded though it is not final: nobody can do anything about it either.
    let save = change(&current(store, "r2").await, &Change::Start, &[]);
    store.apply(Save { shred_after: Some(at(1)), ..save }).await.unwrap();
    assert_eq!((late(store, PAST).await, stuck(store).await), (vec!["l2".into(), "l3".into()], vec!["l2".into()]));
    store.shred(at(1), 10).await.unwrap();
    assert_eq!((late(store, PAST).await, stuck(store).await), (vec!["l3".to_owned()], vec![]));
    assert_eq!(listed(store, every(), 0).await, ["l3"]);
    assert_eq!(noted(store, PAST).await, ["l3"]);
    assert_eq!(listed(store, LegFilter { request: Some(RequestId::new("r1")), ..every() }, 0).await, ["l1"]);
}

pub(crate) async fn a_leg_with_trouble_is_stuck_when_nothing_is_due(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1", "l2"])).await;
    has_trouble(store, "l1", Some("timeout"), Some(at(900))).await;
    assert_eq!(the_leg(store, "l1").await.trouble.as_deref(), Some("timeout"));
    assert!(stuck(store).await.is_empty(), "it is tried again");
    has_trouble(store, "l1", Some("no key"), None).await;
    assert_eq!(the_leg(store, "l1").await.trouble.as_deref(), Some("no key"));
    assert_eq!(stuck(store).await, ["l1"]);
    // The operator sends it again, or waives it.
    has_trouble(store, "l1", Some("no key"), Some(at(0))).await;
    assert!(stuck(store).await.is_empty());
    has_trouble(store, "l1", None, None).await;
    assert_eq!((the_leg(store, "l1").await.trouble, stuck(store).await), (None, vec![]));
}

pub(crate) async fn legs_are_listed_by_their_dates(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1", "l2", "l3"])).await;
    let sooner = Request { promised_by: at(20_000), ..own("o2", &[]).request };
    create(store, NewOwn { request: sooner, ..own("o2", &["l4"]) }).await;
    expects(store, "l2", Some(at(30_000))).await;
    expects(store, "l3", Some(at(10_000))).await;
    assert_eq!(listed(store, every(), 0).await, ["l3", "l4", "l2", "l1"]);
    assert_eq!(listed(store, LegFilter { limit: 2, ..every() }, 0).await, ["l3", "l4"]);
    let late = LegFilter { late: true, ..every() };
    assert_eq!(listed(store, late.clone(), 20_001).await, ["l3", "l4"]);
    assert_eq!(listed(store, LegFilter { limit: 1, ..late }, 20_001).await, ["l3"]);
}

pub(crate) async fn legs_are_filtered(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1", "l2"])).await;
    let organisation: habeas_core::domain::Domain = OTHER.parse().unwrap();
    let theirs = own("o2", &[]);
    let request = Request { organisation: organisation.clone(), ..theirs.request.clone() };
    let other = new_leg(Leg { organisation: organisation.clone(), ..leg("o2", "l3") });
    create(store, NewOwn { request, legs: vec![other], ..theirs }).await;
    has_trouble(store, "l2", Some("timeout"), None).await;
    expects(store, "l2", Some(at(10))).await;
    let party = |name: &str| LegFilter { party: Some(PartyId::new(name)), ..every() };
    let of_other = || LegFilter { organisation: Some(organisation.clone()), ..every() };
    assert_eq!(listed(store, of_other(), 0).await, ["l3"]);
    assert_eq!(listed(store, party("party-of-l1"), 0).await, ["l1"]);
    assert_eq!(listed(store, LegFilter { late: true, ..party("party-of-l1") }, 20).await, [""; 0]);
    assert_eq!(listed(store, LegFilter { late: true, stuck: true, ..every() }, 20).await, ["l2"]);
    assert_eq!(listed(store, LegFilter { late: true, stuck: true, ..every() }, 10).await, [""; 0]);
    let of_request = LegFilter { request: Some(RequestId::new("o1")), ..every() };
    assert_eq!(listed(store, LegFilter { stuck: true, ..of_request.clone() }, 0).await, ["l2"]);
    assert_eq!(listed(store, LegFilter { stuck: true, ..of_other() }, 0).await, [""; 0]);
    assert_eq!(listed(store, of_request, 0).await, ["l2", "l1"]);
}

pub(crate) async fn an_alert_is_counted_listed_and_tried_again_like_the_rest(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1"])).await;
    noted(store, PAST).await;
    let leased = lease(store, PAST).await;
    let alert = &leased[0].delivery;
    assert_eq!((alert.kind, alert.id.lane, leased[0].url.clone()), (DeliveryKind::Alert, LATE_ALERT_LANE, None));
    settle(store, &leased[0], habeas_store::Then::Abandoned).await;
    let counts = store.counts(at(PAST)).await.unwrap();
    assert_eq!(counts.deliveries, [(DeliveryKind::Alert, DeliveryState::Abandoned, 1)]);
    let all = habeas_store::Retry::OfRequest(RequestId::new("o1"));
    assert_eq!(store.retry(&all, at(PAST)).await.unwrap().deliveries, 1);
    settle(store, &lease(store, PAST).await[0], habeas_store::Then::Delivered).await;
    assert!(noted(store, PAST + 1).await.is_empty());
}
