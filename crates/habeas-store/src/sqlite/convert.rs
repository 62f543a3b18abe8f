//! How do SQLite's values and errors become ours?

use std::{error::Error, str::FromStr};

use habeas_core::clock::Instant;
use rusqlite::{Row, types::Type};

use crate::StoreError;

/// What a column holds could not have been written by us.
#[derive(Debug, thiserror::Error)]
#[error("not what could have been saved")]
struct Odd(&'static str);

/// The error of a mapping that found something odd in a column.
pub(super) fn odd(index: usize, column: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, Type::Null, Box::new(Odd(column)))
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::FromSqlConversionFailure(_, _, cause) => {
                Self::Corrupt(cause.downcast_ref::<Odd>().map_or("a column", |odd| odd.0))
            }
            rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::IntegralValueOutOfRange(..) => {
                Self::Corrupt("a column")
            }
            other => unavailable(other),
        }
    }
}

pub(super) fn unavailable(error: impl Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

/// A column that holds the name of something.
pub(super) fn parsed<T: FromStr>(row: &Row<'_>, index: usize, column: &'static str) -> rusqlite::Result<T> {
    named(row, index, column, |text| text.parse().ok())
}

/// A column that holds a name, looked up.
pub(super) fn named<T>(
    row: &Row<'_>,
    index: usize,
    column: &'static str,
    known: impl FnOnce(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let text = row.get_ref(index)?.as_str().map_err(|_| odd(index, column))?;
    known(text).ok_or_else(|| odd(index, column))
}

/// A column that holds the name of something, or NULL.
pub(super) fn named_or_null<T>(
    row: &Row<'_>,
    index: usize,
    column: &'static str,
    known: impl FnOnce(&str) -> Option<T>,
) -> rusqlite::Result<Option<T>> {
    match row.get_ref(index)?.as_str_or_null().map_err(|_| odd(index, column))? {
        None => Ok(None),
        Some(text) => known(text).map(Some).ok_or_else(|| odd(index, column)),
    }
}

/// A column that holds a time.
pub(super) fn instant(row: &Row<'_>, index: usize) -> rusqlite::Result<Instant> {
    row.get(index).map(Instant::from_ms)
}

/// A column that holds a time, or NULL.
pub(super) fn instant_or_null(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<Instant>> {
    row.get::<_, Option<i64>>(index).map(|ms| ms.map(Instant::from_ms))
}

/// A time to be stored, or NULL.
pub(super) fn ms(at: Option<Instant>) -> Option<i64> {
    at.map(Instant::ms)
}

/// A fence as SQLite's signed integers have it.
pub(super) fn fence_in(fence: u64) -> i64 {
    i64::try_from(fence).unwrap_or(-1)
}

/// A fence as stored.
pub(super) fn fence_out(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    u64::try_from(row.get::<_, i64>(index)?).map_err(|_| odd(index, "fence"))
}

/// A column that holds any text.
pub(super) fn text<T>(row: &Row<'_>, index: usize, new: impl FnOnce(String) -> T) -> rusqlite::Result<T> {
    row.get(index).map(new)
}
