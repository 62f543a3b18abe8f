//! What happens when the disk is full?

use std::sync::Arc;

use habeas_core::clock::Instant;
use tempfile::TempDir;

use super::{Durability, Sqlite};
use crate::{Result, Sealers, Store as _, StoreError, sql::Connection};

/// Half a page.
const BYTES: i64 = 2_000;

fn file(conn: &Connection) -> &rusqlite::Connection {
    match conn {
        Connection::Sqlite(file) => file,
        Connection::Postgres(_) => panic!("these tests are about files"),
    }
}

/// A store with a table of the test's own.
async fn fresh() -> (TempDir, Arc<Sqlite>) {
    let home = TempDir::new().unwrap();
    let store = Sqlite::open(&home.path().join("habeas.db"), Sealers::new([]), Durability::Full).unwrap();
    store
        .backend()
        .writer
        .run(|conn| Ok(file(conn).execute_batch("CREATE TABLE kept (n INTEGER, filler BLOB)")?))
        .await
        .unwrap();
    (home, Arc::new(store))
}

/// Has room for so many more pages; for all that may come, with `None`.
async fn room(store: &Sqlite, pages: Option<i64>) {
    let limited = store.backend().writer.run(move |conn| {
        let conn = file(conn);
        let now: i64 = conn.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        let most = pages.map_or(i64::from(u32::MAX) - 1, |pages| now + pages);
        Ok(conn.query_row(&format!("PRAGMA max_page_count = {most}"), [], |_| Ok(()))?)
    });
    limited.await.unwrap();
}

async fn keep(store: &Sqlite, n: i64) -> Result<()> {
    let kept = store
        .backend()
        .writer
        .run(move |conn| Ok(file(conn).execute("INSERT INTO kept VALUES (?1, zeroblob(?2))", (n, BYTES)).map(drop)?));
    kept.await
}

async fn kept(store: &Sqlite) -> Vec<i64> {
    let read = store.backend().readers.run(|conn| {
        let mut query = file(conn).prepare("SELECT n FROM kept ORDER BY n")?;
        Ok(query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    });
    read.await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_that_a_full_disk_did_not_take_and_all_goes_on_when_there_is_room() {
    let (_home, store) = fresh().await;
    room(&store, Some(8)).await;
    // Many at once, so that some that fit share a commit with some that do not.
    let writes = (0..64).map(|n| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { (n, keep(&store, n).await) })
    });
    let (mut acknowledged, mut refused) = (Vec::new(), 0);
    for write in writes.collect::<Vec<_>>() {
        match write.await.unwrap() {
            (n, Ok(())) => acknowledged.push(n),
            (_, Err(StoreError::Unavailable(_))) => refused += 1,
            (n, Err(other)) => panic!("{n}: {other}"),
        }
    }
    assert!(refused >= 32, "{refused} were refused, and there was room for few");
    acknowledged.sort_unstable();
    assert_eq!(kept(&store).await, acknowledged);
    assert!(store.counts(Instant::from_ms(0)).await.is_ok(), "what is there can still be read");

    room(&store, None).await;
    keep(&store, 64).await.unwrap();
    store.ping().await.unwrap();
    acknowledged.push(64);
    assert_eq!(kept(&store).await, acknowledged);
}
