//! The page where a person proves who they are, in a real browser: Debian's chromium, driven by its own driver, against
//! the sandbox. `cargo xtask test` installs both where it may.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics says so"
)]

mod agent;
mod browser;
#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
#[path = "../it/command.rs"]
mod command;
#[path = "../it/patience.rs"]
mod patience;
#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
#[path = "../it/server.rs"]
mod server;
mod verifying;
#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
#[path = "../it/wire.rs"]
mod wire;
#[allow(dead_code, reason = "shared with the other tests, which use more of it")]
#[path = "../it/world.rs"]
mod world;
