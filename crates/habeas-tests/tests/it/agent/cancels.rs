//! A request is taken back at the agent: everywhere, or honestly not (A6, A7, A10, A25).

use habeas_core::{id::RequestId, state::Change};
use habeas_wire::base64;
use serde_json::{Value, json};

use super::{ADS, AGENT, HOUR_MS, MAIL, MOUNTS, history};
use crate::world::{Answered, Call, Fault, ID, Setup, World};

async fn state_at(world: &World, organisation: &str) -> Value {
    let id = world.named_at(organisation, ID).await;
    world.story(&id).await["state"].clone()
}

async fn cancels(world: &World, id: &RequestId) -> Vec<Value> {
    let story = world.story(id).await;
    story["legs"].as_array().unwrap().iter().map(|leg| leg["cancel"].clone()).collect()
}

fn details(body: &Value) -> &Value {
    &body["extensions"][AGENT]["details"]
}

#[tokio::test]
async fn before_anything_was_sent_it_is_cancelled_without_a_word_to_anybody() {
    for (mount, _) in MOUNTS {
        let mut world = World::with(Setup { hold_ms: HOUR_MS, ..Setup::default() }).await;
        let id = world.entrusted(mount).await;
        world.live(HOUR_MS - 1).await;
        let first = world.of_agent("DELETE", mount).await.is(202);
        world.assert_signed_by(AGENT, &first.headers, &first.body).await;
        assert_eq!(world.of_agent("GET", mount).await.json()["request_status"], "cancelled");
        world.live(HOUR_MS).await;
        world.restart().await;
        world.live(HOUR_MS).await;
        assert_eq!(world.of_agent("DELETE", mount).await, first);
        assert_eq!(world.told_upstream(), ["pending", "cancelled"]);
        assert_eq!(cancels(&world, &id).await, ["done", "done"]);
        for party in [MAIL, ADS] {
            assert_eq!(world.leg_to(&id, party).await["state"], "waived");
            assert!(world.wire.all(|said| said.to == party && said.method != "GET").is_empty());
        }
    }
}

#[tokio::test]
async fn what_nobody_has_begun_is_cancelled_everywhere_and_the_answer_stays_the_same() {
    for (mount, distributed) in MOUNTS {
        let mut world = World::new().await;
        let id = world.entrusted(mount).await;
        let sent = world.usual().text();
        world.work().await;
        assert_eq!(world.told_upstream(), ["pending", distributed]);
        world.clock.advance(5000);
        let first = world.of_agent("DELETE", mount).await.is(202);
        world.assert_signed_by(AGENT, &first.headers, &first.body).await;
        let said = first.json();
        assert_eq!((&said["subject_request_id"], &said["received_time"]), (&json!(ID), &json!("2026-01-01T12:00:05Z")));
        let original =
            said.get("encoded_request").map(|text| base64::decode(text.as_str().unwrap().as_bytes()).unwrap());
        assert_eq!(original, (mount != "/v1").then(|| sent.into_bytes()));

        assert_eq!(world.of_agent("DELETE", mount).await, first, "while the processors are asked");
        world.work().await;
        assert_eq!(world.told_upstream(), ["pending", distributed, "cancelled"]);
        world.live(HOUR_MS).await;
        assert_eq!(world.of_agent("DELETE", mount).await, first, "an hour later");
        world.restart().await;
        assert_eq!(world.of_agent("DELETE", mount).await, first, "after a restart");
        assert_eq!(world.of_agent("GET", mount).await.json()["request_status"], "cancelled");
        for party in [MAIL, ADS] {
            assert_eq!(state_at(&world, party).await, "cancelled");
            assert_eq!(world.wire.asked("DELETE", party).len(), 1);
        }
        assert_eq!(cancels(&world, &id).await, ["done", "done"]);
        let receipts = world.story(&id).await["receipts"].clone();
        let signed = receipts.as_array().unwrap().iter().filter(|receipt| receipt["operation"] == "cancel");
        assert_eq!(signed.count(), 2, "each has signed that it took it back");
        assert_eq!(world.told_upstream().len(), 3);
    }
}

