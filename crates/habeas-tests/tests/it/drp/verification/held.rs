//! Until the person has proved who they are, nobody is told of the request who would do its work.

use habeas_core::{
    clock::{DAY_MS, HOUR_MS},
    right::Right,
};
use serde_json::json;

use super::verifying;
use crate::{
    controller::party::leg_of,
    world::{
        Setup, Work, World,
        drp::{Exercise, of_business, words},
    },
};

const MAIL: &str = "mail.localhost";
const ADS: &str = "ads.localhost";

#[tokio::test]
async fn parties_hear_of_it_only_when_the_person_is_known() {
    let world = World::with(Setup { bridge: &[MAIL, ADS], ..verifying() }).await;
    let visitor = world.awaiting(&Exercise::deletion()).await;
    let page = visitor.comes().await;
    let code = visitor.asks_for_a_code(&page).await;
    world.live(6 * DAY_MS).await;
    let posted = || world.wire.all(|said| said.method == "POST" && [MAIL, ADS].contains(&said.to.as_str())).len();
    assert_eq!(posted(), 0);
    let story = world.story(&visitor.asked.id).await;
    assert!(story["legs"].as_array().unwrap().iter().all(|leg| leg["state"] == "waiting"), "{story}");
    visitor.gives(&page, &code).await.is(200);
    let code = visitor.asks_for_a_code(&page).await;
    visitor.gives(&page, &code).await.is(303);
    world.work().await;
    assert_eq!(posted(), 2);
}

#[tokio::test]
async fn nobody_hears_of_a_person_who_is_never_known() {
    let world = World::with(Setup { bridge: &[MAIL, ADS], ..verifying() }).await;
    let visitor = world.awaiting(&Exercise::deletion()).await;
    world.live(30 * DAY_MS).await;
    assert!(world.wire.all(|said| said.method == "POST" && [MAIL, ADS].contains(&said.to.as_str())).is_empty());
    let story = world.story(&visitor.asked.id).await;
    assert!(story["legs"].as_array().unwrap().iter().all(|leg| leg["state"] == "waived"), "{story}");
    assert_eq!(world.stands(&visitor.asked).await, words("denied", Some("insuf_verification")));
}

#[tokio::test]
async fn a_party_that_an_operator_left_out_is_in_nobodys_way() {
    let world = World::with(Setup { bridge: &[MAIL, ADS], ..verifying() }).await;
    let asked = world.exercise(&Exercise::deletion()).await;
    let story = world.story(&asked.id).await;
    world.help(leg_of(&story, MAIL), "waive").await.is(200);
    world.work().await;
    assert_eq!(world.stands(&asked).await.1.as_deref(), Some("need_user_verification"));
    world.act(&asked.id, "verify", r#"{"done": true}"#).await.is(200);
    world.work().await;
    let story = world.story(&asked.id).await;
    assert_eq!((&leg_of(&story, MAIL)["state"], &leg_of(&story, ADS)["state"]), (&json!("waived"), &json!("pending")));
}

#[tokio::test]
async fn the_own_systems_hear_of_it_only_when_the_person_is_known() {
    let world = World::with(Setup { work: Work::Webhook, ..verifying() }).await;
    let visitor = world.awaiting(&Exercise::deletion()).await;
    world.live(DAY_MS).await;
    assert!(world.peer.heard("/work").is_empty());
    let page = visitor.comes().await;
    let code = visitor.asks_for_a_code(&page).await;
    visitor.gives(&page, &code).await.is(303);
    world.work().await;
    let heard = world.peer.heard("/work");
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].json()["subject_request_id"], visitor.asked.wire.as_str());
}

