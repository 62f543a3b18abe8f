//! A party whose discovery fails for a while is not taken for one that has none (A9).

use habeas_core::clock::{DAY_MS, HOUR_MS};
use serde_json::json;

use super::party::DIGEST;
use crate::world::{
    Behavior, Reply, World,
    fake::{DISCOVERY, Fake, SUBMIT},
};

const PERSON: &str = "ann@example.org";

#[tokio::test]
async fn nothing_is_sent_in_the_clear_while_discovery_fails() {
    for reply in [
        Reply { status: 502, ..Reply::default() },
        Reply::json(503, r#"{"error":{"code":503}}"#),
        Reply { status: 200, body: b"<html>We are back soon</html>".to_vec(), ..Reply::default() },
        Reply::json(200, r#"{"status":"maintenance"}"#),
        Reply::json(200, "[]"),
    ] {
        let what = format!("{} {}", reply.status, String::from_utf8_lossy(&reply.body));
        let mut world = World::new().await;
        let fake = Fake::open(&world);
        world.peer.script(DISCOVERY, [Behavior::Reply(reply)]);
        let sent = world.sent("fake.localhost").await;
        world.live(HOUR_MS).await;
        world.restart().await;
        world.live(HOUR_MS).await;
        assert_eq!(world.leg(&sent.id).await, ("waiting".to_owned(), false), "{what}");
        assert!(world.story(&sent.id).await["legs"][0]["trouble"].is_string(), "{what}");
        assert!(world.peer.heard(SUBMIT).is_empty(), "{what}");

        fake.discovers(&world, |discovery| {
            discovery["supported_identities"] = json!([{"identity_type": "email", "identity_format": "sha256"}]);
        });
        world.live(DAY_MS).await;
        let heard = world.peer.heard(SUBMIT);
        assert_eq!(heard.len(), 1, "{what}");
        let given = json!([{"identity_type": "email", "identity_value": DIGEST, "identity_format": "sha256"}]);
        assert_eq!(heard[0].json()["subject_identities"], given, "{what}");
        assert!(!String::from_utf8_lossy(&heard[0].body).contains(PERSON), "{what}");
        assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true), "{what}");
    }
}

#[tokio::test]
async fn a_party_that_has_no_discovery_is_given_what_there_is() {
    let world = World::new().await;
    let _fake = Fake::open(&world);
    world.peer.script(DISCOVERY, [Behavior::Reply(Reply::json(404, r#"{"error":{"code":404}}"#))]);
    world.sent("fake.localhost").await;
    let heard = world.peer.heard(SUBMIT);
    assert_eq!(heard.len(), 1);
    let given = json!([{"identity_type": "email", "identity_value": PERSON, "identity_format": "raw"}]);
    assert_eq!(heard[0].json()["subject_identities"], given);
}
