//! How do requests change?

use std::sync::Arc;

use habeas_core::{
    id::RequestId,
    state::{Change, Ground, State},
};
use habeas_store::{
    Store, StoreError,
    model::{NewRequest, Receive, Save},
};

use crate::fixtures::*;

pub(crate) async fn a_change_is_saved_with_its_event_and_signature(store: Arc<dyn Store>) {
    accept(&*store, new("r1")).await;
    let save = Save { issued: vec![issued(2)], ..change(&request("r1"), &Change::Cancel, &[]) };
    let (after, event) = (save.request.clone(), save.events[0].clone());
    store.apply(save).await.unwrap();
    assert_eq!(current(&*store, "r1").await, after);
    assert_eq!(store.history(&after.id).await.unwrap()[1], event);
    let existing = store.existing(&after.id, None).await.unwrap().unwrap();
    assert_eq!(existing.cancelled_at, Some(event.at));
    assert_eq!(existing.accepted.state, State::Received);
    assert!(existing.issued.last().unwrap().matches(&[2; 32]));
}

pub(crate) async fn a_cancellation_dates_from_when_it_was_asked_for(store: Arc<dyn Store>) {
    let store = &*store;
    let cancelled_at = async |id: &str| store.existing(&RequestId::new(id), None).await.unwrap().unwrap().cancelled_at;
    accept(store, new("r1")).await;
    move_on(store, "r1", &Change::Distribute, &[]).await;
    assert_eq!(cancelled_at("r1").await, None);
    move_on(store, "r1", &Change::AskCancel, &[]).await;
    assert_eq!(cancelled_at("r1").await, Some(at(101)));
    move_on(store, "r1", &Change::AskCancel, &[]).await;
    let cancelled = move_on(store, "r1", &Change::Cancel, &[]).await;
    assert_eq!((cancelled.standing.state, cancelled_at("r1").await), (State::Cancelled, Some(at(101))));
    let Receive::Exists(again) = store.receive(new("r1")).await.unwrap() else { panic!("accepted twice") };
    assert_eq!(again.cancelled_at, Some(at(101)));

    accept(store, new("r2")).await;
    move_on(store, "r2", &Change::Cancel, &[]).await;
    assert_eq!(cancelled_at("r2").await, Some(at(100)), "nobody asked before");
}

pub(crate) async fn a_change_decided_on_an_older_state_is_refused(store: Arc<dyn Store>) {
    accept(&*store, new("r1")).await;
    let late = change(&request("r1"), &Change::Cancel, &[0]);
    let after = move_on(&*store, "r1", &Change::Start, &[]).await;
    assert!(matches!(store.apply(late).await, Err(StoreError::Stale)));
    assert_eq!(current(&*store, "r1").await, after);
    assert_eq!(store.history(&after.id).await.unwrap().len(), 2);
    assert!(lease(&*store, 1_000).await.is_empty());
    let unknown = change(&request("r2"), &Change::Cancel, &[]);
    assert!(matches!(store.apply(unknown).await, Err(StoreError::Stale)));
}

pub(crate) async fn every_event_keeps_its_own_standing(store: Arc<dyn Store>) {
    accept(&*store, new("r1")).await;
    let verify = Change::AskVerification { url: RESULTS.parse().unwrap(), until: Some(at(77)) };
    let extend = Change::Extend { by: at(50_000), why: DETAILS.to_owned() };
    let fulfill = Change::Fulfill { results: vec![RESULTS.parse().unwrap()], expires_at: Some(at(99_000)) };
    let mut expected = vec![request("r1").standing];
    for change in [Change::Distribute, verify, Change::Verified, extend, fulfill, Change::Expire] {
        expected.push(move_on(&*store, "r1", &change, &[]).await.standing);
    }
    let history = store.history(&RequestId::new("r1")).await.unwrap();
    let standings: Vec<_> = history.into_iter().map(|event| event.standing).collect();
    assert_eq!(standings, expected);

    accept(&*store, new("r2")).await;
    let denied = move_on(&*store, "r2", &Change::Deny(Ground::Exempt), &[]).await;
    assert_eq!(current(&*store, "r2").await, denied);
}

pub(crate) async fn the_first_signature_over_the_same_bytes_is_kept(store: Arc<dyn Store>) {
    accept(&*store, new("r1")).await;
    let mut second = issued(1);
    second.signature = vec![9; 64];
    let save = Save { issued: vec![second], ..change(&request("r1"), &Change::Cancel, &[]) };
    store.apply(save).await.unwrap();
    let existing = store.existing(&RequestId::new("r1"), None).await.unwrap().unwrap();
    assert_eq!(existing.issued.len(), 1);
    assert_eq!(existing.issued[0].signature, issued(1).signature);
}

pub(crate) async fn errands_come_when_they_are_due(store: Arc<dyn Store>) {
    accept(&*store, NewRequest { errand_at: Some(at(20)), ..new("r1") }).await;
    accept(&*store, NewRequest { errand_at: Some(at(10)), ..new("r2") }).await;
    accept(&*store, new("r3")).await;
    let due = async |now, limit| {
        let errands = store.errands(at(now), limit).await.unwrap();
        errands.into_iter().map(|errand| (errand.request.id.to_string(), errand.due_at)).collect::<Vec<_>>()
    };
    assert_eq!(due(9, 10).await, []);
    assert_eq!(due(20, 10).await, [("r2".to_owned(), at(10)), ("r1".to_owned(), at(20))]);
    assert_eq!(due(20, 1).await.len(), 1);
    move_on(&*store, "r2", &Change::Start, &[]).await;
    assert_eq!(due(20, 10).await, [("r1".to_owned(), at(20))]);
}

pub(crate) async fn the_next_thing_due_is_the_earliest_of_all(store: Arc<dyn Store>) {
    assert_eq!(store.next_due(at(-1)).await.unwrap(), None);
    accept(&*store, new("r1")).await;
    assert_eq!(store.next_due(at(-1)).await.unwrap(), None);
    let save = Save { shred_after: Some(at(900)), ..change(&request("r1"), &Change::Cancel, &[]) };
    store.apply(save).await.unwrap();
    assert_eq!(store.next_due(at(-1)).await.unwrap(), Some(at(900)));
    accept(&*store, NewRequest { errand_at: Some(at(800)), ..new("r2") }).await;
    assert_eq!(store.next_due(at(-1)).await.unwrap(), Some(at(800)));
    accept(&*store, calling_back("r3")).await;
    assert_eq!(store.next_due(at(-1)).await.unwrap(), Some(at(0)));
    assert_eq!(store.next_due(at(0)).await.unwrap(), Some(at(800)), "what is due already waits for no time");
    lease(&*store, 10).await;
    assert_eq!(store.next_due(at(-1)).await.unwrap(), Some(at(70)));
}
