//! What does a scrape show, and does the documentation say the same?

use std::collections::BTreeSet;

use crate::world::{Ask, Behavior, Call, World};

const DOCUMENT: &str = include_str!("../../../../docs/OPERATIONS.md");
const ALERTS: &str = include_str!("../../../../deploy/alerts.yml");

async fn scrape(world: &World) -> String {
    world.call(Call::get("/metrics").host("operator")).await.is(200).text()
}

/// A name and its type, as they stand in a rule.
type Metric = (String, String);

/// What a scrape shows: samples of counters and infos have the ending that tells what they are.
fn shown(scraped: &str) -> BTreeSet<Metric> {
    let types = scraped.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let sample = |(name, kind): (&str, &str)| {
        let ending = match kind {
            "counter" => "_total",
            "info" => "_info",
            _ => "",
        };
        (format!("{name}{ending}"), kind.to_owned())
    };
    types.map(sample).collect()
}

fn documented() -> BTreeSet<Metric> {
    let rows = DOCUMENT.lines().filter_map(|line| line.strip_prefix("| `habeas_"));
    let cells = |row: &str| {
        let (name, rest) = row.split_once("` | ").unwrap();
        (format!("habeas_{name}"), rest.split(" |").next().unwrap().to_owned())
    };
    rows.map(cells).collect()
}

#[tokio::test]
async fn every_number_is_documented_and_every_documented_number_is_there() {
    let world = World::new().await;
    world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    world.work().await;
    assert_eq!(shown(&scrape(&world).await), documented());
}

#[test]
fn every_number_that_an_alert_or_an_example_looks_at_is_there() {
    let known: BTreeSet<String> = documented().into_iter().map(|(name, _)| name).collect();
    let words = [ALERTS, DOCUMENT].into_iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric() && c != '_'));
    let looked_at: BTreeSet<&str> = words.filter(|word| word.starts_with("habeas_")).collect();
    assert!(looked_at.len() > known.len() / 2, "looking in the wrong place");
    for name in looked_at {
        let series = name.trim_end_matches("_bucket").trim_end_matches("_count").trim_end_matches("_sum");
        assert!(known.contains(series), "{name}");
    }
}

#[tokio::test]
async fn requests_are_counted_once_and_by_route() {
    let world = World::new().await;
    let ask = Ask::erasure();
    let id = world.accepted(&ask).await;
    world.post(ask.text()).await.is(201);
    world.post("{}").await.is(400);
    world.act(&id, "start", "").await.is(200);
    world.act(&id, "start", "").await.is(409);
    let scraped = scrape(&world).await;
    for line in [
        r#"habeas_requests_received_total{dialect="opengdpr/1.0",right="erasure"} 1"#,
        r#"habeas_intake_duration_seconds_count{dialect="opengdpr/1.0"} 3"#,
        r#"habeas_http_request_duration_seconds_count{listener="public",operation="submit",status="2xx"} 2"#,
        r#"habeas_http_request_duration_seconds_count{listener="public",operation="submit",status="4xx"} 1"#,
        r#"habeas_http_request_duration_seconds_count{listener="operator",operation="POST /api/requests/{id}/start",status="2xx"} 1"#,
        r#"habeas_requests{organisation="mail.localhost",role="processor",state="in_progress"} 1"#,
        "habeas_throttled_total 0",
        "habeas_failures_total 0",
        "habeas_store_up 1",
    ] {
        assert!(scraped.lines().any(|shown| shown == line), "{line} is not in\n{scraped}");
    }
    assert!(!scraped.contains(id.as_str()) && !scraped.contains("/readyz"), "{scraped}");
}

#[tokio::test]
async fn what_is_not_delivered_ages() {
    let world = World::new().await;
    world.peer.script("/a", [Behavior::Status(500), Behavior::Status(500), Behavior::Status(200)]);
    world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    world.work().await;
    let age = async || {
        let scraped = scrape(&world).await;
        let line = scraped.lines().find(|line| line.starts_with("habeas_oldest_undelivered_callback_age_seconds "));
        line.unwrap().rsplit(' ').next().unwrap().to_owned()
    };
    assert_eq!(age().await, "0.0");
    world.clock.advance(2_500);
    assert_eq!(age().await, "2.5", "its next try is still to come");
    world.live(120_000).await;
    assert_eq!(world.peer.heard("/a").len(), 3);
    assert_eq!(age().await, "0.0");
}

#[tokio::test]
async fn writes_and_commits_are_told() {
    let world = World::new().await;
    world.accepted(&Ask::erasure()).await;
    let scraped = scrape(&world).await;
    let value = |name: &str| -> f64 {
        let line = scraped.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name} is not in\n{scraped}")).parse().unwrap()
    };
    let (writes, commits) = (value("habeas_store_writes_total"), value("habeas_store_commits_total"));
    assert!(writes >= commits && commits >= 1.0, "{scraped}");
    assert_eq!(value("habeas_store_commit_writes_sum"), writes);
    assert_eq!(value("habeas_store_commit_writes_count"), commits);
    assert_eq!(value("habeas_store_commit_writes_bucket{le=\"+Inf\"}"), commits);
}
