//! What is lost when the primary dies under load and its synchronous standby takes over? Nothing that was acknowledged.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use habeas_core::id::RequestId;
use habeas_store::{
    Store, StoreError,
    model::{NewRequest, Receive},
    postgres::{Postgres, Standby},
};
use habeas_testbed::{Cluster, Options, url_across};

use crate::{backend::reach, fixtures::*};

/// Clients at a time, each with a request under way.
const CLIENTS: usize = 16;

/// What clients were told.
#[derive(Default)]
struct Told {
    acknowledged: Mutex<BTreeSet<String>>,
    unanswered: Mutex<BTreeSet<String>>,
    stop: AtomicBool,
}

impl Told {
    /// Sends request after request, and never the same again.
    async fn send(self: Arc<Self>, store: Arc<Postgres>, client: usize) {
        for n in 0.. {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let id = format!("c{client}-{n}");
            let new = NewRequest { dedupe: None, recognizable: false, ..calling_back(&id) };
            match store.receive(new).await {
                Ok(Receive::Accepted) => drop(self.acknowledged.lock().unwrap().insert(id)),
                Err(StoreError::Unavailable(_)) => {
                    self.unanswered.lock().unwrap().insert(id);
                    // A client that is told to come again waits a little.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                other => panic!("{other:?}"),
            }
        }
    }

    async fn until(&self, count: usize) {
        let enough = async {
            while self.acknowledged.lock().unwrap().len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), enough).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_a_synchronous_standby_takes_over() {
    let mut primary = Cluster::start(&Options::default()).unwrap();
    primary.create_database("habeas").unwrap();
    let standby = primary.standby(true).unwrap();
    let store = Arc::new(reach(&url_across(&[&primary, &standby], "habeas")).await);
    assert_eq!(store.standby().await.unwrap(), Standby::Synchronous);

    let told = Arc::new(Told::default());
    let clients: Vec<_> =
        (0..CLIENTS).map(|client| tokio::spawn(Arc::clone(&told).send(Arc::clone(&store), client))).collect();
    told.until(500).await;
    primary.kill_9().unwrap();
    let before = told.acknowledged.lock().unwrap().len();
    standby.promote().unwrap();
    told.until(before + 500).await;
    told.stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }

    let acknowledged = std::mem::take(&mut *told.acknowledged.lock().unwrap());
    let unanswered = std::mem::take(&mut *told.unanswered.lock().unwrap());
    assert!(!unanswered.is_empty(), "the primary died under load");
    let mut lost = Vec::new();
    for id in acknowledged.iter() {
        if store.request(&RequestId::new(id.as_str())).await.unwrap().is_none() {
            lost.push(id);
        }
    }
    assert!(lost.is_empty(), "{} of {} acknowledged requests are lost", lost.len(), acknowledged.len());
    // Who was not answered asks again, and there is one request whatever became of the first try.
    for id in unanswered.iter() {
        let again = NewRequest { dedupe: None, recognizable: false, ..calling_back(id) };
        assert!(matches!(store.receive(again).await.unwrap(), Receive::Accepted | Receive::Exists(_)));
    }
    let counts = store.counts(at(0)).await.unwrap();
    let all: u64 = counts.requests.iter().map(|(.., n)| n).sum();
    assert_eq!(all, u64::try_from(acknowledged.len() + unanswered.len()).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_that_is_waited_for_and_away_is_said() {
    let primary = Cluster::start(&Options::default()).unwrap();
    primary.create_database("habeas").unwrap();
    let mut standby = primary.standby(true).unwrap();
    let store = reach(&url_across(&[&primary], "habeas")).await;
    assert_eq!(store.standby().await.unwrap(), Standby::Synchronous);
    standby.kill_9().unwrap();
    let noticed = async {
        while store.standby().await.unwrap() != Standby::Away {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), noticed).await.unwrap();
}
