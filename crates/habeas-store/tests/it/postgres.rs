//! What must be true of PostgreSQL alone: several nodes, a database that goes away, and its clock?

use std::{collections::HashSet, sync::Arc, time::Duration};

use habeas_core::{id::RequestId, state::Change};
use habeas_store::{
    Leased, Slots, Store, StoreError,
    model::{Receive, Then},
    postgres::{Postgres, Standby},
};
use habeas_testbed::{Cluster, Options};

use crate::{
    backend::{fresh, reach, sealers, tls},
    fixtures::*,
};

/// Nodes on one database.
async fn nodes(count: usize) -> Vec<Arc<Postgres>> {
    let url = fresh();
    let mut nodes = Vec::new();
    for _ in 0..count {
        nodes.push(Arc::new(reach(&url).await));
    }
    nodes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_at_once_bring_the_schema_up_to_date_once() {
    let url = fresh();
    let opened = futures_util::future::join_all((0..6).map(|_| reach(&url))).await;
    for store in &opened {
        store.ping().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_a_newer_version_is_left_alone() {
    let url = fresh();
    drop(reach(&url).await);
    let name = url.rsplit('/').next().unwrap();
    habeas_testbed::shared().unwrap().sql(name, "INSERT INTO habeas_schema VALUES (99)").unwrap();
    let refused = |error| matches!(error, StoreError::TooNew { found: 99, known: 1 });
    assert!(refused(Postgres::open(url.parse().unwrap(), tls(), sealers()).await.err().unwrap()));
    assert!(refused(Postgres::look(url.parse().unwrap(), tls()).await.err().unwrap()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn looking_changes_nothing() {
    let url = fresh();
    Postgres::look(url.parse().unwrap(), tls()).await.unwrap();
    let name = url.rsplit('/').next().unwrap();
    let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";
    assert_eq!(habeas_testbed::shared().unwrap().sql(name, tables).unwrap().trim(), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_identical_requests_to_several_nodes_one_is_accepted() {
    let nodes = nodes(3).await;
    let tasks: Vec<_> = (0..96)
        .map(|n| {
            let store = Arc::clone(&nodes[n % 3]);
            let id = RequestId::new(format!("r{n}"));
            let new = habeas_store::model::NewRequest {
                request: habeas_core::request::Request { id, ..request("same") },
                ..calling_back("same")
            };
            tokio::spawn(async move { store.receive(new).await.unwrap() })
        })
        .collect();
    let (mut accepted, mut known) = (0, HashSet::new());
    for task in tasks {
        match task.await.unwrap() {
            Receive::Accepted => accepted += 1,
            Receive::Exists(existing) => drop(known.insert(existing.request.id.to_string())),
            Receive::TokenOfAnother => panic!("there is no token"),
        }
    }
    assert_eq!((accepted, known.len()), (1, 1));
    assert_eq!(lease(&*nodes[0], 0).await.len(), 1);
}

/// Also while what belongs to the same requests is changed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_delivery_is_leased_by_one_node() {
    let nodes = nodes(3).await;
    for n in 0..60 {
        accept(&*nodes[0], calling_back(&format!("r{n}"))).await;
    }
    let takes = (0..12).map(|n| {
        let store = Arc::clone(&nodes[n % 3]);
        tokio::spawn(async move {
            let slots = Slots { per_host: 100, left: Vec::new() };
            store.lease_deliveries(at(0), at(60_000), 7, &slots).await.unwrap()
        })
    });
    let changes = (0..60).map(|n| {
        let store = Arc::clone(&nodes[n % 3]);
        tokio::spawn(async move { drop(move_on(&*store, &format!("r{n}"), &Change::Start, &[0]).await) })
    });
    let (takes, changes): (Vec<_>, Vec<_>) = (takes.collect(), changes.collect());
    let mut leased = Vec::new();
    for take in takes {
        leased.extend(take.await.unwrap());
    }
    for change in changes {
        change.await.unwrap();
    }
    // What was being changed was passed over, and is taken now.
    while let more @ [_, ..] = &*lease(&*nodes[1], 0).await {
        leased.extend(more.to_vec());
    }
    let first: HashSet<_> = leased.iter().map(|one| one.delivery.id.to_string()).collect();
    assert_eq!((leased.len(), first.len()), (60, 60));
    assert!(leased.iter().all(|one| one.delivery.id.seq == 0), "what comes second waits for the first");
    for one in &leased {
        settle(&*nodes[2], one, Then::Delivered).await;
    }
    let second = lease(&*nodes[0], 100).await;
    assert_eq!(second.len(), 60);
    assert!(second.iter().all(|one| one.delivery.id.seq == 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_requests_share_a_commit() {
    let store = nodes(1).await.remove(0);
    let before = store.load();
    let tasks: Vec<_> = (0..400)
        .map(|n| {
            let (store, id) = (Arc::clone(&store), format!("r{n}"));
            let new = habeas_store::model::NewRequest { dedupe: None, recognizable: false, ..calling_back(&id) };
            tokio::spawn(async move { matches!(store.receive(new).await, Ok(Receive::Accepted)) })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap());
    }
    let after = store.load();
    assert_eq!(after.writes - before.writes, 400);
    assert!(after.commits - before.commits < 200, "{after:?}");
    assert_eq!(lease(&*store, 0).await.len(), 100);
    assert_eq!(store.secrets(&RequestId::new("r399")).await.unwrap().unwrap().subject, subject());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_settlements_share_a_commit() {
    let store = nodes(1).await.remove(0);
    for n in 0..100 {
        accept(&*store, calling_back(&format!("r{n}"))).await;
    }
    let leased = lease(&*store, 0).await;
    assert_eq!(leased.len(), 100);
    let before = store.load();
    let settled = leased.iter().map(|one| store.settle(settlement(one, Then::Delivered)));
    for settled in futures_util::future::join_all(settled).await {
        settled.unwrap();
    }
    let after = store.load();
    assert_eq!(after.writes - before.writes, 100);
    assert!(after.commits - before.commits < 50, "{after:?}");
}

/// How many are in which state is told right also after the sums were drawn up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_stay_right_when_they_are_summed_up() {
    let store = nodes(1).await.remove(0);
    for n in 0..5 {
        accept(&*store, calling_back(&format!("r{n}"))).await;
        move_on(&*store, &format!("r{n}"), &Change::Start, &[0]).await;
    }
    let before = store.counts(at(0)).await.unwrap();
    store.shred(at(0), 10).await.unwrap();
    assert_eq!(store.counts(at(0)).await.unwrap(), before);
    assert_eq!(before.requests.len(), 1, "{before:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_nodes_have_the_time_of_the_database() {
    let url = fresh();
    let (one, other) = (reach(&url).await, reach(&url).await);
    let name = url.rsplit('/').next().unwrap();
    let asked = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";
    let there: i64 = habeas_testbed::shared().unwrap().sql(name, asked).unwrap().trim().parse().unwrap();
    for store in [&one, &other] {
        let apart = store.clock().now().ms() - there;
        assert!((-1_000..60_000).contains(&apart), "{apart}");
    }
    assert_eq!(one.standby().await.unwrap(), Standby::NotEvenDisk, "this cluster is made fast");
}

/// A cluster of this test's own, and a store on it.
async fn own_cluster(options: &Options) -> (Cluster, Postgres) {
    let cluster = Cluster::start(options).unwrap();
    let url = cluster.create_database("habeas").unwrap();
    let store = reach(&url).await;
    (cluster, store)
}

/// Asks until it is answered.
async fn again(store: &Postgres, id: &str) -> Receive {
    for _ in 0..200 {
        match store.receive(new(id)).await {
            Ok(received) => return received,
            Err(StoreError::Unavailable(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the database did not come back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlives_the_server_and_the_store_finds_it_again() {
    let (mut cluster, store) = own_cluster(&Options::default()).await;
    assert_eq!(store.standby().await.unwrap(), Standby::None);
    accept(&store, new("before")).await;
    cluster.kill_9().unwrap();
    assert!(matches!(store.receive(new("while")).await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.ping().await, Err(StoreError::Unavailable(_))));
    cluster.restart().unwrap();
    assert!(matches!(again(&store, "while").await, Receive::Accepted));
    assert!(matches!(again(&store, "before").await, Receive::Exists(known) if known.same_body));
    store.ping().await.unwrap();
}

/// A server that hangs takes connections and never answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_is_not_waited_for_and_is_found_again() {
    let (cluster, store) = own_cluster(&Options::fast()).await;
    accept(&store, new("before")).await;
    cluster.stop_signal();
    let asked: Vec<_> = (0..20).map(|n| store.receive(new(&format!("r{n}")))).collect::<Vec<_>>();
    let patience = tokio::time::timeout(Duration::from_secs(30), futures_util::future::join_all(asked));
    for answer in patience.await.expect("nobody waits for ever") {
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    }
    cluster.continue_signal();
    // Whether the first try was saved after all is not known; the second finds out.
    let _ = again(&store, "r0").await;
    assert!(matches!(again(&store, "before").await, Receive::Exists(_)));
}

/// Also when two come at once, each to a node of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_senders_with_one_token_one_is_accepted() {
    let nodes = nodes(2).await;
    for round in 0..10u8 {
        let tasks: Vec<_> = ["one", "other"]
            .into_iter()
            .zip(&nodes)
            .map(|(party, store)| {
                let (store, id) = (Arc::clone(store), format!("{party}{round}"));
                let request = habeas_core::request::Request { upstream: Some(upstream(party)), ..request(&id) };
                let new = habeas_store::model::NewRequest { request, token: Some([round; 32]), ..new(&id) };
                tokio::spawn(async move { store.receive(new).await.unwrap() })
            })
            .collect();
        let (mut accepted, mut refused) = (0, 0);
        for task in tasks {
            match task.await.unwrap() {
                Receive::Accepted => accepted += 1,
                Receive::TokenOfAnother => refused += 1,
                Receive::Exists(_) => panic!("there was none"),
            }
        }
        assert_eq!((accepted, refused), (1, 1));
    }
}

/// A connection that works on these requests, until it commits.
async fn holding(url: &str, requests: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(&format!("BEGIN; SELECT 1 FROM requests WHERE {requests} FOR UPDATE")).await.unwrap();
    client
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_settlement_waits_for_its_own_request_only() {
    let url = fresh();
    let store = Arc::new(reach(&url).await);
    for n in 0..20 {
        accept(&*store, calling_back(&format!("r{n}"))).await;
    }
    let leased = lease(&*store, 0).await;
    let client = holding(&url, "id = 'r7'").await;
    let settle = |one: &Leased| {
        let (store, settlement) = (Arc::clone(&store), settlement(one, Then::Delivered));
        tokio::spawn(async move { store.settle(settlement).await })
    };
    let (held, free): (Vec<_>, Vec<_>) = leased.iter().partition(|one| one.delivery.id.request.as_str() == "r7");
    let held: Vec<_> = held.into_iter().map(settle).collect();
    for free in free.into_iter().map(settle).collect::<Vec<_>>() {
        free.await.unwrap().unwrap();
    }
    assert!(held.iter().all(|held| !held.is_finished()));
    client.batch_execute("COMMIT").await.unwrap();
    for held in held {
        held.await.unwrap().unwrap();
    }
}

/// Whoever found nothing would sleep, and what is due would wait for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_works_on_is_waited_for_where_nothing_else_is_due() {
    let url = fresh();
    let store = Arc::new(reach(&url).await);
    accept(&*store, calling_back("r1")).await;
    let client = holding(&url, "TRUE").await;
    let taking = tokio::spawn({
        let store = Arc::clone(&store);
        async move { lease(&*store, 0).await }
    });
    // It waits for a lock that the other transaction holds.
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    // What a transaction has seen of it, it sees again, until it clears that.
    let seen = tokio::time::timeout(Duration::from_secs(30), async {
        while client.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            client.batch_execute("SELECT pg_stat_clear_snapshot()").await.unwrap();
        }
    });
    seen.await.unwrap();
    client.batch_execute("COMMIT").await.unwrap();
    assert_eq!(taking.await.unwrap().len(), 1);
}