/// mail has begun, and the agent does not know yet when its sender takes the request back.
async fn mail_has_begun(mount: &str) -> (World, RequestId, Answered) {
    let world = World::new().await;
    let id = world.entrusted(mount).await;
    world.work().await;
    let at_mail = world.named_at(MAIL, ID).await;
    world.act(&at_mail, "start", "").await.is(200);
    let answer = world.of_agent("DELETE", mount).await.is(202);
    world.work().await;
    (world, id, answer)
}

#[tokio::test]
async fn who_cannot_take_it_back_is_named_and_the_request_goes_on() {
    let (world, id, _) = mail_has_begun("/v1").await;
    assert_eq!(world.leg_to(&id, MAIL).await["cancel"], "refused");
    assert_eq!(world.leg_to(&id, ADS).await["cancel"], "done");
    assert_eq!((state_at(&world, MAIL).await, state_at(&world, ADS).await), (json!("in_progress"), json!("cancelled")));

    let status = world.of_agent("GET", "/v1").await.is(200).json();
    assert_eq!(status["request_status"], "in_progress");
    assert!(details(&status).as_str().unwrap().contains(MAIL), "{status}");
    assert!(!details(&status).as_str().unwrap().contains(ADS), "{status}");
    let told = world.heard_from(AGENT).pop().unwrap().json();
    assert_eq!(details(&told), details(&status), "told, and not only when asked");

    for _ in 0..2 {
        let refused = world.of_agent("DELETE", "/v1").await.is(400);
        assert_eq!(refused.reason(), "not_cancellable");
        assert!(refused.text().contains(MAIL), "{}", refused.text());
    }
    world.happens_at(MAIL, "fulfill").await;
    let status = world.of_agent("GET", "/v1").await.json();
    assert_ne!(status["request_status"], "completed", "ads did nothing");
    assert_ne!(status["request_status"], "cancelled", "mail did something");
    assert_eq!(world.wire.asked("DELETE", MAIL).len(), 1, "nobody nags");
}

#[tokio::test]
async fn the_same_in_0_1_where_there_is_no_place_for_a_reason() {
    for (mount, distributed) in [("/v0.1.3", "distributed"), ("/v0.1.2", "in_progress")] {
        let (world, _, _) = mail_has_begun(mount).await;
        let mut expected = vec!["pending", distributed, "in_progress"];
        expected.dedup();
        assert_eq!(world.told_upstream(), expected, "nothing is told that did not happen");
        let refused = world.of_agent("DELETE", mount).await.is(400);
        assert_eq!(refused.reason(), "not_cancellable");
        assert!(refused.text().contains(MAIL), "{}", refused.text());
    }
}

#[tokio::test]
async fn while_a_processor_has_not_answered_the_wish_the_same_answer_is_given() {
    let world = World::new().await;
    let id = world.entrusted("/v1").await;
    world.work().await;
    world.wire.breaks(MAIL, Fault::Down);
    let first = world.of_agent("DELETE", "/v1").await.is(202);
    world.live(HOUR_MS).await;
    assert_eq!(world.of_agent("DELETE", "/v1").await, first);
    assert_eq!(world.told_upstream(), ["pending", "in_progress"], "not cancelled before everybody has said so");
    assert_eq!(cancels(&world, &id).await.iter().filter(|cancel| *cancel == "wanted").count(), 1);
    world.wire.mend(MAIL);
    world.live(24 * HOUR_MS).await;
    assert_eq!(world.told_upstream(), ["pending", "in_progress", "cancelled"]);
    assert_eq!(state_at(&world, MAIL).await, "cancelled");
}

#[tokio::test]
async fn what_a_processor_has_begun_is_not_taken_back() {
    for (mount, _) in MOUNTS {
        let world = World::new().await;
        let id = world.entrusted(mount).await;
        world.work().await;
        world.happens_at(MAIL, "start").await;
        for _ in 0..2 {
            let refused = world.of_agent("DELETE", mount).await.is(400);
            assert_eq!(refused.reason(), "not_cancellable");
            assert!(refused.text().contains("in_progress"), "{}", refused.text());
        }
        world.work().await;
        assert_eq!(cancels(&world, &id).await, ["no", "no"]);
        assert!(world.wire.asked("DELETE", ADS).is_empty());
        for party in [MAIL, ADS] {
            world.happens_at(party, "fulfill").await;
        }
        assert_eq!(world.of_agent("DELETE", mount).await.is(400).reason(), "not_cancellable");
        assert_eq!(world.of_agent("GET", mount).await.json()["request_status"], "completed");
    }
}

