//! How is the file opened?

use std::{fs, io, path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{File, Sqlite, reader::Readers, schema, writer::Writer};
use crate::{Result, Sealers, StoreError};

/// What a commit promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It is on the disk: a power cut takes nothing back.
    Full,
    /// Nothing. For benchmarks only.
    Off,
}

/// How long to wait for another process that has the file locked.
pub(super) const BUSY: Duration = Duration::from_secs(5);
const READERS: usize = 4;
/// Prepared statements kept by a connection: more than there are.
const STATEMENTS: usize = 128;

impl Sqlite {
    /// Opens the file, made and brought up to date where needed. Nobody but its owner may read it.
    ///
    /// # Errors
    /// [`StoreError::TooNew`] when a newer version has written it, [`StoreError::Unavailable`] when it cannot be used.
    pub fn open(path: &Path, sealers: Sealers, durability: Durability) -> Result<Self> {
        create(path).map_err(StoreError::unavailable)?;
        let mut conn = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        conn.execute_batch(match durability {
            Durability::Full => "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;",
            Durability::Off => "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;",
        })?;
        // What is deleted is overwritten. The cache is in KiB; the log is cut back to its limit when it is folded in.
        conn.execute_batch(
            "PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000;
             PRAGMA journal_size_limit = 33554432; PRAGMA wal_autocheckpoint = 4000; PRAGMA foreign_keys = OFF;",
        )?;
        schema::migrate(&mut conn)?;
        let readers = (0..READERS).map(|_| reader(path)).collect::<Result<Vec<_>>>()?;
        Ok(Self::new(File { readers: Readers::start(readers)?, writer: Writer::start(conn)? }, sealers))
    }
}

fn reader(path: &Path) -> Result<Connection> {
    let conn = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    conn.execute_batch("PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4000;")?;
    Ok(conn)
}

pub(super) fn connect(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let conn = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(BUSY)?;
    prepare(&conn)?;
    Ok(conn)
}

pub(super) fn prepare(conn: &Connection) -> Result<()> {
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    // A plan must not depend on the values bound, or statements are prepared anew for each of them.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// SQLite gives its log the permissions of the file, so those are set before it sees it.
fn create(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
