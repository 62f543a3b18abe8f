//! Which tables are copied, and in which order are their rows?

use std::sync::LazyLock;

use crate::sql::Kind::{self, Blob, Int, Text};

/// A table as it is copied. The counts of states are not: the triggers of the new database make them.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// The columns of the primary key come first.
    pub(super) columns: &'static [(&'static str, Kind)],
    pub(super) key: usize,
}

/// The statements that copy a table.
pub(super) struct Statements {
    /// The first rows, at most `?1`.
    pub(super) first: String,
    /// The rows behind a key, at most as many as the parameter behind the key says.
    pub(super) next: String,
    /// Adds rows given as one array for each column.
    pub(super) insert: String,
    /// How many rows there are.
    pub(super) count: String,
}

pub(super) const TABLES: [Table; 13] = [
    Table {
        name: "requests",
        key: 1,
        columns: &[
            ("id", Text),
            ("organisation", Text),
            ("role", Text),
            ("upstream_party", Text),
            ("upstream_dialect", Text),
            ("mount", Text),
            ("wire_id", Text),
            ("dedupe", Text),
            ("body_mac", Blob),
            ("rights", Text),
            ("regime", Text),
            ("received_at", Int),
            ("submitted_at", Int),
            ("promised_by", Int),
            ("hold_until", Int),
            ("final_at", Int),
            ("wrapped_key", Blob),
            ("seq", Int),
            ("expected_by", Int),
            ("state", Text),
            ("reached", Text),
            ("ground", Text),
            ("sealed", Blob),
            ("errand_at", Int),
            ("shred_after", Int),
            ("expires_at", Int),
            ("expiry_first_set_at", Int),
        ],
    },
    Table {
        name: "request_secrets",
        key: 1,
        columns: &[
            ("request_id", Text),
            ("organisation", Text),
            ("subject", Blob),
            ("callbacks", Blob),
            ("body", Blob),
        ],
    },
    Table {
        name: "events",
        key: 2,
        columns: &[
            ("request_id", Text),
            ("seq", Int),
            ("organisation", Text),
            ("at", Int),
            ("change", Text),
            ("actor", Text),
            ("expected_by", Int),
            ("state", Text),
            ("reached", Text),
            ("ground", Text),
            ("sealed", Blob),
        ],
    },
    Table {
        name: "issued",
        key: 2,
        columns: &[
            ("request_id", Text),
            ("mac", Blob),
            ("organisation", Text),
            ("n", Int),
            ("signature", Blob),
            ("key_id", Text),
        ],
    },
    Table {
        name: "deliveries",
        key: 3,
        columns: &[
            ("request_id", Text),
            ("lane", Int),
            ("seq", Int),
            ("organisation", Text),
            ("kind", Text),
            ("host", Text),
            ("state", Text),
            ("head", Int),
            ("replaced", Int),
            ("due_at", Int),
            ("attempts", Int),
            ("fence", Int),
            ("leased_until", Int),
        ],
    },
    Table {
        name: "attempts",
        key: 4,
        columns: &[
            ("request_id", Text),
            ("lane", Int),
            ("seq", Int),
            ("n", Int),
            ("organisation", Text),
            ("at", Int),
            ("took_ms", Int),
            ("status", Int),
            ("failure", Text),
            ("answer", Blob),
        ],
    },
    Table {
        name: "legs",
        key: 1,
        columns: &[
            ("n", Int),
            ("id", Text),
            ("request_id", Text),
            ("organisation", Text),
            ("party", Text),
            ("dialect", Text),
            ("right_name", Text),
            ("wire_id", Text),
            ("remote_id", Text),
            ("token_mac", Blob),
            ("accepted_at", Int),
            ("state", Text),
            ("progress", Text),
            ("ground", Text),
            ("status", Int),
            ("cancel", Text),
            ("expected_by", Int),
            ("sealed", Blob),
            ("frozen", Blob),
            ("sent_mac", Blob),
            ("revision", Int),
            ("frozen_revision", Int),
            ("attempts", Int),
            ("due_at", Int),
            ("fence", Int),
            ("leased_until", Int),
            ("host", Text),
            ("trouble", Text),
            ("late_at", Int),
            ("promised_by", Int),
            ("stage", Int),
        ],
    },
    Table {
        name: "receipts",
        key: 1,
        columns: &[
            ("id", Int),
            ("organisation", Text),
            ("request_id", Text),
            ("leg_id", Text),
            ("at", Int),
            ("operation", Text),
            ("signer", Text),
            ("chain", Blob),
            ("sha256", Blob),
            ("signature", Blob),
            ("body", Blob),
            ("hole_at", Int),
            ("hole_end", Int),
        ],
    },
    Table { name: "chains", key: 1, columns: &[("fingerprint", Blob), ("pem", Text)] },
    Table {
        name: "tokens_seen",
        key: 1,
        columns: &[("digest", Blob), ("organisation", Text), ("party", Text), ("at", Int)],
    },
    Table {
        name: "blind_index",
        key: 4,
        columns: &[("mac", Blob), ("organisation", Text), ("received_at", Int), ("request_id", Text)],
    },
    Table {
        name: "verifications",
        key: 1,
        columns: &[
            ("request_id", Text),
            ("organisation", Text),
            ("token_mac", Blob),
            ("revision", Int),
            ("code_mac", Blob),
            ("code_until", Int),
            ("tries", Int),
            ("sendings", Int),
        ],
    },
    Table { name: "pulse", key: 1, columns: &[("one", Int), ("beats", Int)] },
];

/// Those of each table, in order.
pub(super) static STATEMENTS: LazyLock<Vec<Statements>> = LazyLock::new(|| TABLES.iter().map(statements).collect());

fn statements(table: &Table) -> Statements {
    let names = |count: usize| table.columns.iter().take(count).map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let numbers = |sign: char, count: usize| (1..=count).map(|n| format!("{sign}{n}")).collect::<Vec<_>>().join(", ");
    let (name, all, key, length) = (table.name, names(usize::MAX), names(table.key), table.key);
    Statements {
        first: format!("SELECT {all} FROM {name} ORDER BY {key} LIMIT ?1"),
        next: format!(
            "SELECT {all} FROM {name} WHERE ({key}) > ({}) ORDER BY {key} LIMIT ?{}",
            numbers('?', length),
            length + 1
        ),
        insert: format!(
            "INSERT INTO {name} ({all}) SELECT * FROM UNNEST({}) ON CONFLICT DO NOTHING",
            numbers('$', table.columns.len())
        ),
        count: format!("SELECT count(*) FROM {name}"),
    }
}
