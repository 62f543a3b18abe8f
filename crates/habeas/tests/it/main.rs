//! The binary as its user meets it: commands, exit codes, configuration, sandbox.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics says so"
)]

mod agreement;
mod attention;
mod auditor;
mod backups;
mod batch;
mod claims;
mod cli;
mod command;
mod configuration;
mod controller;
mod crash;
mod demo;
mod dev;
mod nodes;
mod patience;
mod people;
mod receipts;
mod receiver;
mod roles;
mod sandbox;
mod serve;
mod server;
mod set_up;
mod site;
mod stopping;
mod wire;
mod world;
