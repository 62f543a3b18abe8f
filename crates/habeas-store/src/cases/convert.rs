//! How do a database's values become ours?

use std::str::FromStr;

use habeas_core::clock::Instant;

use crate::sql::{Error, Result, Row};

/// The error of a mapping that found something odd in a column.
pub(super) const fn odd(column: &'static str) -> Error {
    Error::Odd(column)
}

/// A column that holds the name of something.
pub(super) fn parsed<T: FromStr>(row: &Row<'_>, index: usize, column: &'static str) -> Result<T> {
    named(row, index, column, |text| text.parse().ok())
}

/// A column that holds a name, looked up.
pub(super) fn named<T>(
    row: &Row<'_>,
    index: usize,
    column: &'static str,
    known: impl FnOnce(&str) -> Option<T>,
) -> Result<T> {
    named_or_null(row, index, column, known)?.ok_or(odd(column))
}

/// A column that holds the name of something, or NULL.
pub(super) fn named_or_null<T>(
    row: &Row<'_>,
    index: usize,
    column: &'static str,
    known: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>> {
    let text = row.text_or_null(index).map_err(|_| odd(column))?;
    text.map(|text| known(text).ok_or(odd(column))).transpose()
}

/// A column that holds a time.
pub(super) fn instant(row: &Row<'_>, index: usize) -> Result<Instant> {
    row.get(index).map(Instant::from_ms)
}

/// A column that holds a time, or NULL.
pub(super) fn instant_or_null(row: &Row<'_>, index: usize) -> Result<Option<Instant>> {
    row.get::<Option<i64>>(index).map(|ms| ms.map(Instant::from_ms))
}

/// A time to be stored, or NULL.
pub(super) fn ms(at: Option<Instant>) -> Option<i64> {
    at.map(Instant::ms)
}

/// A fence as the databases' signed integers have it.
pub(super) fn fence_in(fence: u64) -> i64 {
    i64::try_from(fence).unwrap_or(-1)
}

/// A fence as stored.
pub(super) fn fence_out(row: &Row<'_>, index: usize) -> Result<u64> {
    u64::try_from(row.get::<i64>(index)?).map_err(|_| odd("fence"))
}

/// A column that holds any text.
pub(super) fn text<T>(row: &Row<'_>, index: usize, new: impl FnOnce(String) -> T) -> Result<T> {
    row.get(index).map(new)
}
