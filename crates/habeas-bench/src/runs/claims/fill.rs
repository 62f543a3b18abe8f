//! How do millions of deliveries get into a database in minutes? By its own statements, with neither indexes nor
//! triggers; then these are made again.
//!
//! The requests are real ones that a server accepted. Each gets many lanes: their hosts and times are drawn at random.

use anyhow::Result;
use rusqlite::Connection;

use crate::{place::Place, world::Cast};

/// So many deliveries of each request are due.
pub(super) const OF_EACH_REQUEST: u64 = 100;
/// To so many hosts they go.
const HOSTS: u32 = 1000;
/// The first became due so long ago.
const SINCE_MS: u32 = 3_600_000;

/// Adds to the deliveries of the requests that are there until so many wait.
pub(super) fn fill(place: &Place, rows: u64) -> Result<()> {
    match place.url(Cast::Mail) {
        Some(_) => fill_postgres(place, rows),
        None => fill_sqlite(&Connection::open(place.file(Cast::Mail))?, rows),
    }
}

/// `random` is a whole number of the database's that is not negative.
fn insert(lanes: &str, random: &str, rows: u64) -> String {
    format!(
        "INSERT INTO deliveries (request_id, lane, seq, organisation, kind, host, state, head, due_at)
        SELECT d.request_id, lanes.n, d.seq, d.organisation, d.kind, 'h' || ({random} % {HOSTS}) || '.localhost:20000',
            'due', 1, d.due_at - {random} % {SINCE_MS}
        FROM deliveries d CROSS JOIN {lanes} WHERE d.lane = 0
        LIMIT {rows} - (SELECT count(*) FROM deliveries)"
    )
}

fn fill_sqlite(conn: &Connection, rows: u64) -> Result<()> {
    let made: Vec<(String, String, String)> = conn
        .prepare(
            "SELECT type, name, sql FROM sqlite_master
            WHERE tbl_name = 'deliveries' AND type IN ('index', 'trigger') AND sql IS NOT NULL",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    conn.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -256000")?;
    for (kind, name, _) in &made {
        conn.execute_batch(&format!("DROP {kind} {name}"))?;
    }
    let last = OF_EACH_REQUEST - 1;
    let lanes = format!(
        "(WITH RECURSIVE lanes (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM lanes WHERE n < {last}) SELECT n FROM lanes) lanes"
    );
    conn.execute_batch(&insert(&lanes, "(random() & 0xffffffff)", rows))?;
    for (_, _, sql) in &made {
        conn.execute_batch(sql)?;
    }
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

fn fill_postgres(place: &Place, rows: u64) -> Result<()> {
    let sql = |statements: &str| place.sql(Cast::Mail, statements);
    let indexes = sql("SELECT indexname, indexdef FROM pg_indexes
        WHERE tablename = 'deliveries' AND indexname NOT LIKE '%_pkey'")?;
    let indexes: Vec<_> = indexes.lines().filter_map(|row| row.split_once('|')).collect();
    for (name, _) in &indexes {
        sql(&format!("DROP INDEX {name}"))?;
    }
    let last = OF_EACH_REQUEST - 1;
    let lanes = format!("generate_series(1, {last}) lanes (n)");
    let insert = insert(&lanes, "floor(random() * 4294967296)::bigint", rows);
    // Triggers do not fire for what a replica is sent.
    sql(&format!("SET session_replication_role = replica; {insert}"))?;
    for (_, definition) in &indexes {
        sql(&format!("SET maintenance_work_mem = '512MB'; {definition}"))?;
    }
    sql("VACUUM (ANALYZE)")?;
    sql("CHECKPOINT")?;
    Ok(())
}
