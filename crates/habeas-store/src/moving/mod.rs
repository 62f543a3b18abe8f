//! How does everything move from a SQLite file into PostgreSQL?
//!
//! Rows are copied as they are, sealed, page by page in the order of their keys; the key of the last one is noted in
//! the same transaction, so a move that was cut off goes on there. In the end both sides are read once more and their
//! digests compared. Until then no server takes the new database for its own.

mod rows;
mod tables;

use habeas_trust::digest::hex;

use self::{
    rows::{Digest, Page},
    tables::{STATEMENTS, Statements, TABLES, Table},
};
use crate::{
    Result, StoreError,
    cases::Backend as _,
    postgres::Postgres,
    sql::{Connection, OptionalExtension as _, params},
    sqlite::Sqlite,
};

/// So many rows are copied in one transaction.
const PAGE: usize = 500;

/// A table that was moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Its name.
    pub table: &'static str,
    /// How many rows it has.
    pub rows: u64,
    /// SHA-256 over all of them in the order of their keys, in hexadecimal digits; the same on both sides.
    pub sha256: String,
}

/// Why not everything was moved.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The database to move into holds something of its own.
    #[error("the database to move into is not empty")]
    NotEmpty,
    /// The database to move into holds the file's requests, and no move is under way.
    #[error("this file was moved there before, and that move was finished")]
    Before,
    /// A move of another file was begun.
    #[error("another file was begun to be moved there: move this one into an empty database")]
    OtherFile,
    /// What was moved is not what it was moved from.
    #[error("table {0} is not the same on both sides: was the file used meanwhile? Move into an empty database")]
    Different(&'static str),
    /// One of the databases failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How far a move is, in rows: each is copied, and then read on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Done.
    pub done: u64,
    /// Of so many.
    pub of: u64,
}

/// Moves everything. The file stays as it is.
///
/// # Errors
/// [`MoveError::NotEmpty`], [`MoveError::Before`] or [`MoveError::OtherFile`] when the new database holds something
/// already, [`MoveError::Different`] when in the end it does not hold what the file holds.
pub async fn migrate(
    from: &Sqlite,
    to: &Postgres,
    mut progress: impl FnMut(Progress),
) -> std::result::Result<Vec<Moved>, MoveError> {
    let found = to.backend().write(begin).await?;
    may_begin(from, to, found).await?;
    let mut far = Progress { done: 0, of: 0 };
    for statements in STATEMENTS.iter() {
        let sql = statements.count.as_str();
        far.of += 2 * from.backend().read(move |conn| count(conn, sql)).await?;
    }
    progress(far);
    for (table, statements) in TABLES.iter().zip(STATEMENTS.iter()) {
        copy(from, to, (table, statements), |rows| {
            far.done += rows;
            progress(far);
        })
        .await?;
    }
    let mut moved = Vec::with_capacity(TABLES.len());
    for (table, statements) in TABLES.iter().zip(STATEMENTS.iter()) {
        let one = compare(from, to, (table, statements), |rows| {
            far.done += rows;
            progress(far);
        });
        moved.push(one.await?);
    }
    to.backend().write(end).await?;
    Ok(moved)
}

/// What the database to move into holds.
enum Found {
    Nothing,
    /// Of a move that was begun, up to this request.
    Begun(Option<String>),
    Something,
}

/// Requests are never deleted, and no two have the same id: what has one of a file has come from there.
async fn may_begin(from: &Sqlite, to: &Postgres, found: Found) -> std::result::Result<(), MoveError> {
    match found {
        Found::Nothing | Found::Begun(None) => Ok(()),
        Found::Begun(Some(last)) => {
            let ours = from.backend().read(move |conn| Ok(conn.prepare_cached(HAS)?.exists(params![last])?)).await?;
            if ours { Ok(()) } else { Err(MoveError::OtherFile) }
        }
        Found::Something => {
            // Without the newest, the file was used after it was moved.
            let newest = from.backend().read(|conn| {
                Ok(conn.prepare_cached(NEWEST)?.query_row(params![], |row| row.get::<String>(0)).optional()?)
            });
            let Some(newest) = newest.await? else { return Err(MoveError::NotEmpty) };
            let ours = to.backend().read(move |conn| Ok(conn.prepare_cached(HAS)?.exists(params![newest])?)).await?;
            Err(if ours { MoveError::Before } else { MoveError::NotEmpty })
        }
    }
}

/// Copies what is not there yet.
async fn copy(
    from: &Sqlite,
    to: &Postgres,
    (table, statements): (&'static Table, &'static Statements),
    mut copied: impl FnMut(u64),
) -> Result<()> {
    let noted = to.backend().read(move |conn| noted(conn, table.name)).await?;
    let (mut last, already) = match noted {
        Some((key, rows)) => (Some(rows::Key::read(&key)?), rows),
        None => (None, 0),
    };
    copied(already);
    loop {
        let behind = last.clone();
        let page =
            from.backend().read(move |conn| Page::read(conn, (table, statements), behind.as_ref(), PAGE)).await?;
        let (Some(key), rows) = (page.last_key(table), page.len()) else { return Ok(()) };
        let (noted, page) = (key.written()?, std::sync::Arc::new(page));
        let write = move |conn: &Connection| {
            let session = conn.session()?;
            session.query_columns(&statements.insert, &page.values())?;
            conn.prepare_cached(NOTE)?.execute(params![table.name, noted, i64::try_from(rows).unwrap_or(i64::MAX)])?;
            Ok(())
        };
        to.backend().write(write).await?;
        copied(u64::try_from(rows).unwrap_or(u64::MAX));
        last = Some(key);
    }
}

