//! How is a request received, and recognized when it comes again?

use std::sync::Arc;

use habeas_core::{
    domain::Domain,
    id::{PartyId, RequestId, WireId},
    request::Request,
};
use habeas_store::{
    Store, StoreError,
    model::{Existing, NewRequest, Receive},
};

use crate::fixtures::*;

fn us() -> Domain {
    US.parse().unwrap()
}

async fn again(store: &dyn Store, new: NewRequest) -> Existing {
    match store.receive(new).await.unwrap() {
        Receive::Exists(existing) => *existing,
        Receive::Accepted | Receive::TokenOfAnother => panic!("accepted twice"),
    }
}

pub(crate) async fn a_request_is_read_back_as_it_was_saved(store: Arc<dyn Store>) {
    accept(&*store, new("r1")).await;
    let saved = request("r1");
    assert_eq!(current(&*store, "r1").await, saved);
    let found = store.find(&us(), &PartyId::new("party"), &WireId::new("wire-r1")).await.unwrap();
    assert_eq!(found, Some(saved.clone()));
    let secrets = store.secrets(&saved.id).await.unwrap().unwrap();
    assert_eq!(secrets.subject, subject());
    assert_eq!(secrets.submitted, Some(stamp()));
    assert_eq!(secrets.callbacks, new("r1").callbacks);
    assert_eq!(secrets.body.as_deref(), Some(BODY));
    let history = store.history(&saved.id).await.unwrap();
    assert_eq!(history, [saved.accepted(habeas_core::event::Actor::Upstream)]);
    assert_eq!(store.request(&RequestId::new("r2")).await.unwrap(), None);
    assert!(store.secrets(&RequestId::new("r2")).await.unwrap().is_none());
}

pub(crate) async fn a_replay_finds_the_first_request_and_its_signatures(store: Arc<dyn Store>) {
    accept(&*store, NewRequest { issued: vec![issued(1), issued(2)], ..new("r1") }).await;
    let replay = NewRequest { request: Request { id: RequestId::new("r2"), ..request("r1") }, ..new("r1") };
    let existing = again(&*store, replay).await;
    assert_eq!(existing.request, request("r1"));
    assert_eq!(existing.accepted, request("r1").standing);
    assert!(existing.same_body);
    assert_eq!(existing.cancelled_at, None);
    let signatures: Vec<_> = existing.issued.iter().map(|issued| &issued.signature).collect();
    assert_eq!(signatures, [&issued(1).signature, &issued(2).signature]);
    assert!(existing.issued[0].matches(&[1; 32]) && !existing.issued[0].matches(&[2; 32]));
    let known = store.existing(&RequestId::new("r1"), Some(BODY)).await.unwrap().unwrap();
    assert!(known.same_body);
    assert!(store.existing(&RequestId::new("r2"), None).await.unwrap().is_none());
}

pub(crate) async fn other_bytes_under_the_same_id_are_told_apart(store: Arc<dyn Store>) {
    accept(&*store, new("r1")).await;
    let other = NewRequest { body: b"{}".to_vec(), ..new("r1") };
    assert!(!again(&*store, other).await.same_body);
    let known = store.existing(&RequestId::new("r1"), Some(b"{}")).await.unwrap().unwrap();
    assert!(!known.same_body);
}

pub(crate) async fn a_deduplication_key_finds_the_request_whatever_its_id(store: Arc<dyn Store>) {
    let dedupe = Some(habeas_core::submission::Dedupe::Key("key".to_owned()));
    accept(&*store, NewRequest { dedupe: dedupe.clone(), ..new("r1") }).await;
    assert_eq!(again(&*store, NewRequest { dedupe, ..new("r2") }).await.request, request("r1"));
    // Without a key every one is new.
    accept(&*store, NewRequest { dedupe: None, ..new("r3") }).await;
    accept(&*store, NewRequest { dedupe: None, ..new("r4") }).await;
}

pub(crate) async fn a_party_does_not_see_the_ids_of_another(store: Arc<dyn Store>) {
    accept(&*store, new("r1")).await;
    let theirs = Request { id: RequestId::new("r2"), upstream: Some(upstream("stranger")), ..request("r1") };
    accept(&*store, NewRequest { request: theirs.clone(), ..new("r1") }).await;
    let find = async |party| store.find(&us(), &PartyId::new(party), &WireId::new("wire-r1")).await.unwrap();
    assert_eq!(find("party").await, Some(request("r1")));
    assert_eq!(find("stranger").await, Some(theirs));
    assert_eq!(find("nobody").await, None);
}

pub(crate) async fn an_organisation_does_not_see_the_ids_of_another(store: Arc<dyn Store>) {
    accept(&*store, new("r1")).await;
    let other: Domain = OTHER.parse().unwrap();
    let (party, wire_id) = (PartyId::new("party"), WireId::new("wire-r1"));
    assert_eq!(store.find(&other, &party, &wire_id).await.unwrap(), None);
    let theirs = Request { id: RequestId::new("r2"), organisation: other.clone(), ..request("r1") };
    accept(&*store, NewRequest { request: theirs.clone(), ..new("r1") }).await;
    assert_eq!(store.find(&other, &party, &wire_id).await.unwrap(), Some(theirs));
}

pub(crate) async fn an_unknown_organisation_has_no_key(store: Arc<dyn Store>) {
    let stranger = Request { organisation: "stranger.example".parse().unwrap(), ..request("r1") };
    let refused = store.receive(NewRequest { request: stranger, ..new("r1") }).await;
    assert!(matches!(refused, Err(StoreError::NoKey(id)) if id.as_str() == "r1"));
}
