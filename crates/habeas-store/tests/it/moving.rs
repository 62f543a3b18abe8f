//! Does everything arrive that moves from a file into PostgreSQL?

use std::cell::Cell;

use habeas_core::{id::RequestId, state::Change};
use habeas_store::{
    Sealers, Store, StoreError,
    model::{Receive, Then},
    moving::{MoveError, Moved, Progress, migrate},
    postgres::Postgres,
    sqlite::Sqlite,
};
use tempfile::TempDir;

use crate::{
    backend::{self, fresh, reach, sealers, tls},
    fixtures::*,
    migrating::fill,
};

fn empty() -> (TempDir, Sqlite) {
    let home = TempDir::new().unwrap();
    let store = backend::open(&backend::file(home.path())).unwrap();
    (home, store)
}

async fn file() -> (TempDir, Sqlite) {
    let (home, store) = empty();
    fill(&store).await;
    for n in 0..1_200 {
        accept(&store, calling_back(&format!("many{n}"))).await;
    }
    (home, store)
}

/// Whoever moves needs no keys.
async fn target(url: &str) -> Postgres {
    Postgres::open_to_move(url.parse().unwrap(), tls(), Sealers::new([])).await.unwrap()
}

fn rows(moved: &[Moved], table: &str) -> u64 {
    moved.iter().find(|one| one.table == table).unwrap().rows
}

async fn all_is_there(url: &str, from: &Sqlite) {
    let store = reach(url).await;
    let store = &store;
    assert_eq!(store.counts(at(0)).await.unwrap(), from.counts(at(0)).await.unwrap());
    assert_eq!(current(store, "r1").await, request("r1"));
    assert_eq!(store.secrets(&RequestId::new("many1199")).await.unwrap().unwrap().subject, subject());
    assert!(matches!(store.receive(calling_back("r1")).await.unwrap(), Receive::Exists(known) if known.same_body));
    assert_eq!(store.receipts(&RequestId::new("o2")).await.unwrap().len(), 1);
    assert!(the_leg(store, "l1").await.sent(BODY));
    // And it goes on there.
    move_on(store, "o1", &Change::Cancel, &[]).await;
    create(store, own("o9", &["l9"])).await;
    assert!(the_leg(store, "l9").await.attempts == 0);
    let leased = lease(store, 0).await;
    settle(store, &leased[0], Then::Delivered).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_moves_and_goes_on() {
    let ((_home, from), url) = (file().await, fresh());
    let (last, first) = (Cell::new(None), Cell::new(None));
    let to = target(&url).await;
    let moved = migrate(&from, &to, |progress| {
        first.set(first.get().or(Some(progress)));
        last.set(Some(progress));
    });
    let moved = moved.await.unwrap();
    assert_eq!(rows(&moved, "requests"), 1_204);
    assert_eq!(rows(&moved, "legs"), 4);
    let of = 2 * moved.iter().map(|one| one.rows).sum::<u64>();
    assert_eq!((first.get(), last.get()), (Some(Progress { done: 0, of }), Some(Progress { done: of, of })));
    let again = migrate(&from, &to, |_| {}).await;
    assert!(matches!(again, Err(MoveError::Before)), "{again:?}");
    all_is_there(&url, &from).await;
    // What came since was not moved.
    accept(&from, new("zz")).await;
    let since = migrate(&from, &to, |_| {}).await;
    assert!(matches!(since, Err(MoveError::NotEmpty)), "{since:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_that_was_cut_off_goes_on_and_nobody_serves_from_it_before() {
    let ((_home, from), url) = (file().await, fresh());
    let (far, to) = (tokio::sync::Notify::new(), target(&url).await);
    let cut = migrate(&from, &to, |progress| {
        if progress.done > 700 {
            far.notify_one();
        }
    });
    tokio::select! {
        biased;
        () = far.notified() => {}
        moved = cut => panic!("it was not cut off: {moved:?}"),
    }
    let half = Postgres::open(url.parse().unwrap(), tls(), sealers()).await;
    assert!(matches!(half.err().unwrap(), StoreError::Unfinished));
    let ((_elsewhere, other), begun) = (empty(), Cell::new(0));
    accept(&other, new("another")).await;
    let mixed = migrate(&other, &to, |_| {}).await;
    assert!(matches!(mixed, Err(MoveError::OtherFile)), "{mixed:?}");
    let moved = migrate(&from, &to, |progress| {
        if begun.get() == 0 {
            begun.set(progress.done);
        }
    });
    assert_eq!(rows(&moved.await.unwrap(), "requests"), 1_204);
    assert!(begun.get() >= 500, "it went on behind {}", begun.get());
    all_is_there(&url, &from).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_mixed_and_no_difference_is_overlooked() {
    let ((_home, from), url) = (file().await, fresh());
    accept(&reach(&url).await, new("theirs")).await;
    let refused = migrate(&from, &target(&url).await, |_| {}).await;
    assert!(matches!(refused, Err(MoveError::NotEmpty)), "{refused:?}");

    let url = fresh();
    let name = url.rsplit('/').next().unwrap().to_owned();
    let to = target(&url).await;
    let spoilt = Cell::new(false);
    let moved = migrate(&from, &to, |progress| {
        // All is copied, nothing is compared yet.
        if progress.done == progress.of / 2 && !spoilt.replace(true) {
            let sql = "UPDATE events SET at = at + 1 WHERE request_id = 'many600'";
            habeas_testbed::shared().unwrap().sql(&name, sql).unwrap();
        }
    });
    assert!(matches!(moved.await, Err(MoveError::Different("events"))));
    assert!(spoilt.get());
}
