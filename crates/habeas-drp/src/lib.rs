//! The Data Rights Protocol: what do its messages say, and how do we say it?
//!
//! A pure translation between HTTP messages and the domain: no IO, no clock, no keys. Whether the signature of an
//! identity token holds is asked of [`TokenKeys`](habeas_core::dialect::TokenKeys). A version is a folder with its
//! prose; section numbers are those of its specification, and numbers after `R` are this project's readings of what
//! that leaves open, listed with the version.
#![cfg_attr(not(test), warn(clippy::wildcard_enum_match_arm))]

mod v0_5;

use std::sync::Arc;

use habeas_core::dialect::Dialect;

/// Data Rights Protocol 0.5.
#[must_use]
pub fn v0_5() -> Arc<dyn Dialect> {
    Arc::new(v0_5::Drp)
}
