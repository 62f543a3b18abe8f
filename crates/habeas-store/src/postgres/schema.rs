//! Which shape has the database, and how does it get there? Forward only.

use crate::{
    Result, StoreError,
    sql::{Connection, Sweep, params},
};

/// Applied in order; the number of those applied is in the table `habeas_schema`.
const MIGRATIONS: [&str; 1] = [include_str!("../../migrations/postgres/0001.sql")];

const VERSION: &str = "SELECT coalesce(max(version), 0) FROM habeas_schema";

const IS_THERE: &str = "SELECT to_regclass('habeas_schema') IS NOT NULL";

/// Whether the database is up to date. An error, where this program does not know what is there.
pub(super) fn look(conn: &Connection) -> Result<bool> {
    let is_there = conn.prepare_cached(IS_THERE)?.query_row(params![], |row| row.get(0))?;
    Ok(is_there && found(conn)? == known())
}

fn known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

fn found(conn: &Connection) -> Result<i64> {
    let known = known();
    let found = conn.prepare_cached(VERSION)?.query_row(params![], |row| row.get(0))?;
    if found > known { Err(StoreError::TooNew { found, known }) } else { Ok(found) }
}

/// Brings the database up to date, one node at a time.
pub(super) fn migrate(conn: &Connection) -> Result<()> {
    let session = conn.session()?;
    conn.sweep(Sweep::Schema)?;
    session.batch("CREATE TABLE IF NOT EXISTS habeas_schema (version BIGINT NOT NULL PRIMARY KEY)")?;
    let found = found(conn)?;
    for (number, migration) in (1i64..).zip(MIGRATIONS).filter(|(number, _)| *number > found) {
        session.batch(migration)?;
        conn.prepare_cached("INSERT INTO habeas_schema VALUES (?1)")?.execute(params![number])?;
    }
    Ok(())
}
