//! How do many use cases of one kind share one transaction?
//!
//! One thread takes whatever waits and saves all of it with one statement for each table. What cannot be saved with
//! others goes back to whoever waits for it, to be saved by itself.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
};

use tokio::sync::{mpsc, oneshot};

use super::{
    connector::Connector,
    pool::{Link, Pool},
};
use crate::{
    Result, StoreError,
    sql::Connection,
    workers::{Gone, QUEUE},
};

/// At most so many share a transaction.
const BATCH: usize = 256;

/// A use case that many do at once.
pub(super) trait Together: Sized + Send + 'static {
    /// What is said when it is saved.
    type Done: Send + 'static;

    /// Whether it can be saved with others at all.
    fn is_plain(&self) -> bool;

    /// Saves of these what can be saved with the others. Says what, in their order; of the rest nothing is changed.
    fn save_all(conn: &Connection, all: &[&Self]) -> Result<Vec<Option<Self::Done>>>;

    /// Saves it by itself.
    fn save(&self, conn: &Connection) -> Result<Self::Done>;
}

/// The way to the thread, which ends when this does.
pub(super) struct Batches<T: Together>(mpsc::Sender<Waiting<T>>);

/// A use case, and who waits for it.
struct Waiting<T: Together> {
    one: T,
    reply: oneshot::Sender<Result<Answer<T>>>,
}

enum Answer<T: Together> {
    Saved(T::Done),
    /// To be saved by itself.
    Back(T),
}

impl<T: Together> Batches<T> {
    pub(super) fn start(name: &str, connector: &Arc<Connector>) -> Result<Self> {
        let (queue, mut waiting) = mpsc::channel(QUEUE);
        let connector = Arc::clone(connector);
        let work = move || {
            let (mut link, mut batch) = (Link::new(Arc::clone(&connector)), Vec::with_capacity(BATCH));
            while waiting.blocking_recv_many(&mut batch, BATCH) > 0 {
                let waited_for = batch.drain(..).filter(|one: &Waiting<T>| !one.reply.is_closed()).collect();
                // Who waited hears that it is not available; the next come by another connection.
                if catch_unwind(AssertUnwindSafe(|| serve(&mut link, waited_for))).is_err() {
                    link = Link::new(Arc::clone(&connector));
                }
            }
        };
        thread::Builder::new().name(name.to_owned()).spawn(work).map_err(StoreError::unavailable)?;
        Ok(Self(queue))
    }

    /// Saves it with others, or else by one of `alone`.
    pub(super) async fn save(&self, one: T, alone: &Pool) -> Result<T::Done> {
        let offered = if one.is_plain() { self.offer(one).await? } else { Answer::Back(one) };
        let one = match offered {
            Answer::Saved(done) => return Ok(done),
            Answer::Back(one) => one,
        };
        alone.run(move |conn| one.save(conn)).await
    }

    async fn offer(&self, one: T) -> Result<Answer<T>> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Waiting { one, reply }).await.map_err(|_| StoreError::unavailable(Gone))?;
        answer.await.map_err(StoreError::unavailable)?
    }
}

fn serve<T: Together>(link: &mut Link, batch: Vec<Waiting<T>>) {
    if batch.is_empty() {
        return;
    }
    let all: Vec<_> = batch.iter().map(|waiting| &waiting.one).collect();
    let saved = link.write(&mut |conn| T::save_all(conn, &all), |saved| saved.iter().flatten().count());
    let lost = saved.as_ref().err().filter(|_| !link.is_up()).map(ToString::to_string);
    // Of several, one may be to blame: then all go back.
    let mut saved = saved.unwrap_or_default().into_iter();
    for Waiting { one, reply } in batch {
        let answer = match (&lost, saved.next().flatten()) {
            (Some(why), _) => Err(StoreError::unavailable(Lost(why.clone()))),
            (None, Some(done)) => Ok(Answer::Saved(done)),
            (None, None) => Ok(Answer::Back(one)),
        };
        // Who asked may have gone away.
        let _ = reply.send(answer);
    }
}

/// The database was lost with all that was about to be saved.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Lost(String);
