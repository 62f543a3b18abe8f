//! Is a file that an older version has written brought along with all that is in it?

use std::{fs, path::Path};

use habeas_core::{
    delivery::{DeliveryKind, DeliveryState, Outcome},
    id::{LegId, RequestId},
    leg::{Leg, Progress},
    receipt::Receipt,
    role::Role,
    state::Change,
};
use habeas_store::{
    Slots, Store, StoreError,
    model::{Create, DeliveryFilter, LegFilter, LegSave, NewOwn, Receive, Then},
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::{backend, fixtures::*, legs::receipt};

const FIRST: &str = include_str!("../../migrations/sqlite/0001.sql");

/// What the first version could have kept: requests of both kinds, with what belongs to them.
pub(crate) async fn fill(store: &dyn Store) {
    accept(store, calling_back("r1")).await;
    settle(store, &lease(store, 0).await[0], Then::Again(at(0))).await;
    create(store, own("o1", &["l1", "l2"])).await;
    let message = habeas_store::Frozen {
        method: http::Method::POST,
        url: CALLBACK.parse().unwrap(),
        headers: http::HeaderMap::new(),
        body: BODY.to_vec(),
    };
    let leased = store.lease_legs(at(0), at(60), 1, &free()).await.unwrap().remove(0);
    store.freeze(&leased.row.leg.id, leased.fence, &message).await.unwrap();
    create(store, own("o2", &["l3"])).await;
    change_leg(store, "l3", |save| LegSave { leg: done(&save.leg), due_at: None, receipt: Some(of_o2()), ..save })
        .await;
    create(store, own("o3", &["l4"])).await;
    move_on(store, "o3", &Change::Cancel, &[]).await;
}

fn done(leg: &Leg) -> Leg {
    Leg { results: Some(RESULTS.parse().unwrap()), ..sent(leg, Progress::Fulfilled) }
}

fn of_o2() -> Receipt {
    Receipt { request: RequestId::new("o2"), leg: LegId::new("l3"), ..receipt() }
}

/// Makes a file as the first version made it, with what it knew of the rows of another file.
fn write_as_first(old: &Path, new: &Path) {
    fs::create_dir_all(old.parent().unwrap()).unwrap();
    let conn = Connection::open(old).unwrap();
    conn.execute_batch(FIRST).unwrap();
    conn.pragma_update(None, "user_version", 1).unwrap();
    conn.execute("ATTACH ?1 AS new", [new.to_str().unwrap()]).unwrap();
    // Those of `tallies` come by the triggers.
    for table in
        ["requests", "request_secrets", "events", "issued", "deliveries", "attempts", "legs", "receipts", "chains"]
    {
        let columns = "SELECT group_concat(name, ', ') FROM pragma_table_info(?1, 'main')";
        let columns: String = conn.query_row(columns, [table], |row| row.get(0)).unwrap();
        conn.execute(&format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}"), []).unwrap();
    }
}

/// A store on a file that the first version has written.
async fn brought_along() -> (TempDir, impl Store) {
    let (source, home) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let store = backend::open(&backend::file(source.path())).unwrap();
    fill(&store).await;
    drop(store);
    write_as_first(&backend::file(home.path()), &backend::file(source.path()));
    let store = backend::open(&backend::file(home.path())).unwrap();
    (home, store)
}

#[tokio::test]
async fn what_an_older_version_has_written_is_all_there() {
    let (_home, store) = brought_along().await;
    assert_eq!(current(&store, "r1").await, request("r1"));
    let secrets = store.secrets(&RequestId::new("o1")).await.unwrap().unwrap();
    assert_eq!((secrets.subject, secrets.submitted), (subject(), Some(stamp())));
    assert!(matches!(store.receive(calling_back("r1")).await.unwrap(), Receive::Exists(known) if known.same_body));
    assert_eq!(store.history(&RequestId::new("o3")).await.unwrap().len(), 2);

    let rows = store.legs(&RequestId::new("o1")).await.unwrap();
    assert_eq!(leg_names(&rows), ["l1", "l2"]);
    assert!(rows[0].sent(BODY));
    let found = store.leg_by_token(&US.parse().unwrap(), "token-l2").await.unwrap().unwrap();
    assert_eq!((found.leg, found.due_at), (leg("o1", "l2"), Some(at(0))));
    assert_eq!((found.host.as_str(), found.trouble, found.late_at), ("", None, None));
    assert_eq!(the_leg(&store, "l3").await.leg, done(&leg("o2", "l3")));

    assert_eq!(store.receipts(&RequestId::new("o2")).await.unwrap()[0].receipt, of_o2());
    let callbacks = store.deliveries(&DeliveryFilter { failing: true, limit: 9, ..Default::default() }).await.unwrap();
    assert_eq!(callbacks[0].last, Some(attempt(Outcome::Answered(503))));

    let counts = store.counts(at(0)).await.unwrap();
    assert_eq!(counts.deliveries, [(DeliveryKind::Callback, DeliveryState::Due, 1)]);
    assert_eq!(counts.requests.iter().filter(|(_, role, ..)| *role == Role::Controller).count(), 2);
}

#[tokio::test]
async fn what_an_older_version_has_begun_goes_on() {
    let (_home, store) = brought_along().await;
    let store = &store;
    // Their hosts are not known, so they count as one.
    let slots = Slots { per_host: 1, left: Vec::new() };
    assert_eq!(store.lease_legs(at(60), at(120), 9, &slots).await.unwrap().len(), 1);
    assert_eq!(store.take_back_leases().await.unwrap(), 1);
    assert_eq!(lease_legs(store, 0).await.len(), 3);
    assert_eq!(names(&lease(store, 0).await), ["r1.0.0"]);

    // Those of o2 are done, and o3 is cancelled.
    assert_eq!(store.counts(at(50_000)).await.unwrap().legs_late, 2);
    let open = LegFilter { limit: 9, ..LegFilter::default() };
    assert_eq!(leg_names(&store.list_legs(&open, at(0)).await.unwrap()), ["l1", "l2", "l3"]);
    assert_eq!(store.flag_late(at(50_000), 9, None).await.unwrap().len(), 2);
    move_on(store, "o1", &Change::Cancel, &[]).await;
    assert_eq!(store.counts(at(50_000)).await.unwrap().legs_late, 0);

    let reference = Some("order 7".to_owned());
    create(store, NewOwn { reference: reference.clone(), ..own("o4", &[]) }).await;
    let again = store.create(NewOwn { reference, ..own("o5", &[]) }).await.unwrap();
    assert_eq!(again, Create::Exists { request: RequestId::new("o4"), same: true });
    assert!(matches!(store.create(own("o1", &[])).await, Err(StoreError::Stale)));
}
