//! Every step of a request's life that there is, and those that there are not.

use habeas_core::clock::DAY_MS;
use serde_json::{Value, json};

use crate::world::{
    Setup, World,
    drp::{Asked, Exercise, of_business, words},
};

const SEVEN: [&str; 7] =
    ["request_id", "received_at", "expected_by", "processing_details", "status", "reason", "user_verification_url"];

/// The seven members that are always there, and those that may stand beside them.
#[track_caller]
fn assert_shape(status: &Value, more: &[&str]) {
    let mut names: Vec<_> = status.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected: Vec<_> = SEVEN.iter().chain(more).copied().collect();
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected, "{status}");
    for name in ["received_at", "expected_by", "expires_at"] {
        if let Some(text) = status.get(name) {
            let text = text.as_str().unwrap();
            assert_eq!(text.len(), "2026-01-01T12:00:00+00:00".len(), "{status}");
            assert!(text.ends_with("+00:00"), "{status}");
        }
    }
    assert_eq!(status["request_id"].as_str().unwrap().len(), 36, "a UUID: {status}");
}

#[tokio::test]
async fn a_deletion_is_open_then_in_progress_then_fulfilled() {
    let world = World::new().await;
    let asked = world.exercise(&Exercise::deletion()).await;
    assert_shape(&asked.first, &[]);
    assert_eq!(
        asked.first,
        json!({
            "request_id": asked.wire,
            "received_at": "2026-01-01T12:00:00+00:00",
            "expected_by": "2026-02-15T12:00:00+00:00",
            "processing_details": null,
            "status": "open",
            "reason": null,
            "user_verification_url": null,
        })
    );
    assert_eq!(world.standing(&asked).await, asked.first);
    world.work().await;
    let standing = world.standing(&asked).await;
    assert_shape(&standing, &[]);
    assert_eq!((&standing["status"], &standing["reason"]), (&json!("in_progress"), &Value::Null));
    assert_eq!(standing["processing_details"], "business.localhost is working on it");

    world.act(&asked.id, "fulfill", "").await.is(200);
    let standing = world.standing(&asked).await;
    assert_shape(&standing, &[]);
    assert_eq!(standing["status"], "fulfilled");
    world.refuses_everything(&asked).await;
}

