//! How are requests kept in PostgreSQL, by any number of nodes at once?
//!
//! Plain PostgreSQL 15 or later is enough, also through a pooler that gives out connections by the transaction: nothing
//! is kept in a session, and every statement is sent unnamed. A few threads have a connection each and run the use
//! cases; one of them saves what comes in, and one what came of deliveries, many in one transaction. What guards several
//! nodes from each other is in `sql::Connection::lock` and beside it.

mod clock;
mod connector;
mod intake;
mod place;
mod pool;
mod schema;
mod session;
mod settling;
mod together;

use std::sync::Arc;

use habeas_core::clock::Clock;
use tokio::runtime::Handle;

pub use clock::DatabaseClock;
pub use connector::Standby;
pub use place::{Place, PlaceError};
pub(crate) use session::{First, Session};

use self::{connector::Connector, pool::Pool, session::Transaction, together::Batches};
use crate::{
    Result, Sealers,
    cases::{Backend, Database, Received, Settling, Taken},
    model::Load,
    moving,
    sql::Connection,
};

/// A store in a PostgreSQL database.
pub type Postgres = Database<Cluster>;

/// So many connections write at once, beside those that save many things at once.
const WRITERS: usize = 8;
/// One for deliveries and one for legs.
const LEASERS: usize = 2;
const READERS: usize = 4;

/// The connections to a PostgreSQL database.
pub struct Cluster {
    connector: Arc<Connector>,
    clock: Arc<DatabaseClock>,
    writers: Pool,
    leasers: Pool,
    readers: Pool,
    intake: Batches<Received>,
    settlements: Batches<Settling>,
}

impl Postgres {
    /// Reaches the database and brings it up to date. To be called within a Tokio runtime, which must outlive the
    /// store.
    ///
    /// # Errors
    /// [`StoreError::TooNew`](crate::StoreError::TooNew) when a newer version has written it,
    /// [`StoreError::Unfinished`](crate::StoreError::Unfinished) when a move into it is not finished,
    /// [`StoreError::Unavailable`](crate::StoreError::Unavailable) when it cannot be used.
    pub async fn open(place: Place, tls: rustls::ClientConfig, sealers: Sealers) -> Result<Self> {
        let store = Self::open_to_move(place, tls, sealers).await?;
        store.backend().readers.run(moving::refuse_half_moved).await?;
        Ok(store)
    }

    /// The same for [`migrate`](crate::moving::migrate), also where a move was begun.
    ///
    /// # Errors
    /// As [`Postgres::open`].
    pub async fn open_to_move(place: Place, tls: rustls::ClientConfig, sealers: Sealers) -> Result<Self> {
        let connector = Arc::new(Connector::new(place, tls, Handle::current()));
        let writers = Pool::start("store writer", WRITERS, &connector, Transaction::Write)?;
        writers.run(schema::migrate).await?;
        let clock = DatabaseClock::start(Arc::clone(&connector)).await?;
        Ok(Self::new(
            Cluster {
                readers: Pool::start("store reader", READERS, &connector, Transaction::Read)?,
                leasers: Pool::start("store leaser", LEASERS, &connector, Transaction::Write)?,
                intake: Batches::start("store intake", &connector)?,
                settlements: Batches::start("store settler", &connector)?,
                writers,
                clock,
                connector,
            },
            sealers,
        ))
    }

    /// Whether it can be reached and used, without changing anything; says whether it has the shape that this program
    /// gives it, so that opening it would change nothing either.
    ///
    /// # Errors
    /// As [`Postgres::open`].
    pub async fn look(place: Place, tls: rustls::ClientConfig) -> Result<bool> {
        let connector = Arc::new(Connector::new(place, tls, Handle::current()));
        let reader = Pool::start("store reader", 1, &connector, Transaction::Read)?;
        let is_ours = reader.run(schema::look).await?;
        reader.run(moving::refuse_half_moved).await?;
        Ok(is_ours)
    }

    /// The time as the database has it: all nodes share it, whatever their own clocks say.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.backend().clock) as Arc<dyn Clock>
    }

    /// Whether what is acknowledged outlives the loss of the database's machine.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::StoreError::Unavailable) when the database cannot be reached.
    pub async fn standby(&self) -> Result<Standby> {
        self.backend().readers.run(connector::standby).await
    }
}

impl Backend for Cluster {
    async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T> + Send + 'static,
    {
        self.writers.run(work).await
    }

    async fn lease<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T> + Send + 'static,
    {
        self.leasers.run(work).await
    }

    async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T> + Send + 'static,
    {
        self.readers.run(work).await
    }

    async fn receive(&self, received: Received) -> Result<Taken> {
        self.intake.save(received, &self.writers).await
    }

    async fn settle(&self, settling: Settling) -> Result<()> {
        self.settlements.save(settling, &self.writers).await
    }

    /// What was overwritten is gone when PostgreSQL has vacuumed its table and recycled its log; that is not for us to
    /// hasten.
    async fn forget(&self) -> Result<()> {
        Ok(())
    }

    fn load(&self) -> Load {
        self.connector.counters().load()
    }

    fn is_shared(&self) -> bool {
        true
    }
}
