//! Is a file that was written before PostgreSQL was known opened with all that is in it?
//!
//! `written_before.sql` is such a file, as text: written by the program as it was then, with the keys of these tests.

use std::fs;

use habeas_core::{
    delivery::Outcome,
    id::{LegId, PartyId, RequestId},
    leg::Progress,
    right::Right,
    state::Change,
};
use habeas_store::{
    Store,
    model::{Create, DeliveryFilter, NewOwn, NewRequest, Receive},
    sqlite::Sqlite,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::{backend, fixtures::*};

const WRITTEN: &str = include_str!("written_before.sql");

fn written() -> (TempDir, Sqlite) {
    let home = TempDir::new().unwrap();
    let file = backend::file(home.path());
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let conn = Connection::open(&file).unwrap();
    conn.execute_batch(WRITTEN).unwrap();
    conn.pragma_update(None, "user_version", 3).unwrap();
    drop(conn);
    let store = backend::open(&file).unwrap();
    (home, store)
}

#[tokio::test]
async fn all_of_it_is_there() {
    let (_home, store) = written();
    let store = &store;
    assert_eq!(current(store, "r1").await, request("r1"));
    let secrets = store.secrets(&RequestId::new("o1")).await.unwrap().unwrap();
    assert_eq!((secrets.subject, secrets.submitted), (subject(), Some(stamp())));
    assert_eq!(store.history(&RequestId::new("o3")).await.unwrap().len(), 2);
    let rows = store.legs(&RequestId::new("o1")).await.unwrap();
    assert_eq!(leg_names(&rows), ["l1", "l2"]);
    assert!(rows[0].sent(BODY));
    assert_eq!(store.frozen(&LegId::new("l1")).await.unwrap().unwrap().body, BODY);
    let done = the_leg(store, "l3").await.leg;
    assert_eq!((done.results, done.right), (Some(RESULTS.parse().unwrap()), Right::Erasure));
    assert_eq!(done.state, habeas_core::leg::LegState::Sent { progress: Progress::Fulfilled });
    assert_eq!(store.receipts(&RequestId::new("o2")).await.unwrap().len(), 1);
    let failing = store.deliveries(&DeliveryFilter { failing: true, limit: 9, ..Default::default() }).await.unwrap();
    assert_eq!(failing[0].last, Some(attempt(Outcome::Answered(503))));
    assert!(store.secrets(&RequestId::new("r3")).await.unwrap().is_none(), "it is shredded");
    assert!(store.verification(&US.parse().unwrap(), "page").await.unwrap().is_some());
}

#[tokio::test]
async fn all_of_it_goes_on() {
    let (_home, store) = written();
    let store = &store;
    assert!(matches!(store.receive(calling_back("r1")).await.unwrap(), Receive::Exists(known) if known.same_body));
    let us = US.parse().unwrap();
    let again = store.repeated(&us, &PartyId::new("party"), BODY, at(0)).await.unwrap();
    assert_eq!(again, Some(RequestId::new("r2")));
    let stolen = NewRequest { token: Some([7; 32]), ..new("r9") };
    let stolen = NewRequest {
        request: habeas_core::request::Request { upstream: Some(upstream("other")), ..stolen.request },
        ..stolen
    };
    assert!(matches!(store.receive(stolen).await.unwrap(), Receive::TokenOfAnother));
    assert_eq!(store.asked_before(&us, &subject().identities, at(0)).await.unwrap(), 1);
    let reference = NewOwn { reference: Some("order 7".to_owned()), wish: b"wish".to_vec(), ..own("o9", &[]) };
    let known = store.create(reference).await.unwrap();
    assert_eq!(known, Create::Exists { request: RequestId::new("o4"), same: true });
    assert_eq!(names(&lease(store, 0).await), ["r1.0.0", "r2.0.1"]);
    assert_eq!(lease_legs(store, 60).await.len(), 4);
    move_on(store, "o1", &Change::Cancel, &[]).await;
    assert_eq!(store.history(&RequestId::new("o1")).await.unwrap().len(), 2);
}
