//! How is one SQL text run on either database?
//!
//! The use cases are written once, against [`Connection`]: rusqlite's way of asking, reduced to what they need. Their
//! texts keep to what SQLite and PostgreSQL both understand, with SQLite's `?1` for parameters and its `INDEXED BY`
//! where a plan matters; [`text`] says how PostgreSQL gets them. All whole numbers are 64 bits wide there.

mod error;
mod row;
mod statement;
mod text;
mod value;

use std::rc::Rc;

use habeas_core::id::RequestId;

pub(crate) use error::{Error, OptionalExtension, Result};
pub(crate) use row::Row;
pub(crate) use statement::Statement;
pub(crate) use text::of_postgres;
pub(crate) use value::{Kind, ToValue, Value, params};

use crate::postgres::{First, Session};

/// A connection, in a transaction.
pub(crate) enum Connection {
    Sqlite(Rc<rusqlite::Connection>),
    Postgres(Box<Session>),
}

impl Connection {
    /// A statement that is parsed once where that can be.
    pub(crate) fn prepare_cached(&self, sql: &'static str) -> Result<Statement<'_>> {
        match self {
            Self::Sqlite(conn) => Ok(Statement::Sqlite(conn.prepare_cached(sql)?)),
            Self::Postgres(session) => Ok(Statement::Postgres(session, sql)),
        }
    }

    /// Runs a statement for each of these rows of parameters: `one` where that costs no journey, else `all` once, which
    /// gets an array for each column.
    pub(crate) fn query_all<T>(
        &self,
        (one, all): (&'static str, &'static str),
        rows: &[Vec<Value<'_>>],
        read: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        match self {
            Self::Sqlite(_) => self.prepare_cached(one)?.query_each(rows, read),
            Self::Postgres(_) if rows.is_empty() => Ok(Vec::new()),
            Self::Postgres(session) => {
                session.query_columns(all, rows)?.iter().map(|row| read(&Row::Postgres(row))).collect()
            }
        }
    }

    /// What is PostgreSQL's alone.
    pub(crate) fn session(&self) -> Result<&Session> {
        match self {
            Self::Sqlite(_) => Err(Error::Odd("a connection")),
            Self::Postgres(session) => Ok(session),
        }
    }

    /// Keeps others from a request until the transaction ends. Whoever writes what belongs to one request takes this
    /// first; so what is decided from several of its rows stays true. SQLite has one writer only.
    pub(crate) fn lock(&self, request: &RequestId) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(session) => {
                session.first(First::Request(request.as_str().to_owned()));
                Ok(())
            }
        }
    }

    /// The same for several requests, in an order that all keep.
    pub(crate) fn lock_all(&self, requests: Vec<String>) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(session) => session.lock_all(requests),
        }
    }

    /// Locks those of the requests that nobody else works on at this moment; says which. Where that is none, the first
    /// is waited for: whoever finds nothing to do would go to sleep.
    pub(crate) fn lock_free(&self, requests: Vec<String>) -> Result<Vec<String>> {
        let Self::Postgres(session) = self else { return Ok(requests) };
        let first = requests.first().cloned();
        let free = session.lock_free(requests)?;
        match first {
            Some(first) if free.is_empty() => {
                self.lock(&RequestId::new(first.as_str()))?;
                Ok(vec![first])
            }
            _ => Ok(free),
        }
    }

    /// Waits for others who sweep the same thing, until the transaction ends. Whoever works on several requests at once
    /// takes this first, so that two of them never wait for each other crosswise.
    pub(crate) fn sweep(&self, what: Sweep) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(session) => {
                session.first(First::Advisory(what.lock()));
                Ok(())
            }
        }
    }

    /// Whether other programs may be working on the database at the same time.
    pub(crate) const fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

/// What is done to several requests in one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sweep {
    /// Taking leases of deliveries.
    Deliveries,
    /// Taking leases of legs.
    Legs,
    /// Everything else.
    Rest,
    /// Bringing the schema up to date.
    Schema,
}

impl Sweep {
    /// The number of its advisory lock, unlike those of others who may use the same database.
    const fn lock(self) -> i64 {
        const HABEAS: i64 = 0x6861_6265_6173_0000;
        HABEAS
            + match self {
                Self::Deliveries => 1,
                Self::Legs => 2,
                Self::Rest => 3,
                Self::Schema => 4,
            }
    }
}
