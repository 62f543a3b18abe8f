//! How do many requests that come in share one transaction? What turns out to be there already is looked at by itself.

use std::{collections::HashSet, sync::LazyLock};

use super::together::Together;
use crate::{
    Result, StoreError,
    cases::{Received, Taken, inserts},
    sql::{Connection, Value},
};

impl Together for Received {
    type Done = Taken;

    fn is_plain(&self) -> bool {
        self.stands_alone()
    }

    fn save_all(conn: &Connection, all: &[&Self]) -> Result<Vec<Option<Taken>>> {
        let mut ordered = all.to_vec();
        // Two nodes that are sent the same requests take them in the same order, and do not wait for each other
        // crosswise.
        ordered.sort_by(|a, b| a.wire_id().cmp(b.wire_id()));
        let saved = save_new(conn, &ordered)?;
        Ok(all.iter().map(|one| saved.contains(one.id()).then_some(Taken::Not)).collect())
    }

    fn save(&self, conn: &Connection) -> Result<Taken> {
        self.save(conn)
    }
}

/// Saves those whose ids are not taken; says which. What belongs to them is sent at once when that is known.
fn save_new(conn: &Connection, all: &[&Received]) -> Result<HashSet<String>> {
    let session = conn.session()?;
    let requests: Vec<_> = all.iter().map(|one| one.intake.request_row()).collect();
    let mut saved = HashSet::with_capacity(all.len());
    for row in session.query_columns(&REQUESTS, &requests)? {
        saved.insert(row.try_get(0).map_err(StoreError::unavailable)?);
    }
    let new: Vec<_> = all.iter().filter(|one| saved.contains(one.id())).collect();
    let mut statements: Vec<(&str, Vec<Vec<Value<'_>>>)> = vec![
        (&SECRETS, new.iter().map(|one| one.intake.secrets_row()).collect()),
        (&EVENTS, new.iter().map(|one| one.intake.event_row()).collect()),
        (&ISSUED, new.iter().flat_map(|one| one.issued_rows()).collect()),
        (&DELIVERIES, new.iter().flat_map(|one| one.delivery_rows()).collect()),
        (&LEGS, new.iter().flat_map(|one| one.leg_rows()).collect()),
    ];
    statements.retain(|(_, rows)| !rows.is_empty());
    session.query_columns_each(&statements)?;
    Ok(saved)
}

/// The statement that inserts rows given as one array for each column.
fn from_arrays(insert: inserts::Insert, end: &str) -> String {
    let arrays: Vec<_> = (1..=insert.columns.split(',').count()).map(|n| format!("${n}")).collect();
    format!("INSERT INTO {} ({}) SELECT * FROM UNNEST({}) {end}", insert.table, insert.columns, arrays.join(", "))
}

static REQUESTS: LazyLock<String> =
    LazyLock::new(|| from_arrays(inserts::REQUESTS, "ON CONFLICT DO NOTHING RETURNING id"));
static SECRETS: LazyLock<String> = LazyLock::new(|| from_arrays(inserts::SECRETS, ""));
static EVENTS: LazyLock<String> = LazyLock::new(|| from_arrays(inserts::EVENTS, ""));
static ISSUED: LazyLock<String> = LazyLock::new(|| from_arrays(inserts::ISSUED, "ON CONFLICT DO NOTHING"));
static DELIVERIES: LazyLock<String> = LazyLock::new(|| from_arrays(inserts::DELIVERIES, "ON CONFLICT DO NOTHING"));
static LEGS: LazyLock<String> = LazyLock::new(|| from_arrays(inserts::LEGS, ""));
