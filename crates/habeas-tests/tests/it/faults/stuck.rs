//! Legs that only an operator can help: listed, tried again, given up.

use habeas_core::{
    capability::Capabilities,
    clock::HOUR_MS,
    identity::{Format, Kind},
    right::Right,
};
use habeas_engine::directory::Tenant;
use serde_json::{Value, json};

use super::{of_fake, watched};
use crate::{
    controller::party::{leg_of, wish_to},
    world::{
        Answered, Behavior, Reply, Setup, World,
        fake::{DISCOVERY, Fake, SUBMIT},
    },
};

const BOTH: [&str; 2] = ["mail.localhost", "fake.localhost"];

fn refusing(body: &str) -> [Behavior; 1] {
    [Behavior::Reply(Reply::json(400, body))]
}

impl World {
    /// The only leg that waits for an operator, by every account.
    async fn stuck(&self) -> Option<Value> {
        let mut listed = self.legs_listed("?stuck=true").await;
        assert!(listed.len() <= 1, "{listed:?}");
        assert_eq!(self.faults("stuck").await, listed);
        assert!(self.measures(&format!("habeas_legs_stuck {}", listed.len())).await);
        assert!(listed.iter().all(|leg| leg["trouble"].is_string() && leg["next_attempt_at"].is_null()));
        listed.pop()
    }

    pub(crate) async fn help(&self, leg: &Value, how: &str) -> Answered {
        self.operate("POST", &format!("/legs/{}/{how}", leg["leg_id"].as_str().unwrap()), "").await
    }

    /// mail.localhost does its part.
    async fn mail_is_done(&self, story: &Value) {
        let theirs = self.named(story["request_id"].as_str().unwrap()).await;
        self.act(&theirs, "fulfill", "").await.is(200);
        self.work().await;
    }
}

#[tokio::test]
async fn a_refusal_shows_until_the_others_are_done_and_is_never_hidden() {
    let world = watched(Setup::default()).await;
    let _fake = Fake::open(&world);
    world.peer.script(SUBMIT, refusing(r#"{"error":{"code":400,"message":"c4na7y"}}"#));
    let story = world.wished_and_sent(&wish_to(&BOTH, "erasure")).await;
    assert_eq!(leg_of(&story, "fake.localhost")["state"], "refused");
    let stuck = world.stuck().await.unwrap();
    assert_eq!((&stuck["party"], &stuck["state"]), (&json!("fake.localhost"), &json!("refused")));
    assert_eq!(stuck["trouble"], "it refused the request: 400");
    let alerts = world.alerts("party.trouble");
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0]["parties"][0]["trouble"], stuck["trouble"]);
    assert!(!alerts[0].to_string().contains("c4na7y"), "in words of ours");

    assert_eq!(story["state"], "distributed", "the others go on");
    world.mail_is_done(&story).await;
    assert_eq!(world.told(&story).await["state"], "denied", "not everybody did it");
    assert_eq!(world.stuck().await, None, "and nobody waits for anything any more");
    world.later(40 * 24 * HOUR_MS).await;
    assert_eq!(world.peer.heard(SUBMIT).len(), 1);
}

#[tokio::test]
async fn an_id_that_the_party_has_already_is_flagged_and_not_sent_again() {
    for body in [
        r#"{"error":{"code":400,"message":"Subject request already exists."}}"#,
        r#"{"code":400,"message":"already exists"}"#,
        r#"{"af_gdpr_code":"e213","code":400,"message":"no"}"#,
    ] {
        let world = World::new().await;
        let _fake = Fake::open(&world);
        world.peer.script(SUBMIT, refusing(body));
        let story = world.wished_and_sent(&wish_to(&BOTH, "erasure")).await;
        let stuck = world.stuck().await.unwrap();
        assert!(stuck["trouble"].as_str().unwrap().contains("another request of this id"), "{stuck}");
        assert_eq!(leg_of(&story, "fake.localhost")["state"], "refused");
        world.later(40 * 24 * HOUR_MS).await;
        assert_eq!(world.peer.heard(SUBMIT).len(), 1);
    }
}

/// fake.localhost is said to serve a right that its version has no word for.
fn wordless(tenant: &mut Tenant) {
    if let Some(party) = of_fake(tenant) {
        party.declared = Some(Capabilities {
            rights: vec![Right::AccessCategories],
            identities: vec![(Kind::new("email"), Format::Raw)],
            ..Capabilities::default()
        });
    }
}

