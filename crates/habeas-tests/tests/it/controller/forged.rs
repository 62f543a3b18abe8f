//! Callbacks that are not what they seem (1.0 §8.8; A5, A22, A38).

use serde_json::json;

use crate::world::{
    Answered, Call, World,
    fake::{CERTIFICATE, DISCOVERY, Fake, OPENDSR, OPENGDPR, Sent, signed_by},
    keys,
};

const MINUTE_MS: i64 = 60_000;

async fn world() -> (World, Fake, Sent) {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let sent = world.sent("fake.localhost").await;
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true));
    (world, fake, sent)
}

fn with(call: Call, headers: impl IntoIterator<Item = (&'static str, String)>) -> Call {
    headers.into_iter().fold(call, |call, (name, value)| call.header(name, &value))
}

#[track_caller]
fn forbidden(answered: &Answered) {
    assert_eq!(answered.status, 403, "{}", answered.text());
    assert_eq!(answered.reason(), "forbidden");
}

#[tokio::test]
async fn honest_callbacks_move_the_leg() {
    let (world, fake, sent) = world().await;
    for (word, state) in [("pending", "pending"), ("in_progress", "in_progress"), ("completed", "fulfilled")] {
        let answered = world.call(fake.callback(&sent, word)).await.is(202);
        assert!(answered.body.is_empty());
        assert_eq!(world.leg(&sent.id).await.0, state);
    }
    assert_eq!(world.story(&sent.id).await["state"], "fulfilled");
}

#[tokio::test]
async fn whatever_is_not_authentic_is_forbidden_and_changes_nothing() {
    let (world, fake, sent) = world().await;
    let body = sent.news("completed").to_string().into_bytes();
    let mail = world.keys.signing("mail.localhost");
    let good = || fake.callback(&sent, "completed");
    let mut flipped = body.clone();
    flipped[5] ^= 1;
    let elsewhere = |member: &str, value: &str| {
        let mut news = sent.news("completed");
        news[member] = value.into();
        fake.callback_of(&sent, news.to_string().into_bytes())
    };
    let mut without_url = sent.news("completed");
    without_url.as_object_mut().unwrap().remove("status_callback_url");
    let other_token = Sent { id: sent.id.clone(), url: sent.url.clone(), path: format!("{}0", sent.path) };
    let forgeries = [
        ("a byte differs", good().body(flipped)),
        ("no JSON, and signed for another", good().body("{broken")),
        ("another signature", good().header(OPENGDPR.1, "AAAA")),
        ("no base64", good().header(OPENGDPR.1, "!!!")),
        ("no signature", good().without(OPENGDPR.1)),
        ("no domain", good().without(OPENGDPR.0)),
        ("no headers at all", good().without(OPENGDPR.0).without(OPENGDPR.1)),
        ("a domain that is none", good().header(OPENGDPR.0, "https://fake.localhost/")),
        ("another party", with(good(), signed_by(&mail, "mail.localhost", &body))),
        ("another party's key", with(good(), signed_by(&mail, "fake.localhost", &body))),
        ("a stranger", with(good(), signed_by(&mail, "stranger.localhost", &body))),
        ("an unknown token", fake.callback(&other_token, "completed")),
        ("another organisation", good().host("other.localhost")),
        ("another URL", elsewhere("status_callback_url", "https://shop.example/opengdpr_callbacks/x")),
        ("another token's URL", elsewhere("status_callback_url", &format!("{}0", sent.url))),
        ("no URL", fake.callback_of(&sent, without_url.to_string().into_bytes())),
        ("another request", elsewhere("subject_request_id", "a7551968-d5d6-44b2-9831-815ac9017798")),
        ("two pairs that differ", with(good(), [(OPENDSR.0, "fake.localhost".into()), (OPENDSR.1, "AAAA".into())])),
        ("half a second pair", with(good(), [(OPENDSR.0, "fake.localhost".into())])),
    ];
    for (what, call) in forgeries {
        let answered = world.call(call).await;
        assert_eq!(answered.status, 403, "{what}: {}", answered.text());
        forbidden(&answered);
        assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true), "{what}");
    }
    assert_eq!(world.signed_for(&sent.id).await, ["submit"], "nothing of it was kept");
    world.call(good()).await.is(202);
}

#[tokio::test]
async fn tokens_cannot_be_searched_for() {
    let (world, _, sent) = world().await;
    let body = sent.news("completed").to_string().into_bytes();
    let key = world.keys.signing("mail.localhost");
    let call = |path: &str| {
        with(Call::post(path, body.clone()).host("shop.localhost"), signed_by(&key, "mail.localhost", &body))
    };
    let known = world.call(call(&sent.path)).await;
    let unknown = world.call(call(&format!("{}0", sent.path))).await;
    assert_eq!(known, unknown);
    forbidden(&known);
}

#[tokio::test]
async fn either_family_of_headers_will_do_and_both_if_they_agree() {
    let (world, fake, sent) = world().await;
    let renamed = |word: &str| {
        let body = sent.news(word).to_string().into_bytes();
        let [domain, signature] = fake.headers(&body);
        [(OPENDSR.0, domain.1), (OPENDSR.1, signature.1)]
    };
    let plain = fake.callback(&sent, "in_progress").without(OPENGDPR.0).without(OPENGDPR.1);
    world.call(with(plain, renamed("in_progress"))).await.is(202);
    assert_eq!(world.leg(&sent.id).await.0, "in_progress");
    // ECDSA signs differently each time, so the pair is taken over and not made anew.
    let body = sent.news("completed").to_string().into_bytes();
    let [domain, signature] = fake.headers(&body);
    let both = Call::post(&sent.path, body)
        .host("shop.localhost")
        .header(OPENGDPR.0, &domain.1)
        .header(OPENGDPR.1, &signature.1)
        .header(OPENDSR.0, &domain.1)
        .header(OPENDSR.1, &signature.1);
    world.call(both).await.is(202);
    assert_eq!(world.leg(&sent.id).await.0, "fulfilled");
}

