//! A processor calls the controller past the agent: the controller's URL was handed on to it (0.1 §2; A25).

use habeas_core::id::RequestId;
use serde_json::{Value, json};

use super::{ADS, AGENT, HOUR_MS, MAIL, PUSH};
use crate::world::{
    Call, Fault, World,
    fake::{Fake, OPENGDPR, Sent, signed_by},
};

/// shop.localhost has sent a request through the agent, which has handed it on.
async fn world() -> (World, Sent) {
    let world = World::new().await;
    let sent = world.sent(AGENT).await;
    assert_eq!(world.leg(&sent.id).await.0, "distributed");
    (world, sent)
}

async fn receipts(world: &World, id: &RequestId) -> Vec<Value> {
    world.story(id).await["receipts"].as_array().unwrap().clone()
}

async fn from(world: &World, id: &RequestId, signer: &str) -> Vec<Value> {
    receipts(world, id).await.into_iter().filter(|receipt| receipt["signer"] == signer).collect()
}

/// A callback to the leg's URL that this one signs.
fn callback(world: &World, sent: &Sent, domain: &str, body: &Value) -> Call {
    let body = body.to_string().into_bytes();
    let [name, signature] = signed_by(&world.keys.signing(domain), domain, &body);
    Call::post(&sent.path, body).host("shop.localhost").header(name.0, &name.1).header(signature.0, &signature.1)
}

#[tokio::test]
async fn flow_g_a_processor_reports_past_the_agent_and_is_evidence_only() {
    let (world, sent) = world().await;
    let theirs = world.named_at(MAIL, sent.id.as_str()).await;
    // The agent hears nothing for a while; mail and the controller do.
    world.wire.breaks(AGENT, Fault::Down);
    let before = from(&world, &sent.id, MAIL).await.len();
    world.act(&theirs, "fulfill", "").await.is(200);
    world.work().await;

    let heard = world.wire.all(|said| said.path == sent.path && said.headers[OPENGDPR.0] == MAIL);
    let words: Vec<_> = heard.iter().map(|said| said.json()["request_status"].clone()).collect();
    assert_eq!(words, ["pending", "in_progress", "completed"], "it was given the controller's own URL");
    assert!(heard.iter().all(|said| said.status == 202));
    let kept = from(&world, &sent.id, MAIL).await;
    assert_eq!(kept.len(), before + 2, "each is kept: {kept:?}");
    let leg = world.story(&sent.id).await["legs"][0].clone();
    assert!(kept.iter().all(|receipt| receipt["operation"] == "callback" && receipt["leg_id"] == leg["leg_id"]));
    assert_eq!((&leg["state"], &leg["party"]), (&json!("distributed"), &json!(AGENT)), "and moves nothing");
    assert_eq!(world.story(&sent.id).await["state"], "distributed");

    world.wire.mend(AGENT);
    world.live(HOUR_MS).await;
    assert_eq!(world.leg(&sent.id).await.0, "in_progress", "the agent has said so meanwhile");
    let theirs = world.named_at(ADS, sent.id.as_str()).await;
    world.act(&theirs, "fulfill", "").await.is(200);
    world.work().await;
    assert_eq!(world.story(&sent.id).await["state"], "fulfilled");
    assert!(!from(&world, &sent.id, ADS).await.is_empty());
}

#[tokio::test]
async fn results_reach_the_controller_past_an_agent_that_has_no_word_for_them() {
    let world = World::new().await;
    let sent = world.make(AGENT, "access").await;
    world.work().await;
    let results = "https://mail.example/results/1";
    let theirs = world.named_at(MAIL, sent.id.as_str()).await;
    world.act(&theirs, "fulfill", &json!({ "results_url": results }).to_string()).await.is(200);
    world.work().await;
    let leg = world.story(&sent.id).await["legs"][0].clone();
    assert_eq!((&leg["results_url"], &leg["heard_results_urls"]), (&Value::Null, &json!([results])));
    assert_eq!(leg["state"], "in_progress", "only the agent's word moves it");
    let theirs = world.named_at(ADS, sent.id.as_str()).await;
    world.act(&theirs, "fulfill", "").await.is(200);
    world.work().await;
    let story = world.story(&sent.id).await;
    assert_eq!((&story["state"], &story["results_urls"]), (&json!("fulfilled"), &json!([results])));
}

