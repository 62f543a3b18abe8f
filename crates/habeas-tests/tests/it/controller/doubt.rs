//! A party may have a request whose receipt never came: it is asked, not sent the same for ever, and nothing that was
//! taken back is sent at all.

use habeas_core::clock::{DAY_MS, SECOND_MS};
use serde_json::{Value, json};

use super::party::{item, leg_of, signed, status, wish_to};
use crate::world::{
    Behavior, Reply, World,
    fake::{Fake, SUBMIT, Sent},
};

fn exists() -> Behavior {
    Behavior::Reply(Reply::json(400, r#"{"error":{"code":400,"message":"Subject request already exists."}}"#))
}

/// A processor that answers DELETE with that status, and GET with a word of its own or with 404.
fn unwilling(fake: &Fake, sent: &Sent, refusal: u16, word: Option<&str>) -> Behavior {
    let known = word.map(|word| signed(&fake.key, "fake.localhost", 200, status(sent, word).to_string()));
    let said = move |code: u16| Reply::json(code, json!({"error": {"code": code}}).to_string());
    Behavior::by(move |heard| match heard.method.as_str() {
        "DELETE" => said(refusal),
        _ => known.clone().unwrap_or_else(|| said(404)),
    })
}

#[tokio::test]
async fn what_a_callback_ended_is_posted_to_the_schedule_and_not_in_a_loop() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    // So that a loop comes to an end, too.
    let failing = std::iter::repeat_n(Behavior::Status(500), 60);
    world.peer.script(SUBMIT, failing.chain([fake.accepting()]));
    let sent = world.sent("fake.localhost").await;
    world.call(fake.callback(&sent, "completed")).await.is(202);
    world.work().await;
    assert_eq!(world.peer.heard(SUBMIT).len(), 1, "not sooner than it would have been");
    world.live(DAY_MS).await;
    let heard = world.peer.heard(SUBMIT);
    assert!((4..=10).contains(&heard.len()), "{} in a day", heard.len());
    assert!(heard.iter().all(|again| again.body == heard[0].body));
    let story = world.story(&sent.id).await;
    assert_eq!(story["state"], "fulfilled");
    let leg = &story["legs"][0];
    assert_eq!((&leg["state"], &leg["attempts"]), (&json!("fulfilled"), &json!(heard.len())));
    assert!(leg["trouble"].as_str().unwrap().contains("500"), "{leg}");
    assert!(leg["next_attempt_at"].is_string(), "{leg}");

    world.peer.script(SUBMIT, [fake.accepting()]);
    world.live(3 * DAY_MS).await;
    assert_eq!(world.leg(&sent.id).await, ("fulfilled".to_owned(), true), "the receipt is fetched in the end");
    let leg = world.story(&sent.id).await["legs"][0].clone();
    assert_eq!((&leg["trouble"], &leg["next_attempt_at"]), (&Value::Null, &Value::Null));
    assert_eq!(world.peer.heard(SUBMIT).len(), heard.len() + 1);
}

/// A request in doubt that is taken back, while the processor refuses to.
async fn taken_back(refusal: u16, word: Option<&str>) -> (World, Fake, Sent) {
    let world = World::new().await;
    let fake = Fake::open(&world);
    world.peer.script(SUBMIT, [Behavior::BreakOff, fake.accepting()]);
    let sent = world.sent("fake.localhost").await;
    assert_eq!(world.leg(&sent.id).await.0, "unsent");
    world.peer.script(&item(&sent), [unwilling(&fake, &sent, refusal, word)]);
    world.act(&sent.id, "cancel", "").await.is(200);
    world.live(DAY_MS).await;
    (world, fake, sent)
}

#[tokio::test]
async fn what_was_taken_back_in_doubt_and_never_arrived_is_not_posted_again() {
    for refusal in [400, 409, 410, 422] {
        let (world, _fake, sent) = taken_back(refusal, None).await;
        let story = world.story(&sent.id).await;
        let leg = &story["legs"][0];
        assert_eq!((&story["state"], &leg["state"]), (&json!("cancelled"), &json!("waived")), "{refusal}");
        assert_eq!((&leg["cancel"], &leg["next_attempt_at"]), (&json!("done"), &Value::Null));
        world.live(40 * DAY_MS).await;
        assert_eq!(world.peer.heard(SUBMIT).len(), 1, "{refusal}");
    }
}

/// What was sent a moment ago may still be on its way, whatever went wrong since.
#[tokio::test]
async fn that_a_party_does_not_know_it_is_believed_when_it_says_so_twice() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    world.peer.script(SUBMIT, [Behavior::BreakOff, fake.accepting()]);
    let sent = world.sent("fake.localhost").await;
    world.peer.script(&item(&sent), [Behavior::Status(500), Behavior::Status(404)]);
    world.act(&sent.id, "cancel", "").await.is(200);
    let deletes = || world.peer.heard(&item(&sent)).iter().filter(|heard| heard.method == "DELETE").count();
    for _ in 0..2 {
        world.until_tried_again(&sent.id).await;
        world.work().await;
    }
    assert_eq!((deletes(), world.leg(&sent.id).await.0.as_str()), (2, "unsent"));
    let heard_at = world.now();
    world.until_tried_again(&sent.id).await;
    world.work().await;
    assert_eq!(world.leg(&sent.id).await.0, "waived");
    assert!(world.now().since(heard_at) >= 30 * SECOND_MS, "as long as a message may take");
}

