//! A business tells of changes at the place that it was given, with its credential.

use habeas_core::clock::HOUR_MS;
use habeas_engine::directory::Tenant;
use habeas_trust::shared_secret::sha512_hex;
use serde_json::{Value, json};

use crate::world::{
    Call, Setup, World,
    drp::{BUSINESS, HELPER, PIP, secret},
    pip::{EXERCISE, ID, Wish, Wished, says, standing, status_of},
};

/// A request that pip.localhost has.
async fn sent(world: &World) -> Wished {
    world.open_pip();
    world.asked_for(&Wish::erasure()).await
}

#[tokio::test]
async fn each_change_moves_it_forward_and_is_acknowledged() {
    let world = World::new().await;
    let wished = sent(&world).await;
    for (status, reason, state) in [("in_progress", None, "in_progress"), ("fulfilled", None, "fulfilled")] {
        for _ in 0..2 {
            let answer = world.call(world.pip_calls(&wished, &standing(status, reason))).await.is(200);
            assert_eq!(answer.header("content-type"), "application/json");
            assert_eq!(world.both_of(&wished).await, (state.to_owned(), state.to_owned()));
        }
    }
    // What is over stays over, whatever is told late.
    for (status, reason) in
        [("open", None), ("in_progress", None), ("denied", Some("other")), ("revoked", None), ("expired", None)]
    {
        world.call(world.pip_calls(&wished, &standing(status, reason))).await.is(200);
        assert_eq!(world.both_of(&wished).await, ("fulfilled".to_owned(), "fulfilled".to_owned()));
    }
    let story = world.story(&wished.id).await;
    assert_eq!(story["receipts"], json!([]), "nobody signed it");
}

