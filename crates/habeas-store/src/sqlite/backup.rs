//! How is the file copied while a server writes to it?
//!
//! Within one read transaction: the copy shows the database as it was when that began, whatever is written meanwhile,
//! and nobody waits for it. Only the log grows until it ends.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
};

use rusqlite::{Connection, OpenFlags, backup};

use super::open::connect;
use crate::{Result, StoreError};

/// Pages copied in one go: between two of them somebody may be told how far it is.
const STEP: i32 = 256;
/// What is counted in the copy.
const TABLES: [&str; 6] = ["requests", "events", "deliveries", "attempts", "legs", "receipts"];

/// A copy that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// How long it is.
    pub bytes: u64,
    /// The version of its schema.
    pub schema: i64,
    /// How many rows it has, by table.
    pub rows: Vec<(&'static str, u64)>,
}

/// Copies a database into a new file that its owner alone may read, has SQLite check it, and reaches the disk. `told`
/// hears how many pages are done, and of how many. What is left behind by a failure is the caller's to remove.
///
/// # Errors
/// [`StoreError::Unavailable`] when there is a file already, or one of the two cannot be used;
/// [`StoreError::Corrupt`] when the copy is not whole.
pub fn back_up(from: &Path, to: &Path, told: impl FnMut(u64, u64)) -> Result<Backup> {
    let unusable = |error: io::Error| StoreError::unavailable(error);
    create(to).map_err(unusable)?;
    copy(from, to, told)?;
    let (schema, rows) = check(to)?;
    let file = File::open(to).map_err(unusable)?;
    file.sync_all().map_err(unusable)?;
    Ok(Backup { bytes: file.metadata().map_err(unusable)?.len(), schema, rows })
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn copy(from: &Path, to: &Path, mut told: impl FnMut(u64, u64)) -> Result<()> {
    let from = connect(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut to = connect(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Half a copy is thrown away, so nothing of it has to survive; the whole one is brought to the disk at the end.
    to.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
    // Without it the copy would begin anew whenever something is written.
    from.execute_batch("BEGIN")?;
    from.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let copying = backup::Backup::new(&from, &mut to)?;
    loop {
        let step = copying.step(STEP)?;
        let pages = |count| u64::try_from(count).unwrap_or(0);
        let progress = copying.progress();
        told(pages(progress.pagecount - progress.remaining), pages(progress.pagecount));
        match step {
            backup::StepResult::Done => return Ok(()),
            backup::StepResult::More => {}
            // Nobody else has the new file, and the old one was waited for.
            _ => return Err(StoreError::unavailable(Locked)),
        }
    }
}

/// Whether the copy is whole; what it holds. It becomes one plain file, with no log beside it.
fn check(path: &Path) -> Result<(i64, Vec<(&'static str, u64)>)> {
    let conn = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    conn.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    let found: String = conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        tracing::error!(found, "the copy is not whole");
        return Err(StoreError::Corrupt("the copy"));
    }
    let schema = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let rows = TABLES.into_iter().map(|table| Ok((table, count(&conn, table)?))).collect::<Result<_>>()?;
    Ok((schema, rows))
}

fn count(conn: &Connection, table: &str) -> Result<u64> {
    let count: i64 = conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

#[derive(Debug, thiserror::Error)]
#[error("somebody else has it locked")]
struct Locked;
