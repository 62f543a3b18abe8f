//! The whole way, from the status that asks for it to where the agent wants the person afterwards.

use habeas_core::clock::DAY_MS;
use serde_json::json;

use super::verifying;
use crate::world::{
    Call, World,
    drp::{BUSINESS, Exercise, REDIRECT, words},
};

#[tokio::test]
async fn who_knows_the_code_is_sent_back_and_the_work_begins() {
    let world = World::with(verifying()).await;
    let visitor = world.awaiting(&Exercise::deletion().callback(world.peer.url("a", "/a"))).await;
    let standing = world.standing(&visitor.asked).await;
    assert_eq!((&standing["status"], &standing["reason"]), (&json!("in_progress"), &json!("need_user_verification")));
    assert_eq!(standing["expires_at"], "2026-01-08T12:00:00+00:00", "a week");
    let told = world.peer.heard("/a");
    assert_eq!(told.last().unwrap().json(), standing, "by status and by callback");

    let page = visitor.comes().await;
    assert!(page.starts_with(&format!("{}/", visitor.link)) && !page.contains('?'), "{page}");
    let shown = visitor.sees(&page).await.is(200);
    assert!(shown.text().contains("helper.localhost") && shown.text().contains("a…@example.org"), "{}", shown.text());
    assert!(!shown.text().contains("ann@"), "not the whole of it");
    assert_eq!(shown.header("referrer-policy"), "no-referrer");
    assert!(world.letters.sent().is_empty(), "to look at it sends nothing");

    let code = visitor.asks_for_a_code(&page).await;
    assert_eq!(world.stands(&visitor.asked).await.1.as_deref(), Some("need_user_verification"));
    let verified = visitor.gives(&page, &code).await.is(303);
    assert_eq!(verified.header("location"), REDIRECT);
    world.work().await;
    let standing = world.standing(&visitor.asked).await;
    assert_eq!((&standing["status"], &standing["reason"]), (&json!("in_progress"), &json!(null)));
    assert_eq!(standing["user_verification_url"], json!(null), "it is over");
    assert!(standing.get("expires_at").is_none(), "{standing}");
    assert_eq!(world.called_back("/a").last(), Some(&words("in_progress", None)));

    // What was used is used up.
    assert_eq!(visitor.gives(&page, &code).await.is(303).header("location"), REDIRECT, "pressed twice");
    visitor.presses(&page, "action=send").await.is(410);
    assert!(visitor.sees(&page).await.is(200).text().contains("Thank you"));
    visitor.comes_with(&visitor.parameters()).await.is(410);
    world.act(&visitor.asked.id, "fulfill", "").await.is(200);
    assert_eq!(world.stands(&visitor.asked).await, words("fulfilled", None));
}

#[tokio::test]
async fn the_address_is_short_and_another_for_each_request() {
    let world = World::with(verifying()).await;
    let mut seen = Vec::new();
    for n in 0..3 {
        let visitor = world.awaiting(&Exercise::deletion().again(n)).await;
        let url = world.standing(&visitor.asked).await["user_verification_url"].as_str().unwrap().to_owned();
        assert!(url.len() <= 127, "{url}");
        assert!(!url.contains(&visitor.asked.wire) && !seen.contains(&url), "{url}");
        seen.push(url);
    }
}

#[tokio::test]
async fn an_opt_out_is_never_verified_and_neither_is_one_beside_it() {
    let world = World::with(verifying()).await;
    for action in ["sale:opt-out", "sale:opt_in"] {
        let asked = world.exercised(&Exercise::of(action).again(1)).await;
        assert_eq!(world.stands(&asked).await, words("in_progress", None));
        let refused = world.act(&asked.id, "verify", "").await.is(409);
        assert!(refused.text().contains("opt out"), "{}", refused.text());
    }
}

#[tokio::test]
async fn who_lets_the_time_pass_is_denied_for_that() {
    let world = World::with(verifying()).await;
    let visitor = world.awaiting(&Exercise::deletion().callback(world.peer.url("a", "/a"))).await;
    let page = visitor.comes().await;
    let code = visitor.asks_for_a_code(&page).await;
    world.later(7 * DAY_MS - 1).await;
    assert_eq!(world.stands(&visitor.asked).await.1.as_deref(), Some("need_user_verification"));
    // Nobody has looked at it yet, and it is over all the same.
    world.clock.advance(1);
    visitor.gives(&page, &code).await.is(410);
    visitor.comes_with(&visitor.parameters()).await.is(410);
    world.work().await;
    assert_eq!(world.stands(&visitor.asked).await, words("denied", Some("insuf_verification")));
    assert_eq!(world.called_back("/a").last(), Some(&words("denied", Some("insuf_verification"))));
    assert!(world.standing(&visitor.asked).await["user_verification_url"].is_null());
}

#[tokio::test]
async fn what_is_revoked_meanwhile_is_over_on_the_page() {
    let world = World::with(verifying()).await;
    let visitor = world.awaiting(&Exercise::deletion()).await;
    let page = visitor.comes().await;
    let code = visitor.asks_for_a_code(&page).await;
    world.revoke(&visitor.asked).await.is(200);
    let refused = visitor.gives(&page, &code).await.is(410);
    assert!(refused.headers.get("location").is_none());
    assert!(visitor.sees(&page).await.is(200).text().contains("Nobody asks any more"));
    assert_eq!(world.stands(&visitor.asked).await, words("revoked", None));
}

#[tokio::test]
async fn a_person_without_an_address_cannot_be_asked_and_is_denied() {
    let world = World::with(verifying()).await;
    let nowhere = Exercise::deletion().claim("email", serde_json::Value::Null);
    for (n, exercise) in [(1, nowhere.clone()), (2, nowhere.claim("email", "no address"))] {
        let asked = world.exercised(&exercise.again(n)).await;
        assert_eq!(world.stands(&asked).await, words("denied", Some("insuf_verification")));
    }
}

#[tokio::test]
async fn a_page_is_of_its_own_organisation_only() {
    let world = World::with(verifying()).await;
    let visitor = world.awaiting(&Exercise::deletion()).await;
    let page = visitor.comes().await;
    for host in ["other.localhost", "mail.localhost", "helper.localhost"] {
        world.call(Call::get(&page).host(host)).await.is(404);
    }
    visitor.sees(&format!("{page}0")).await.is(404);
    visitor.sees(&page.replacen("/verify/", "/verify/0", 1)).await.is(404);
    world.call(Call::get(&page).host(BUSINESS)).await.is(200);
}
