//! How are requests kept for as long as a simulation lasts?
//!
//! One connection to a database in memory, worked by whoever asks: there are no threads, and every use case is done by
//! the time it is first polled. So two runs with the same clock and the same chance do the same in the same order.

use std::{
    rc::Rc,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{open::prepare, schema};
use crate::{
    Result, Sealers, StoreError,
    cases::{Backend, Database, Received, Taken},
    counters::Counters,
    model::Load,
    sql::Connection,
};

/// A store in memory.
pub type InMemory = Database<Memory>;

/// The connection of a store in memory.
pub struct Memory {
    /// Taken out while somebody works on it.
    conn: Mutex<Option<rusqlite::Connection>>,
    counters: Counters,
}

/// Connections of stores that are gone, emptied: to make the tables and to parse the statements takes longer than most
/// simulations.
static EMPTY: Mutex<Vec<rusqlite::Connection>> = Mutex::new(Vec::new());

impl InMemory {
    /// An empty one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is no memory for it.
    pub fn in_memory(sealers: Sealers) -> Result<Self> {
        let conn = match locked(&EMPTY).pop() {
            Some(conn) => conn,
            None => made()?,
        };
        Ok(Self::new(Memory { conn: Mutex::new(Some(conn)), counters: Counters::default() }, sealers))
    }
}

fn made() -> Result<rusqlite::Connection> {
    let mut conn = rusqlite::Connection::open_in_memory()?;
    prepare(&conn)?;
    schema::migrate(&mut conn)?;
    Ok(conn)
}

impl Drop for Memory {
    fn drop(&mut self) {
        let conn = locked(&self.conn).take();
        if let Some(conn) = conn
            && empty(&conn).is_ok()
        {
            locked(&EMPTY).push(conn);
        }
    }
}

fn empty(conn: &rusqlite::Connection) -> rusqlite::Result<()> {
    let mut query = conn.prepare_cached("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'pulse'")?;
    let tables: Vec<String> = query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    conn.prepare_cached("BEGIN")?.execute([])?;
    for table in tables {
        conn.prepare_cached(&format!("DELETE FROM {table}"))?.execute([])?;
    }
    conn.prepare_cached("UPDATE pulse SET beats = 0")?.execute([])?;
    conn.prepare_cached("COMMIT")?.execute([]).map(drop)
}

impl Memory {
    /// Runs the work in a transaction of its own; undone where it fails.
    fn run<T>(&self, begin: &str, mut work: impl FnMut(&Connection) -> Result<T>) -> Result<T> {
        let mut place = locked(&self.conn);
        let own = Rc::new(place.take().ok_or(StoreError::Corrupt("a store in memory whose work panicked"))?);
        let conn = Connection::Sqlite(Rc::clone(&own));
        let execute = |sql: &str| own.prepare_cached(sql)?.execute([]).map(drop);
        let mut result = execute(begin).map_err(StoreError::from);
        let done = match &result {
            Ok(()) => Some(work(&conn)),
            Err(_) => None,
        };
        if done.is_some() {
            let keep = matches!(&done, Some(Ok(_)));
            result = execute(if keep { "COMMIT" } else { "ROLLBACK" }).map_err(StoreError::from);
        }
        drop(conn);
        *place = Rc::into_inner(own);
        match done {
            Some(done) => result.and(done),
            None => result.and(Err(StoreError::Corrupt("a transaction that was not begun"))),
        }
    }
}

impl Backend for Memory {
    async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T> + Send + 'static,
    {
        let done = self.run("BEGIN IMMEDIATE", work)?;
        self.counters.committed(1);
        Ok(done)
    }

    async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T> + Send + 'static,
    {
        self.run("BEGIN", work)
    }

    async fn receive(&self, received: Received) -> Result<Taken> {
        self.write(move |conn| received.save(conn)).await
    }

    /// There is no log to be emptied.
    async fn forget(&self) -> Result<()> {
        Ok(())
    }

    fn load(&self) -> Load {
        self.counters.load()
    }

    fn is_shared(&self) -> bool {
        false
    }
}

fn locked<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}