#[tokio::test]
async fn what_was_taken_back_in_doubt_and_had_arrived_goes_on_and_is_not_posted_again() {
    for refusal in [400, 409, 410, 422] {
        let (world, fake, sent) = taken_back(refusal, Some("in_progress")).await;
        let story = world.story(&sent.id).await;
        let leg = &story["legs"][0];
        assert_eq!((&story["state"], &leg["state"]), (&json!("in_progress"), &json!("in_progress")), "{refusal}");
        assert_eq!(leg["cancel"], "refused");
        assert!(story["details"].as_str().unwrap().contains("fake.localhost"), "{story}");
        world.call(fake.callback(&sent, "completed")).await.is(202);
        world.live(40 * DAY_MS).await;
        assert_eq!(world.story(&sent.id).await["state"], "fulfilled");
        assert_eq!(world.peer.heard(SUBMIT).len(), 1, "{refusal}");
    }
}

#[tokio::test]
async fn a_party_that_called_back_and_says_that_it_exists_has_accepted_it() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    world.peer.script(SUBMIT, [Behavior::BreakOff, exists()]);
    let sent = world.sent("fake.localhost").await;
    world.call(fake.callback(&sent, "pending")).await.is(202);
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), false));
    world.peer.script(&item(&sent), [fake.tells(&sent, "pending")]);
    world.until_tried_again(&sent.id).await;
    world.work().await;
    let leg = world.story(&sent.id).await["legs"][0].clone();
    assert_eq!((&leg["state"], &leg["trouble"]), (&json!("pending"), &Value::Null));
    assert!(leg["accepted_at"].is_string(), "{leg}");
    assert_eq!(world.peer.heard(&item(&sent))[0].method, "GET");
    world.live(3 * DAY_MS).await;
    assert_eq!(world.peer.heard(SUBMIT).len(), 2, "from now on it is asked how it stands");
    assert!(world.peer.heard(&item(&sent)).len() > 2);
    world.call(fake.callback(&sent, "completed")).await.is(202);
    assert_eq!(world.story(&sent.id).await["state"], "fulfilled");
}

#[tokio::test]
async fn a_refused_leg_can_be_retried_while_another_keeps_the_request_open() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let no = Behavior::Reply(Reply::json(400, r#"{"error":{"code":400}}"#));
    world.peer.script(SUBMIT, [no, fake.accepting()]);
    let story = world.wished_and_sent(&wish_to(&["mail.localhost", "fake.localhost"], "erasure")).await;
    let leg = leg_of(&story, "fake.localhost");
    assert_eq!((&story["state"], &leg["state"]), (&json!("distributed"), &json!("refused")));
    let retry = format!("/legs/{}/retry", leg["leg_id"].as_str().unwrap());
    assert_eq!(world.operate("POST", &retry, "").await.is(200).json()["state"], "waiting");
    world.work().await;
    let story = world.told(&story).await;
    let leg = leg_of(&story, "fake.localhost");
    assert_eq!((&leg["state"], &leg["receipt"]["verified"]), (&json!("pending"), &json!(true)));
    assert_eq!(leg["trouble"], Value::Null);

    let url = leg["callback_url"].as_str().unwrap().to_owned();
    let path = url::Url::parse(&url).unwrap().path().to_owned();
    let id = habeas_core::id::RequestId::new(story["request_id"].as_str().unwrap());
    world.call(fake.callback(&Sent { id: id.clone(), url, path }, "completed")).await.is(202);
    let theirs = world.named(id.as_str()).await;
    world.act(&theirs, "fulfill", "").await.is(200);
    world.work().await;
    assert_eq!(world.told(&story).await["state"], "fulfilled");
    world.operate("POST", &retry, "").await.is(409);
}
