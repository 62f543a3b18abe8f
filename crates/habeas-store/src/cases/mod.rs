//! The use cases, on whatever database.
//!
//! What is personal is sealed before it is handed to the database and opened after a connection has been given back.

mod backend;
mod convert;
mod counts;
mod create;
pub(crate) mod deliveries;
mod due;
pub(crate) mod inserts;
mod intake;
mod issued;
mod lanes;
pub(crate) mod legs;
mod listing;
mod persons;
mod receipts;
mod received;
mod requests;
mod retry;
pub(crate) mod rows;
mod save;
mod settle;
mod shred;
pub(crate) mod slots;
mod store;

pub(crate) use backend::Backend;
pub use backend::Database;
pub(crate) use received::{Received, Taken};
pub(crate) use settle::Settling;
