//! What happens when many come at once?

use std::sync::Arc;

use habeas_core::{request::Request, state::Change};
use habeas_store::{
    Store, StoreError,
    model::{NewRequest, Receive},
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
