//! How do many requests that come in share one transaction?
//!
//! One thread takes whatever waits and saves all of it with one statement for each table. What turns out to be there
//! already is looked at by itself afterwards.

use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, LazyLock},
    thread,
};

use tokio::sync::{mpsc, oneshot};

use super::{connector::Connector, pool::Link};
use crate::{
    Result, StoreError,
    cases::{Received, Taken, inserts},
    sql::{Connection, Value},
    workers::{Gone, QUEUE},
};

/// At most so many share a transaction.
const BATCH: usize = 256;

/// The way to the thread, which ends when this does.
pub(super) struct Intakes(mpsc::Sender<Waiting>);

/// A request about to be saved, and who waits for it.
struct Waiting {
    received: Received,
    reply: oneshot::Sender<Result<Taken>>,
}

impl Intakes {
    pub(super) fn start(connector: &Arc<Connector>) -> Result<Self> {
        let (queue, mut waiting) = mpsc::channel(QUEUE);
        let connector = Arc::clone(connector);
        let work = move || {
            let (mut link, mut batch) = (Link::new(Arc::clone(&connector)), Vec::with_capacity(BATCH));
            while waiting.blocking_recv_many(&mut batch, BATCH) > 0 {
                let waited_for = batch.drain(..).filter(|one: &Waiting| !one.reply.is_closed()).collect();
                // Who waited hears that it is not available; the next come by another connection.
                if catch_unwind(AssertUnwindSafe(|| serve(&mut link, waited_for))).is_err() {
                    link = Link::new(Arc::clone(&connector));
                }
            }
        };
        thread::Builder::new().name("store intake".to_owned()).spawn(work).map_err(StoreError::unavailable)?;
        Ok(Self(queue))
    }

    pub(super) async fn receive(&self, received: Received) -> Result<Taken> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Waiting { received, reply }).await.map_err(|_| StoreError::unavailable(Gone))?;
        answer.await.map_err(StoreError::unavailable)?
    }
}

fn serve(link: &mut Link, mut batch: Vec<Waiting>) {
    if batch.is_empty() {
        return;
    }
    // Two nodes that are sent the same requests take them in the same order, and do not wait for each other crosswise.
    batch.sort_by(|a, b| a.received.wire_id().cmp(b.received.wire_id()));
    let all: Vec<_> = batch.iter().map(|waiting| &waiting.received).collect();
    let saved = link.write(&mut |conn| save(conn, &all), HashSet::len);
    // Each by itself.
    let one = |link: &mut Link, received: Received| link.write(&mut |conn| received.save(conn), |_| 1);
    match saved {
        Ok(saved) => {
            for Waiting { received, reply } in batch {
                let taken = if saved.contains(received.id()) { Ok(Taken::Not) } else { one(link, received) };
                // Who asked may have gone away.
                let _ = reply.send(taken);
            }
        }
        Err(error) if !link.is_up() => {
            let why = error.to_string();
            for Waiting { reply, .. } in batch {
                let _ = reply.send(Err(StoreError::unavailable(Lost(why.clone()))));
            }
        }
        // Of several, one may be to blame.
        Err(_) => {
            for Waiting { received, reply } in batch {
                if !reply.is_closed() {
                    let _ = reply.send(one(link, received));
                }
            }
        }
    }
}

/// The database was lost with all that was about to be saved.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Lost(String);

/// Saves those whose ids are not taken; says which. What belongs to them is sent at once when that is known.
fn save(conn: &Connection, all: &[&Received]) -> Result<HashSet<String>> {
    let session = conn.session()?;
    let requests: Vec<_> = all.iter().map(|one| one.intake.request_row()).collect();
    let mut saved = HashSet::with_capacity(all.len());
    for row in session.query_columns(&REQUESTS, &requests)? {
        saved.insert(row.try_get(0).map_err(StoreError::unavailable)?);
    }
    let new: Vec<_> = all.iter().filter(|one| saved.contains(one.id())).collect();
    let mut statements: Vec<(&str, Vec<Vec<Value<'_>>>)> = vec![
        (&SECRETS, new.iter().map(|one| one.intake.secrets_row()).collect()),
        (&EVENTS, new.iter().map(|one| one.intake.event_row()).collect()),
        (&ISSUED, new.iter().flat_map(|one| one.issued_rows()).collect()),
        (&DELIVERIES, new.iter().flat_map(|one| one.delivery_rows()).collect()),
        (&LEGS, new.iter().flat_map(|one| one.leg_rows()).collect()),
    ];
    statements.retain(|(_, rows)| !rows.is_empty());
    session.query_columns_each(&statements)?;
    Ok(saved)
}

/// The statement that inserts rows given as one array for each column.
fn from_arrays(insert: inserts::Insert, end: &str) -> String {
    let arrays: Vec<_> = (1..=insert.columns.split(',').count()).map(|n| format!("${n}")).collect();
    format!("INSERT INTO {} ({}) SELECT * FROM UNNEST({}) {end}", insert.table, insert.columns, arrays.join(", "))
}

static REQUESTS: LazyLock<String> =
    LazyLock::new(|| from_arrays(inserts::REQUESTS, "ON CONFLICT DO NOTHING RETURNING id"));
static SECRETS: LazyLock<String> = LazyLock::new(|| from_arrays(inserts::SECRETS, ""));
static EVENTS: LazyLock<String> = LazyLock::new(|| from_arrays(inserts::EVENTS, ""));
static ISSUED: LazyLock<String> = LazyLock::new(|| from_arrays(inserts::ISSUED, "ON CONFLICT DO NOTHING"));
static DELIVERIES: LazyLock<String> = LazyLock::new(|| from_arrays(inserts::DELIVERIES, "ON CONFLICT DO NOTHING"));
static LEGS: LazyLock<String> = LazyLock::new(|| from_arrays(inserts::LEGS, ""));
