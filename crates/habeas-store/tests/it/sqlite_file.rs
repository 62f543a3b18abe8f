//! What does the SQLite file itself show?

use std::{collections::HashSet, fs, path::Path, sync::Arc};

use habeas_core::{
    id::RequestId,
    leg::{Leg, Progress},
};
use habeas_store::{
    Store, StoreError,
    model::{Frozen, NewOwn, NewRequest, Then},
    sqlite::Sqlite,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::{backend, fixtures::*, shredding};

fn fresh() -> (TempDir, Sqlite) {
    let home = TempDir::new().unwrap();
    let store = backend::open(&backend::file(home.path())).unwrap();
    (home, store)
}

/// All bytes of the database and what SQLite keeps beside it.
fn bytes(home: &Path) -> Vec<u8> {
    let files = fs::read_dir(backend::file(home).parent().unwrap()).unwrap();
    files.flat_map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

fn assert_no_canary(home: &Path) {
    let all = bytes(home);
    assert!(holds(&all, b"wire-r1"), "looking in the wrong place");
    for canary in ["canary", "person.example", "token-l1", EXTENSION] {
        assert!(!holds(&all, canary.as_bytes()), "{canary} is in the clear");
    }
}

#[tokio::test]
async fn nothing_personal_is_ever_in_the_clear() {
    let (home, store) = fresh();
    shredding::fulfilled(&store, "r1").await;
    for leased in lease(&store, 0).await {
        settle(&store, &leased, Then::Again(at(1_000))).await;
    }
    let (reference, wish) = (Some("canary-reference".to_owned()), EMAIL.as_bytes().to_vec());
    create(&store, NewOwn { reference, wish, ..own("o1", &["l1"]) }).await;
    let leased = lease_legs(&store, 0).await.remove(0);
    let url = CALLBACK.parse().unwrap();
    let message = Frozen { method: http::Method::POST, url, headers: http::HeaderMap::new(), body: BODY.to_vec() };
    store.freeze(&leased.row.leg.id, leased.fence, &message).await.unwrap();
    let verify = Progress::NeedsVerification { url: CALLBACK.parse().unwrap() };
    let after = Leg { results: Some(RESULTS.parse().unwrap()), ..sent(&leased.row.leg, verify) };
    store.save_leg(save_of(&leased.row, Some(leased.fence), after)).await.unwrap();
    assert_no_canary(home.path());
    store.shred(at(500), 10).await.unwrap();
    assert_no_canary(home.path());
    drop(store);
    assert_no_canary(home.path());
}

#[tokio::test]
async fn after_shredding_neither_the_key_nor_what_it_sealed_is_on_the_disk() {
    let (home, store) = fresh();
    // Enough of them that pages are split and rows are moved about.
    let ids: Vec<_> = (0..60).map(|n| format!("r{n}")).collect();
    for id in &ids {
        shredding::fulfilled(&store, id).await;
    }
    let sealed = |id: &str| -> Vec<Vec<u8>> {
        let conn = Connection::open(backend::file(home.path())).unwrap();
        let one = |sql: &str| conn.query_row(sql, [id], |row| row.get(0)).unwrap();
        vec![
            one("SELECT wrapped_key FROM requests WHERE id = ?1"),
            one("SELECT sealed FROM requests WHERE id = ?1"),
            one("SELECT subject FROM request_secrets WHERE request_id = ?1"),
            one("SELECT callbacks FROM request_secrets WHERE request_id = ?1"),
            one("SELECT body FROM request_secrets WHERE request_id = ?1"),
            one("SELECT sealed FROM events WHERE request_id = ?1 AND seq = 2"),
        ]
    };
    let secrets: Vec<_> = ids.iter().flat_map(|id| sealed(id)).collect();
    // Freeing a row overwrites its first bytes in any case, so every piece of it is looked for.
    let pieces: HashSet<&[u8]> = secrets.iter().flat_map(|secret| secret.chunks_exact(12)).collect();
    let found = || bytes(home.path()).windows(12).filter(|window| pieces.contains(window)).count();
    assert!(found() >= pieces.len());
    assert_eq!(store.shred(at(500), 100).await.unwrap(), 60);
    assert_eq!(found(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writes_share_a_commit() {
    let (_home, store) = fresh();
    let store = Arc::new(store);
    let before = store.load();
    let tasks: Vec<_> = (0..512)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { accept(&*store, new(&format!("r{n}"))).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let after = store.load();
    assert_eq!(after.writes - before.writes, 512);
    assert!(after.commits - before.commits <= 128, "{after:?}");
    assert_eq!(after.batches.iter().sum::<u64>(), after.commits);
}

#[tokio::test]
async fn everything_is_there_after_the_store_is_opened_again() {
    let (home, store) = fresh();
    accept(&store, calling_back("r1")).await;
    create(&store, own("o1", &["l1"])).await;
    drop(store);
    for _ in 0..2 {
        let store = backend::open(&backend::file(home.path())).unwrap();
        assert_eq!(current(&store, "r1").await, request("r1"));
        assert_eq!(store.secrets(&RequestId::new("r1")).await.unwrap().unwrap().subject, subject());
        assert_eq!(store.legs(&RequestId::new("o1")).await.unwrap()[0].leg, leg("o1", "l1"));
        assert_eq!(store.counts(at(0)).await.unwrap().deliveries.len(), 1);
    }
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_not_touched() {
    let (home, store) = fresh();
    drop(store);
    let conn = Connection::open(backend::file(home.path())).unwrap();
    conn.pragma_update(None, "user_version", 1_000).unwrap();
    let refused = backend::open(&backend::file(home.path())).err().unwrap();
    assert!(matches!(refused, StoreError::TooNew { found: 1_000, .. }), "{refused}");
}

#[tokio::test]
async fn another_organisations_key_opens_nothing() {
    let (home, store) = fresh();
    accept(&store, new("r1")).await;
    drop(store);
    let sealer = Arc::new(habeas_trust::seal::Sealer::new(&habeas_trust::seal::MasterKey::generate()));
    let wrong = habeas_store::Sealers::new([(US.parse().unwrap(), sealer)]);
    let file = backend::file(home.path());
    let store = Sqlite::open(&file, wrong, habeas_store::sqlite::Durability::Full).unwrap();
    assert!(matches!(store.secrets(&RequestId::new("r1")).await, Err(StoreError::NoKey(_))));
    assert_eq!(store.wrong_key().await.unwrap(), Some(US.parse().unwrap()));
    // What is not sealed is still read.
    assert_eq!(current(&store, "r1").await, request("r1"));
}

#[tokio::test]
async fn an_organisation_that_is_no_longer_configured_is_in_nobodys_way() {
    let (home, store) = fresh();
    let mut gone = NewRequest { errand_at: Some(at(1)), ..new("r1") };
    gone.request.organisation = OTHER.parse().unwrap();
    accept(&store, gone).await;
    accept(&store, NewRequest { errand_at: Some(at(2)), ..new("r2") }).await;
    drop(store);
    let ours = backend::sealers().get(&US.parse().unwrap()).unwrap().clone();
    let left = habeas_store::Sealers::new([(US.parse().unwrap(), ours)]);
    let store = Sqlite::open(&backend::file(home.path()), left, habeas_store::sqlite::Durability::Full).unwrap();
    let errands = store.errands(at(9), 1).await.unwrap();
    assert_eq!(errands.iter().map(|errand| errand.request.id.as_str()).collect::<Vec<_>>(), ["r2"]);
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let (home, store) = fresh();
    accept(&store, new("r1")).await;
    for file in fs::read_dir(backend::file(home.path()).parent().unwrap()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", file.file_name());
    }
}
