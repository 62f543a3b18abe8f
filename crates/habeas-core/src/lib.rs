//! The domain of habeas: what a data rights request is, which states it may pass through, who takes part, and the
//! seam behind which every protocol version hides.
//!
//! Nothing here performs IO, waits, reads a clock or knows SQL. Time and randomness are arguments ([`clock`],
//! [`random`]); the engine acts on what this crate decides.
#![cfg_attr(not(test), warn(clippy::wildcard_enum_match_arm))]

pub mod business;
pub mod capability;
pub mod clock;
pub mod delivery;
pub mod dialect;
pub mod domain;
pub mod event;
pub mod fold;
pub mod id;
pub mod identity;
pub mod leg;
pub mod matching;
pub mod message;
pub mod organisation;
pub mod party;
pub mod problem;
pub mod random;
pub mod receipt;
pub mod regime;
pub mod request;
pub mod right;
pub mod role;
pub mod secret;
pub mod state;
pub mod submission;
