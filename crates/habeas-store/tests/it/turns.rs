//! Does no host wait for another, and no leg for its sibling's paperwork?

use std::collections::BTreeSet;

use habeas_core::{
    id::{PartyId, RequestId},
    leg::{Leg, LegCancel, LegState, Progress},
};
use habeas_store::{
    Slots, Store, StoreError,
    model::{Leased, LeasedLeg, LegRow, LegSave, NewDelivery, NewLeg, NewOwn, NewRequest, Then},
    sqlite::Sqlite,
};
use tempfile::TempDir;

use crate::{backend, fixtures::*, legs::receipt};

fn fresh() -> (TempDir, Sqlite) {
    let home = TempDir::new().unwrap();
    let store = backend::open(&backend::file(home.path())).unwrap();
    (home, store)
}

/// A request with so many legs at one host, due from then on, one after another.
async fn legs_at(store: &dyn Store, host: &str, legs: u32, from: i64) {
    let id = format!("of-{host}");
    let one = |n: u32| {
        let leg = Leg { party: PartyId::new(format!("p{n}")), ..leg(&id, &format!("{host}-{n}")) };
        NewLeg { host: host.to_owned(), due_at: Some(at(from + i64::from(n))), ..new_leg(leg) }
    };
    create(store, NewOwn { legs: (0..legs).map(one).collect(), ..own(&id, &[]) }).await;
}

/// So many requests with a callback to one host, due from then on.
async fn callbacks_to(store: &dyn Store, host: &str, requests: u32, from: i64) {
    for n in 0..requests {
        let due_at = at(from + i64::from(n));
        let callback = NewDelivery { host: host.to_owned(), due_at, ..callback(0, 0) };
        accept(store, NewRequest { deliveries: vec![callback], ..new(&format!("{host}-{n}")) }).await;
    }
}

fn hosts(leased: &[LeasedLeg]) -> BTreeSet<&str> {
    leased.iter().map(|leased| leased.row.host.as_str()).collect()
}

fn receivers(leased: &[Leased]) -> BTreeSet<String> {
    leased.iter().map(|leased| leased.delivery.host.clone()).collect()
}

fn resting(host: &str, per_host: u32) -> Slots {
    Slots { per_host, left: vec![(host.to_owned(), 0)] }
}

#[tokio::test]
async fn what_waits_for_a_host_that_rests_lets_the_others_pass() {
    let (_home, store) = fresh();
    legs_at(&store, "rests", 2_000, -5_000).await;
    legs_at(&store, "a", 2, 0).await;
    legs_at(&store, "z", 2, 0).await;
    let slots = resting("rests", 10);
    let leased = store.lease_legs(at(10), at(60), 10, &slots).await.unwrap();
    let names: BTreeSet<_> = leg_names(leased.iter().map(|leased| &leased.row)).into_iter().collect();
    assert_eq!(names, BTreeSet::from(["a-0", "a-1", "z-0", "z-1"]));
    assert!(store.lease_legs(at(10), at(60), 10, &slots).await.unwrap().is_empty());
    // Awake, it is given what has waited longest.
    let leased = store.lease_legs(at(10), at(60), 3, &free()).await.unwrap();
    assert_eq!(leg_names(leased.iter().map(|leased| &leased.row)), ["rests-0", "rests-1", "rests-2"]);
}

#[tokio::test]
async fn a_host_with_much_to_do_leaves_room_for_the_others() {
    let (_home, store) = fresh();
    legs_at(&store, "much", 200, -5_000).await;
    callbacks_to(&store, "much", 60, -5_000).await;
    for host in ["a", "z"] {
        legs_at(&store, host, 1, 0).await;
        callbacks_to(&store, host, 1, 0).await;
    }
    let legs = store.lease_legs(at(10), at(60), 5, &free()).await.unwrap();
    assert_eq!((legs.len(), hosts(&legs)), (5, BTreeSet::from(["a", "much", "z"])));
    let deliveries = store.lease_deliveries(at(10), at(60), 5, &free()).await.unwrap();
    assert_eq!((deliveries.len(), receivers(&deliveries).len()), (5, 3));
}

/// 61 hosts, at the oldest of which nothing may be tried; whatever is leased is given back and due as before.
#[tokio::test]
async fn every_host_is_served_within_a_round() {
    let (_home, store) = fresh();
    callbacks_to(&store, "rests", 50, -5_000).await;
    let all: BTreeSet<_> = (0..60).map(|n| format!("h{n}")).collect();
    for host in &all {
        callbacks_to(&store, host, 2, 0).await;
    }
    for limit in [1, 7, 60] {
        for _ in 0..2 {
            let mut served = BTreeSet::new();
            for _ in 0..60_u32.div_ceil(limit) {
                let leased = store.lease_deliveries(at(10), at(60), limit, &resting("rests", 3)).await.unwrap();
                assert_eq!(leased.len(), usize::try_from(limit).unwrap());
                served.extend(receivers(&leased));
                for one in &leased {
                    settle(&store, one, Then::Untried).await;
                }
            }
            assert_eq!(served, all, "{limit}");
        }
    }
}

