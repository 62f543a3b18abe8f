//! What is left of a request once it is shredded?

use std::sync::Arc;

use habeas_core::{
    delivery::DeliveryState,
    id::{DeliveryId, LegId, RequestId},
    leg::{Leg, LegState},
    state::{Change, State},
};
use habeas_store::{
    Store, StoreError,
    model::{DeliveryFilter, LegSave, NewRequest, Receive, Retry, Save, Then},
};

use crate::fixtures::*;

/// A request that is done, its last callback still open, to be shredded at 500.
pub(crate) async fn fulfilled(store: &dyn Store, id: &str) {
    accept(store, calling_back(id)).await;
    let extend = Change::Extend { by: at(60_000), why: DETAILS.to_owned() };
    for change in [Change::Start, extend] {
        move_on(store, id, &change, &[0]).await;
    }
    let fulfill = Change::Fulfill { results: vec![RESULTS.parse().unwrap()], expires_at: Some(at(70_000)) };
    let save = change(&current(store, id).await, &fulfill, &[0, 1]);
    store.apply(Save { shred_after: Some(at(500)), ..save }).await.unwrap();
}

pub(crate) async fn nothing_personal_is_left_and_nothing_is_stuck(store: Arc<dyn Store>) {
    let store = &*store;
    fulfilled(store, "r1").await;
    let id = RequestId::new("r1");
    let leased = lease(store, 0).await;
    settle(store, &leased[0], Then::Again(at(10))).await;
    assert_eq!(store.shred(at(500), 10).await.unwrap(), 1);

    assert!(store.secrets(&id).await.unwrap().is_none());
    let after = current(store, "r1").await;
    assert_eq!(after.standing.state, State::Fulfilled { results: vec![], expires_at: None });
    assert_eq!(after.standing.details, None);
    assert!(store.history(&id).await.unwrap().iter().all(|event| event.standing.details.is_none()));

    // The other was in flight: its settlement is refused, and nobody gets it again.
    assert!(matches!(store.settle(settlement(&leased[1], Then::Delivered)).await, Err(StoreError::Stale)));
    let rows = store.deliveries(&DeliveryFilter { limit: 9, ..DeliveryFilter::default() }).await.unwrap();
    assert!(rows.iter().all(|row| row.delivery.state == DeliveryState::Abandoned));
    assert!(rows.iter().flat_map(|row| &row.last).all(|attempt| attempt.answer.is_empty()));
    for retry in [Retry::One("r1.0.0".parse::<DeliveryId>().unwrap()), Retry::OfRequest(id), failing()] {
        assert_eq!(store.retry(&retry, at(600)).await.unwrap().deliveries, 0);
    }
    assert!(lease(store, 10_000).await.is_empty());
    assert_eq!(store.next_due(at(-1)).await.unwrap(), None);
    assert_eq!(store.shred(at(1_000), 10).await.unwrap(), 0);
}

pub(crate) async fn a_shredded_request_still_answers_replays(store: Arc<dyn Store>) {
    fulfilled(&*store, "r1").await;
    store.shred(at(500), 10).await.unwrap();
    let Receive::Exists(existing) = store.receive(new("r1")).await.unwrap() else { panic!("accepted twice") };
    assert!(existing.same_body);
    assert_eq!(existing.accepted, request("r1").standing);
    assert_eq!(existing.issued[0].signature, issued(1).signature);
    assert!(existing.issued[0].matches(&[1; 32]));
}

pub(crate) async fn a_shredded_request_cannot_be_filled_again(store: Arc<dyn Store>) {
    let store = &*store;
    accept(store, new("r1")).await;
    let save = change(&request("r1"), &Change::Start, &[]);
    store.apply(Save { shred_after: Some(at(1)), ..save }).await.unwrap();
    store.shred(at(1), 10).await.unwrap();
    move_on(store, "r1", &Change::Extend { by: at(9), why: DETAILS.to_owned() }, &[]).await;
    let after = current(store, "r1").await;
    assert_eq!((after.standing.seq, after.standing.details), (2, None));
}

pub(crate) async fn a_leg_held_while_its_request_is_shredded_cannot_be_saved(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1"])).await;
    let leased = lease_legs(store, 0).await.remove(0);
    let save = change(&current(store, "o1").await, &Change::Cancel, &[]);
    store.apply(Save { shred_after: Some(at(1)), ..save }).await.unwrap();
    store.shred(at(1), 10).await.unwrap();
    let message = habeas_store::model::Frozen {
        method: http::Method::POST,
        url: CALLBACK.parse().unwrap(),
        headers: http::HeaderMap::new(),
        body: BODY.to_vec(),
    };
    let frozen = store.freeze(&LegId::new("l1"), leased.fence, &message).await;
    assert!(matches!(frozen, Err(StoreError::Stale)));
    let row = store.legs(&RequestId::new("o1")).await.unwrap().remove(0);
    assert_eq!(row.leg, Leg { state: LegState::Waived, callback_url: None, ..leg("o1", "l1") });
    let late = save_of(&leased.row, Some(leased.fence), leased.row.leg.clone());
    let late = LegSave { due_at: Some(at(9)), attempts: 1, ..late };
    assert!(matches!(store.save_leg(late).await, Err(StoreError::Stale)));
    assert!(lease_legs(store, 9_000).await.is_empty());
    assert_eq!(store.next_due(at(-1)).await.unwrap(), None);
}

pub(crate) async fn only_what_is_due_is_shredded(store: Arc<dyn Store>) {
    let store = &*store;
    for id in ["r1", "r2", "r3"] {
        fulfilled(store, id).await;
    }
    accept(store, NewRequest { keep_body: false, ..new("r4") }).await;
    assert_eq!(store.shred(at(499), 10).await.unwrap(), 0);
    assert_eq!(store.shred(at(500), 2).await.unwrap(), 2);
    assert_eq!(store.shred(at(500), 2).await.unwrap(), 1);
    assert!(store.secrets(&RequestId::new("r4")).await.unwrap().unwrap().body.is_none());
}