/// What has become of the request at mail, if it has it.
async fn at_mail(world: &World) -> Option<Value> {
    let listed = world.operate("GET", "/requests?organisation=mail.localhost", "").await.json();
    listed["requests"].as_array().unwrap().first().map(|request| request["state"].clone())
}

#[tokio::test]
async fn a_leg_in_doubt_is_cancelled_too() {
    for (fault, arrived) in [(Fault::Mute, true), (Fault::Down, false)] {
        let mut world = World::new().await;
        // What they support is known already when the ways to mail and back to the agent break.
        world.call(Call::get("/v1/discovery").host(AGENT)).await.is(200);
        world.wire.breaks(MAIL, fault);
        world.wire.breaks(AGENT, Fault::Down);
        let id = world.entrusted("/v0.1.3").await;
        world.work().await;
        assert_eq!(at_mail(&world).await.is_some(), arrived);
        assert_eq!(world.leg_to(&id, MAIL).await["state"], "unsent", "the agent does not know whether mail has it");
        let first = world.of_agent("DELETE", "/v0.1.3").await.is(202);
        world.work().await;
        assert_eq!(world.told_upstream(), ["pending"], "{fault:?}");
        world.restart().await;
        world.wire.mend(MAIL);
        world.wire.mend(AGENT);
        world.live(24 * HOUR_MS).await;

        // That mail had it may be heard before it is taken back.
        let told = world.told_upstream().into_iter().filter(|word| word != "distributed");
        assert_eq!(told.collect::<Vec<_>>(), ["pending", "cancelled"]);
        assert_eq!(world.of_agent("DELETE", "/v0.1.3").await, first);
        assert_eq!(state_at(&world, ADS).await, "cancelled");
        assert_eq!(at_mail(&world).await, arrived.then(|| json!("cancelled")), "it is not carried out after all");
    }
}

#[tokio::test]
async fn a_leg_whose_receipt_got_lost_is_cancelled_too_when_its_callback_has_arrived() {
    let world = World::new().await;
    world.wire.breaks(MAIL, Fault::Mute);
    let id = world.entrusted("/v0.1.3").await;
    world.work().await;
    let leg = world.leg_to(&id, MAIL).await;
    assert_eq!((&leg["state"], &leg["accepted_at"]), (&json!("pending"), &json!(null)), "only a callback has said so");
    world.of_agent("DELETE", "/v0.1.3").await.is(202);
    world.wire.mend(MAIL);
    world.live(24 * HOUR_MS).await;
    assert_eq!(world.told_upstream(), ["pending", "distributed", "cancelled"]);
    assert_eq!(at_mail(&world).await, Some(json!("cancelled")));
}

#[tokio::test]
async fn a_crash_between_the_wish_and_the_legs_loses_nothing() {
    let mut world = World::new().await;
    let id = world.entrusted("/v0.1.3").await;
    world.work().await;
    // The wish is saved, and the node dies before anything else happens: nobody was answered.
    world.dies_after(&id, &Change::AskCancel, None).await;
    world.live(HOUR_MS).await;
    assert_eq!(world.told_upstream(), ["pending", "distributed"], "nobody says that it is cancelled");
    assert_ne!(state_at(&world, AGENT).await, "cancelled");

    let answer = world.of_agent("DELETE", "/v0.1.3").await.is(202);
    assert_eq!(answer.json()["received_time"], "2026-01-01T12:00:00Z", "when it was wished first");
    world.live(HOUR_MS).await;
    assert_eq!((state_at(&world, MAIL).await, state_at(&world, ADS).await), (json!("cancelled"), json!("cancelled")));
    assert_eq!(world.told_upstream(), ["pending", "distributed", "cancelled"]);
    assert_eq!(history(&world.story(&id).await), ["receive", "distribute", "ask_cancel", "cancel"]);
}

#[tokio::test]
async fn a_restart_after_the_answer_loses_no_wish() {
    let mut world = World::new().await;
    world.entrusted("/v1").await;
    world.work().await;
    world.of_agent("DELETE", "/v1").await.is(202);
    world.restart().await;
    world.work().await;
    assert_eq!((state_at(&world, MAIL).await, state_at(&world, ADS).await), (json!("cancelled"), json!("cancelled")));
    assert_eq!(world.told_upstream(), ["pending", "in_progress", "cancelled"]);
}
