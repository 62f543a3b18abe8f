//! A processor that is not there: nothing is lost, and nothing of the others is hidden.

use habeas_core::{
    id::RequestId,
    identity::{Format, Kind},
};
use habeas_engine::directory::Tenant;
use serde_json::json;

use super::{AGENT, DAY_MS, HOUR_MS, MAIL, PUSH};
use crate::world::{
    Ask, Behavior, Fault, ID, Setup, World,
    fake::{CERTIFICATE, DISCOVERY, Fake, SUBMIT, Sent},
};

const FAKE: &str = "fake.localhost";

async fn world() -> World {
    World::with(Setup { downstream: &[MAIL, FAKE], ..Setup::default() }).await
}

/// What the fake processor was sent, to call back about it.
async fn sent(world: &World, id: &RequestId) -> Sent {
    let url = world.leg_to(id, FAKE).await["callback_url"].as_str().unwrap().to_owned();
    let path = url::Url::parse(&url).unwrap().path().to_owned();
    Sent { id: RequestId::new(ID), url, path }
}

/// The request is at the agent, mail has done its part, and fake never answers.
async fn half_done(world: &World) -> RequestId {
    let id = world.entrusted("/v0.1.3").await;
    world.work().await;
    assert_eq!(world.told_upstream(), ["pending"], "not everybody has it");
    world.happens_at(MAIL, "start").await;
    assert_eq!(
        world.told_upstream(),
        ["pending", "distributed", "in_progress"],
        "that one is down does not hide the other"
    );
    world.happens_at(MAIL, "fulfill").await;
    id
}

#[tokio::test]
async fn a_processor_that_is_down_for_a_day_gets_the_request_all_the_same() {
    let mut world = world().await;
    let fake = Fake::open(&world);
    world.peer.script(SUBMIT, [Behavior::BreakOff]);
    let id = half_done(&world).await;

    world.live(12 * HOUR_MS).await;
    world.restart().await;
    world.live(12 * HOUR_MS).await;
    let tries = world.peer.heard(SUBMIT);
    // After 0, 5 s, 1 m, 5 m, 30 m, 2 h, 5 h and 10 h.
    assert_eq!(tries.len(), 8, "to the schedule");
    assert!(tries.iter().all(|again| again.body == tries[0].body), "with the same bytes");
    let leg = world.leg_to(&id, FAKE).await;
    assert_eq!((&leg["state"], &leg["attempts"]), (&json!("unsent"), &json!(8)));
    assert!(leg["trouble"].is_string() && leg["next_attempt_at"].is_string(), "{leg}");
    assert_eq!(world.told_upstream(), ["pending", "distributed", "in_progress"], "completed only when both are");
    assert_eq!(world.of_agent("GET", "/v0.1.3").await.json()["request_status"], "in_progress");

    world.peer.script(SUBMIT, [fake.accepting()]);
    world.peer.script(&format!("{SUBMIT}/{ID}"), [fake.saying(ID, "pending")]);
    world.live(DAY_MS).await;
    let leg = world.leg_to(&id, FAKE).await;
    assert_eq!(
        (&leg["state"], &leg["trouble"], &leg["receipt"]["verified"]),
        (&json!("pending"), &json!(null), &json!(true))
    );
    let sent = sent(&world, &id).await;
    world.call(fake.callback(&sent, "completed").host(AGENT)).await.is(202);
    world.work().await;
    assert_eq!(world.told_upstream(), ["pending", "distributed", "in_progress", "completed"]);
    assert_eq!(world.wire.asked("POST", MAIL).len(), 1, "who had it is not asked again");
}

#[tokio::test]
async fn a_processor_that_was_never_there_gets_the_request_when_it_comes() {
    let mut world = world().await;
    for path in [DISCOVERY, CERTIFICATE, SUBMIT] {
        world.peer.script(path, [Behavior::BreakOff]);
    }
    let id = half_done(&world).await;
    world.live(DAY_MS).await;
    world.restart().await;
    assert_eq!(
        world.leg_to(&id, FAKE).await["state"],
        "waiting",
        "nothing was sent before it could say what it serves"
    );
    assert!(world.peer.heard(SUBMIT).is_empty());

    let fake = Fake::open(&world);
    world.live(DAY_MS).await;
    assert_eq!(world.leg_to(&id, FAKE).await["state"], "pending");
    let sent = sent(&world, &id).await;
    world.call(fake.callback(&sent, "completed").host(AGENT)).await.is(202);
    world.work().await;
    assert_eq!(world.told_upstream(), ["pending", "distributed", "in_progress", "completed"]);
}

#[tokio::test]
async fn the_sender_is_told_what_happened_while_it_was_down_in_order() {
    let world = World::new().await;
    world.peer.script("/up", [Behavior::BreakOff]);
    world.entrusted("/v0.1.3").await;
    world.work().await;
    for party in [MAIL, super::ADS] {
        world.happens_at(party, "fulfill").await;
    }
    world.peer.script("/up", [Behavior::Status(200)]);
    let before = world.told_upstream().len();
    world.live(DAY_MS).await;
    assert_eq!(world.told_upstream()[before..], ["pending", "distributed", "in_progress", "completed"]);
}

