//! Where simpler designs break, each with the test that breaks:
//!
//! | # | trap | test |
//! |---|---|---|
//! | 1 | a callback overtakes the receipt, or comes instead of it | controller/lost `a_callback_may_overtake_the_receipt`, faults/meanwhile |
//! | 2 | a callback comes before the id is known | drp/agent/lost `a_callback_may_overtake_the_answer` |
//! | 3 | callbacks told from the present state | deliveries/order `all_changes_arrive_in_order_and_each_as_it_was_even_when_late` |
//! | 4 | a retry rendered by newer code differs by a byte | here |
//! | 6 | one leg for a party loses the second right, or erases first | bridge/access `what_is_to_be_read_is_read_before_anything_is_erased` |
//! | 7 | a denial is told as work in progress | webhook `a_denial_is_never_told_as_done`, here for 0.1 |
//! | 8 | results that expire turn `completed` back | here |
//! | 9 | a leg that overtakes swallows `distributed` | core `a_leg_that_overtakes_still_lets_distributed_be_heard`, here by callbacks |
//! | 10 | a processor reports past the agent | agent/flow_g |
//! | 11 | the second receipt differs | idempotency, here with a new key |
//! | 12 | a retry after a lost answer makes two requests | drp/agent/lost `a_business_of_ours_takes_the_second_try_for_the_first` |
//! | 13 | one rule for all of what may still be taken back | bridge/revoked `who_could_not_take_it_back_is_named_to_the_agent` |
//! | 14 | a leg in doubt is not taken back | agent/cancels `a_leg_in_doubt_is_cancelled_too`, here for a controller, drp/agent/revoked |
//! | 15 | members lose bytes on the way | agent/exchange `an_agent_forwards_verbatim_to_two_versions_and_folds` |
//! | 16 | a token for one business works at another | drp/tenancy `a_token_for_another_business_is_refused` |
//! | 17 | a mount's order decides the version | versions/unprefixed `one_mount_without_prefix_takes_its_version_from_the_body_and_keeps_it` |
//! | 18 | nobody notices a flipped bit in a redacted receipt | evidence_kept `a_redacted_receipt_cannot_notice_a_flipped_bit_unless_the_hole_is_refilled` |
//! | 19 | shredding leaves deliveries leased for ever | here |
//! | 20 | `property_id` is dropped where a version has no place for it | agent/narrowing |
//! | 21 | an unsigned receipt is believed, or asked for until the end of time | here |
//! | 22 | results of an agent's processors reach nobody | agent/flow_g `results_reach_the_controller_past_an_agent_that_has_no_word_for_them` |
//! | 23 | extensions show every processor the others' entries | opengdpr `extensions_go_on_as_they_came_or_the_party_is_shown_its_own_alone` |
//!
//! 5 is of a protocol whose messages are signed for a short time only.

use std::sync::Arc;

use habeas_core::{
    clock::{DAY_MS, HOUR_MS, MINUTE_MS},
    delivery::DeliveryState,
    dialect::DialectId,
};
use habeas_engine::directory::Tenant;
use habeas_trust::signing::SigningKey;
use serde_json::{Value, json};

use crate::{
    controller::party::{item, receipt_of, status},
    world::{
        Ask, Behavior, Call, ID, Reply, Setup, Work, World,
        fake::{Fake, SUBMIT},
        keys::p256,
    },
};

fn of_fake(tenant: &mut Tenant, change: fn(&mut habeas_core::party::Party)) {
    for peer in tenant.peers.iter_mut().filter(|peer| peer.party.id.as_str() == "fake.localhost") {
        change(&mut peer.party);
    }
}

