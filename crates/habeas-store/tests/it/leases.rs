//! Who may try a delivery, and what is kept of the try?

use std::sync::Arc;

use habeas_core::{
    delivery::{DeliveryState, Outcome},
    id::{DeliveryId, RequestId},
};
use habeas_store::{
    Slots, Store, StoreError,
    model::{DeliveryFilter, DeliveryRow, NewRequest, Retry, Settlement, Then},
};

use crate::fixtures::*;

async fn only(store: &dyn Store) -> DeliveryRow {
    let filter = DeliveryFilter { limit: 100, ..DeliveryFilter::default() };
    let mut rows = store.deliveries(&filter).await.unwrap();
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

pub(crate) async fn a_delivery_is_leased_once(store: Arc<dyn Store>) {
    for n in 0..50 {
        accept(&*store, calling_back(&format!("r{n:02}"))).await;
    }
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.lease_deliveries(at(0), at(60), 7, &free()).await.unwrap() })
        })
        .collect();
    let mut ids = Vec::new();
    for task in tasks {
        ids.extend(task.await.unwrap().into_iter().map(|leased| leased.delivery.id.to_string()));
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 50);
}

pub(crate) async fn busy_hosts_get_nothing(store: Arc<dyn Store>) {
    let store = &*store;
    let deliveries = vec![callback(0, 0), callback(1, 0)];
    accept(store, NewRequest { deliveries, ..new("r1") }).await;
    let busy = Slots { left: vec![("host0.example:443".to_owned(), 0)], ..free() };
    let leased = store.lease_deliveries(at(0), at(60), 10, &busy).await.unwrap();
    assert_eq!(names(&leased), ["r1.1.0"]);
}

pub(crate) async fn no_host_gets_more_than_it_has_slots_for(store: Arc<dyn Store>) {
    for n in 0..5 {
        accept(&*store, calling_back(&format!("r{n}"))).await;
    }
    let slots = Slots { per_host: 2, left: Vec::new() };
    assert_eq!(store.lease_deliveries(at(0), at(60), 10, &slots).await.unwrap().len(), 2);
    let none = Slots { per_host: 0, left: Vec::new() };
    assert!(store.lease_deliveries(at(0), at(60), 10, &none).await.unwrap().is_empty());
}

pub(crate) async fn a_lease_that_ran_out_passes_on_and_the_late_settlement_is_refused(store: Arc<dyn Store>) {
    let store = &*store;
    accept(store, calling_back("r1")).await;
    let slow = lease(store, 0).await;
    assert!(lease(store, 59).await.is_empty());
    let quick = lease(store, 60).await;
    assert_eq!(names(&quick), names(&slow));
    assert!(quick[0].fence > slow[0].fence);
    let late = store.settle(settlement(&slow[0], Then::Abandoned)).await;
    assert!(matches!(late, Err(StoreError::Stale)));
    settle(store, &quick[0], Then::Delivered).await;
    let row = only(store).await;
    assert_eq!((row.delivery.state, row.delivery.attempts), (DeliveryState::Delivered, 1));
    let twice = store.settle(settlement(&quick[0], Then::Delivered)).await;
    assert!(matches!(twice, Err(StoreError::Stale)));
}

pub(crate) async fn leases_are_taken_back_when_a_node_starts(store: Arc<dyn Store>) {
    let store = &*store;
    accept(store, calling_back("r1")).await;
    create(store, own("o1", &["l1"])).await;
    let before = lease(store, 0).await;
    let legs = lease_legs(store, 0).await;
    assert_eq!((before.len(), legs.len()), (1, 1));
    assert_eq!(store.take_back_leases().await.unwrap(), 2);
    assert!(matches!(store.settle(settlement(&before[0], Then::Delivered)).await, Err(StoreError::Stale)));
    assert_eq!(names(&lease(store, 0).await), ["r1.0.0"]);
    assert_eq!(lease_legs(store, 0).await.len(), 1);
}