#[tokio::test]
async fn an_operator_who_wants_a_proof_stops_what_was_about_to_be_handed_over() {
    let world = World::with(Setup { work: Work::Webhook, hold_ms: HOUR_MS, ..Setup::default() }).await;
    let asked = world.exercised(&Exercise::deletion()).await;
    world.act(&asked.id, "verify", "").await.is(200);
    world.live(DAY_MS).await;
    assert_eq!(world.stands(&asked).await.1.as_deref(), Some("need_user_verification"));
    assert!(world.peer.heard("/work").is_empty(), "the systems were told of a person whom nobody knows");
    world.act(&asked.id, "verify", r#"{"done": true}"#).await.is(200);
    world.work().await;
    assert_eq!(world.peer.heard("/work").len(), 1);
}

#[tokio::test]
async fn an_operator_may_say_that_it_was_proved_in_another_way() {
    let world = World::with(verifying()).await;
    let visitor = world.awaiting(&Exercise::deletion()).await;
    world.act(&visitor.asked.id, "verify", r#"{"done": true}"#).await.is(200);
    assert_eq!(world.stands(&visitor.asked).await, words("in_progress", None));
    visitor.comes_with(&visitor.parameters()).await.is(410);
}

#[tokio::test]
async fn an_operator_may_deny_it_before_the_person_is_known() {
    for bridge in [&[][..], &[MAIL, ADS]] {
        let world = World::with(Setup { bridge, ..verifying() }).await;
        let visitor = world.awaiting(&Exercise::deletion()).await;
        world.act(&visitor.asked.id, "deny", r#"{"ground": "suspected_fraud"}"#).await.is(200);
        assert_eq!(world.stands(&visitor.asked).await, words("denied", Some("suspected_fraud")));
        world.live(DAY_MS).await;
        assert!(world.wire.all(|said| said.method == "POST" && [MAIL, ADS].contains(&said.to.as_str())).is_empty());
    }
}

#[tokio::test]
async fn who_asks_for_the_proof_is_trusted_only_where_that_was_agreed() {
    let said = Exercise::deletion().claim("email_verified", true);
    let world = World::with(verifying()).await;
    let asked = world.exercised(&said).await;
    assert_eq!(world.stands(&asked).await.1.as_deref(), Some("need_user_verification"));

    fn trusting(tenant: &mut habeas_engine::directory::Tenant) {
        of_business(tenant, |tenant| {
            tenant.business.verify = vec![Right::Erasure];
            for peer in tenant.peers.iter_mut().filter(|peer| peer.party.id.as_str() == "helper.localhost") {
                peer.party.trust.verified_claims = true;
            }
        });
    }
    let world = World::with(Setup { adjust: trusting, ..Setup::default() }).await;
    let asked = world.exercised(&said).await;
    assert_eq!(world.stands(&asked).await, words("in_progress", None));
    for (n, claim) in [(1, json!(null)), (2, json!(false))] {
        let asked = world.exercised(&Exercise::deletion().again(n).claim("email_verified", claim)).await;
        assert_eq!(world.stands(&asked).await.1.as_deref(), Some("need_user_verification"));
    }
    // Another agent was not agreed with.
    let rivals = said.by("rival.localhost");
    let call = world.call(rivals.call()).await.is(200).json();
    world.work().await;
    let id = world.named_at("business.localhost", call["request_id"].as_str().unwrap()).await;
    assert_eq!(world.story(&id).await["state"], "awaiting_verification");
}

#[tokio::test]
async fn a_crash_while_the_person_is_on_the_way_changes_nothing() {
    let mut world = World::with(Setup { bridge: &[MAIL, ADS], ..verifying() }).await;
    let (asked, link, token, page) = {
        let visitor = world.awaiting(&Exercise::deletion()).await;
        let page = visitor.comes().await;
        visitor.asks_for_a_code(&page).await;
        (visitor.asked.clone(), visitor.link.clone(), visitor.token.clone(), page)
    };
    let code = world.letters.code();
    world.restart().await;
    world.work().await;
    let visitor = super::Visitor { world: &world, asked, token, link };
    assert_eq!(world.stands(&visitor.asked).await.1.as_deref(), Some("need_user_verification"));
    visitor.gives(&page, &code).await.is(303);
    let asked = visitor.asked.clone();
    world.restart().await;
    world.work().await;
    assert_eq!(world.stands(&asked).await, words("in_progress", None));
    let posted = world.wire.all(|said| said.method == "POST" && [MAIL, ADS].contains(&said.to.as_str()));
    assert_eq!(posted.len(), 2);
}

/// A code proves the address that it was sent to: what else an agent claims is nothing to look anybody up by.
#[tokio::test]
async fn the_own_systems_are_told_of_what_was_proved_and_of_nothing_else() {
    let world = World::with(Setup { work: Work::Webhook, ..verifying() }).await;
    let exercise = Exercise::deletion()
        .claim("name", "Ann")
        .claim("phone_number", "+12025550123")
        .claim("phone_number_verified", true)
        .claim("email_verified", true);
    let visitor = world.awaiting(&exercise).await;
    let page = visitor.comes().await;
    let code = visitor.asks_for_a_code(&page).await;
    visitor.gives(&page, &code).await.is(303);
    world.work().await;
    let told = world.peer.heard("/work")[0].json();
    let kinds: Vec<_> = told["identities"].as_array().unwrap().iter().map(|one| one["kind"].clone()).collect();
    assert_eq!(kinds, ["email"], "{told}");
    let claims = told["claims"].to_string();
    assert!(claims.contains("Ann") && !claims.contains("phone") && !claims.contains("_verified"), "{claims}");
}