#[tokio::test]
async fn evidence_that_is_sent_again_is_kept_once() {
    let (world, sent) = world().await;
    let call = callback(&world, &sent, MAIL, &sent.news("completed"));
    world.call(call.clone()).await.is(202);
    let story = world.story(&sent.id).await;
    for _ in 0..3 {
        world.call(call.clone()).await.is(202);
    }
    assert_eq!(world.story(&sent.id).await, story);
}

#[tokio::test]
async fn who_is_not_vouched_for_is_forbidden_and_nothing_is_fetched() {
    let (mut world, sent) = world().await;
    let _fake = Fake::open(&world);
    world.restart().await;
    let kept = receipts(&world, &sent.id).await;
    let fetched = |world: &World| world.wire.all(|said| said.method == "GET").len() + world.peer.total();
    let before = fetched(&world);
    let news = sent.news("completed");
    let body = news.to_string().into_bytes();
    let key = world.keys.signing(MAIL);
    let stranger = |domain: &str| {
        let [name, signature] = signed_by(&key, domain, &body);
        Call::post(&sent.path, body.clone())
            .host("shop.localhost")
            .header(name.0, &name.1)
            .header(signature.0, &signature.1)
    };
    // push and fake are parties of the shop, and nobody to whom the agent hands requests on.
    for call in [
        callback(&world, &sent, PUSH, &news),
        callback(&world, &sent, "fake.localhost", &news),
        callback(&world, &sent, "other.localhost", &news),
        callback(&world, &sent, "shop.localhost", &news),
        stranger("stranger.localhost"),
        stranger("contact.localhost"),
        stranger("sub.mail.localhost"),
    ] {
        assert_eq!(world.call(call).await.is(403).reason(), "forbidden");
    }
    assert_eq!(fetched(&world), before);
    assert_eq!(receipts(&world, &sent.id).await, kept);
    world.call(callback(&world, &sent, MAIL, &news)).await.is(202);
    assert_eq!(fetched(&world), before + 2, "discovery and certificate of who is vouched for");
}

#[tokio::test]
async fn a_processor_that_is_vouched_for_must_be_authentic_all_the_same() {
    let (world, sent) = world().await;
    let kept = receipts(&world, &sent.id).await;
    let with = |member: &str, value: &str| {
        let mut news = sent.news("completed");
        news[member] = value.into();
        callback(&world, &sent, MAIL, &news)
    };
    let [name, signature] = signed_by(&world.keys.signing(ADS), MAIL, sent.news("completed").to_string().as_bytes());
    let others_key = callback(&world, &sent, MAIL, &sent.news("completed")).header(signature.0, &signature.1);
    assert_eq!(name.1, MAIL);
    for call in [
        others_key,
        callback(&world, &sent, MAIL, &sent.news("completed")).body("{broken"),
        with("status_callback_url", "https://elsewhere.example/"),
        with("subject_request_id", "b7551968-d5d6-44b2-9831-815ac9017798"),
        callback(&world, &sent, MAIL, &sent.news("completed")).host("other.localhost"),
    ] {
        assert_eq!(world.call(call).await.is(403).reason(), "forbidden");
    }
    assert_eq!(receipts(&world, &sent.id).await, kept);
}

#[tokio::test]
async fn the_agent_vouches_for_its_own_legs_only() {
    let (world, _) = world().await;
    // A request that went to ads directly: mail has nothing to say about it, although the agent vouches for mail.
    let direct = world.sent(ADS).await;
    let call = callback(&world, &direct, MAIL, &direct.news("completed"));
    assert_eq!(world.call(call).await.is(403).reason(), "forbidden");
    assert_eq!(world.leg(&direct.id).await.0, "pending");
}