#[tokio::test]
async fn a_lost_answer_is_retried_with_the_same_bytes_even_after_an_upgrade() {
    let mut world = World::new().await;
    let fake = Fake::open(&world);
    world.peer.script(SUBMIT, [Behavior::BreakOff, fake.accepting()]);
    let sent = world.sent("fake.localhost").await;
    assert_eq!(world.leg(&sent.id).await, ("unsent".to_owned(), false));

    // Whatever would be written otherwise by now: other identities, another version, another base.
    fake.discovers(&world, |discovery| {
        discovery["supported_identities"] = json!([{"identity_type": "email", "identity_format": "sha256"}]);
    });
    world.setup.adjust = |tenant| {
        of_fake(tenant, |party| party.dialect = DialectId::known("opengdpr/0.1.3"));
        for mount in &mut tenant.mounts {
            mount.base_url.set_host(Some("renamed.localhost")).unwrap();
        }
    };
    world.restart().await;
    world.clock.advance(2 * DAY_MS);
    world.work().await;
    let heard = world.peer.heard(SUBMIT);
    assert_eq!(heard.len(), 2);
    assert_eq!(heard[1].body, heard[0].body);
    assert_eq!(heard[1].header("content-type"), heard[0].header("content-type"));
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true));
}

#[tokio::test]
async fn a_denial_is_told_as_the_last_honest_status() {
    for (started, word) in [(false, "pending"), (true, "in_progress")] {
        let world = World::new().await;
        let post =
            Call::post("/v0.1.3/opengdpr_requests", Ask::erasure().callbacks(&[world.peer.url("a", "/a")]).text());
        world.call(post.host("ads.localhost").by(world.keys.shop.token())).await.is(201);
        world.work().await;
        let listed = world.operate("GET", "/requests?organisation=ads.localhost", "").await.json();
        let id = habeas_core::id::RequestId::new(listed["requests"][0]["request_id"].as_str().unwrap());
        if started {
            world.act(&id, "start", "").await.is(200);
            world.work().await;
        }
        let before = world.peer.statuses("/a");
        world.act(&id, "deny", r#"{"ground": "exempt"}"#).await.is(200);
        world.work().await;
        assert_eq!(world.peer.statuses("/a"), before, "0.1 shows nothing of it, so there is no news to call back");
        let get =
            Call::get(&format!("/v0.1.3/opengdpr_requests/{ID}")).host("ads.localhost").by(world.keys.shop.token());
        assert_eq!(world.call(get).await.is(200).json()["request_status"], word);
    }
}

#[tokio::test]
async fn fulfilled_then_expired_stays_completed_for_opengdpr() {
    let world = World::new().await;
    let id = world.accepted(&Ask::of("access").callbacks(&[world.peer.url("a", "/a")])).await;
    let results = r#"{"results_url": "https://mail.example/r", "expires_at": "2026-01-08T12:00:00Z"}"#;
    world.act(&id, "fulfill", results).await.is(200);
    world.later(7 * DAY_MS - 1).await;
    assert_eq!(world.status(ID).await.json()["results_url"], "https://mail.example/r");
    world.later(1).await;
    let expired = world.status(ID).await.is(200).json();
    assert_eq!(expired["request_status"], "completed");
    assert!(expired.get("results_url").is_none(), "they are not told any more: {expired}");
    let told = world.peer.statuses("/a");
    assert_eq!(told[..3], ["pending", "in_progress", "completed"]);
    assert!(told[3..].iter().all(|word| word == "completed"), "{told:?}");
    let story = world.story(&id).await;
    assert_eq!((&story["state"], &story["results_urls"]), (&json!("expired"), &Value::Null));
    world.act(&id, "fulfill", "").await.is(409);
    world.later(30 * DAY_MS).await;
    assert_eq!(world.status(ID).await.json()["request_status"], "completed");
}

#[tokio::test]
async fn a_leg_that_overtakes_still_lets_distributed_be_heard() {
    let world = World::with(Setup { downstream: &["fake.localhost"], ..Setup::default() }).await;
    let fake = Fake::open(&world);
    let ask = Ask::erasure().callbacks(&[world.peer.url("a", "/a")]).text();
    let post = Call::post("/v0.1.3/opengdpr_requests", ask).host("agent.localhost").by(world.keys.shop.token());
    world.call(post).await.is(201);
    world.peer.script(SUBMIT, [Behavior::BreakOff]);
    world.work().await;
    let urls = world.peer.heard(SUBMIT)[0].json()["status_callback_urls"].clone();
    let own = urls.as_array().unwrap().last().unwrap().as_str().unwrap().to_owned();
    let leg = crate::world::fake::Sent {
        id: habeas_core::id::RequestId::new(ID),
        path: url::Url::parse(&own).unwrap().path().to_owned(),
        url: own,
    };
    world.call(fake.callback(&leg, "completed").host("agent.localhost")).await.is(202);
    world.work().await;
    assert_eq!(world.peer.statuses("/a"), ["pending", "distributed", "in_progress", "completed"]);
}

#[tokio::test]
async fn a_receipt_is_repeated_bit_for_bit_with_a_new_key_and_another_deadline() {
    for rsa in [true, false] {
        let mut world = World::with(Setup { rsa, ..Setup::default() }).await;
        let body = Ask::erasure().text();
        let first = world.post(body.as_str()).await.is(201);
        let id = world.named(ID).await;
        world.act(&id, "extend", r#"{"by": "2026-03-01T00:00:00Z", "reason": "many requests"}"#).await.is(200);
        world.setup.adjust = |tenant| tenant.key = Arc::new(SigningKey::from_pem(&p256()).unwrap());
        world.restart().await;
        assert_eq!(world.post(body).await, first);
    }
}

#[tokio::test]
async fn a_leg_in_doubt_is_cancelled_too() {
    for arrived in [true, false] {
        let world = World::new().await;
        let fake = Fake::open(&world);
        world.peer.script(SUBMIT, [Behavior::BreakOff]);
        let sent = world.sent("fake.localhost").await;
        assert_eq!(world.leg(&sent.id).await.0, "unsent");
        let unknown = Behavior::Reply(Reply::json(404, r#"{"error":{"code":404}}"#));
        world.peer.script(&item(&sent), [if arrived { fake.cancelling(sent.id.as_str()) } else { unknown }]);
        world.act(&sent.id, "cancel", "").await.is(200);
        world.work().await;
        assert_eq!(world.peer.heard(&item(&sent))[0].method, "DELETE", "by our own id, answered or not");
        // What was sent may still be on its way: who does not know it yet is asked once more.
        world.later(MINUTE_MS).await;
        let story = world.story(&sent.id).await;
        let state = if arrived { "cancelled" } else { "waived" };
        assert_eq!((&story["state"], &story["legs"][0]["state"]), (&json!("cancelled"), &json!(state)));
        world.later(40 * DAY_MS).await;
        assert_eq!(world.peer.heard(SUBMIT).len(), 1, "nobody sends it again");
    }
}

#[tokio::test]
async fn shredding_leaves_no_delivery_stuck() {
    let world = World::with(Setup { keep_ms: HOUR_MS, ..Setup::default() }).await;
    world.peer.script("/a", [Behavior::Status(500)]);
    let id = world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    world.act(&id, "fulfill", "").await.is(200);
    world.work().await;
    let now = world.now();
    let slots = habeas_store::Slots { per_host: 10, left: Vec::new() };
    let due = now.plus_ms(10_000);
    let leased = world.engine.store().lease_deliveries(due, due.plus_ms(DAY_MS), 10, &slots).await.unwrap();
    assert_eq!(leased.len(), 1, "somebody is trying");
    world.later(2 * HOUR_MS).await;
    world.operate("GET", &format!("/requests/{id}/subject"), "").await.is(410);
    let states: Vec<_> = world.deliveries(&id).await.iter().map(|row| row.delivery.state).collect();
    assert_eq!(states, [DeliveryState::Abandoned; 3]);
    let tried = world.peer.heard("/a").len();
    world.later(30 * DAY_MS).await;
    assert_eq!(world.peer.heard("/a").len(), tried);
    assert_eq!(world.status(ID).await.is(200).json()["request_status"], "completed");
}

fn unsigned(tenant: &mut Tenant) {
    of_fake(tenant, |party| party.trust.unsigned_receipts = true);
}

#[tokio::test]
async fn an_unsigned_receipt_is_not_believed_unless_the_party_is_known_to_send_such() {
    let bare = || Behavior::by(|heard| Reply::json(201, receipt_of(heard).to_string()));
    let world = World::new().await;
    let _fake = Fake::open(&world);
    world.peer.script(SUBMIT, [bare()]);
    let sent = world.sent("fake.localhost").await;
    let leg = world.story(&sent.id).await["legs"][0].clone();
    assert_eq!((&leg["state"], &leg["accepted_at"]), (&json!("unsent"), &Value::Null));
    assert!(leg["trouble"].as_str().unwrap().contains("not signed"), "{leg}");

    let world = World::with(Setup { adjust: unsigned, ..Setup::default() }).await;
    let fake = Fake::open(&world);
    world.peer.script(SUBMIT, [bare()]);
    let sent = world.sent("fake.localhost").await;
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), false), "it has the request, and there is no proof");
    world.peer.script(&item(&sent), [Behavior::Reply(Reply::json(200, status(&sent, "in_progress").to_string()))]);
    world.until_tried_again(&sent.id).await;
    world.work().await;
    assert_eq!(world.leg(&sent.id).await.0, "in_progress");
    assert!(world.signed_for(&sent.id).await.is_empty(), "nothing was signed, so there is no receipt");

    let plain = Call::post(&sent.path, sent.news("completed").to_string()).host("shop.localhost");
    world.call(plain).await.is(403);
    assert_eq!(world.leg(&sent.id).await.0, "in_progress", "callbacks are signed, whoever sends them");
    world.call(fake.callback(&sent, "completed")).await.is(202);
    assert_eq!(world.leg(&sent.id).await.0, "fulfilled");
    assert_eq!(world.signed_for(&sent.id).await, ["callback"]);
}

#[tokio::test]
async fn a_signature_that_does_not_hold_is_not_taken_for_none() {
    let world = World::with(Setup { adjust: unsigned, ..Setup::default() }).await;
    let fake = Fake::open(&world);
    let key = Arc::new(SigningKey::from_pem(&p256()).unwrap());
    let forged = Behavior::by(move |heard| {
        crate::controller::party::signed(&key, "fake.localhost", 201, receipt_of(heard).to_string())
    });
    world.peer.script(SUBMIT, [forged, fake.accepting()]);
    let sent = world.sent("fake.localhost").await;
    assert_eq!(world.leg(&sent.id).await, ("unsent".to_owned(), false));
    world.until_forgiven(&sent.id).await;
    world.work().await;
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true), "signed after all, and kept");
}

