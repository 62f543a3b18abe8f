//! The measurements, each with a fresh server on fresh data.

pub(crate) mod callbacks;
pub(crate) mod claims;
pub(crate) mod parties;
pub(crate) mod signatures;
pub(crate) mod start;
pub(crate) mod under_load;
