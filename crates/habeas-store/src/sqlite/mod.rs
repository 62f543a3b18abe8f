//! How are requests kept in one SQLite file?
//!
//! One thread writes and commits many waiting use cases together; a few connections read beside it.

mod backup;
#[cfg(test)]
mod due_costs;
#[cfg(test)]
mod full;
mod memory;
mod open;
#[cfg(test)]
pub(crate) mod plans;
mod reader;
mod schema;
mod writer;

use reader::Readers;
use writer::Writer;

pub use backup::{Backup, back_up};
pub use memory::{InMemory, Memory};
pub use open::Durability;

use crate::{
    Result,
    cases::{Backend, Database, Received, Taken},
    model::Load,
    sql::Connection,
};

/// A store in one SQLite file.
pub type Sqlite = Database<File>;

/// The connections to a file.
pub struct File {
    // Dropped in this order: the writer's connection is the last to close, so that it folds the log into the file.
    readers: Readers,
    writer: Writer,
}

impl Backend for File {
    async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T> + Send + 'static,
    {
        self.writer.run(work).await
    }

    async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T> + Send + 'static,
    {
        self.readers.run(work).await
    }

    async fn receive(&self, received: Received) -> Result<Taken> {
        self.writer.run(move |conn| received.save(conn)).await
    }

    /// What is deleted is overwritten in the file, and here in its log.
    async fn forget(&self) -> Result<()> {
        self.writer.empty_log().await
    }

    fn load(&self) -> Load {
        self.writer.load()
    }

    fn is_shared(&self) -> bool {
        false
    }
}
