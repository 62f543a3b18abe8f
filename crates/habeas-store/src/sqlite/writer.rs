//! How do many writes share one commit?
//!
//! One thread owns the connection that writes. It takes whatever waits, runs all of it in one transaction, commits
//! once, and only then answers. So the cost of reaching the disk is shared by all who wait for it. Work that fails is
//! undone alone.

use std::{
    error::Error,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::open::BUSY;
use crate::{
    Result, StoreError,
    counters::Counters,
    model::Load,
    sql,
    workers::{Gone, Panicked, QUEUE},
};

/// At most so many share a commit.
const BATCH: usize = 256;
/// How long to wait for those who read the log when it is to be emptied.
const LOG_BUSY: Duration = Duration::from_millis(250);

/// The thread that writes, and the way to it.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Message>>,
    thread: Option<JoinHandle<()>>,
    counters: Arc<Counters>,
}

enum Message {
    Write(Box<dyn Job>),
    /// Fold the log into the file and empty it, then say so.
    EmptyLog(oneshot::Sender<()>),
}

impl Writer {
    pub(super) fn start(conn: Connection) -> Result<Self> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let counters = Arc::<Counters>::default();
        let theirs = Arc::clone(&counters);
        let thread = thread::Builder::new().name("store writer".to_owned());
        let thread = thread.spawn(move || serve(conn, waiting, &theirs)).map_err(StoreError::unavailable)?;
        Ok(Self { queue: Some(queue), thread: Some(thread), counters })
    }

    /// Runs the work in a transaction. Its changes are on the disk when this returns `Ok`, and undone when not. The
    /// work may be run a second time, after the first was undone.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&sql::Connection) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.send(Message::Write(Box::new(Work { work, result: None, reply }))).await?;
        answer.await.map_err(StoreError::unavailable)?
    }

    /// Folds the log into the file, so that what was deleted is gone from the log too.
    pub(super) async fn empty_log(&self) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        self.send(Message::EmptyLog(reply)).await?;
        answer.await.map_err(StoreError::unavailable)
    }

    pub(super) fn load(&self) -> Load {
        self.counters.load()
    }

    async fn send(&self, message: Message) -> Result<()> {
        let queue = self.queue.as_ref().ok_or(StoreError::Corrupt("the writer's queue"))?;
        queue.send(message).await.map_err(|_| StoreError::unavailable(Gone))
    }
}

impl Drop for Writer {
    /// Waits until what was queued is written.
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // The thread catches the panics of its work; there is nothing to learn from how it ended.
            let _ = thread.join();
        }
    }
}

/// A piece of work with somebody waiting for its result.
trait Job: Send {
    /// Does it; says whether its changes shall stay.
    fn run(&mut self, conn: &sql::Connection) -> bool;
    /// Tells the result, or that the commit failed.
    fn answer(self: Box<Self>, lost: Option<&Lost>);
}

