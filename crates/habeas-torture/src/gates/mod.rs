//! The gates, by the numbers of the project's list.

mod apart;
pub(crate) mod failover;
pub(crate) mod fire;
pub(crate) mod full;
pub(crate) mod hostile;
pub(crate) mod network;
pub(crate) mod races;
pub(crate) mod steps;
