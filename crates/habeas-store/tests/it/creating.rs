//! How is a request of ours made, and only once?

use std::sync::Arc;

use habeas_core::{
    id::{LegId, RequestId},
    request::Request,
    submission::Dedupe,
};
use habeas_store::{
    Store, StoreError,
    model::{Create, NewOwn, NewRequest},
};

use crate::fixtures::*;

fn wished(id: &str, legs: &[&str], reference: &str, wish: &str) -> NewOwn {
    NewOwn { reference: Some(reference.to_owned()), wish: wish.as_bytes().to_vec(), ..own(id, legs) }
}

fn exists(id: &str, same: bool) -> Create {
    Create::Exists { request: RequestId::new(id), same }
}

pub(crate) async fn a_reference_makes_a_request_only_once(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, wished("o1", &["l1"], "order 7", "erase")).await;
    assert_eq!(store.create(wished("o2", &["l2"], "order 7", "erase")).await.unwrap(), exists("o1", true));
    assert_eq!(store.create(wished("o3", &["l3"], "order 7", "access")).await.unwrap(), exists("o1", false));
    assert_eq!(store.create(wished("o1", &["l1"], "order 7", "erase")).await.unwrap(), exists("o1", true));
    assert_eq!(leg_names(&store.legs(&RequestId::new("o1")).await.unwrap()), ["l1"]);
    for (request, leg) in [("o2", "l2"), ("o3", "l3")] {
        assert_eq!(store.request(&RequestId::new(request)).await.unwrap(), None);
        assert!(store.leg(&LegId::new(leg)).await.unwrap().is_none());
    }
    create(store, wished("o2", &["l2"], "order 8", "erase")).await;
}

pub(crate) async fn without_a_reference_every_request_is_new(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1"])).await;
    create(store, own("o2", &["l2"])).await;
    // But never under an id that is taken.
    assert!(matches!(store.create(own("o1", &["l3"])).await, Err(StoreError::Stale)));
    assert!(matches!(store.create(wished("o1", &["l3"], "order 7", "")).await, Err(StoreError::Stale)));
    assert!(store.leg(&LegId::new("l3")).await.unwrap().is_none());
}

pub(crate) async fn a_reference_is_the_organisations_own(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, wished("o1", &[], "order 7", "erase")).await;
    let theirs = wished("o2", &[], "order 7", "erase");
    let request = Request { organisation: OTHER.parse().unwrap(), ..theirs.request.clone() };
    create(store, NewOwn { request, ..theirs }).await;
    // What a peer calls its request is another matter.
    accept(store, NewRequest { dedupe: Some(Dedupe::Key("order 7".to_owned())), ..new("r1") }).await;
}

pub(crate) async fn a_request_of_ours_is_found_by_its_reference(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, wished("o1", &["l1"], "order 7", "erase")).await;
    create(store, own("o2", &[])).await;
    accept(store, NewRequest { dedupe: Some(Dedupe::Key("order 8".to_owned())), ..new("r1") }).await;
    let found = async |organisation: &str, reference, wish: &[u8]| {
        store.by_reference(&organisation.parse().unwrap(), reference, wish).await.unwrap()
    };
    assert_eq!(found(US, "order 7", b"erase").await, Some(exists("o1", true)));
    assert_eq!(found(US, "order 7", b"access").await, Some(exists("o1", false)), "another wish");
    assert_eq!(found(US, "order 7", b"").await, Some(exists("o1", false)));
    assert_eq!(found(OTHER, "order 7", b"erase").await, None, "the reference is the organisation's own");
    assert_eq!(found("stranger.example", "order 7", b"erase").await, None);
    for reference in ["order 8", "order", "ORDER 7", ""] {
        assert_eq!(found(US, reference, b"erase").await, None, "{reference}");
    }
    let theirs = wished("o3", &[], "order 7", "access");
    let request = Request { organisation: OTHER.parse().unwrap(), ..theirs.request.clone() };
    create(store, NewOwn { request, ..theirs }).await;
    assert_eq!(found(US, "order 7", b"erase").await, Some(exists("o1", true)));
    assert_eq!(found(OTHER, "order 7", b"access").await, Some(exists("o3", true)));
}

pub(crate) async fn a_reference_outlives_shredding(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, wished("o1", &["l1"], "order 7", "erase")).await;
    shred(store, "o1").await;
    let us = US.parse().unwrap();
    assert_eq!(store.by_reference(&us, "order 7", b"erase").await.unwrap(), Some(exists("o1", true)));
    assert_eq!(store.by_reference(&us, "order 7", b"access").await.unwrap(), Some(exists("o1", false)));
    assert_eq!(store.create(wished("o2", &["l2"], "order 7", "erase")).await.unwrap(), exists("o1", true));
}

pub(crate) async fn of_many_with_one_reference_one_is_made(store: Arc<dyn Store>) {
    let tasks: Vec<_> = (0..64)
        .map(|n| {
            let store = Arc::clone(&store);
            let new = wished(&format!("o{n}"), &[&format!("l{n}")], "order 7", "erase");
            tokio::spawn(async move { (format!("o{n}"), store.create(new).await.unwrap()) })
        })
        .collect();
    let (mut made, mut found) = (Vec::new(), Vec::new());
    for task in tasks {
        match task.await.unwrap() {
            (id, Create::Created) => made.push(id),
            (_, Create::Exists { request, same }) => found.push((request.to_string(), same)),
        }
    }
    found.dedup();
    assert_eq!(made.len(), 1);
    assert_eq!(found, [(made[0].clone(), true)]);
    assert_eq!(lease_legs(&*store, 0).await.len(), 1);
}
