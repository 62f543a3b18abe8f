//! How is a statement run?

use rusqlite::params_from_iter;

use super::{Error, Result, Row, Value};
use crate::postgres::Session;

/// A statement, ready to be run any number of times.
pub(crate) enum Statement<'c> {
    Sqlite(rusqlite::CachedStatement<'c>),
    Postgres(&'c Session, &'static str),
}

impl Statement<'_> {
    /// Runs it; says how many rows it changed.
    pub(crate) fn execute(&mut self, params: &[Value<'_>]) -> Result<usize> {
        match self {
            Self::Sqlite(statement) => Ok(statement.execute(params_from_iter(params))?),
            Self::Postgres(session, sql) => session.execute(sql, params),
        }
    }

    /// Runs it for each of the parameters.
    pub(crate) fn execute_each(&mut self, params: &[Vec<Value<'_>>]) -> Result<()> {
        match self {
            Self::Sqlite(_) => params.iter().try_for_each(|params| self.execute(params).map(drop)),
            Self::Postgres(session, sql) => session.query_each(sql, params).map(drop),
        }
    }

    /// Runs it for each of the parameters; each may find a row.
    pub(crate) fn query_each<T>(
        &mut self,
        params: &[Vec<Value<'_>>],
        read: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        match self {
            Self::Sqlite(_) => {
                let mut found = Vec::with_capacity(params.len());
                for params in params {
                    found.extend(self.query_map(params, &read)?);
                }
                found.into_iter().collect()
            }
            Self::Postgres(session, sql) => {
                session.query_each(sql, params)?.iter().map(|row| read(&Row::Postgres(row))).collect()
            }
        }
    }

    /// Runs it and reads the first row that it finds.
    ///
    /// # Errors
    /// [`Error::NoRows`] when it finds none.
    pub(crate) fn query_row<T>(&mut self, params: &[Value<'_>], read: impl FnOnce(&Row<'_>) -> Result<T>) -> Result<T> {
        let mut rows = self.query(params)?;
        let row = rows.next()?.ok_or(Error::NoRows)?;
        read(&row)
    }

    /// Runs it and reads all rows that it finds.
    pub(crate) fn query_map<T>(
        &mut self,
        params: &[Value<'_>],
        read: impl Fn(&Row<'_>) -> Result<T>,
    ) -> Result<std::vec::IntoIter<Result<T>>> {
        let (mut rows, mut all) = (self.query(params)?, Vec::new());
        while let Some(row) = rows.next()? {
            all.push(read(&row));
        }
        Ok(all.into_iter())
    }

    /// Whether it finds a row.
    pub(crate) fn exists(&mut self, params: &[Value<'_>]) -> Result<bool> {
        Ok(self.query(params)?.next()?.is_some())
    }

    /// Runs it. SQLite looks for rows as they are asked for, PostgreSQL for all of them at once.
    pub(crate) fn query(&mut self, params: &[Value<'_>]) -> Result<Rows<'_>> {
        match self {
            Self::Sqlite(statement) => Ok(Rows::Sqlite(statement.query(params_from_iter(params))?)),
            Self::Postgres(session, sql) => {
                Ok(Rows::Postgres { rest: session.query(sql, params)?.into_iter(), this: None })
            }
        }
    }
}

/// The rows that a statement finds.
pub(crate) enum Rows<'s> {
    Sqlite(rusqlite::Rows<'s>),
    Postgres { rest: std::vec::IntoIter<tokio_postgres::Row>, this: Option<tokio_postgres::Row> },
}

impl Rows<'_> {
    /// The next row.
    pub(crate) fn next(&mut self) -> Result<Option<Row<'_>>> {
        match self {
            Self::Sqlite(rows) => Ok(rows.next()?.map(Row::Sqlite)),
            Self::Postgres { rest, this } => {
                *this = rest.next();
                Ok(this.as_ref().map(Row::Postgres))
            }
        }
    }
}
