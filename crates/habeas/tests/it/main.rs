//! The binary as its user meets it: commands, exit codes, configuration, sandbox.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test that panics says so")]

mod command;
mod configuration;
mod sandbox;
mod set_up;
