//! The requests of the specifications, as they stand there.

use std::collections::BTreeSet;

use habeas_wire::base64;
use serde_json::Value;

use super::{ADS, AGENT};
use crate::world::{Call, World};

const ID: &str = "a7551968-d5d6-44b2-9831-815ac9017798";

struct Example {
    host: &'static str,
    mount: &'static str,
    request: &'static str,
    receipt: &'static str,
    status: &'static str,
    cancellation: &'static str,
}

macro_rules! example {
    ($host:expr, $mount:literal, $version:literal, $cancellation:literal) => {
        Example {
            host: $host,
            mount: $mount,
            request: fixture!($version, "7.1-request"),
            receipt: fixture!($version, "7.3-receipt"),
            status: fixture!($version, "8.3-status"),
            cancellation: fixture!($version, $cancellation),
        }
    };
}

macro_rules! fixture {
    ($version:literal, $name:literal) => {
        include_str!(concat!("../../../../habeas-opengdpr/fixtures/", $version, "/", $name, ".json"))
    };
}

const EXAMPLES: [Example; 6] = [
    example!(AGENT, "/v0.1.2", "0.1.2", "9.3-cancellation"),
    example!(ADS, "/v0.1.3", "0.1.3", "9.3-cancellation"),
    example!(AGENT, "/v0.1.3", "0.1.3", "9.3-cancellation"),
    example!(ADS, "", "0.1.3", "9.3-cancellation"),
    example!(ADS, "/v1", "1.0", "9.2-cancellation"),
    example!(AGENT, "", "1.0", "9.2-cancellation"),
];

fn members(body: &Value) -> BTreeSet<String> {
    body.as_object().unwrap().keys().cloned().collect()
}

/// The members of an example, and what it leaves out although its own version asks for it.
fn expected(example: &str, missing: &[&str], beyond: &[&str]) -> BTreeSet<String> {
    let mut expected = members(&serde_json::from_str(example).unwrap());
    expected.extend(missing.iter().map(|name| (*name).to_owned()));
    expected.retain(|name| !beyond.contains(&name.as_str()));
    expected
}

#[tokio::test]
async fn each_example_is_taken_at_its_mount_and_answered_with_the_members_of_its_version() {
    for example in EXAMPLES {
        let world = World::new().await;
        let place = format!("{}{}", example.host, example.mount);
        let receipt = world.posts(example.host, example.mount, example.request).await.is(201);
        world.assert_signed_by(example.host, &receipt.headers, &receipt.body).await;
        let receipt = receipt.json();
        assert_eq!(members(&receipt), expected(example.receipt, &["processor_signature"], &[]), "{place}");
        let encoded = receipt["encoded_request"].as_str().unwrap();
        assert_eq!(base64::decode(encoded.as_bytes()).unwrap(), example.request.as_bytes());
        assert_eq!(
            (&receipt["subject_request_id"], &receipt["received_time"]),
            (&ID.into(), &"2026-01-01T12:00:00Z".into())
        );

        // The examples show results of what is pending.
        let item = format!("{}/opengdpr_requests/{ID}", example.mount);
        let status = world.calls(example.host, Call::get(&item)).await.is(200).json();
        assert_eq!(members(&status), expected(example.status, &[], &["results_url"]), "{place}");
        let cancelled = world.calls(example.host, Call::delete(&item)).await.is(202).json();
        assert_eq!(members(&cancelled), expected(example.cancellation, &["processor_signature"], &[]), "{place}");
    }
}
