//! How is a row held, written down and digested on its way from one database to another?

use habeas_trust::digest::sha256;
use serde::{Deserialize, Serialize};

use super::tables::{Statements, Table};
use crate::{
    Result, StoreError,
    sql::{self, Connection, Kind, Row, Value},
};

/// A value of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Held {
    Null,
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

impl Held {
    fn read(row: &Row<'_>, index: usize, kind: Kind) -> sql::Result<Self> {
        Ok(match kind {
            Kind::Int | Kind::Bool => row.get::<Option<i64>>(index)?.map_or(Self::Null, Self::Int),
            Kind::Text => row.get::<Option<String>>(index)?.map_or(Self::Null, Self::Text),
            Kind::Blob => row.get::<Option<Vec<u8>>>(index)?.map_or(Self::Null, Self::Blob),
        })
    }

    fn value(&self, kind: Kind) -> Value<'_> {
        match self {
            Self::Null => Value::Null(kind),
            Self::Int(n) => Value::Int(*n),
            Self::Text(text) => Value::Text(text),
            Self::Blob(bytes) => Value::Blob(bytes),
        }
    }

    /// Unlike values have unlike bytes, whatever stands before and behind them.
    fn add_to(&self, bytes: &mut Vec<u8>) {
        let mut add = |kind: u8, value: &[u8]| {
            bytes.push(kind);
            bytes.extend_from_slice(&u64::try_from(value.len()).unwrap_or(u64::MAX).to_be_bytes());
            bytes.extend_from_slice(value);
        };
        match self {
            Self::Null => add(0, &[]),
            Self::Int(n) => add(1, &n.to_be_bytes()),
            Self::Text(text) => add(2, text.as_bytes()),
            Self::Blob(blob) => add(3, blob),
        }
    }
}

/// The primary key of a row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Key(Vec<Held>);

impl Key {
    pub(super) fn read(written: &[u8]) -> Result<Self> {
        serde_json::from_slice(written).map_err(|_| StoreError::Corrupt("habeas_moving.last"))
    }

    /// The text that it is, where it is one.
    pub(super) fn into_text(self) -> Option<String> {
        match self.0.into_iter().next() {
            Some(Held::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn written(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|_| StoreError::Corrupt("habeas_moving.last"))
    }
}

/// Rows in the order of their keys.
pub(super) struct Page {
    kinds: Vec<Kind>,
    rows: Vec<Vec<Held>>,
}

impl Page {
    /// The first rows behind a key.
    pub(super) fn read(
        conn: &Connection,
        (table, statements): (&'static Table, &'static Statements),
        behind: Option<&Key>,
        most: usize,
    ) -> Result<Self> {
        let kinds: Vec<_> = table.columns.iter().map(|(_, kind)| *kind).collect();
        let read = |row: &Row<'_>| kinds.iter().enumerate().map(|(n, kind)| Held::read(row, n, *kind)).collect();
        let mut params: Vec<_> =
            behind.iter().flat_map(|key| &key.0).zip(&kinds).map(|(held, kind)| held.value(*kind)).collect();
        params.push(Value::Int(i64::try_from(most).unwrap_or(i64::MAX)));
        let sql = if behind.is_some() { &statements.next } else { &statements.first };
        let rows = conn.prepare_cached(sql)?.query_map(&params, read)?.collect::<sql::Result<_>>()?;
        Ok(Self { kinds, rows })
    }

    pub(super) const fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn last_key(&self, table: &Table) -> Option<Key> {
        self.rows.last().map(|row| Key(row.iter().take(table.key).cloned().collect()))
    }

    pub(super) fn values(&self) -> Vec<Vec<Value<'_>>> {
        self.rows
            .iter()
            .map(|row| row.iter().zip(&self.kinds).map(|(held, kind)| held.value(*kind)).collect())
            .collect()
    }
}

/// A digest over rows that come in pages.
#[derive(Default)]
pub(super) struct Digest([u8; 32]);

impl Digest {
    /// Chains the digest of each row to that of those before.
    pub(super) fn add(&mut self, page: &Page) {
        for row in &page.rows {
            let mut bytes = self.0.to_vec();
            row.iter().for_each(|held| held.add_to(&mut bytes));
            self.0 = sha256(&bytes);
        }
    }

    pub(super) const fn so_far(&self) -> [u8; 32] {
        self.0
    }
}
