//! How does the store read without waiting for the writer? With connections of its own, that can only read.

use std::rc::Rc;

use rusqlite::Connection;

use crate::{
    Result,
    sql::{self, params},
    workers::Workers,
};

/// The threads that read.
pub(super) struct Readers(Workers<sql::Connection>);

impl Readers {
    pub(super) fn start(connections: Vec<Connection>) -> Result<Self> {
        let own = |connection| move || sql::Connection::Sqlite(Rc::new(connection));
        Workers::start("store reader", connections.into_iter().map(own)).map(Self)
    }

    /// Runs one piece of work on one of the connections. It sees one state of the database.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&sql::Connection) -> Result<T> + Send + 'static,
    {
        self.0.run(move |connection| read(connection, work)).await
    }
}

fn read<T>(connection: &sql::Connection, work: impl FnOnce(&sql::Connection) -> Result<T>) -> Result<T> {
    // An earlier work that panicked may have left its transaction open.
    if let sql::Connection::Sqlite(file) = connection
        && !file.is_autocommit()
    {
        file.execute_batch("ROLLBACK")?;
    }
    connection.prepare_cached("BEGIN")?.execute(params![])?;
    let result = work(connection);
    connection.prepare_cached("COMMIT")?.execute(params![])?;
    result
}
