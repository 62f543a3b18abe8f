//! OpenGDPR: what do its messages say, and how do we say it?
//!
//! A pure translation between HTTP messages and the domain: no IO, no clock, no keys. All versions share one
//! exchange (`exchange`); a version is a folder with its prose and a row of names and yes/no. Section numbers
//! are those of OpenGDPR 1.0; `A` numbers are this project's readings of what the specification leaves
//! open, listed with the versions.
#![cfg_attr(not(test), warn(clippy::wildcard_enum_match_arm))]

mod dialect;
mod exchange;
mod v0_1_2;
mod v0_1_3;
mod v1_0;
mod version;

use std::sync::Arc;

use habeas_core::dialect::Dialect;

/// OpenGDPR 0.1.2.
#[must_use]
pub fn v0_1_2() -> Arc<dyn Dialect> {
    Arc::new(dialect::OpenGdpr::of(&v0_1_2::VERSION))
}

/// OpenGDPR 0.1.3.
#[must_use]
pub fn v0_1_3() -> Arc<dyn Dialect> {
    Arc::new(dialect::OpenGdpr::of(&v0_1_3::VERSION))
}

/// OpenGDPR 1.0.
#[must_use]
pub fn v1_0() -> Arc<dyn Dialect> {
    Arc::new(dialect::OpenGdpr::of(&v1_0::VERSION))
}
