//! What can go wrong with a store?

use std::error::Error;

use habeas_core::id::RequestId;

/// Why an error came about, for the log: its causes, the nearest first. Of each only the first line: in others
/// PostgreSQL tells what stands in a row.
pub fn causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    let lines = causes.filter_map(|cause| Some(cause.to_string().lines().next()?.to_owned()));
    lines.collect::<Vec<_>>().join(": ")
}

/// Why a use case failed. Nothing of it was saved.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row, lease or request has moved on since it was read.
    #[error("changed meanwhile")]
    Stale,
    /// The database cannot be used at present: unreachable, locked or full. Trying again may help.
    #[error("the database is not available")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// What was read back is not what could have been saved.
    #[error("the database holds something unexpected in {0}")]
    Corrupt(&'static str),
    /// No key opens what is sealed for this request.
    #[error("no key opens request {0}")]
    NoKey(RequestId),
    /// A move into the database was begun and is not finished.
    #[error("a move into this database was begun and is not finished: run habeas migrate-store again")]
    Unfinished,
    /// The database was written by a newer version of habeas.
    #[error("the database has schema {found}, this program knows {known}")]
    TooNew {
        /// The schema found.
        found: i64,
        /// The schema known.
        known: i64,
    },
}

impl StoreError {
    /// [`StoreError::Unavailable`] for that reason.
    pub(crate) fn unavailable(why: impl Error + Send + Sync + 'static) -> Self {
        Self::Unavailable(Box::new(why))
    }
}
