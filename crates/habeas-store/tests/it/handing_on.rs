//! How is a request that came to us handed on?

use std::sync::Arc;

use habeas_core::{
    id::{LegId, RequestId},
    leg::{Leg, LegState, Progress},
    state::Change,
};
use habeas_store::{
    Store,
    model::{NewLeg, NewRequest, Receive, Save},
};

use crate::fixtures::*;

/// A request that came to us, with a leg for each of these names.
fn handed_on(id: &str, legs: &[&str]) -> NewRequest {
    NewRequest { legs: legs.iter().map(|name| new_leg(leg(id, name))).collect(), ..new(id) }
}

pub(crate) async fn a_request_that_came_to_us_is_saved_with_its_legs(store: Arc<dyn Store>) {
    let store = &*store;
    let later = NewLeg { due_at: Some(at(700)), ..new_leg(leg("r1", "l2")) };
    let never = new_leg(Leg { state: LegState::Inapplicable, ..leg("r1", "l3") });
    let legs = vec![new_leg(leg("r1", "l1")), later, never];
    accept(store, NewRequest { legs: legs.clone(), ..new("r1") }).await;
    let rows = store.legs(&RequestId::new("r1")).await.unwrap();
    for (row, new) in rows.iter().zip(&legs) {
        assert_eq!((&row.leg, &row.host), (&new.leg, &new.host));
        assert_eq!((row.revision, row.attempts, row.late_at), (0, 0, None));
        assert_eq!(row.trouble, None);
        let found = store.leg_by_token(&new.leg.organisation, &new.token).await.unwrap().unwrap();
        assert_eq!(found.leg, new.leg);
    }
    assert_eq!(rows.iter().map(|row| row.due_at).collect::<Vec<_>>(), [Some(at(0)), Some(at(700)), None]);
    let leased = lease_legs(store, 0).await;
    assert_eq!((leased.len(), &leased[0].request), (1, &request("r1")));
    assert_eq!(store.next_due(at(100)).await.unwrap(), Some(at(700)));
}

pub(crate) async fn a_replay_brings_no_legs(store: Arc<dyn Store>) {
    let store = &*store;
    accept(store, handed_on("r1", &["l1"])).await;
    let replay = NewRequest { legs: vec![new_leg(leg("r1", "l2"))], ..new("r1") };
    assert!(matches!(store.receive(replay).await.unwrap(), Receive::Exists(_)));
    assert_eq!(leg_names(&store.legs(&RequestId::new("r1")).await.unwrap()), ["l1"]);
    assert!(store.leg(&LegId::new("l2")).await.unwrap().is_none());
}

pub(crate) async fn a_request_and_its_legs_are_saved_together_or_not_at_all(store: Arc<dyn Store>) {
    let store = &*store;
    let twice = handed_on("r1", &["l1", "l1"]);
    assert!(store.receive(twice).await.is_err());
    assert_eq!(store.request(&RequestId::new("r1")).await.unwrap(), None);
    assert!(store.create(own("o1", &["l1", "l1"])).await.is_err());
    assert_eq!(store.request(&RequestId::new("o1")).await.unwrap(), None);
    assert!(store.leg(&LegId::new("l1")).await.unwrap().is_none());
    assert!(lease_legs(store, 0).await.is_empty());
    accept(store, handed_on("r1", &["l1"])).await;
}

pub(crate) async fn leases_of_legs_that_are_handed_on_are_taken_back(store: Arc<dyn Store>) {
    let store = &*store;
    accept(store, handed_on("r1", &["l1"])).await;
    assert_eq!(lease_legs(store, 0).await.len(), 1);
    assert_eq!(store.next_due(at(-1)).await.unwrap(), Some(at(60)));
    assert_eq!(store.take_back_leases().await.unwrap(), 1);
    assert_eq!(store.next_due(at(-1)).await.unwrap(), Some(at(0)));
    assert_eq!(lease_legs(store, 0).await.len(), 1);
}

pub(crate) async fn shredding_waives_what_was_not_handed_on_yet(store: Arc<dyn Store>) {
    let store = &*store;
    accept(store, handed_on("r1", &["l1", "l2"])).await;
    change_leg(store, "l2", |save| {
        let heard = vec![RESULTS.parse().unwrap()];
        let leg = Leg { results: Some(RESULTS.parse().unwrap()), heard, ..sent(&save.leg, Progress::Pending) };
        habeas_store::model::LegSave { leg, due_at: Some(at(900)), ..save }
    })
    .await;
    let leased = lease_legs(store, 0).await.remove(0);
    let cancel = change(&current(store, "r1").await, &Change::Cancel, &[]);
    store.apply(Save { shred_after: Some(at(500)), ..cancel }).await.unwrap();
    assert_eq!(store.shred(at(500), 10).await.unwrap(), 1);

    let row = the_leg(store, "l1").await;
    assert_eq!(row.leg, Leg { state: LegState::Waived, callback_url: None, ..leg("r1", "l1") });
    let row = the_leg(store, "l2").await;
    assert_eq!(row.leg, Leg { callback_url: None, ..sent(&leg("r1", "l2"), Progress::Pending) });
    let released = store.release_leg(&leased.row.leg.id, leased.fence, at(600)).await;
    assert!(matches!(released, Err(habeas_store::StoreError::Stale)));
    assert!(lease_legs(store, 10_000).await.is_empty());
    assert_eq!(store.next_due(at(-1)).await.unwrap(), None);
}