#[tokio::test]
async fn results_of_an_access_are_there_until_they_expire_and_then_it_is_expired() {
    let world = World::new().await;
    let asked = world.exercised(&Exercise::of("access").callback(world.peer.url("a", "/a"))).await;
    world.act(&asked.id, "fulfill", r#"{"results_url": "https://business.example/r"}"#).await.is(200);
    let standing = world.standing(&asked).await;
    assert_shape(&standing, &["expires_at", "results_url"]);
    assert_eq!(standing["results_url"], "https://business.example/r");
    assert_eq!(standing["expires_at"], "2026-01-31T12:00:00+00:00", "they do not stay for ever");
    world.refuses_everything(&asked).await;

    world.later(30 * DAY_MS - 1).await;
    assert_eq!(world.stands(&asked).await, words("fulfilled", None));
    world.later(1).await;
    let standing = world.standing(&asked).await;
    assert_shape(&standing, &[]);
    assert_eq!(standing["status"], "expired");
    assert_eq!(world.called_back("/a").last(), Some(&words("expired", None)), "and told");
    world.refuses_everything(&asked).await;
}

#[tokio::test]
async fn results_that_are_gone_before_they_are_there_are_no_results() {
    let world = World::new().await;
    let asked = world.exercised(&Exercise::of("access")).await;
    for at in ["2026-01-01T12:00:00Z", "2026-01-01T11:59:59Z", "2020-01-01T00:00:00Z"] {
        let body = json!({"results_url": "https://business.example/r", "expires_at": at}).to_string();
        world.act(&asked.id, "fulfill", &body).await.is(400);
    }
    assert_eq!(world.stands(&asked).await, words("in_progress", None));
    let body = json!({"results_url": "https://business.example/r", "expires_at": "2026-01-01T12:00:01Z"});
    world.act(&asked.id, "fulfill", &body.to_string()).await.is(200);
}

fn careful(tenant: &mut habeas_engine::directory::Tenant) {
    of_business(tenant, |tenant| tenant.organisation.policy.plain_http = false);
}

#[tokio::test]
async fn nobody_fetches_what_was_found_over_plain_http() {
    let world = World::with(Setup { adjust: careful, ..Setup::default() }).await;
    let asked = world.exercised(&Exercise::of("access")).await;
    let fulfill = async |url: &str| world.act(&asked.id, "fulfill", &json!({"results_url": url}).to_string()).await;
    assert!(fulfill("http://business.example/r").await.is(400).text().contains("results_url"));
    assert_eq!(world.stands(&asked).await, words("in_progress", None));
    fulfill("https://business.example/r").await.is(200);
}

#[tokio::test]
async fn what_is_over_is_not_said_to_be_worked_on() {
    for bridge in [&[][..], &["mail.localhost"]] {
        for end in ["fulfill", "deny", "revoke"] {
            let world = World::with(Setup { bridge, ..Setup::default() }).await;
            let asked = world.exercised(&Exercise::of("sale:opt-out")).await;
            let before = world.standing(&asked).await;
            assert_eq!(before["processing_details"], "business.localhost is working on it");
            match end {
                "fulfill" => drop(world.act(&asked.id, end, "").await.is(200)),
                "deny" => drop(world.act(&asked.id, end, r#"{"ground": "no_match"}"#).await.is(200)),
                _ => drop(world.revoke(&asked).await.is(200)),
            }
            world.live(DAY_MS).await;
            let details = world.standing(&asked).await["processing_details"].to_string();
            assert!(!details.contains("working on it"), "{end}: {details}");
        }
    }
}

#[tokio::test]
async fn every_ground_of_a_denial_has_its_reason() {
    let world = World::new().await;
    for (n, ground, reason) in [
        (1, "suspected_fraud", "suspected_fraud"),
        (2, "insufficient_verification", "insuf_verification"),
        (3, "no_match", "no_match"),
        (4, "unsupported", "claim_not_covered"),
        (5, "outside_jurisdiction", "outside_jurisdiction"),
        (6, "too_many_requests", "too_many_requests"),
        (7, "other", "other"),
        (8, "exempt", "other"),
    ] {
        let asked = world.exercised(&Exercise::deletion().again(n)).await;
        world.act(&asked.id, "deny", &json!({"ground": ground}).to_string()).await.is(200);
        let standing = world.standing(&asked).await;
        assert_shape(&standing, &[]);
        assert_eq!((&standing["status"], &standing["reason"]), (&json!("denied"), &json!(reason)));
        world.refuses_everything(&asked).await;
    }
}

#[tokio::test]
async fn it_is_revoked_from_every_open_state_and_twice_is_once() {
    fn verifying(tenant: &mut habeas_engine::directory::Tenant) {
        of_business(tenant, |tenant| tenant.business.verify = vec![habeas_core::right::Right::Erasure]);
    }
    for (worked, adjust) in [(false, None), (true, None), (true, Some(verifying as fn(&mut _)))] {
        let mut setup = Setup::default();
        setup.adjust = adjust.unwrap_or(setup.adjust);
        let world = World::with(setup).await;
        let asked = world.exercise(&Exercise::deletion().callback(world.peer.url("a", "/a"))).await;
        if worked {
            world.work().await;
        }
        let before = world.standing(&asked).await;
        let revoked = world.revoke(&asked).await.is(200);
        let said = revoked.json();
        assert_shape(&said, &[]);
        assert_eq!(said["status"], "revoked", "from {before}");
        assert_eq!((&said["reason"], &said["user_verification_url"]), (&Value::Null, &Value::Null));
        assert_eq!(world.standing(&asked).await, said);
        world.work().await;
        assert_eq!(world.revoke(&asked).await, revoked, "the same object");
        world.work().await;
        assert_eq!(world.called_back("/a").last(), Some(&words("revoked", None)));
        let told = world.peer.heard("/a").len();
        world.later(DAY_MS).await;
        assert_eq!(world.peer.heard("/a").len(), told, "told once");
        world.refuses_everything(&asked).await;
    }
}

#[tokio::test]
async fn what_is_final_is_not_revoked() {
    let world = World::new().await;
    for (n, what, body) in [(1, "fulfill", ""), (2, "deny", r#"{"ground": "no_match"}"#)] {
        let asked = world.exercised(&Exercise::deletion().again(n)).await;
        world.act(&asked.id, what, body).await.is(200);
        let before = world.standing(&asked).await;
        let refused = world.revoke(&asked).await.is(409).json();
        assert_eq!(refused["code"], "409");
        assert!(refused["message"].as_str().is_some_and(|text| !text.is_empty()));
        assert!(refused.get("fatal").is_none(), "it moves to nothing: {refused}");
        assert_eq!(world.standing(&asked).await, before);
    }
}

impl World {
    /// Nothing follows a final state.
    async fn refuses_everything(&self, asked: &Asked) {
        let before = self.standing(asked).await;
        for (what, body) in [
            ("start", ""),
            ("fulfill", ""),
            ("deny", r#"{"ground": "no_match"}"#),
            ("verify", ""),
            ("verify", r#"{"done": true}"#),
            ("extend", r#"{"by": "2026-03-01T12:00:00Z", "reason": "many requests"}"#),
        ] {
            let refused = self.act(&asked.id, what, body).await;
            assert!([400, 409].contains(&refused.status), "{what}: {} {}", refused.status, refused.text());
        }
        self.work().await;
        assert_eq!(self.standing(asked).await, before);
    }
}
