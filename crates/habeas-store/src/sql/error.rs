//! What can go wrong between a use case and its database?

use std::{error::Error as StdError, fmt};

use crate::StoreError;

pub(crate) type Result<T> = std::result::Result<T, Error>;

/// Why a statement failed.
#[derive(Debug)]
pub(crate) enum Error {
    /// It found no row.
    NoRows,
    /// What a column holds could not have been written by us.
    Odd(&'static str),
    /// The database could not do it.
    Failed(Box<dyn StdError + Send + Sync>),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRows => f.write_str("no row"),
            Self::Odd(column) => write!(f, "something unexpected in {column}"),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl StdError for Error {}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::QueryReturnedNoRows => Self::NoRows,
            rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::FromSqlConversionFailure(..) => Self::Odd("a column"),
            other => Self::Failed(Box::new(other)),
        }
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::Odd(column) => Self::Corrupt(column),
            Error::NoRows => Self::Corrupt("a query that finds a row always"),
            Error::Failed(cause) => Self::Unavailable(cause),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Error::from(error).into()
    }
}

/// Finding no row may be an answer.
pub(crate) trait OptionalExtension<T> {
    /// `None` for no row.
    fn optional(self) -> Result<Option<T>>;
}

impl<T> OptionalExtension<T> for Result<T> {
    fn optional(self) -> Result<Option<T>> {
        match self {
            Ok(found) => Ok(Some(found)),
            Err(Error::NoRows) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
