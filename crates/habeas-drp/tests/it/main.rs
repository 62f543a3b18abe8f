//! Bytes in, bytes out: what DRP 0.5 reads, says and refuses, seen through the seam alone.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "helpers of tests fail loudly"
)]

mod asks;
mod discovery;
mod endpoints;
mod errors;
mod examples;
mod exercise;
mod heard;
mod hostile;
mod peers;
mod person;
mod refusals;
mod revoke;
mod standings;
mod status;
mod tokens;
mod validity;
mod verification;
mod world;
