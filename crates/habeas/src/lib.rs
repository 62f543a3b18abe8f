//! The binary's inside: configuration, commands and the wiring of a server. Here the dialects, the store, the engine
//! and the listeners meet; nothing else knows them all.

pub mod assembly;
pub mod cli;
pub mod config;
pub mod database;
pub mod dialects;
pub mod files;
pub mod logging;
pub mod mail;
pub mod sandbox;
pub mod server;
