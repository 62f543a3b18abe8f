//! Does an export prove what it should, nothing more, and does every change to it show?
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests fail loudly")]

mod bits;
mod chains;
mod gathering;
mod live;
mod messages;
mod receipts;
mod requests;
mod telling;
mod world;
