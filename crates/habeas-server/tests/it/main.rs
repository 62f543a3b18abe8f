//! The routers with a real engine and store, and a dialect made up for the purpose.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics says so")]

mod health;
mod listen;
mod operator;
mod protocol;
mod sending;
mod stub;
mod web;
mod world;