/// Down when it is asked: it gets what it can serve later on.
async fn late_party(ask: Ask) -> (World, RequestId) {
    let world = World::with(Setup { downstream: &[MAIL, PUSH], ..Setup::default() }).await;
    world.wire.breaks(PUSH, Fault::Down);
    let up = world.peer.url("up", "/up");
    world.entrust("/v1", ask.callbacks(&[up]).text()).await.is(201);
    let id = world.named_at(AGENT, ID).await;
    world.work().await;
    world.happens_at(MAIL, "fulfill").await;
    assert_eq!(world.story(&id).await["state"], "in_progress");
    assert!(world.wire.asked("POST", PUSH).iter().all(|said| said.status == 502));
    world.wire.mend(PUSH);
    world.live(HOUR_MS).await;
    (world, id)
}

#[tokio::test]
async fn a_party_that_cannot_be_asked_gets_its_share_later() {
    let (world, id) = late_party(Ask::erasure()).await;
    assert_eq!(world.leg_to(&id, PUSH).await["state"], "pending");
    world.happens_at(PUSH, "fulfill").await;
    assert_eq!(world.story(&id).await["state"], "fulfilled");
}

#[tokio::test]
async fn a_party_that_turns_out_to_serve_nothing_of_it_denies_nothing() {
    let (world, id) = late_party(Ask::erasure().identity("controller_customer_id", "raw", "42")).await;
    assert_eq!(world.leg_to(&id, PUSH).await["state"], "inapplicable");
    assert!(world.wire.asked("POST", PUSH).is_empty());
    assert_eq!(world.story(&id).await["state"], "fulfilled", "mail has done all that there was to do");
    assert_eq!(world.told_upstream(), ["pending", "in_progress", "completed"]);
}

#[tokio::test]
async fn where_nobody_turns_out_to_serve_it_the_request_is_denied_and_not_completed() {
    let world = World::with(Setup { downstream: &[PUSH], ..Setup::default() }).await;
    world.wire.breaks(PUSH, Fault::Down);
    let up = world.peer.url("up", "/up");
    let ask = Ask::erasure().identity("controller_customer_id", "raw", "42").callbacks(&[up]);
    world.entrust("/v1", ask.text()).await.is(201);
    world.wire.mend(PUSH);
    world.live(HOUR_MS).await;
    let id = world.named_at(AGENT, ID).await;
    let story = world.story(&id).await;
    assert_eq!((&story["state"], &story["ground"]), (&json!("denied"), &json!("unsupported")));
    assert_eq!(world.told_upstream(), ["pending", "pending"]);
    let last = world.heard_from(AGENT).pop().unwrap().json();
    assert_eq!(last["extensions"][AGENT]["denied"]["reason"], "unsupported");
}

/// mail takes addresses, and push their digests: nobody takes anything else.
fn addresses_only(tenant: &mut Tenant) {
    if tenant.domain().as_str() == MAIL {
        tenant.organisation.capabilities.identities = vec![(Kind::new("email"), Format::Raw)];
    }
}

/// push takes advertising ids, and nothing of what is asked for.
fn push_knows_neither(tenant: &mut Tenant) {
    addresses_only(tenant);
    if tenant.domain().as_str() == PUSH {
        tenant.organisation.capabilities.identities = vec![(Kind::new("idfa"), Format::Raw)];
    }
}

#[tokio::test]
async fn an_identity_that_turns_out_to_be_nobodys_is_not_told_as_completed() {
    for adjust in [addresses_only as fn(&mut Tenant), push_knows_neither] {
        let world = World::with(Setup { downstream: &[MAIL, PUSH], adjust, ..Setup::default() }).await;
        world.wire.breaks(PUSH, Fault::Down);
        let identity =
            |kind: &str, value: &str| json!({"identity_type": kind, "identity_value": value, "identity_format": "raw"});
        let both = json!([identity("email", "ann@example.org"), identity("controller_customer_id", "42")]);
        let ask = world.usual().with("subject_identities", both);
        world.entrust("/v1", ask.text()).await.is(201);
        let id = world.named_at(AGENT, ID).await;
        world.work().await;
        world.happens_at(MAIL, "fulfill").await;
        world.wire.mend(PUSH);
        world.live(HOUR_MS).await;
        if world.leg_to(&id, PUSH).await["state"] == "pending" {
            world.happens_at(PUSH, "fulfill").await;
        }
        let story = world.story(&id).await;
        assert_eq!(story["state"], "denied", "nobody did anything about the customer id: {story}");
        let told = world.told_upstream();
        assert!(!told.contains(&"completed".to_owned()), "{told:?}");
    }
}
