//! A code is good for its own request, for ten minutes, once; and there are three tries and three letters.

use habeas_core::clock::MINUTE_MS;
use tokio::task::JoinSet;

use super::{FORM, Visitor, verifying, wrong};
use crate::world::{
    Call, World,
    drp::{BUSINESS, Exercise, words},
};

#[tokio::test]
async fn three_wrong_codes_are_a_denial_and_no_way_back_to_the_agent() {
    let world = World::with(verifying()).await;
    let visitor = world.awaiting(&Exercise::deletion().callback(world.peer.url("a", "/a"))).await;
    let page = visitor.comes().await;
    let code = visitor.asks_for_a_code(&page).await;
    for left in ["two more tries", "one more try"] {
        let again = visitor.gives(&page, &wrong(&code)).await.is(200);
        assert!(again.text().contains(left), "{}", again.text());
        assert!(again.headers.get("location").is_none());
    }
    let failed = visitor.gives(&page, &wrong(&code)).await.is(200);
    assert!(failed.headers.get("location").is_none() && !failed.text().contains("helper.example"), "{}", failed.text());
    assert_eq!(world.stands(&visitor.asked).await, words("denied", Some("insuf_verification")));
    visitor.gives(&page, &code).await.is(410);
    world.work().await;
    assert_eq!(world.called_back("/a").last(), Some(&words("denied", Some("insuf_verification"))));
}

#[tokio::test]
async fn what_is_no_code_costs_no_try() {
    let world = World::with(verifying()).await;
    let visitor = world.awaiting(&Exercise::deletion()).await;
    let page = visitor.comes().await;
    let code = visitor.asks_for_a_code(&page).await;
    for text in ["", "1234", "12345678a", "hello"] {
        assert!(visitor.gives(&page, text).await.is(200).text().contains("eight digits"));
    }
    visitor.gives(&page, &wrong(&code)).await.is(200);
    visitor.gives(&page, &wrong(&code)).await.is(200);
    visitor.gives(&page, &format!("{}+{}", &code[..4], &code[4..])).await.is(303);
}

#[tokio::test]
async fn a_code_is_good_for_ten_minutes() {
    let world = World::with(verifying()).await;
    for (n, waited, good) in [(1, 10 * MINUTE_MS - 1, true), (2, 10 * MINUTE_MS, false)] {
        let visitor = world.awaiting(&Exercise::deletion().again(n)).await;
        let page = visitor.comes().await;
        let code = visitor.asks_for_a_code(&page).await;
        world.clock.advance(waited);
        assert_eq!(visitor.gives(&page, &code).await.status, if good { 303 } else { 200 });
        let reason = world.stands(&visitor.asked).await.1;
        assert_eq!(reason.is_none(), good, "{reason:?}");
    }
}

#[tokio::test]
async fn a_new_code_takes_the_place_of_the_old_one() {
    let world = World::with(verifying()).await;
    let visitor = world.awaiting(&Exercise::deletion()).await;
    let page = visitor.comes().await;
    let old = visitor.asks_for_a_code(&page).await;
    let new = visitor.asks_for_a_code(&page).await;
    assert_ne!(old, new);
    visitor.gives(&page, &old).await.is(200);
    visitor.gives(&page, &new).await.is(303);
}

#[tokio::test]
async fn there_is_no_fourth_letter() {
    let world = World::with(verifying()).await;
    let visitor = world.awaiting(&Exercise::deletion()).await;
    let page = visitor.comes().await;
    for _ in 0..3 {
        visitor.asks_for_a_code(&page).await;
    }
    // Coming anew changes nothing.
    for page in [page.clone(), visitor.comes().await] {
        visitor.presses(&page, "action=send").await.is(429);
    }
    assert_eq!(world.letters.sent().len(), 3);
    visitor.gives(&page, &world.letters.code()).await.is(303);
}

