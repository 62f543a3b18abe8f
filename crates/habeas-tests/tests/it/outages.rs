//! What do peers and probes hear while the database cannot be used? That they shall come again; never a yes.

use std::time::Duration;

use habeas_engine::settings::Settings;
use rusqlite::Connection;

use crate::world::{Answered, Ask, Call, Setup, World, ask, drp::Exercise};

/// Where each version of OpenGDPR is served.
const OPENGDPR: [(&str, &str); 3] =
    [("mail.localhost", "/v1"), ("ads.localhost", "/v0.1.3"), ("agent.localhost", "/v0.1.2")];

/// A world that does not wait long, so that tests need not either.
async fn impatient() -> World {
    let settings = Settings { store_within: Duration::from_millis(400), ..Settings::default() };
    World::with(Setup { settings, ..Setup::default() }).await
}

/// Another process that has a hand on the database.
struct Intruder(Connection);

impl Intruder {
    fn at(world: &World) -> Self {
        Self(Connection::open(world.folder.path().join("habeas.db")).unwrap())
    }

    fn does(&self, sql: &str) {
        self.0.execute_batch(sql).unwrap();
    }
}

/// A submission, and what looks at how its version refuses.
type Submission = (Call, fn(&Answered));

/// The same request in every version, and each version's way to say that it cannot be taken now.
fn submissions(world: &World) -> Vec<Submission> {
    let opengdpr = (0..).zip(OPENGDPR).map(|(n, (host, mount))| {
        let mut ask = Ask::erasure().id(&ask::id(n));
        if mount != "/v1" {
            ask = ask.with("api_version", "0.1");
        }
        let call = Call::post(&format!("{mount}/opengdpr_requests"), ask.text()).host(host);
        let told: fn(&Answered) = |answer| drop(answer.reason());
        (call.by(world.keys.shop.token()), told)
    });
    let drp: fn(&Answered) = |answer| answer.is_drp_error(503);
    opengdpr.chain([(Exercise::deletion().call(), drp)]).collect()
}

impl World {
    async fn probe(&self, host: &str) -> Answered {
        self.call(Call::get("/readyz").host(host)).await
    }

    /// Where load balancers look.
    async fn public_probe(&self) -> Answered {
        Call::get("/readyz").host("127.0.0.1").to(habeas_server::public(self.engine.clone())).await
    }

    async fn is_told_to_come_again(&self, submissions: &[Submission]) {
        for (call, told) in submissions {
            let answer = self.call(call.clone()).await.is(503);
            assert_eq!(answer.header("retry-after"), "5");
            told(&answer);
        }
    }

    /// Each is taken once there is an answer, and none twice.
    async fn takes_once_each(&self, submissions: Vec<Submission>) {
        let count = submissions.len();
        for (call, _) in submissions {
            let mut answer = self.call(call.clone()).await;
            // What waits in the database's queue goes first.
            for _ in 0..100 {
                if answer.status != 503 {
                    break;
                }
                answer = self.call(call.clone()).await;
            }
            assert!([200, 201].contains(&answer.status), "{}", answer.text());
            assert_eq!(self.call(call).await.body, answer.body, "the same bytes, the same receipt");
        }
        let listed = self.operate("GET", "/requests?limit=1000", "").await.is(200).json();
        let received = listed["requests"].as_array().unwrap().iter().filter(|request| request["party"].is_string());
        assert_eq!(received.count(), count);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_hangs_is_not_waited_for_and_nothing_is_lost_or_doubled() {
    let world = impatient().await;
    let submissions = submissions(&world);
    let (intruder, known) = (Intruder::at(&world), ask::id(9));
    world.post(Ask::erasure().id(&known).text()).await.is(201);
    assert_eq!(world.public_probe().await.is(200).text(), "ready\n");
    intruder.does("BEGIN IMMEDIATE");
    world.is_told_to_come_again(&submissions).await;
    world.status(&known).await.is(200);

    let why = world.probe("operator").await.is(503);
    assert_eq!(why.json()["detail"], "the database cannot be reached or written to");
    assert_eq!(why.header("retry-after"), "5");
    world.clock.advance(1_000);
    let told = world.public_probe().await.is(503);
    assert!(told.json().get("detail").is_none(), "{}", told.text());
    let scraped = world.call(Call::get("/metrics").host("operator")).await.is(200).text();
    assert!(scraped.contains("habeas_throttled_total 4\n") && scraped.contains("habeas_store_up 1\n"), "{scraped}");

    intruder.does("ROLLBACK");
    let mut again = submissions;
    again.push((
        Call::post("/v1/opengdpr_requests", Ask::erasure().id(&known).text()).by(world.keys.shop.token()),
        |_| (),
    ));
    world.takes_once_each(again).await;
    world.clock.advance(1_000);
    world.public_probe().await.is(200);
    world.probe("operator").await.is(200);
}

#[tokio::test]
async fn a_database_that_refuses_is_told_at_once_and_metrics_go_on() {
    let world = World::new().await;
    let (submissions, intruder) = (submissions(&world), Intruder::at(&world));
    intruder.does("ALTER TABLE requests RENAME TO hidden; ALTER TABLE tallies RENAME TO hidden_too;");
    world.is_told_to_come_again(&submissions).await;
    world.status(&ask::id(0)).await.is(503);
    let scraped = world.call(Call::get("/metrics").host("operator")).await.is(200).text();
    for line in ["habeas_store_up 0\n", "habeas_failures_total 5\n", "habeas_throttled_total 5\n"] {
        assert!(scraped.contains(line), "{line} is not in {scraped}");
    }
    intruder.does("ALTER TABLE hidden RENAME TO requests; ALTER TABLE hidden_too RENAME TO tallies;");
    world.takes_once_each(submissions).await;
}

#[tokio::test]
async fn a_node_that_stops_is_not_ready_but_alive() {
    let world = World::new().await;
    world.engine.retire();
    assert_eq!(world.probe("operator").await.is(503).json()["detail"], "this node is stopping");
    assert!(world.public_probe().await.is(503).json().get("detail").is_none());
    world.call(Call::get("/healthz").host("operator")).await.is(200);
    let public = habeas_server::public(world.engine.clone());
    Call::get("/healthz").host("127.0.0.1").to(public).await.is(200);
}