pub(crate) async fn an_untried_lease_counts_no_attempt(store: Arc<dyn Store>) {
    let store = &*store;
    accept(store, calling_back("r1")).await;
    settle(store, &lease(store, 30).await[0], Then::Untried).await;
    let row = only(store).await;
    assert_eq!((row.delivery.state, row.delivery.attempts), (DeliveryState::Due, 0));
    assert_eq!((row.delivery.due_at, row.last), (at(0), None));
    assert_eq!(lease(store, 30).await.len(), 1);
}

pub(crate) async fn attempts_are_counted_and_the_last_is_shown(store: Arc<dyn Store>) {
    let store = &*store;
    accept(store, calling_back("r1")).await;
    settle(store, &lease(store, 0).await[0], Then::Again(at(100))).await;
    let row = only(store).await;
    assert_eq!(row.last, Some(attempt(Outcome::Answered(503))));
    let leased = lease(store, 100).await;
    assert_eq!(leased[0].delivery.attempts, 1);
    let mut long = attempt(Outcome::Failed("timeout"));
    long.answer = vec![b'x'; 10_000];
    let again = Settlement { attempt: Some(long), ..settlement(&leased[0], Then::Again(at(300))) };
    store.settle(again).await.unwrap();
    let row = only(store).await;
    assert_eq!((row.delivery.attempts, row.delivery.due_at), (2, at(300)));
    let last = row.last.unwrap();
    assert_eq!((last.outcome, last.answer.len()), (Outcome::Failed("timeout"), 4096));
}

pub(crate) async fn all_that_fails_can_be_retried_at_once(store: Arc<dyn Store>) {
    let store = &*store;
    for id in ["r1", "r2", "r3"] {
        accept(store, calling_back(id)).await;
    }
    let leased = lease(store, 0).await;
    settle(store, &leased[0], Then::Again(at(10_000))).await;
    settle(store, &leased[1], Then::Abandoned).await;
    settle(store, &leased[2], Then::Delivered).await;
    let other = Retry::Failing { organisation: Some(OTHER.parse().unwrap()), behind: None };
    assert_eq!(store.retry(&other, at(5)).await.unwrap().deliveries, 0);
    assert_eq!(store.retry(&failing(), at(5)).await.unwrap().deliveries, 2);
    assert_eq!(names(&lease(store, 5).await), ["r1.0.0", "r2.0.0"]);
}

pub(crate) async fn of_many_that_fail_some_are_retried_at_once_and_none_is_left_out(store: Arc<dyn Store>) {
    const MANY: usize = 1_100;
    for n in 0..MANY {
        accept(&*store, calling_back(&format!("r{n:04}"))).await;
    }
    let mut given_up = 0;
    while let leased @ [_, ..] = &*lease(&*store, 0).await {
        let ends = leased.iter().enumerate().map(|(n, leased)| {
            let then = if n % 3 == 0 { Then::Abandoned } else { Then::Again(at(100_000)) };
            store.settle(settlement(leased, then))
        });
        for end in futures_util::future::join_all(ends).await {
            end.unwrap();
            given_up += 1;
        }
    }
    assert_eq!(given_up, MANY);
    let (mut pages, mut behind, mut retried) = (0, None, 0);
    loop {
        let which = Retry::Failing { organisation: None, behind };
        let page = store.retry(&which, at(5)).await.unwrap();
        assert!(page.deliveries < 600, "{page:?}");
        retried += page.deliveries;
        match page.up_to {
            Some(up_to) => behind = Some(up_to),
            None => break,
        }
        pages += 1;
    }
    assert_eq!((retried, pages), (1_100, 2));
    let mut due = std::collections::BTreeSet::new();
    while let leased @ [_, ..] = &*lease(&*store, 5).await {
        due.extend(names(leased));
    }
    assert_eq!(due.len(), MANY);
}

pub(crate) async fn a_delivered_one_is_never_retried(store: Arc<dyn Store>) {
    let store = &*store;
    accept(store, calling_back("r1")).await;
    settle(store, &lease(store, 0).await[0], Then::Delivered).await;
    let every =
        [Retry::One("r1.0.0".parse::<DeliveryId>().unwrap()), Retry::OfRequest(RequestId::new("r1")), failing()];
    for retry in every {
        assert_eq!(store.retry(&retry, at(5)).await.unwrap().deliveries, 0);
    }
    assert!(lease(store, 5).await.is_empty());
}