/// SQLite refuses what the trigger forbids: the store fails without being gone.
fn sabotage(world: &World, sql: &str) {
    let db = rusqlite::Connection::open(world.folder.path().join("habeas.db")).unwrap();
    db.execute_batch(sql).unwrap();
}

const FORBID: &str =
    "CREATE TRIGGER sabotage BEFORE UPDATE OF state ON requests BEGIN SELECT RAISE(ABORT, 'disk full'); END";

#[tokio::test]
async fn an_answer_of_the_own_systems_that_cannot_be_saved_is_asked_for_again() {
    let world = World::with(Setup { work: Work::Webhook, ..Setup::default() }).await;
    world.peer.script("/work", [Behavior::Reply(Reply::json(200, r#"{"answer": "fulfilled"}"#))]);
    let url = world.peer.url("a", "/a");
    world.accepted(&Ask::erasure().callbacks(&[url])).await;
    sabotage(&world, FORBID);
    world.work().await;
    assert_eq!(world.peer.heard("/work").len(), 1);
    assert_eq!(world.status(ID).await.is(200).json()["request_status"], "pending");
    sabotage(&world, "DROP TRIGGER sabotage");
    world.later(HOUR_MS).await;
    let heard = world.peer.heard("/work");
    assert_eq!(heard.len(), 2, "they said so, and nobody had written it down");
    assert_eq!(heard[0].header("webhook-id"), heard[1].header("webhook-id"));
    assert_eq!(world.status(ID).await.json()["request_status"], "completed");
    assert_eq!(world.peer.statuses("/a"), ["pending", "in_progress", "completed"]);
    world.later(DAY_MS).await;
    assert_eq!(world.peer.heard("/work").len(), 2);
}

#[tokio::test]
async fn a_callback_that_cannot_be_saved_is_not_thanked_for() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let sent = world.sent("fake.localhost").await;
    sabotage(&world, &FORBID.replace("requests", "legs"));
    let failed = world.call(fake.callback(&sent, "completed")).await;
    assert!(failed.status >= 500, "{}", failed.text());
    sabotage(&world, "DROP TRIGGER sabotage");
    assert_eq!(world.leg(&sent.id).await.0, "pending");
    world.call(fake.callback(&sent, "completed")).await.is(202);
    assert_eq!(world.leg(&sent.id).await.0, "fulfilled");
}
