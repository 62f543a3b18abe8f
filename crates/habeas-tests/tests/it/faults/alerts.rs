//! The operator's webhook: told once of each thing, signed, nothing personal in it, and again until it is heard.

use std::sync::Arc;

use habeas_core::clock::{DAY_MS, HOUR_MS};
use habeas_engine::settings::Settings;
use habeas_trust::signing::SigningKey;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{ALERTS, watched};
use crate::{
    controller::party::{receipt_of, signed},
    world::{
        Ask, Behavior, ID, Setup, World, ask,
        fake::{Fake, SUBMIT},
        keys::{YEAR_MS, p256},
    },
};

const PATH: &str = "/c4na7y-callback";
const PERSON: &str = "c4na7y@example.org";

/// A request whose callbacks fail.
async fn failing(world: &World) -> habeas_core::id::RequestId {
    world.peer.script(PATH, [Behavior::Status(500)]);
    let ask = Ask::erasure().identity("email", "raw", PERSON).callbacks(&[world.peer.url("a", PATH)]);
    world.accepted(&ask).await
}

#[tokio::test]
async fn the_operator_is_told_of_failing_callbacks_beside_the_contact() {
    let world = watched(Setup::default()).await;
    let id = failing(&world).await;
    world.work().await;
    for _ in 1..4 {
        assert!(world.alerts("callbacks.failing").is_empty());
        world.later(10 * 60 * 1000).await;
    }
    assert_eq!(world.peer.heard(PATH).len(), 4);
    for _ in 0..5 {
        world.later(DAY_MS).await;
    }
    let alerts = world.alerts("callbacks.failing");
    assert_eq!((alerts.len(), world.peer.heard("/contact").len()), (1, 1));
    assert_eq!((&alerts[0]["organisation"], &alerts[0]["request_id"]), (&json!("mail.localhost"), &json!(id.as_str())));
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_told_at_once() {
    let world = watched(Setup::default()).await;
    failing(&world).await;
    world.peer.script(PATH, [Behavior::Status(410)]);
    world.work().await;
    assert_eq!(world.alerts("callbacks.failing").len(), 1);
}

#[tokio::test]
async fn each_request_and_each_kind_is_told_by_itself() {
    let world = watched(Setup::default()).await;
    let _fake = Fake::open(&world);
    world.peer.script(SUBMIT, [Behavior::Status(503)]);
    world.peer.script(PATH, [Behavior::Status(410)]);
    for n in 0..2 {
        let ask = Ask::erasure().id(&ask::id(n)).callbacks(&[world.peer.url("a", PATH)]);
        world.accepted(&ask).await;
    }
    let sent = world.sent("fake.localhost").await;
    for _ in 0..40 {
        world.later(DAY_MS).await;
    }
    assert_eq!(world.alerts("callbacks.failing").len(), 2);
    for kind in ["party.trouble", "party.late"] {
        let alerts = world.alerts(kind);
        assert_eq!(alerts.len(), 1, "{kind}");
        assert_eq!(alerts[0]["request_id"], sent.id.as_str());
    }
}

#[tokio::test]
async fn a_party_that_cannot_be_dealt_with_is_told_after_several_tries() {
    let world = watched(Setup::default()).await;
    let fake = Fake::open(&world);
    world.peer.script(SUBMIT, [Behavior::Status(503)]);
    let sent = world.sent("fake.localhost").await;
    for _ in 1..4 {
        assert!(world.alerts("party.trouble").is_empty());
        world.until_tried_again(&sent.id).await;
        world.work().await;
    }
    for _ in 0..3 {
        world.later(DAY_MS).await;
    }
    let alerts = world.alerts("party.trouble");
    assert_eq!(alerts.len(), 1);
    let party = &alerts[0]["parties"][0];
    assert_eq!((&party["party"], &party["state"]), (&json!("fake.localhost"), &json!("unsent")));
    assert!(party["trouble"].as_str().unwrap().contains("503"), "{party}");
    world.peer.script(SUBMIT, [fake.accepting()]);
    world.later(2 * DAY_MS).await;
    assert_eq!(world.leg(&sent.id).await.0, "pending");
    assert_eq!(world.alerts("party.trouble").len(), 1);
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_told_once_a_day_and_listed() {
    let soon = Settings { certificate_soon_ms: 2 * YEAR_MS, ..Settings::default() };
    let world = watched(Setup { settings: soon, ..Setup::default() }).await;
    world.work().await;
    world.later(HOUR_MS).await;
    let alerts = world.alerts("certificate.ending");
    let mut told: Vec<_> = alerts.iter().map(|alert| alert["organisation"].as_str().unwrap().to_owned()).collect();
    told.sort_unstable();
    let mut all: Vec<_> = world.engine.organisations().map(|tenant| tenant.domain().to_string()).collect();
    all.sort_unstable();
    assert_eq!(told, all);
    assert!(alerts.iter().all(|alert| alert["not_after"] == "2027-01-01T12:00:00Z"), "{alerts:?}");
    assert_eq!(world.faults("certificates").await.len(), all.len());
    assert!(
        world
            .measures(r#"habeas_certificate_not_after_timestamp_seconds{organisation="mail.localhost"} 1798804800"#)
            .await
    );

    world.later(DAY_MS).await;
    let heard = world.peer.heard(ALERTS);
    assert_eq!(heard.len(), 2 * all.len(), "and once more the next day");
    let mut ids: Vec<_> = heard.iter().map(|alert| alert.header("webhook-id").to_owned()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all.len(), "under the same ids");
}

#[tokio::test]
async fn a_certificate_whose_alert_nobody_took_is_told_again_an_hour_later() {
    let soon = Settings { certificate_soon_ms: 2 * YEAR_MS, ..Settings::default() };
    let world = watched(Setup { settings: soon, ..Setup::default() }).await;
    let all = world.engine.organisations().count();
    world.peer.script(ALERTS, [Behavior::BreakOff]);
    let told = || world.peer.heard(ALERTS).len();
    for n in 0..3_u32 {
        let ask = Ask::erasure().id(&ask::id(n)).callbacks(&[world.peer.url("a", "/a")]);
        world.accepted(&ask).await;
        world.work().await;
        let so_far = usize::try_from(n).unwrap() + 1;
        assert_eq!(told(), all * so_far, "each once");
        assert_eq!(world.peer.heard("/a").len(), so_far, "and the callbacks go on");
        world.later(HOUR_MS - 1).await;
        assert_eq!(told(), all * so_far, "not before an hour has passed");
        world.clock.advance(1);
    }
    world.peer.script(ALERTS, [Behavior::Status(200)]);
    world.work().await;
    let heard = told();
    assert_eq!(heard, 4 * all);
    world.later(DAY_MS - 1).await;
    assert_eq!(told(), heard, "what was heard is told once a day");
    world.later(1).await;
    assert_eq!(told(), heard + all);
}

#[tokio::test]
async fn a_receiver_of_alerts_that_hangs_holds_nothing_up() {
    let soon = Settings { certificate_soon_ms: 2 * YEAR_MS, ..Settings::default() };
    let world = watched(Setup { settings: soon, ..Setup::default() }).await;
    world.peer.script(ALERTS, [Behavior::Hang]);
    let worker = tokio::spawn(Arc::clone(&world.engine).run(CancellationToken::new()));
    world.peer.wait_for(ALERTS, 1).await;
    world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    let begun = tokio::time::Instant::now();
    world.peer.wait_for("/a", 1).await;
    assert!(begun.elapsed() < tokio::time::Duration::from_secs(20), "not after the alert was given up");
    worker.abort();
}

#[tokio::test]
async fn a_receipt_whose_signature_does_not_hold_is_told_at_once() {
    let world = watched(Setup::default()).await;
    let _fake = Fake::open(&world);
    let stranger = Arc::new(SigningKey::from_pem(&p256()).unwrap());
    let forged = Behavior::by(move |heard| signed(&stranger, "fake.localhost", 201, receipt_of(heard).to_string()));
    world.peer.script(SUBMIT, [forged]);
    let sent = world.sent("fake.localhost").await;
    let alerts = world.alerts("party.trouble");
    assert_eq!(alerts.len(), 1, "after one try");
    let party = &alerts[0]["parties"][0];
    assert_eq!((&alerts[0]["request_id"], &party["state"]), (&json!(sent.id.as_str()), &json!("unsent")));
    assert!(party["trouble"].as_str().unwrap().contains("signature"), "{party}");
    world.live(DAY_MS).await;
    assert_eq!(world.alerts("party.trouble").len(), 1, "and once");
}

#[tokio::test]
async fn a_certificate_that_lasts_is_not_mentioned() {
    let world = watched(Setup::default()).await;
    world.work().await;
    assert!(world.peer.heard(ALERTS).is_empty());
    assert!(world.faults("certificates").await.is_empty());
}

#[tokio::test]
async fn an_alert_is_told_again_until_it_is_heard() {
    let mut world = watched(Setup::default()).await;
    let _fake = Fake::open(&world);
    world.peer.script(SUBMIT, [Behavior::Status(400)]);
    world.peer.script(
        ALERTS,
        [Behavior::BreakOff, Behavior::Status(500), Behavior::redirect("/elsewhere"), Behavior::Status(200)],
    );
    let story = world
        .wished_and_sent(&crate::controller::party::wish_to(&["mail.localhost", "fake.localhost"], "erasure"))
        .await;
    assert_eq!(world.peer.heard(ALERTS).len(), 1);
    world.restart().await;
    for _ in 0..6 {
        world.later(HOUR_MS).await;
    }
    let heard = world.peer.heard(ALERTS);
    assert_eq!(world.alerts("party.trouble").len(), 4, "three times in vain, then it is heard");
    assert!(heard.iter().all(|alert| alert.header("webhook-id") == heard[0].header("webhook-id")));
    assert!(heard.iter().all(|alert| alert.body == heard[0].body), "{story}");
    assert!(world.peer.heard("/elsewhere").is_empty());
    assert!(world.alerts("callbacks.failing").is_empty(), "an alert that fails raises no alert");
}

#[tokio::test]
async fn what_was_mended_before_anybody_heard_of_it_is_not_told() {
    let world = watched(Setup::default()).await;
    let fake = Fake::open(&world);
    world.peer.script(ALERTS, [Behavior::Status(500)]);
    world.peer.script(SUBMIT, [Behavior::Status(503)]);
    let sent = world.sent("fake.localhost").await;
    failing(&world).await;
    for _ in 0..6 {
        world.later(HOUR_MS).await;
    }
    assert!(!world.alerts("party.trouble").is_empty() && !world.alerts("callbacks.failing").is_empty());

    world.peer.script(SUBMIT, [fake.accepting()]);
    world.peer.script(PATH, [Behavior::Status(200)]);
    world.operate("POST", "/deliveries/retry", r#"{"organisation": "mail.localhost"}"#).await.is(200);
    let leg = world.story(&sent.id).await["legs"][0]["leg_id"].as_str().unwrap().to_owned();
    world.operate("POST", &format!("/legs/{leg}/retry"), "").await.is(200);
    world.work().await;
    assert_eq!(world.leg(&sent.id).await.0, "pending");
    world.peer.script(ALERTS, [Behavior::Status(200)]);
    let before = world.peer.heard(ALERTS).len();
    world.later(3 * DAY_MS).await;
    assert_eq!(world.peer.heard(ALERTS).len(), before, "{:?}", world.alerts("callbacks.failing").len());
}

#[tokio::test]
async fn alerts_hold_nothing_personal_and_no_token() {
    let soon = Settings { certificate_soon_ms: 2 * YEAR_MS, ..Settings::default() };
    let world = watched(Setup { settings: soon, ..Setup::default() }).await;
    let _fake = Fake::open(&world);
    let said = crate::world::Reply::json(503, format!(r#"{{"message":"{PERSON}"}}"#)).with("x-c4na7y", "c4na7y");
    world.peer.script(SUBMIT, [Behavior::Reply(said)]);
    let mut wish = crate::controller::party::wish_to(&["fake.localhost"], "erasure");
    wish["identities"][0]["value"] = json!(PERSON);
    wish["reference"] = json!("c4na7y ticket");
    let story = world.wished_and_sent(&wish).await;
    failing(&world).await;
    for _ in 0..40 {
        world.later(DAY_MS).await;
    }
    for kind in ["callbacks.failing", "party.trouble", "party.late", "certificate.ending"] {
        assert!(!world.alerts(kind).is_empty(), "{kind}");
    }
    let url = story["legs"][0]["callback_url"].as_str().unwrap();
    let secrets =
        ["c4na7y", PERSON, url.rsplit('/').next().unwrap(), world.keys.shop.token(), world.keys.agent.token(), ID];
    for alert in world.peer.heard(ALERTS) {
        let text = format!("{:?} {}", alert.headers, String::from_utf8_lossy(&alert.body)).to_lowercase();
        for secret in secrets {
            assert!(!text.contains(&secret.to_lowercase()), "{secret} is in {text}");
        }
    }
}

#[tokio::test]
async fn whoever_wants_no_alerts_is_owed_none() {
    let world = World::new().await;
    let id = failing(&world).await;
    world.peer.script(PATH, [Behavior::Status(410)]);
    world.work().await;
    let kinds: Vec<_> = world.deliveries(&id).await.iter().map(|row| row.delivery.kind.as_str()).collect();
    assert!(!kinds.contains(&"alert"), "{kinds:?}");
}
