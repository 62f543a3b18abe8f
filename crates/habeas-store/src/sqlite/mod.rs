//! How are requests kept in one SQLite file?
//!
//! One thread writes and commits many waiting use cases together; a few connections read beside it. What is personal
//! is sealed before it is handed to the writer and opened after a connection has been given back.

mod convert;
mod counts;
mod create;
mod deliveries;
mod due;
#[cfg(test)]
mod due_costs;
mod intake;
mod issued;
mod lanes;
mod legs;
mod listing;
mod open;
mod persons;
mod reader;
mod receipts;
mod requests;
mod rows;
mod save;
mod schema;
mod settle;
mod shred;
mod slots;
mod store;
mod writer;

use due::Turn;
use reader::Readers;
use writer::Writer;

pub use open::Durability;
pub use writer::Load;

use crate::Sealers;

/// A store in one SQLite file.
pub struct Sqlite {
    // Dropped in this order: the writer's connection is the last to close, so that it folds the log into the file.
    readers: Readers,
    writer: Writer,
    sealers: Sealers,
    deliveries_turn: Turn,
    legs_turn: Turn,
}

impl Sqlite {
    /// How many use cases were written so far, and in how many commits.
    pub fn load(&self) -> Load {
        self.writer.load()
    }
}