struct Work<F, T> {
    work: F,
    result: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T, F> Job for Work<F, T>
where
    T: Send,
    F: FnMut(&sql::Connection) -> Result<T> + Send,
{
    fn run(&mut self, conn: &sql::Connection) -> bool {
        let result = catch_unwind(AssertUnwindSafe(|| (self.work)(conn)))
            .unwrap_or_else(|_| Err(StoreError::unavailable(Panicked)));
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn answer(self: Box<Self>, lost: Option<&Lost>) {
        let result = match (lost, self.result) {
            (None, Some(result)) => result,
            (lost, _) => {
                Err(lost.map_or_else(|| StoreError::unavailable(Gone), |lost| StoreError::unavailable(lost.clone())))
            }
        };
        // Who asked may have gone away; the work is done all the same.
        let _ = self.reply.send(result);
    }
}

fn serve(conn: Connection, mut waiting: mpsc::Receiver<Message>, counters: &Counters) {
    let mut messages = Vec::with_capacity(BATCH);
    let mut jobs = Vec::with_capacity(BATCH);
    let conn = Rc::new(conn);
    let theirs = sql::Connection::Sqlite(Rc::clone(&conn));
    while waiting.blocking_recv_many(&mut messages, BATCH) > 0 {
        let mut emptied = Vec::new();
        for message in messages.drain(..) {
            match message {
                Message::Write(job) => jobs.push(job),
                Message::EmptyLog(reply) => emptied.push(reply),
            }
        }
        write(&conn, &theirs, &mut jobs, counters);
        if !emptied.is_empty() {
            empty_log(&conn);
            for reply in emptied {
                // Whoever shredded may have gone away.
                let _ = reply.send(());
            }
        }
    }
}

fn write(conn: &Connection, theirs: &sql::Connection, jobs: &mut Vec<Box<dyn Job>>, counters: &Counters) {
    if jobs.is_empty() {
        return;
    }
    let lost = transact(conn, theirs, jobs).err().map(|error| {
        tracing::error!(%error, writes = jobs.len(), "nothing could be written");
        if !conn.is_autocommit()
            && let Err(error) = execute(conn, "ROLLBACK")
        {
            tracing::error!(%error, "a failed commit could not be rolled back");
        }
        Lost(Arc::new(error))
    });
    if lost.is_none() {
        counters.committed(jobs.len());
    }
    for job in jobs.drain(..) {
        job.answer(lost.as_ref());
    }
}

/// One transaction for all. A savepoint costs a copy of every page that is touched in it, and work that fails has
/// hardly ever written before: so all is tried without savepoints first.
fn transact(conn: &Connection, theirs: &sql::Connection, jobs: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    execute(conn, "BEGIN IMMEDIATE")?;
    for job in &mut *jobs {
        let before = conn.total_changes();
        if job.run(theirs) {
            continue;
        }
        if conn.is_autocommit() {
            // SQLite has undone everything by itself (a full disk): this fails, and so does everybody's work.
            return execute(conn, "COMMIT");
        }
        if conn.total_changes() != before {
            execute(conn, "ROLLBACK")?;
            return transact_apart(conn, theirs, jobs);
        }
    }
    execute(conn, "COMMIT")
}

/// The same with each piece in a savepoint, so that what fails is undone alone. Where SQLite undoes everything by
/// itself (a full disk), the savepoint is gone, and releasing it fails.
fn transact_apart(conn: &Connection, theirs: &sql::Connection, jobs: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    execute(conn, "BEGIN IMMEDIATE")?;
    for job in jobs {
        execute(conn, "SAVEPOINT work")?;
        if !job.run(theirs) {
            execute(conn, "ROLLBACK TO work")?;
        }
        execute(conn, "RELEASE work")?;
    }
    execute(conn, "COMMIT")
}

fn execute(conn: &Connection, sql: &str) -> rusqlite::Result<()> {
    conn.prepare_cached(sql)?.execute([]).map(drop)
}

/// Best effort: a reader that is still at it keeps the log until the next time. One that reads for long, such as a
/// backup, is not waited for, or nothing would be written meanwhile.
fn empty_log(conn: &Connection) {
    let patience = |patience| {
        if let Err(error) = conn.busy_timeout(patience) {
            tracing::warn!(%error, "how long to wait for readers could not be set");
        }
    };
    patience(LOG_BUSY);
    truncate_log(conn);
    patience(BUSY);
}

fn truncate_log(conn: &Connection) {
    match conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0)) {
        Ok(false) => {}
        Ok(true) => tracing::warn!("the log could not be emptied: it is being read; what was shredded leaves it later"),
        Err(error) => tracing::warn!(%error, "the log could not be emptied"),
    }
}

/// The commit failed for everybody in it.
#[derive(Debug, Clone)]
struct Lost(Arc<rusqlite::Error>);

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing could be written")
    }
}

impl Error for Lost {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::params;

    fn job(n: i64, ends: fn() -> Result<()>) -> (Box<dyn Job>, oneshot::Receiver<Result<()>>) {
        let (reply, answer) = oneshot::channel();
        let work = move |conn: &sql::Connection| {
            conn.prepare_cached("INSERT INTO kept VALUES (?1)")?.execute(params![n])?;
            ends()
        };
        (Box::new(Work { work, result: None, reply }), answer)
    }

    #[test]
    fn work_that_fails_or_panics_after_writing_is_undone_alone() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE kept (n INTEGER)").unwrap();
        let (mut jobs, mut answers) = (Vec::new(), Vec::new());
        let ends: [fn() -> Result<()>; 4] = [|| Ok(()), || Err(StoreError::Stale), || panic!("a mistake"), || Ok(())];
        for (n, ends) in (1..).zip(ends) {
            let (job, answer) = job(n, ends);
            jobs.push(job);
            answers.push(answer);
        }
        let counters = Counters::default();
        let conn = Rc::new(conn);
        write(&conn, &sql::Connection::Sqlite(Rc::clone(&conn)), &mut jobs, &counters);
        let results: Vec<bool> = answers.iter_mut().map(|answer| answer.try_recv().unwrap().is_ok()).collect();
        assert_eq!(results, [true, false, false, true]);
        let mut query = conn.prepare("SELECT n FROM kept ORDER BY n").unwrap();
        let kept: Vec<i64> = query.query_map([], |row| row.get(0)).unwrap().map(std::result::Result::unwrap).collect();
        assert_eq!(kept, [1, 4]);
        assert_eq!(counters.load().commits, 1);
        assert_eq!(counters.load().batches, [0, 0, 1, 0, 0, 0, 0, 0, 0], "four shared it");
    }
}
