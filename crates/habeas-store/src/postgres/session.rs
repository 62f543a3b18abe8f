//! How is one connection to PostgreSQL used from a thread?
//!
//! A transaction begins with its first statement, in the same message, and a lock is taken with the first that needs
//! it. Nothing waits longer than [`ANSWER`]; a connection that was waited for in vain is given up.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    sync::Arc,
    time::Duration,
};

use futures_util::future::{join3, try_join_all};
use tokio::{runtime::Handle, task::JoinHandle};
use tokio_postgres::{
    Client, Row,
    error::SqlState,
    types::{ToSql, Type},
};

use crate::sql::{Error, Kind, Result, Value, of_postgres};

/// So long a statement may take.
const ANSWER: Duration = Duration::from_millis(3_500);

/// So many statements are sent before the first answer is waited for.
const AT_ONCE: usize = 256;

/// What a transaction may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transaction {
    /// Everything. Each statement sees what others have committed before it began.
    Write,
    /// Read. All statements see the same.
    Read,
}

impl Transaction {
    /// A node that is cut off in the middle must not keep its locks: the server ends its session.
    const fn begin(self) -> &'static str {
        match self {
            Self::Write => {
                "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
                 SET LOCAL idle_in_transaction_session_timeout = '4s'; SET LOCAL lock_timeout = '3s'; \
                 SET LOCAL jit = off"
            }
            Self::Read => {
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
                 SET LOCAL idle_in_transaction_session_timeout = '4s'; SET LOCAL jit = off"
            }
        }
    }
}

/// A connection to PostgreSQL, for one thread that is none of the runtime's.
pub(crate) struct Session {
    runtime: Handle,
    client: Arc<Client>,
    /// The end of a transaction that only read, which is under way.
    ending: Cell<Option<JoinHandle<std::result::Result<(), tokio_postgres::Error>>>>,
    /// What begins the transaction, until it has begun.
    begin: Cell<Option<&'static str>>,
    /// What goes before the next statement, in the same message.
    first: RefCell<Vec<First>>,
    /// Whether a statement of this transaction failed. Its commit would undo it without a word.
    failed: Cell<bool>,
    /// Whether the connection is of no use any more.
    broken: Cell<bool>,
    /// Whether the last failure came of others who were at it at the same time.
    crossed: Cell<bool>,
}

/// Statements run since their transaction began were waited for in vain.
#[derive(Debug, thiserror::Error)]
#[error("the database does not answer")]
struct Silent;

#[derive(Debug, thiserror::Error)]
#[error("an earlier statement of the transaction failed")]
struct Undone;

impl Session {
    pub(super) fn new(runtime: Handle, client: Client) -> Self {
        Self {
            runtime,
            client: Arc::new(client),
            ending: Cell::new(None),
            begin: Cell::new(None),
            first: RefCell::new(Vec::new()),
            failed: Cell::new(false),
            broken: Cell::new(false),
            crossed: Cell::new(false),
        }
    }

    /// Lets the next statement begin a transaction.
    pub(super) fn begin(&self, transaction: Transaction) {
        self.begin.set(Some(transaction.begin()));
        self.first.take();
        self.failed.set(false);
        self.crossed.set(false);
    }

    /// Makes what was done stay; when this fails, it may stay or not.
    pub(super) fn commit(&self, transaction: Transaction) -> Result<()> {
        // Nothing was done under these locks.
        self.first.take();
        if self.begin.take().is_some() {
            return Ok(());
        }
        if self.failed.get() {
            self.roll_back();
            return Err(Error::Failed(Box::new(Undone)));
        }
        let client = Arc::clone(&self.client);
        let commit = async move { client.batch_execute("COMMIT").await };
        match transaction {
            Transaction::Write => self.wait(commit),
            Transaction::Read => {
                self.ending.set(Some(self.runtime.spawn(commit)));
                Ok(())
            }
        }
    }

    /// Waits until the last transaction, if it only read, has ended; says whether the connection can be used. Nobody
    /// waits for that end, but what comes next must not overtake it: a pooler may have given the connection away by
    /// then.
    pub(super) fn is_free(&self) -> bool {
        let Some(ending) = self.ending.take() else { return true };
        let ended = self.runtime.block_on(async { tokio::time::timeout(ANSWER, ending).await });
        matches!(ended, Ok(Ok(Ok(()))))
    }

