//! How far the word of one reaches: processors past their agent, dates past every law, ids past who never sent them.

use habeas_core::{clock::Instant, id::RequestId};
use habeas_wire::time;
use serde_json::{Value, json};

use super::{AGENT, DAY_MS, MAIL, history};
use crate::world::{
    Answered, Ask, Behavior, Call, ID, Reply, Setup, World,
    fake::{Fake, SUBMIT, Sent, signed_by},
};

const FAKE: &str = "fake.localhost";
const BOB: &str = "bob@example.org";

/// A callback to the shop's leg that this one signs.
fn says(world: &World, sent: &Sent, domain: &str, body: &Value) -> Call {
    let body = body.to_string().into_bytes();
    let [name, signature] = signed_by(&world.keys.signing(domain), domain, &body);
    Call::post(&sent.path, body).host("shop.localhost").header(name.0, &name.1).header(signature.0, &signature.1)
}

async fn kept_of(world: &World, sent: &Sent, signer: &str) -> usize {
    let story = world.story(&sent.id).await;
    story["receipts"].as_array().unwrap().iter().filter(|receipt| receipt["signer"] == signer).count()
}

/// A word with one of many dates.
fn dated(sent: &Sent, word: &str, day: i64) -> Value {
    let mut news = sent.news(word);
    let noon = time::parse_strict("2026-02-01T12:00:00Z").unwrap();
    news["expected_completion_time"] = json!(time::format(noon + day * 1000));
    news
}

#[tokio::test]
async fn who_says_the_agents_words_before_it_does_not_silence_it() {
    let world = World::new().await;
    let sent = world.sent(AGENT).await;
    assert_eq!(world.leg(&sent.id).await.0, "distributed");
    let completed = sent.news("completed");
    let before = (kept_of(&world, &sent, MAIL).await, kept_of(&world, &sent, AGENT).await);
    for _ in 0..2 {
        world.call(says(&world, &sent, MAIL, &completed)).await.is(202);
    }
    assert_eq!(world.leg(&sent.id).await.0, "distributed", "that is evidence only");
    assert_eq!(kept_of(&world, &sent, MAIL).await, before.0 + 1);
    world.call(says(&world, &sent, AGENT, &completed)).await.is(202);
    assert_eq!(world.leg(&sent.id).await.0, "fulfilled", "the same bytes, by the one who may say so");
    assert_eq!(world.story(&sent.id).await["state"], "fulfilled");
    assert_eq!(kept_of(&world, &sent, AGENT).await, before.1 + 1);
}

#[tokio::test]
async fn who_says_very_much_does_not_take_the_place_of_the_agents_evidence() {
    let world = World::new().await;
    let sent = world.sent(AGENT).await;
    for day in 0..70 {
        world.call(says(&world, &sent, MAIL, &dated(&sent, "in_progress", day))).await.is(202);
    }
    let of_mail = kept_of(&world, &sent, MAIL).await;
    assert!((60..70).contains(&of_mail), "not without an end: {of_mail}");

    let before = kept_of(&world, &sent, AGENT).await;
    world.call(says(&world, &sent, AGENT, &dated(&sent, "distributed", 0))).await.is(202);
    assert_eq!(world.leg(&sent.id).await.0, "distributed", "it moves nothing");
    assert_eq!(kept_of(&world, &sent, AGENT).await, before + 1, "and is kept all the same");
    let leg = world.story(&sent.id).await["legs"][0].clone();
    assert_eq!(leg["expected_by"], "2026-02-01T12:00:00Z");
    world.call(says(&world, &sent, AGENT, &sent.news("completed"))).await.is(202);
    assert_eq!(world.story(&sent.id).await["state"], "fulfilled");
    assert_eq!(kept_of(&world, &sent, AGENT).await, before + 2);
}

/// The agent has handed the usual request on to fake.localhost, whose leg this is.
async fn handed_on() -> (World, Fake, RequestId, Sent) {
    let world = World::with(Setup { downstream: &[FAKE], ..Setup::default() }).await;
    let fake = Fake::open(&world);
    let id = world.entrusted("/v1").await;
    world.work().await;
    let url = world.leg_to(&id, FAKE).await["callback_url"].as_str().unwrap().to_owned();
    let path = url::Url::parse(&url).unwrap().path().to_owned();
    (world, fake, id, Sent { id: RequestId::new(ID), url, path })
}

/// The processor names a date with the word.
async fn names(world: &World, fake: &Fake, leg: &Sent, word: &str, date: &str) {
    let mut news = leg.news(word);
    news["expected_completion_time"] = json!(date);
    world.call(fake.callback_of(leg, news.to_string().into_bytes()).host(AGENT)).await.is(202);
    world.work().await;
}

async fn date_of_agent(world: &World) -> String {
    let status = world.of_agent("GET", "/v1").await.is(200).json();
    status["expected_completion_time"].as_str().unwrap().to_owned()
}

fn later(date: &str, ms: i64) -> String {
    time::format(Instant::from_ms(time::parse_strict(date).unwrap()).plus_ms(ms).ms())
}