#[tokio::test]
async fn what_is_authentic_and_cannot_be_read_is_a_mistake_of_the_sender() {
    let (world, fake, sent) = world().await;
    let news = sent.news("completed").to_string();
    for body in ["{broken", "", "[]", &news.replacen('{', r#"{"request_status":"pending","#, 1)] {
        world.call(fake.callback_of(&sent, body.as_bytes().to_vec())).await.is(400);
    }
    assert_eq!(world.leg(&sent.id).await.0, "pending");
}

#[tokio::test]
async fn a_replay_or_a_step_back_is_acknowledged_and_ignored() {
    let (world, fake, sent) = world().await;
    let early = fake.callback(&sent, "in_progress");
    world.call(early.clone()).await.is(202);
    world.call(fake.callback(&sent, "completed")).await.is(202);
    let before = world.story(&sent.id).await;
    for call in [early.clone(), early, fake.callback(&sent, "completed")] {
        world.call(call).await.is(202);
    }
    assert_eq!(world.story(&sent.id).await, before, "a replay leaves no trace");
    world.call(fake.callback(&sent, "cancelled")).await.is(202);
    let after = world.story(&sent.id).await;
    for member in ["state", "history", "final_at"] {
        assert_eq!(after[member], before[member], "what contradicts is evidence and nothing more");
    }
    for member in ["state", "expected_by", "results_url", "trouble", "next_attempt_at"] {
        assert_eq!(
            after["legs"][0][member], before["legs"][0][member],
            "what contradicts is evidence and nothing more"
        );
    }
}

#[tokio::test]
async fn spellings_of_other_processors_and_unknown_words_are_borne() {
    let (world, fake, sent) = world().await;
    for (word, state) in [("on_the_shelf", "pending"), ("In-Progress", "in_progress"), ("canceled", "cancelled")] {
        world.call(fake.callback(&sent, word)).await.is(202);
        assert_eq!(world.leg(&sent.id).await.0, state, "{word}");
    }
    let mut denied = world.sent("fake.localhost").await.news("pending");
    denied["extensions"] = json!({"fake.localhost": {"denied": {"reason": "no_match"}}, "x.example": {}});
    let url: url::Url = denied["status_callback_url"].as_str().unwrap().parse().unwrap();
    let id = habeas_core::id::RequestId::new(denied["subject_request_id"].as_str().unwrap());
    let leg = Sent { id: id.clone(), url: url.to_string(), path: url.path().to_owned() };
    world.call(fake.callback_of(&leg, denied.to_string().into_bytes())).await.is(202);
    let story = world.story(&id).await;
    assert_eq!((&story["state"], &story["ground"]), (&json!("denied"), &json!("no_match")));
}

#[tokio::test]
async fn nothing_is_fetched_for_a_stranger() {
    let (mut world, fake, sent) = world().await;
    world.restart().await;
    let before = world.peer.total();
    let body = sent.news("completed").to_string().into_bytes();
    let key = world.keys.signing("mail.localhost");
    for domain in ["stranger.localhost", "mail.localhost", "contact.localhost"] {
        let call = with(fake.callback(&sent, "completed"), signed_by(&key, domain, &body));
        forbidden(&world.call(call).await);
    }
    let nowhere = Sent { id: sent.id.clone(), url: sent.url.clone(), path: "/v1/opengdpr_callbacks/x".to_owned() };
    forbidden(&world.call(fake.callback(&nowhere, "completed")).await);
    assert_eq!(world.peer.total(), before);

    world.call(fake.callback(&sent, "completed")).await.is(202);
    assert_eq!(world.peer.total(), before + 2, "discovery and certificate, for the party itself");
}

#[tokio::test]
async fn a_flood_of_bad_signatures_buys_one_fetch_a_minute() {
    let (world, fake, sent) = world().await;
    let fetched = || (world.peer.heard(DISCOVERY).len(), world.peer.heard(CERTIFICATE).len());
    let bad = || fake.callback(&sent, "completed").header(OPENGDPR.1, "AAAA");
    let before = fetched();
    for _ in 0..20 {
        forbidden(&world.call(bad()).await);
    }
    assert_eq!(fetched(), (before.0 + 1, before.1 + 1));
    world.clock.advance(MINUTE_MS);
    for _ in 0..20 {
        forbidden(&world.call(bad()).await);
    }
    assert_eq!(fetched(), (before.0 + 2, before.1 + 2));
    world.call(fake.callback(&sent, "completed")).await.is(202);
}

#[tokio::test]
async fn a_party_may_change_its_key() {
    let (world, _, sent) = world().await;
    let key = habeas_trust::signing::SigningKey::from_pem(&keys::p256()).unwrap();
    let now = world.now().ms();
    let chain = world.keys.ca.issue(&key, &["fake.localhost"], now - 1000, now + keys::YEAR_MS).unwrap();
    let fake = Fake { key: std::sync::Arc::new(key) };
    forbidden(&world.call(fake.callback(&sent, "completed")).await);
    world.clock.advance(MINUTE_MS);
    fake.shows(&world.peer, &chain);
    world.call(fake.callback(&sent, "completed")).await.is(202);
    assert_eq!(world.leg(&sent.id).await.0, "fulfilled");
}