    /// Undoes what was done.
    pub(super) fn roll_back(&self) {
        self.first.take();
        if self.begin.take().is_some() || self.broken.get() {
            return;
        }
        if self.wait(self.client.batch_execute("ROLLBACK")).is_err() {
            self.broken.set(true);
        }
    }

    /// Whether the connection is of no use any more.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.get() || self.client.is_closed()
    }

    /// Whether it failed because of others who were at it at the same time, so that it may succeed when run again.
    pub(super) fn was_crossed(&self) -> bool {
        self.crossed.get()
    }

    /// Takes a lock that nobody needs to be told of, before the next statement runs.
    pub(crate) fn first(&self, lock: First) {
        self.first.borrow_mut().push(lock);
    }

    pub(crate) fn execute(&self, sql: &'static str, params: &[Value<'_>]) -> Result<usize> {
        let typed = typed(params);
        let changed = self.run(self.client.execute_typed(of_postgres(sql), &typed))?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    pub(crate) fn query(&self, sql: &'static str, params: &[Value<'_>]) -> Result<Vec<Row>> {
        let typed = typed(params);
        self.run(self.client.query_typed(of_postgres(sql), &typed))
    }

    /// Sends the statement with many of the parameters before waiting for the first answer.
    pub(crate) fn query_each(&self, sql: &'static str, params: &[Vec<Value<'_>>]) -> Result<Vec<Row>> {
        let sql = of_postgres(sql);
        let mut found = Vec::new();
        for chunk in params.chunks(AT_ONCE) {
            let typed: Vec<_> = chunk.iter().map(|params| typed(params)).collect();
            let all = try_join_all(typed.iter().map(|typed| self.client.query_typed(sql, typed)));
            found.extend(self.run(all)?.into_iter().flatten());
        }
        Ok(found)
    }

    /// Runs a statement over many rows, whose columns it gets as arrays.
    pub(crate) fn query_columns(&self, sql: &str, rows: &[Vec<Value<'_>>]) -> Result<Vec<Row>> {
        let columns = Column::transposed(rows);
        let typed: Vec<_> = columns.iter().map(Column::typed).collect();
        self.run(self.client.query_typed(sql, &typed))
    }

    /// Runs several of these, sent before waiting for the first answer.
    pub(super) fn query_columns_each(&self, statements: &[(&str, Vec<Vec<Value<'_>>>)]) -> Result<()> {
        if statements.is_empty() {
            return Ok(());
        }
        let columns: Vec<_> = statements.iter().map(|(_, rows)| Column::transposed(rows)).collect();
        let typed: Vec<Vec<_>> = columns.iter().map(|columns| columns.iter().map(Column::typed).collect()).collect();
        let queries = statements.iter().zip(&typed).map(|((sql, _), typed)| self.client.query_typed(sql, typed));
        self.run(try_join_all(queries)).map(drop)
    }

    pub(crate) fn lock_all(&self, requests: Vec<String>) -> Result<()> {
        const ALL: &str = "SELECT 1 FROM requests WHERE id = ANY ($1) ORDER BY id FOR UPDATE";
        self.run(self.client.query_typed(ALL, &[(&requests, Type::TEXT_ARRAY)])).map(drop)
    }

    pub(crate) fn lock_free(&self, requests: Vec<String>) -> Result<Vec<String>> {
        const FREE: &str = "SELECT id FROM requests WHERE id = ANY ($1) ORDER BY id FOR UPDATE SKIP LOCKED";
        let rows = self.run(self.client.query_typed(FREE, &[(&requests, Type::TEXT_ARRAY)]))?;
        rows.iter().map(|row| row.try_get(0).map_err(|_| Error::Odd("requests.id"))).collect()
    }

    pub(crate) fn batch(&self, sql: &str) -> Result<()> {
        self.run(self.client.batch_execute(sql))
    }

    /// Runs what belongs to the transaction, and begins it before where that was not done yet.
    fn run<T>(&self, statement: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>) -> Result<T> {
        if self.failed.get() {
            return Err(Error::Failed(Box::new(Undone)));
        }
        let (begin, first) = (self.begin.take(), self.first.take());
        let begin = async {
            match begin {
                Some(begin) => self.client.batch_execute(begin).await,
                None => Ok(()),
            }
        };
        let first = try_join_all(first.iter().map(|lock| lock.take(&self.client)));
        self.wait(async {
            // Each of them is sent when it is first polled, so in this order.
            let (begun, locked, done) = join3(begin, first, statement).await;
            begun.and(locked).and(done)
        })
    }

    fn wait<T>(&self, statement: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>) -> Result<T> {
        let answer = self.runtime.block_on(async { tokio::time::timeout(ANSWER, statement).await });
        let error: Box<dyn std::error::Error + Send + Sync> = match answer {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(error)) => {
                self.learn(error.code());
                Box::new(error)
            }
            Err(_) => {
                self.broken.set(true);
                Box::new(Silent)
            }
        };
        self.failed.set(true);
        Err(Error::Failed(error))
    }

    /// A server that became a standby, or is about to stop, is of no use any more.
    fn learn(&self, code: Option<&SqlState>) {
        let code = code.map(SqlState::code);
        if matches!(code, Some("40001" | "40P01")) {
            self.crossed.set(true);
        }
        // Without a code it is the connection that failed.
        if code.is_none_or(|code| code == "25006" || code.starts_with("57P") || code.starts_with("08")) {
            self.broken.set(true);
        }
    }
}

/// A lock that is kept until the transaction ends.
pub(crate) enum First {
    /// Of the request of that id.
    Request(String),
    /// The advisory one of that number.
    Advisory(i64),
}

impl First {
    async fn take(&self, client: &Client) -> std::result::Result<Vec<Row>, tokio_postgres::Error> {
        const REQUEST: &str = "SELECT 1 FROM requests WHERE id = $1 FOR UPDATE";
        const ADVISORY: &str = "SELECT pg_advisory_xact_lock($1)";
        match self {
            Self::Request(id) => client.query_typed(REQUEST, &[(id, Type::TEXT)]).await,
            Self::Advisory(number) => client.query_typed(ADVISORY, &[(number, Type::INT8)]).await,
        }
    }
}

fn typed<'p>(params: &'p [Value<'p>]) -> Vec<(&'p (dyn ToSql + Sync), Type)> {
    params.iter().map(|value| (value as &(dyn ToSql + Sync), value.kind().of_postgres())).collect()
}

/// The values of one column of many rows.
enum Column<'a> {
    Int(Vec<Option<i64>>),
    Bool(Vec<Option<bool>>),
    Text(Vec<Option<&'a str>>),
    Blob(Vec<Option<&'a [u8]>>),
}

impl<'a> Column<'a> {
    fn transposed(rows: &[Vec<Value<'a>>]) -> Vec<Self> {
        let mut columns: Vec<Self> = Vec::new();
        for value in rows.first().into_iter().flatten() {
            columns.push(match value.kind() {
                Kind::Int => Self::Int(Vec::with_capacity(rows.len())),
                Kind::Bool => Self::Bool(Vec::with_capacity(rows.len())),
                Kind::Text => Self::Text(Vec::with_capacity(rows.len())),
                Kind::Blob => Self::Blob(Vec::with_capacity(rows.len())),
            });
        }
        for row in rows {
            for (column, value) in columns.iter_mut().zip(row) {
                column.push(*value);
            }
        }
        columns
    }

    /// A value of another kind cannot be: a row's values are always given in the same way.
    fn push(&mut self, value: Value<'a>) {
        match (self, value) {
            (Self::Int(all), Value::Int(n)) => all.push(Some(n)),
            (Self::Bool(all), Value::Bool(yes)) => all.push(Some(yes)),
            (Self::Text(all), Value::Text(text)) => all.push(Some(text)),
            (Self::Blob(all), Value::Blob(bytes)) => all.push(Some(bytes)),
            (Self::Int(all), _) => all.push(None),
            (Self::Bool(all), _) => all.push(None),
            (Self::Text(all), _) => all.push(None),
            (Self::Blob(all), _) => all.push(None),
        }
    }

    fn typed(&self) -> (&(dyn ToSql + Sync), Type) {
        match self {
            Self::Int(all) => (all, Type::INT8_ARRAY),
            Self::Bool(all) => (all, Type::BOOL_ARRAY),
            Self::Text(all) => (all, Type::TEXT_ARRAY),
            Self::Blob(all) => (all, Type::BYTEA_ARRAY),
        }
    }
}
