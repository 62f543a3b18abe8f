//! What happens when many come at once?

use std::sync::Arc;

use habeas_core::{
    delivery::{DeliveryState, Outcome},
    request::Request,
    state::Change,
};
use habeas_store::{
    Leased, Store, StoreError,
    model::{DeliveryFilter, NewRequest, Receive, Settlement, Then},
};

use crate::fixtures::*;

pub(crate) async fn of_many_identical_requests_one_is_accepted(store: Arc<dyn Store>) {
    let tasks: Vec<_> = (0..64)
        .map(|n| {
            let store = Arc::clone(&store);
            let id = habeas_core::id::RequestId::new(format!("r{n}"));
            let new = NewRequest { request: Request { id, ..request("same") }, ..new("same") };
            tokio::spawn(async move { store.receive(new).await.unwrap() })
        })
        .collect();
    let (mut accepted, mut winners) = (0, Vec::new());
    for task in tasks {
        match task.await.unwrap() {
            Receive::Accepted => accepted += 1,
            Receive::Exists(existing) => winners.push(existing.request.id),
            Receive::TokenOfAnother => panic!("there is no token"),
        }
    }
    winners.dedup();
    assert_eq!((accepted, winners.len()), (1, 1));
}

pub(crate) async fn a_cancel_and_a_start_at_once_cannot_both_win(store: Arc<dyn Store>) {
    for round in 0..20 {
        let id = format!("r{round}");
        accept(&*store, new(&id)).await;
        let before = current(&*store, &id).await;
        let (cancel, start) = (change(&before, &Change::Cancel, &[0]), change(&before, &Change::Start, &[0]));
        let (cancelled, started) = tokio::join!(store.apply(cancel), store.apply(start));
        assert_ne!(cancelled.is_ok(), started.is_ok());
        let lost = if cancelled.is_ok() { started } else { cancelled };
        assert!(matches!(lost, Err(StoreError::Stale)));
        assert_eq!(store.history(&before.id).await.unwrap().len(), 2);
    }
}

pub(crate) async fn a_failing_write_takes_no_other_with_it(store: Arc<dyn Store>) {
    accept(&*store, new("r0")).await;
    let stale = change(&current(&*store, "r0").await, &Change::Start, &[0]);
    move_on(&*store, "r0", &Change::Distribute, &[]).await;
    let tasks: Vec<_> = (0..40)
        .map(|n| {
            let (store, stale) = (Arc::clone(&store), stale.clone());
            tokio::spawn(async move {
                if n % 2 == 0 {
                    matches!(store.apply(stale).await, Err(StoreError::Stale))
                } else {
                    matches!(store.receive(new(&format!("r{n}"))).await, Ok(Receive::Accepted))
                }
            })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap());
    }
    assert!(store.deliveries(&Default::default()).await.unwrap().is_empty());
}

pub(crate) async fn each_settlement_of_many_counts_once_and_for_its_own_delivery(store: Arc<dyn Store>) {
    for n in 0..80 {
        accept(&*store, calling_back(&format!("r{n:02}"))).await;
        move_on(&*store, &format!("r{n:02}"), &Change::Start, &[0]).await;
    }
    let lost = lease(&*store, 0).await;
    let leased = lease(&*store, 100).await;
    assert_eq!((lost.len(), leased.len()), (80, 80));
    // One in four each: told, to be tried again, gone, and nobody there. Each lease is settled twice, and one that
    // ran out before.
    let each = |n: usize| match n % 4 {
        0 => (Then::Delivered, 204),
        1 => (Then::Again(at(9_000)), 500),
        2 => (Then::LaneAbandoned, 410),
        _ => (Then::Abandoned, 404),
    };
    let settle = |n: usize, leased: &Leased| {
        let (then, status) = each(n);
        let attempt = attempt(Outcome::Answered(status + u16::try_from(n / 4).unwrap()));
        let settlement = Settlement { attempt: Some(attempt), ..settlement(leased, then) };
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.settle(settlement).await })
    };
    let tasks: Vec<_> = (0..)
        .zip(lost.iter().zip(&leased))
        .flat_map(|(n, (lost, leased))| [settle(n, lost), settle(n, leased), settle(n, leased)])
        .collect();
    let mut saved = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => saved += 1,
            Err(error) => assert!(matches!(error, StoreError::Stale), "{error}"),
        }
    }
    assert_eq!(saved, 80);
    for (n, leased) in leased.iter().enumerate() {
        let id = &leased.delivery.id.request;
        let of_request = DeliveryFilter { request: Some(id.clone()), limit: 10, ..DeliveryFilter::default() };
        let rows = store.deliveries(&of_request).await.unwrap();
        let [first, second] = &*rows else { panic!("{} deliveries", rows.len()) };
        let (first, second) = if first.delivery.id.seq == 0 { (first, second) } else { (second, first) };
        let attempt = first.last.as_ref().unwrap();
        let status = each(n).1 + u16::try_from(n / 4).unwrap();
        assert_eq!((attempt.outcome, first.delivery.attempts), (Outcome::Answered(status), 1));
        assert_eq!(attempt.answer, format!("sorry, {EMAIL}").into_bytes());
        let states = (first.delivery.state, second.delivery.state);
        assert_eq!(
            states,
            match n % 4 {
                0 => (DeliveryState::Delivered, DeliveryState::Due),
                1 => (DeliveryState::Due, DeliveryState::Due),
                2 => (DeliveryState::Abandoned, DeliveryState::Abandoned),
                _ => (DeliveryState::Abandoned, DeliveryState::Due),
            }
        );
    }
    // Where the first is told or given up the second has its turn; where it is tried again, the second waits for it.
    let mut next = names(&lease(&*store, 200).await);
    let whose_turn = leased.iter().enumerate().filter(|(n, _)| n % 4 == 0 || n % 4 == 3);
    let mut expected: Vec<_> = whose_turn.map(|(_, one)| format!("{}.0.1", one.delivery.id.request)).collect();
    next.sort();
    expected.sort();
    assert_eq!(next, expected);
}
