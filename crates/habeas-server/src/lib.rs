//! The HTTP side: mounts any dialect for peers, and the operator's JSON API for people and their tools.
//!
//! Two routers with different duties. [`router::public`] takes bytes exactly as they come and hands out bytes exactly
//! as the engine signed them. [`router::operator`] speaks JSON, checks a token and answers every failure with
//! RFC 9457 problem details. Persons see neither, but pages in plain words.

mod health;
mod intake;
pub mod listen;
pub mod operator;
mod problem;
mod protocol;
pub mod router;
mod shield;
mod web;

pub use listen::{ServeError, TlsFiles, serve};
pub use operator::auth::OperatorTokens;
pub use router::{operator, probes, public, together};