#[tokio::test]
async fn where_no_stranger_may_be_tried_those_known_are() {
    let (_home, store) = fresh();
    for n in 0..30 {
        callbacks_to(&store, &format!("h{n}"), 1, 0).await;
    }
    let known = |name: &str, left| (name.to_owned(), left);
    let left = vec![known("h20", 2), known("h4", 1), known("h9", 0), known("nobody", 5), known("", 5)];
    let slots = Slots { per_host: 0, left };
    for limit in [1, 2] {
        let leased = store.lease_deliveries(at(10), at(60), limit, &slots).await.unwrap();
        assert!(receivers(&leased).iter().all(|host| host == "h20" || host == "h4"), "{limit}");
        assert_eq!(leased.len(), 1);
    }
    assert!(store.lease_deliveries(at(10), at(60), 3, &slots).await.unwrap().is_empty());
    assert!(store.lease_deliveries(at(10), at(60), 0, &free()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_lease_that_ran_out_at_a_host_that_rests_is_over() {
    let (_home, store) = fresh();
    legs_at(&store, "rests", 1, 0).await;
    callbacks_to(&store, "rests", 1, 0).await;
    let (slow, slow_leg) = (lease(&store, 0).await.remove(0), lease_legs(&store, 0).await.remove(0));
    let slots = resting("rests", 9);
    assert!(store.lease_deliveries(at(60), at(120), 9, &slots).await.unwrap().is_empty());
    assert!(store.lease_legs(at(60), at(120), 9, &slots).await.unwrap().is_empty());
    assert!(matches!(store.settle(settlement(&slow, Then::Delivered)).await, Err(StoreError::Stale)));
    let save = save_of(&slow_leg.row, Some(slow_leg.fence), sent(&slow_leg.row.leg, Progress::Pending));
    assert!(matches!(store.save_leg(save).await, Err(StoreError::Stale)));
    assert_eq!((lease(&store, 60).await.len(), lease_legs(&store, 60).await.len()), (1, 1));
}

/// Saves the first of two legs after `change`; says whether who decided on the second before must decide anew.
async fn disturbs(store: &dyn Store, change: impl FnOnce(&Leg) -> Leg) -> bool {
    let rows = store.legs(&RequestId::new("o1")).await.unwrap();
    let [row, beside] = &rows[..] else { panic!("{rows:?}") };
    let receipt = Some(receipt());
    store.save_leg(LegSave { receipt, ..save_of(row, None, change(&row.leg)) }).await.unwrap();
    let again = |row: &LegRow| save_of(row, None, row.leg.clone());
    match store.save_leg(again(beside)).await {
        Err(StoreError::Stale) => true,
        saved => {
            saved.unwrap();
            false
        }
    }
}

#[tokio::test]
async fn only_what_a_leg_means_for_its_request_disturbs_the_others() {
    let (_home, store) = fresh();
    let store = &store;
    create(store, own("o1", &["l1", "l2"])).await;
    let results = || Some(RESULTS.parse().unwrap());
    let by = |by| move |leg: &Leg| Leg { expected_by: Some(at(by)), ..leg.clone() };
    // Before it was answered: evidence, another date, a first try.
    assert!(!disturbs(store, Leg::clone).await);
    assert!(!disturbs(store, by(5)).await);
    assert!(!disturbs(store, |leg| Leg { state: LegState::Unsent, ..leg.clone() }).await);
    assert!(disturbs(store, |leg| sent(leg, Progress::Pending)).await);
    assert!(!disturbs(store, by(6)).await);
    assert!(!disturbs(store, |leg| Leg { accepted_at: Some(at(21)), ..leg.clone() }).await);
    assert!(disturbs(store, |leg| Leg { cancel: LegCancel::Wanted, ..leg.clone() }).await);
    assert!(disturbs(store, |leg| sent(leg, Progress::InProgress)).await);
    assert!(!disturbs(store, |leg| Leg { results: results(), ..leg.clone() }).await);
    assert!(disturbs(store, |leg| Leg { results: None, ..sent(leg, Progress::Fulfilled) }).await);
    // The request ends with the results of all.
    assert!(disturbs(store, |leg| Leg { results: results(), ..leg.clone() }).await);
    assert!(!disturbs(store, Leg::clone).await);
    let denied = |ground| Progress::Denied { ground };
    assert!(disturbs(store, |leg| sent(leg, denied(None))).await);
    assert!(disturbs(store, |leg| sent(leg, denied(Some(habeas_core::state::Ground::NoMatch)))).await);
}