#[tokio::test]
async fn a_date_beyond_every_law_is_not_passed_on_as_ours() {
    let (world, fake, id, leg) = handed_on().await;
    let first = date_of_agent(&world).await;
    assert_eq!(world.told_upstream(), ["pending", "in_progress"]);
    names(&world, &fake, &leg, "pending", "9999-12-31T23:59:59Z").await;
    let known = world.leg_to(&id, FAKE).await["expected_by"].clone();
    assert_eq!(known, "9999-12-31T23:59:59Z", "it was heard");
    assert_eq!(date_of_agent(&world).await, first);
    assert_eq!(world.told_upstream().len(), 2, "and not told");

    let two_days = later(&first, 2 * DAY_MS);
    names(&world, &fake, &leg, "pending", &two_days).await;
    assert_eq!(date_of_agent(&world).await, two_days);
    let told = world.heard_from(AGENT);
    assert_eq!(told.len(), 3);
    assert_eq!(told[2].json()["expected_completion_time"], two_days);

    names(&world, &fake, &leg, "in_progress", "9999-12-31T23:59:59Z").await;
    assert_eq!(date_of_agent(&world).await, two_days);
    assert!(world.heard_from(AGENT).iter().all(|heard| !heard.json().to_string().contains("9999")));
}

#[tokio::test]
async fn who_could_not_take_it_back_is_told_once_whatever_else_is_told_later() {
    let (world, fake, id, leg) = handed_on().await;
    let known = fake.saying(ID, "pending");
    let no = Behavior::Reply(Reply::json(400, r#"{"error":{"code":400}}"#));
    world.peer.script(&format!("{SUBMIT}/{ID}"), [no, known]);
    world.of_agent("DELETE", "/v1").await.is(202);
    world.work().await;
    assert_eq!(world.leg_to(&id, FAKE).await["cancel"], "refused");
    let tells_why = |world: &World| {
        world.heard_from(AGENT).iter().filter(|heard| heard.json().to_string().contains("taken back")).count()
    };
    assert_eq!(tells_why(&world), 1);

    let date = later(&date_of_agent(&world).await, 2 * DAY_MS);
    names(&world, &fake, &leg, "pending", &date).await;
    let told = world.heard_from(AGENT).pop().unwrap().json();
    assert_eq!(told["expected_completion_time"], date, "the date was told");
    let further = later(&date, 2 * DAY_MS);
    names(&world, &fake, &leg, "pending", &further).await;
    names(&world, &fake, &leg, "in_progress", &further).await;
    assert_eq!(date_of_agent(&world).await, further);
    let story = world.story(&id).await;
    let kept_on = history(&story).iter().filter(|change| **change == "keep_on").count();
    assert_eq!((kept_on, tells_why(&world)), (1, 1), "{:?}", history(&story));

    for _ in 0..2 {
        let refused = world.of_agent("DELETE", "/v1").await.is(400);
        assert_eq!(refused.reason(), "not_cancellable");
        assert!(refused.text().contains(FAKE), "{}", refused.text());
    }
    world.work().await;
    let deletes = world.peer.heard(&format!("{SUBMIT}/{ID}")).iter().filter(|heard| heard.method == "DELETE").count();
    assert_eq!((deletes, tells_why(&world)), (1, 1));
}

/// other.localhost asks the agent for something under the usual id.
async fn other_asks(world: &World) -> Answered {
    let body = Ask::erasure().identity("email", "raw", BOB).text();
    world.call(Call::post("/v1/opengdpr_requests", body).host(AGENT).by(world.keys.other.token())).await
}

#[tokio::test]
async fn an_id_that_was_never_sent_to_a_party_may_be_used_by_another_sender() {
    for by_operator in [true, false] {
        let world = World::with(Setup { downstream: &[FAKE], hold_ms: 1000, ..Setup::default() }).await;
        let _fake = Fake::open(&world);
        let ann = world.entrusted("/v1").await;
        let leg = world.leg_to(&ann, FAKE).await;
        if by_operator {
            let waive = format!("/legs/{}/waive", leg["leg_id"].as_str().unwrap());
            assert_eq!(world.operate("POST", &waive, "").await.is(200).json()["state"], "waived");
        } else {
            world.of_agent("DELETE", "/v1").await.is(202);
        }
        world.later(1000).await;
        let state = if by_operator { "denied" } else { "cancelled" };
        assert_eq!(world.story(&ann).await["state"], state);
        assert_eq!(world.leg_to(&ann, FAKE).await["state"], "waived");
        assert!(world.peer.heard(SUBMIT).is_empty());

        other_asks(&world).await.is(201);
        world.later(1000).await;
        let heard = world.peer.heard(SUBMIT);
        assert_eq!(heard.len(), 1, "by an operator: {by_operator}");
        let sent = heard[0].json();
        assert_eq!(
            (&sent["subject_request_id"], &sent["subject_identities"][0]["identity_value"]),
            (&json!(ID), &json!(BOB))
        );
        let call = Call::get(&format!("/v1/opengdpr_requests/{ID}")).host(AGENT).by(world.keys.other.token());
        assert!(world.call(call).await.is(200).json().get("extensions").is_none(), "nothing is refused of it");
        assert_eq!(world.story(&ann).await["state"], state, "and the first is as it was");
    }
}
