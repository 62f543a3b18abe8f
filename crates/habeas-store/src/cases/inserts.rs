//! Which columns are given for a new row?

use crate::{
    Result,
    sql::{Connection, Value},
};

/// How rows are inserted into a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Insert {
    pub(crate) table: &'static str,
    /// The columns, in the order in which their values are given.
    pub(crate) columns: &'static str,
    /// The statement for one row.
    pub(crate) one: &'static str,
}

impl Insert {
    /// Inserts these rows.
    pub(crate) fn insert(&self, conn: &Connection, rows: &[Vec<Value<'_>>]) -> Result<()> {
        if !rows.is_empty() {
            conn.prepare_cached(self.one)?.execute_each(rows)?;
        }
        Ok(())
    }
}

macro_rules! insert {
    ($table:literal, $columns:literal, $values:literal $(, $end:literal)?) => {
        Insert {
            table: $table,
            columns: $columns,
            one: concat!("INSERT INTO ", $table, " (", $columns, ") VALUES (", $values, ")" $(, " ", $end)?),
        }
    };
}

pub(crate) const REQUESTS: Insert = insert!(
    "requests",
    "id, organisation, role, upstream_party, upstream_dialect, mount, wire_id, dedupe, body_mac, rights, regime, \
     received_at, submitted_at, promised_by, hold_until, final_at, wrapped_key, seq, expected_by, state, reached, \
     ground, sealed, errand_at",
    "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24",
    "ON CONFLICT DO NOTHING"
);
pub(crate) const SECRETS: Insert =
    insert!("request_secrets", "request_id, organisation, subject, callbacks, body", "?1, ?2, ?3, ?4, ?5");
pub(crate) const EVENTS: Insert = insert!(
    "events",
    "request_id, seq, organisation, at, change, actor, expected_by, state, reached, ground, sealed",
    "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11"
);
/// Of two over the same bytes the first is kept: it is the one that was sent.
pub(crate) const ISSUED: Insert = insert!(
    "issued",
    "request_id, mac, organisation, n, signature, key_id",
    "?1, ?2, ?3, ?4, ?5, ?6",
    "ON CONFLICT (request_id, mac) DO NOTHING"
);
/// For lanes that are empty yet.
pub(crate) const DELIVERIES: Insert = insert!(
    "deliveries",
    "request_id, lane, seq, organisation, kind, host, due_at, state, head",
    "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9",
    "ON CONFLICT (request_id, lane, seq) DO NOTHING"
);
pub(crate) const LEGS: Insert = insert!(
    "legs",
    "id, request_id, organisation, party, dialect, right_name, wire_id, remote_id, token_mac, accepted_at, state, \
     progress, ground, status, cancel, expected_by, sealed, due_at, host, promised_by, stage",
    "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21"
);
