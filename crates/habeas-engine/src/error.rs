//! What stops the engine, and how much of it a peer may hear.

use habeas_core::{
    dialect::Unrepresentable,
    problem::{Code, Problem},
};
use habeas_store::StoreError;

use crate::outbound::OutboundError;

/// Why something was not done. Only [`Error::Refused`] reaches a peer in words; the rest is logged once, at the edge,
/// and answered with 500 or 503.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The message or wish is wrong.
    #[error("{0}")]
    Refused(#[from] Problem),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// A peer could not be reached or understood.
    #[error("a peer could not be reached")]
    Outbound(#[from] OutboundError),
    /// The dialect has no words for it.
    #[error(transparent)]
    Unrepresentable(#[from] Unrepresentable),
    /// This program is wrong.
    #[error("a mistake in this program: {0}")]
    Bug(&'static str),
}

impl Error {
    /// What a peer or operator is told.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Refused(problem) => problem.clone(),
            Self::Store(StoreError::Unavailable(_) | StoreError::Stale) => Problem::new(Code::Unavailable),
            Self::Outbound(error) => Problem::new(Code::Unavailable).because(error.to_string()),
            Self::Unrepresentable(what) => Problem::new(Code::InvalidField).because(what.to_string()),
            Self::Store(_) | Self::Bug(_) => Problem::new(Code::Internal),
        }
    }
}