#[tokio::test]
async fn what_a_party_cannot_be_told_is_not_sent_and_may_be_given_up() {
    let mut world = watched(Setup { adjust: wordless, ..Setup::default() }).await;
    let fake = Fake::open(&world);
    let story = world.wished_and_sent(&wish_to(&["fake.localhost"], "access-categories")).await;
    let stuck = world.stuck().await.unwrap();
    assert_eq!((&stuck["state"], &stuck["attempts"]), (&json!("waiting"), &json!(0)));
    assert!(stuck["trouble"].as_str().unwrap().contains("this right"), "{stuck}");
    assert_eq!(world.alerts("party.trouble").len(), 1);
    world.restart().await;
    world.later(40 * 24 * HOUR_MS).await;
    assert!(world.peer.heard(SUBMIT).is_empty(), "it waits, whatever happens");

    world.help(&stuck, "retry").await.is(200);
    world.work().await;
    assert!(world.stuck().await.is_some(), "nothing has changed");
    assert_eq!(world.help(&stuck, "waive").await.is(200).json()["state"], "waived");
    assert_eq!(world.stuck().await, None);
    assert_eq!(world.told(&story).await["state"], "denied", "nobody took it back, and nobody has it");
    world.help(&stuck, "waive").await.is(409);
    assert_eq!(world.alerts("party.trouble").len(), 1);
    assert_eq!(world.peer.heard(SUBMIT).len() + world.peer.heard(DISCOVERY).len(), 0);
    drop(fake);
}

#[tokio::test]
async fn a_party_that_is_no_longer_configured_waits_for_the_operator() {
    let mut world = World::new().await;
    let _fake = Fake::open(&world);
    let made = world.wished(&wish_to(&BOTH, "erasure")).await.is(202).json();
    world.setup.adjust = |tenant| tenant.peers.retain(|peer| peer.party.id.as_str() != "fake.localhost");
    world.restart().await;
    world.work().await;
    let stuck = world.stuck().await.unwrap();
    assert!(stuck["trouble"].as_str().unwrap().contains("no longer configured"), "{stuck}");
    assert_eq!(leg_of(&world.told(&made).await, "mail.localhost")["state"], "pending");
    assert!(world.peer.heard(SUBMIT).is_empty());

    world.setup.adjust = |_| {};
    world.restart().await;
    world.work().await;
    assert!(world.stuck().await.is_some(), "the operator says when");
    world.help(&stuck, "retry").await.is(200);
    world.work().await;
    assert_eq!(world.stuck().await, None);
    let leg = leg_of(&world.told(&made).await, "fake.localhost").clone();
    assert_eq!((&leg["state"], &leg["trouble"]), (&json!("pending"), &Value::Null));
}

#[tokio::test]
async fn a_leg_given_up_beside_one_that_is_done_leaves_the_request_undone() {
    let mut world = World::new().await;
    let _fake = Fake::open(&world);
    let made = world.wished(&wish_to(&BOTH, "erasure")).await.is(202).json();
    world.setup.adjust = |tenant| tenant.peers.retain(|peer| peer.party.id.as_str() != "fake.localhost");
    world.restart().await;
    world.work().await;
    let stuck = world.stuck().await.unwrap();
    world.help(&stuck, "waive").await.is(200);
    assert_eq!(world.told(&made).await["state"], "distributed", "mail.localhost has it");
    world.mail_is_done(&made).await;
    let story = world.told(&made).await;
    assert_eq!(story["state"], "denied", "never told as done for all: {story}");
    assert_eq!(leg_of(&story, "mail.localhost")["state"], "fulfilled");
}

#[tokio::test]
async fn a_party_that_is_down_can_be_tried_at_once() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    world.peer.script(SUBMIT, [Behavior::BreakOff]);
    let story = world.wished_and_sent(&wish_to(&["fake.localhost"], "erasure")).await;
    for _ in 0..6 {
        world.later(2 * HOUR_MS).await;
    }
    let leg = world.told(&story).await["legs"][0].clone();
    assert!(leg["attempts"].as_u64().unwrap() >= 3 && leg["trouble"].is_string(), "{leg}");
    assert_eq!(world.stuck().await, None, "it is tried again by itself");
    world.peer.script(SUBMIT, [fake.accepting()]);
    let retried = world.help(&leg, "retry").await.is(200).json();
    assert_eq!(retried["attempts"], 0);
    world.work().await;
    assert_eq!(leg_of(&world.told(&story).await, "fake.localhost")["state"], "pending");
    let heard = world.peer.heard(SUBMIT);
    assert!(heard.iter().all(|again| again.body == heard[0].body), "the same bytes");
}

#[tokio::test]
async fn what_the_party_has_is_not_given_up() {
    let world = World::new().await;
    let _fake = Fake::open(&world);
    let story = world.wished_and_sent(&wish_to(&["fake.localhost"], "erasure")).await;
    let leg = story["legs"][0].clone();
    let refused = world.help(&leg, "waive").await.is(409);
    assert_eq!(refused.json()["type"], "urn:habeas:problem:invalid_transition");
    for how in ["retry", "waive"] {
        world.operate("POST", &format!("/legs/nobody/{how}"), "").await.is(404);
    }
    assert_eq!(world.told(&story).await["legs"][0]["state"], "pending");
}