#[tokio::test]
async fn who_does_not_show_the_credential_is_not_heard() {
    let world = World::new().await;
    let wished = sent(&world).await;
    let good = || world.pip_calls(&wished, &standing("fulfilled", None));
    for call in [
        good().without("authorization"),
        good().by(""),
        good().by("c4na7y"),
        good().by(&secret(HELPER, PIP)),
        good().by(&sha512_hex(&secret(PIP, HELPER))),
        good().header("authorization", &secret(PIP, HELPER)),
        good().also("authorization", "Bearer c4na7y"),
        good().without("authorization").body("{c4na7y"),
        good().without("authorization").header("content-type", "text/plain"),
    ] {
        let answer = world.call(call).await;
        answer.is_drp_error(401);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    assert_eq!(world.both_of(&wished).await.1, "pending");
    world.call(good()).await.is(200);
}

#[tokio::test]
async fn another_partys_credential_is_good_for_its_own_requests_only() {
    let world = World::new().await;
    let wished = sent(&world).await;
    let business = world.asked_for(&Wish::erasure().to(BUSINESS)).await;
    let told = |wished: &Wished, party: &str| {
        Call::post(&wished.callbacks, standing("fulfilled", None).to_string()).host(HELPER).by(&secret(party, HELPER))
    };
    let (one, two) = (world.call(told(&wished, BUSINESS)).await, world.call(told(&business, PIP)).await);
    let nowhere = Wished { callbacks: format!("{}0", wished.callbacks), ..wished.clone() };
    let none = world.call(told(&nowhere, PIP)).await;
    none.is_drp_error(404);
    assert_eq!((&one, &two), (&none, &none), "as if it were not there");
    for path in [
        "/drp/callbacks/",
        "/drp/callbacks",
        "/drp",
        "/drp/exercise",
        "/callbacks/x",
        &format!("{}/x", wished.callbacks),
    ] {
        let call = Call::post(path, standing("fulfilled", None).to_string()).host(HELPER).by(&secret(PIP, HELPER));
        assert_eq!(world.call(call).await.status, 404, "{path}");
    }
    let elsewhere = told(&wished, PIP).host(BUSINESS);
    assert!([401, 404].contains(&world.call(elsewhere).await.status));
    assert_eq!(
        (world.both_of(&wished).await.1, world.both_of(&business).await.1),
        ("pending".into(), "in_progress".into())
    );
}

#[tokio::test]
async fn what_it_says_must_be_of_this_request_and_well_formed() {
    let world = World::new().await;
    let wished = sent(&world).await;
    let good = standing("fulfilled", None);
    let mut another = good.clone();
    another["request_id"] = json!("c4na7y");
    let answer = world.call(world.pip_calls(&wished, &another)).await;
    assert!((400..500).contains(&answer.status), "{}", answer.text());
    answer.is_drp_error(answer.status);
    assert!(!answer.text().contains("subject_request_id"), "that is no member of DRP: {}", answer.text());
    for body in [
        "".to_owned(),
        "{c4na7y".to_owned(),
        format!("[{good}]"),
        good.to_string().replacen('{', r#"{"status":"c4na7y","#, 1),
        good.to_string().replace(r#""status":"fulfilled""#, r#""status":7"#),
        good.to_string().replace(r#""status":"fulfilled","#, ""),
        good.to_string().replace(ID, ""),
    ] {
        world.call(world.pip_calls(&wished, &good).body(body)).await.is_drp_error(400);
    }
    world.call(world.pip_calls(&wished, &good).header("content-type", "text/plain")).await.is_drp_error(415);
    world.call(world.pip_calls(&wished, &good).body(" ".repeat(1024 * 1024 + 1))).await.is_drp_error(413);
    world.call(Call::get(&wished.callbacks).host(HELPER).by(&secret(PIP, HELPER))).await.is_drp_error(405);
    assert_eq!(world.both_of(&wished).await.1, "pending");
    // A word that nobody knows is no news.
    world.call(world.pip_calls(&wished, &standing("c4na7y", Some("c4na7y")))).await.is(200);
    assert_eq!(world.both_of(&wished).await.1, "pending");
}

#[tokio::test]
async fn it_is_read_leniently() {
    for (changes, state) in [
        (json!({"status": "in_progress", "reason": ""}), "in_progress"),
        (json!({"status": "in-progress"}), "in_progress"),
        (json!({"status": "IN_PROGRESS", "expected_by": "20260301T120000.000-0700"}), "in_progress"),
        (json!({"status": "fulfilled", "final": "true", "results_url": ""}), "fulfilled"),
        (json!({"status": "denied", "reason": "insufficient_verification"}), "denied"),
        (json!({"status": "in_progress", "received_at": "never", "expected_by": 7}), "in_progress"),
    ] {
        let world = World::new().await;
        let wished = sent(&world).await;
        let mut body = standing("open", None);
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        for name in ["processing_details", "user_verification_url"] {
            body.as_object_mut().unwrap().remove(name);
        }
        world.call(world.pip_calls(&wished, &body)).await.is(200);
        assert_eq!(world.both_of(&wished).await.1, state, "{changes}");
    }
}

/// The business wants to see our secret's hash, and may show that of its own.
fn to_the_letter(tenant: &mut Tenant) {
    if tenant.domain().as_str() == HELPER {
        for peer in &mut tenant.peers {
            peer.response_authorization = true;
            peer.party.trust.hashed_secret = true;
        }
    }
}

#[tokio::test]
async fn to_the_letter_both_sides_show_hashes() {
    let world = World::with(Setup { adjust: to_the_letter, ..Setup::default() }).await;
    let wished = sent(&world).await;
    let hash = sha512_hex(&secret(PIP, HELPER));
    let call = world.pip_calls(&wished, &standing("in_progress", None)).header("authorization", &hash);
    let answer = world.call(call).await.is(200);
    assert_eq!(answer.header("authorization"), sha512_hex(&secret(HELPER, PIP)));
    let refused = world.call(world.pip_calls(&wished, &Value::Null).by("c4na7y")).await;
    refused.is_drp_error(401);
}

#[tokio::test]
async fn who_has_called_back_is_asked_later_and_the_last_word_is_checked_by_nobody() {
    let world = World::new().await;
    let wished = sent(&world).await;
    world.peer.script(&status_of(ID), [says(200, &standing("in_progress", None))]);
    world.call(world.pip_calls(&wished, &standing("in_progress", None))).await.is(200);
    world.live(10 * 60 * 1000).await;
    assert!(world.peer.heard(&status_of(ID)).is_empty());
    world.live(HOUR_MS).await;
    assert!(!world.peer.heard(&status_of(ID)).is_empty());
    assert_eq!(world.peer.heard(EXERCISE).len(), 1);
}
