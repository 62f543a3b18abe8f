//! What does a copy show that is made while somebody writes?

use std::fs;

use habeas_core::id::RequestId;
use habeas_store::{Store as _, StoreError, sqlite::back_up};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::{backend, fixtures::*};

#[tokio::test]
async fn a_copy_is_of_one_moment_whatever_is_written_meanwhile() {
    let home = TempDir::new().unwrap();
    let (file, copy) = (backend::file(home.path()), home.path().join("copy.db"));
    let store = backend::open(&file).unwrap();
    accept(&store, calling_back("r1")).await;
    let intruder = Connection::open(&file).unwrap();
    intruder.execute_batch("CREATE TABLE filler (b BLOB); INSERT INTO filler VALUES (zeroblob(8000000));").unwrap();
    let mut told = Vec::new();
    let copied = back_up(&file, &copy, |done, all| {
        told.push((done, all));
        intruder.execute("UPDATE pulse SET beats = beats + 1", []).unwrap();
    })
    .unwrap();
    assert!(told.len() >= 4 && told.is_sorted(), "{told:?}");
    let (done, all) = *told.last().unwrap();
    assert_eq!(done, all);
    assert_eq!(copied.bytes, fs::metadata(&copy).unwrap().len());
    let rows = [("requests", 1), ("events", 1), ("deliveries", 1), ("attempts", 0), ("legs", 0), ("receipts", 0)];
    assert_eq!(copied.rows, rows);

    let beats = |file| -> i64 {
        Connection::open(file).unwrap().query_row("SELECT beats FROM pulse", [], |row| row.get(0)).unwrap()
    };
    assert_eq!((beats(&copy), beats(&file)), (0, i64::try_from(told.len()).unwrap()));
    let restored = backend::open(&copy).unwrap();
    assert_eq!(restored.secrets(&RequestId::new("r1")).await.unwrap().unwrap().subject, subject());
}

#[tokio::test]
async fn what_is_shredded_while_somebody_copies_does_not_hold_the_writer_up() {
    let home = TempDir::new().unwrap();
    let file = backend::file(home.path());
    let store = backend::open(&file).unwrap();
    crate::shredding::fulfilled(&store, "r1").await;
    let reading = Connection::open(&file).unwrap();
    reading.execute_batch("BEGIN; SELECT count(*) FROM requests;").unwrap();
    assert_eq!(store.shred(at(500), 10).await.unwrap(), 1);
    store.ping().await.unwrap();
}

#[test]
fn nothing_is_overwritten_and_nothing_else_is_copied() {
    let home = TempDir::new().unwrap();
    let (file, copy) = (backend::file(home.path()), home.path().join("copy.db"));
    drop(backend::open(&file).unwrap());
    fs::write(&copy, "mine").unwrap();
    assert!(matches!(back_up(&file, &copy, |_, _| ()), Err(StoreError::Unavailable(_))));
    assert_eq!(fs::read_to_string(&copy).unwrap(), "mine");
    for (name, bytes) in
        [("text", &b"no database, but a text that is long enough to be taken for one"[..]), ("empty", b"")]
    {
        let other = home.path().join(name);
        fs::write(&other, bytes).unwrap();
        assert!(back_up(&other, &home.path().join(format!("copy of {name}")), |_, _| ()).is_err(), "{name}");
    }
    assert!(back_up(&home.path().join("absent"), &home.path().join("copy of nothing"), |_, _| ()).is_err());
}