#[tokio::test]
async fn a_code_of_another_request_is_wrong() {
    let world = World::with(verifying()).await;
    let visitor = world.awaiting(&Exercise::deletion()).await;
    let other = world.awaiting(&Exercise::deletion().again(2)).await;
    let (page, other_page) = (visitor.comes().await, other.comes().await);
    visitor.asks_for_a_code(&page).await;
    let code = other.asks_for_a_code(&other_page).await;
    visitor.gives(&page, &code).await.is(200);
    assert_eq!(world.stands(&visitor.asked).await.1.as_deref(), Some("need_user_verification"));
    // Nor is the page of one the page of the other.
    let ticket = page.rsplit('/').next().unwrap();
    visitor.sees(&format!("{}/{ticket}", other.link)).await.is(404);
    other.gives(&other_page, &code).await.is(303);
}

#[tokio::test]
async fn a_letter_box_that_is_down_costs_no_letter() {
    let world = World::with(verifying()).await;
    let visitor = world.awaiting(&Exercise::deletion()).await;
    let page = visitor.comes().await;
    world.letters.breaks(true);
    for _ in 0..5 {
        visitor.presses(&page, "action=send").await.is(503);
    }
    visitor.gives(&page, "00000000").await.is(200);
    assert!(visitor.sees(&page).await.text().contains("Send me the code"), "there is none to be entered");
    world.letters.breaks(false);
    let code = visitor.asks_for_a_code(&page).await;
    visitor.gives(&page, &code).await.is(303);
}

/// How many codes were looked at.
async fn tries(world: &World, visitor: &Visitor<'_>) -> u32 {
    let token = visitor.link.rsplit('/').next().unwrap();
    world.engine.store().verification(&BUSINESS.parse().unwrap(), token).await.unwrap().unwrap().tries
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_wrong_codes_at_once_are_three_tries() {
    for round in 0..5 {
        let world = World::with(verifying()).await;
        let visitor = world.awaiting(&Exercise::deletion().again(round)).await;
        let page = visitor.comes().await;
        let code: u32 = visitor.asks_for_a_code(&page).await.parse().unwrap();
        let mut guesses = JoinSet::new();
        for n in 1..40 {
            let form = format!("action=check&code={:08}", (code + n) % 100_000_000);
            guesses.spawn(Call::post(&page, form).header("content-type", FORM).host(BUSINESS).to(world.router()));
        }
        let answers = guesses.join_all().await;
        assert!(answers.iter().all(|answer| answer.status < 500), "{:?}", answers.iter().map(|a| a.status).max());
        assert!(answers.iter().all(|answer| answer.headers.get("location").is_none()));
        assert_eq!(world.stands(&visitor.asked).await, words("denied", Some("insuf_verification")));
        assert_eq!(tries(&world, &visitor).await, 3, "and no further code was looked at");
    }
}

#[tokio::test]
async fn a_crash_between_the_third_try_and_the_denial_gives_no_fourth() {
    let mut world = World::with(verifying()).await;
    let visitor = world.awaiting(&Exercise::deletion()).await;
    let page = visitor.comes().await;
    let code = visitor.asks_for_a_code(&page).await;
    for _ in 0..2 {
        visitor.gives(&page, &wrong(&code)).await.is(200);
    }
    // The third is counted, and the node dies before it is looked at.
    let token = visitor.link.rsplit('/').next().unwrap().to_owned();
    let store = world.engine.store();
    let verification = store.verification(&BUSINESS.parse().unwrap(), &token).await.unwrap().unwrap();
    store.save_verification(&verification.after_try()).await.unwrap();
    let (asked, link, its) = (visitor.asked.clone(), visitor.link.clone(), visitor.token.clone());
    world.restart().await;
    let visitor = Visitor { world: &world, asked, token: its, link };
    let fourth = visitor.gives(&page, &code).await;
    assert_ne!(fourth.status, 303, "there were three tries");
    world.work().await;
    assert_eq!(world.stands(&visitor.asked).await, words("denied", Some("insuf_verification")));
}
