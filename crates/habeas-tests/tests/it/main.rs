//! What a user relies on, seen from outside: the real routers, a real database, a clock moved by hand, and a peer on
//! loopback that writes down what it hears.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail loudly"
)]

mod agent;
mod bridge;
mod cancel;
mod controller;
mod deliveries;
mod drp;
mod evidence_kept;
mod faults;
mod idempotency;
mod metrics;
mod operator;
mod outages;
mod privacy;
mod processor;
mod traps;
mod versions;
mod webhook;
mod world;
