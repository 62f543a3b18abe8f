//! What time is it for all nodes?
//!
//! Leases pass from node to node by time, so all must mean the same by it. Each asks the database now and then, and
//! counts on from there with a clock that nobody sets; what a machine's own clock says does not matter.

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use habeas_core::clock::{Clock, Instant};
use tokio::time;
use tokio_postgres::Client;

use super::connector::Connector;
use crate::{Result, StoreError};

/// So long it is waited for.
const ANSWER: Duration = Duration::from_secs(4);
/// So often the database is asked.
const EVERY: Duration = Duration::from_secs(20);

/// The database's clock.
pub struct DatabaseClock {
    /// What it was, and when that was here.
    known: Mutex<(i64, time::Instant)>,
}

impl DatabaseClock {
    /// Asks for the time, and goes on asking for as long as somebody has the clock.
    pub(super) async fn start(connector: Arc<Connector>) -> Result<Arc<Self>> {
        let client = connector.client().await?;
        let clock = Arc::new(Self { known: Mutex::new(ask(&client).await?) });
        connector.runtime().clone().spawn(follow(Arc::downgrade(&clock), connector, client));
        Ok(clock)
    }
}

impl Clock for DatabaseClock {
    fn now(&self) -> Instant {
        let (then, when) = *self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = i64::try_from(when.elapsed().as_millis()).unwrap_or(i64::MAX);
        Instant::from_ms(then.saturating_add(passed))
    }
}

/// The time there, and the middle of the time here while it was asked for.
async fn ask(client: &Client) -> Result<(i64, time::Instant)> {
    const NOW: &str = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";
    let before = time::Instant::now();
    let asked = time::timeout(ANSWER, client.query_typed(NOW, &[])).await.map_err(StoreError::unavailable)?;
    let rows = asked.map_err(StoreError::unavailable)?;
    let there = rows.first().ok_or(StoreError::Corrupt("the time"))?.try_get(0).map_err(StoreError::unavailable)?;
    Ok((there, before + before.elapsed() / 2))
}

async fn follow(clock: Weak<DatabaseClock>, connector: Arc<Connector>, client: Client) {
    let mut client = Some(client);
    loop {
        time::sleep(EVERY).await;
        if clock.strong_count() == 0 {
            return;
        }
        if client.as_ref().is_none_or(Client::is_closed) {
            client = connector.client().await.ok();
        }
        let Some(asked) = &client else { continue };
        match ask(asked).await {
            Ok(known) => {
                let Some(clock) = clock.upgrade() else { return };
                *clock.known.lock().unwrap_or_else(PoisonError::into_inner) = known;
            }
            // Until it can be asked again, the time goes on as it went.
            Err(_) => client = None,
        }
    }
}