/// Reads both sides at the same pace.
async fn compare(
    from: &Sqlite,
    to: &Postgres,
    (table, statements): (&'static Table, &'static Statements),
    mut compared: impl FnMut(u64),
) -> std::result::Result<Moved, MoveError> {
    let (mut here, mut there) = (Digest::default(), Digest::default());
    let mut last: Option<rows::Key> = None;
    let mut rows = 0;
    loop {
        let (one, other) = (last.clone(), last.clone());
        let ours = from.backend().read(move |conn| Page::read(conn, (table, statements), one.as_ref(), PAGE)).await?;
        let theirs = to.backend().read(move |conn| Page::read(conn, (table, statements), other.as_ref(), PAGE)).await?;
        here.add(&ours);
        there.add(&theirs);
        if here.so_far() != there.so_far() {
            return Err(MoveError::Different(table.name));
        }
        let read = u64::try_from(ours.len()).unwrap_or(u64::MAX);
        rows += read;
        compared(read);
        match ours.last_key(table) {
            Some(key) => last = Some(key),
            None => return Ok(Moved { table: table.name, rows, sha256: hex(&here.so_far()) }),
        }
    }
}

fn count(conn: &Connection, sql: &'static str) -> Result<u64> {
    let rows: i64 = conn.prepare_cached(sql)?.query_row(params![], |row| row.get(0))?;
    Ok(u64::try_from(rows).unwrap_or(0))
}

const HAS: &str = "SELECT 1 FROM requests WHERE id = ?1";
const NEWEST: &str = "SELECT id FROM requests ORDER BY received_at DESC, id DESC LIMIT 1";
const BEGUN: &str = "SELECT to_regclass('habeas_moving') IS NOT NULL";
const NOTED: &str = "SELECT last, rows FROM habeas_moving WHERE table_name = ?1";
const NOTE: &str = "INSERT INTO habeas_moving (table_name, last, rows) VALUES (?1, ?2, ?3)
    ON CONFLICT (table_name) DO UPDATE SET last = ?2, rows = habeas_moving.rows + ?3";
const ANYTHING: &str = "SELECT EXISTS (SELECT 1 FROM requests) OR EXISTS (SELECT 1 FROM chains)
    OR EXISTS (SELECT 1 FROM tokens_seen)";

/// Refuses a database into which a move has begun and not ended.
pub(crate) fn refuse_half_moved(conn: &Connection) -> Result<()> {
    if has_begun(conn)? { Err(StoreError::Unfinished) } else { Ok(()) }
}

fn has_begun(conn: &Connection) -> Result<bool> {
    Ok(conn.prepare_cached(BEGUN)?.query_row(params![], |row| row.get(0))?)
}

/// Makes room for notes, in a database that has nothing in it yet.
fn begin(conn: &Connection) -> Result<Found> {
    let session = conn.session()?;
    if has_begun(conn)? {
        let noted = noted(conn, "requests")?.map(|(key, _)| rows::Key::read(&key)).transpose()?;
        return Ok(Found::Begun(noted.and_then(rows::Key::into_text)));
    }
    if conn.prepare_cached(ANYTHING)?.query_row(params![], |row| row.get(0))? {
        return Ok(Found::Something);
    }
    session.batch(
        "CREATE TABLE habeas_moving (table_name TEXT NOT NULL PRIMARY KEY, last BYTEA NOT NULL, rows BIGINT NOT NULL);
         DELETE FROM pulse",
    )?;
    Ok(Found::Nothing)
}

/// Lets servers in, and new rows get numbers behind those that were moved.
fn end(conn: &Connection) -> Result<()> {
    let session = conn.session()?;
    session.batch(
        "SELECT setval(pg_get_serial_sequence('legs', 'n'), (SELECT coalesce(max(n), 0) + 1 FROM legs), false);
         SELECT setval(pg_get_serial_sequence('receipts', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM receipts), false);
         DROP TABLE habeas_moving",
    )?;
    Ok(())
}

fn noted(conn: &Connection, table: &str) -> Result<Option<(Vec<u8>, u64)>> {
    let found = conn.prepare_cached(NOTED)?.query_row(params![table], |row| Ok((row.get(0)?, row.get::<i64>(1)?)));
    Ok(found.optional()?.map(|(last, rows)| (last, u64::try_from(rows).unwrap_or(0))))
}

#[cfg(test)]
mod tests {
    use super::TABLES;
    use crate::sqlite::plans::migrated;

    /// What a migration adds must be moved as well.
    #[test]
    fn every_column_of_every_table_is_moved() {
        let conn = migrated();
        let mut query =
            conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'tallies'").unwrap();
        let mut tables: Vec<String> = query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        tables.sort();
        let mut moved: Vec<_> = TABLES.iter().map(|table| table.name).collect();
        moved.sort_unstable();
        assert_eq!(tables, moved);
        for table in &TABLES {
            let mut query = conn.prepare("SELECT name FROM pragma_table_info(?1)").unwrap();
            let mut columns: Vec<String> =
                query.query_map([table.name], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
            let mut moved: Vec<_> = table.columns.iter().map(|(name, _)| *name).collect();
            columns.sort();
            moved.sort_unstable();
            assert_eq!(columns, moved, "{}", table.name);
        }
    }
}
