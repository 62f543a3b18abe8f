//! Who may do the next step of a leg?

use std::sync::Arc;

use habeas_core::leg::{Leg, LegState};
use habeas_store::{
    Slots, Store, StoreError,
    model::{LeasedLeg, LegSave, NewLeg, NewOwn},
};

use crate::fixtures::*;

/// Those due at the same time come in any order.
fn rows(leased: &[LeasedLeg]) -> Vec<&str> {
    let mut names = leg_names(leased.iter().map(|leased| &leased.row));
    names.sort_unstable();
    names
}

/// A request with legs of these names, all of one host.
async fn crowded(store: &dyn Store, id: &str, legs: &[&str], host: &str) {
    let new = own(id, legs);
    let legs = new.legs.into_iter().map(|leg| NewLeg { host: host.to_owned(), ..leg }).collect();
    create(store, NewOwn { legs, ..own(id, &[]) }).await;
}

pub(crate) async fn a_leg_is_leased_once(store: Arc<dyn Store>) {
    for n in 0..50 {
        create(&*store, own(&format!("o{n}"), &[&format!("l{n}")])).await;
    }
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.lease_legs(at(0), at(60), 7, &free()).await.unwrap() })
        })
        .collect();
    let mut ids = Vec::new();
    for task in tasks {
        ids.extend(task.await.unwrap().into_iter().map(|leased| leased.row.leg.id.to_string()));
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 50);
}

pub(crate) async fn legs_of_a_busy_host_let_others_pass(store: Arc<dyn Store>) {
    let store = &*store;
    crowded(store, "o1", &["l1", "l2"], "busy.example:443").await;
    crowded(store, "o2", &["l3"], "idle.example:443").await;
    let busy = Slots { left: vec![("busy.example:443".to_owned(), 0)], ..free() };
    assert_eq!(rows(&store.lease_legs(at(0), at(60), 1, &busy).await.unwrap()), ["l3"]);
    assert_eq!(rows(&lease_legs(store, 0).await), ["l1", "l2"]);
}

pub(crate) async fn no_host_gets_more_legs_than_it_has_slots_for(store: Arc<dyn Store>) {
    let store = &*store;
    crowded(store, "o1", &["l1", "l2", "l3"], "one.example:443").await;
    crowded(store, "o2", &["l4", "l5", "l6"], "").await;
    let none = Slots { per_host: 0, left: Vec::new() };
    assert!(store.lease_legs(at(0), at(60), 10, &none).await.unwrap().is_empty());
    let slots = Slots { per_host: 2, left: vec![("one.example:443".to_owned(), 1)] };
    let leased = store.lease_legs(at(0), at(60), 10, &slots).await.unwrap();
    assert_eq!(rows(&leased), ["l1", "l4", "l5"]);
    // Leases that ran out take slots like the rest, and go first.
    create(store, own("o3", &["l7"])).await;
    let leased = store.lease_legs(at(60), at(120), 3, &slots).await.unwrap();
    assert_eq!(rows(&leased), ["l1", "l4", "l5"]);
    assert_eq!(rows(&lease_legs(store, 60).await), ["l2", "l3", "l6", "l7"]);
}

pub(crate) async fn a_leg_given_back_untried_is_as_before_but_due_then(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1"])).await;
    let leased = lease_legs(store, 0).await.remove(0);
    store.release_leg(&leased.row.leg.id, leased.fence, at(30)).await.unwrap();
    let row = the_leg(store, "l1").await;
    assert_eq!((row.attempts, row.revision, row.due_at), (0, leased.row.revision, Some(at(30))));
    assert!(lease_legs(store, 29).await.is_empty());
    let again = lease_legs(store, 30).await.remove(0);
    assert!(again.fence > leased.fence);
    store.save_leg(save_of(&again.row, Some(again.fence), again.row.leg.clone())).await.unwrap();
}

pub(crate) async fn only_who_has_the_lease_can_give_it_back(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1"])).await;
    let slow = lease_legs(store, 0).await.remove(0);
    let quick = lease_legs(store, 60).await.remove(0);
    let id = &slow.row.leg.id;
    assert!(matches!(store.release_leg(id, slow.fence, at(1)).await, Err(StoreError::Stale)));
    store.release_leg(id, quick.fence, at(100)).await.unwrap();
    assert!(matches!(store.release_leg(id, quick.fence, at(1)).await, Err(StoreError::Stale)));
}

pub(crate) async fn what_ended_while_it_was_leased_is_not_due_again(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1"])).await;
    let leased = lease_legs(store, 0).await.remove(0);
    change_leg(store, "l1", |save| {
        let leg = Leg { state: LegState::Waived, ..save.leg.clone() };
        LegSave { leg, due_at: None, ..save }
    })
    .await;
    store.release_leg(&leased.row.leg.id, leased.fence, at(30)).await.unwrap();
    assert_eq!(the_leg(store, "l1").await.due_at, None);
    assert!(lease_legs(store, 1_000).await.is_empty());
}
