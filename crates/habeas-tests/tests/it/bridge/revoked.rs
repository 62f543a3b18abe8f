//! A request is revoked at once, and what could not be taken back is said.

use habeas_core::{
    clock::{DAY_MS, HOUR_MS},
    state::Change,
};
use habeas_store::Waiting;
use serde_json::json;

use super::{ADS, MAIL, two};
use crate::world::{
    Fault, Setup, Work, World,
    drp::{Exercise, words},
};

impl World {
    async fn state_at(&self, processor: &str) -> String {
        let id = self.at(processor, "erasure").await.unwrap();
        self.story(&id).await["state"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn what_nobody_has_begun_is_cancelled_everywhere() {
    let world = World::with(two()).await;
    let asked = world.exercised(&Exercise::deletion().callback(world.peer.url("a", "/a"))).await;
    let revoked = world.revoke(&asked).await.is(200).json();
    assert_eq!(revoked["status"], "revoked");
    world.live(HOUR_MS).await;
    assert_eq!(
        (world.state_at(MAIL).await, world.state_at(ADS).await),
        ("cancelled".to_owned(), "cancelled".to_owned())
    );
    let standing = world.standing(&asked).await;
    assert_eq!(standing["status"], "revoked");
    assert!(!standing.to_string().contains("could not"), "{standing}");
    assert_eq!(world.called_back("/a").last(), Some(&words("revoked", None)));
}

#[tokio::test]
async fn what_was_not_sent_yet_is_never_sent() {
    let world = World::with(Setup { hold_ms: HOUR_MS, ..two() }).await;
    let asked = world.exercised(&Exercise::deletion()).await;
    world.revoke(&asked).await.is(200);
    world.live(2 * DAY_MS).await;
    assert!(world.wire.all(|said| said.method != "GET").is_empty());
    assert_eq!(world.stands(&asked).await, words("revoked", None));
}

#[tokio::test]
async fn who_could_not_take_it_back_is_named_to_the_agent() {
    let world = World::with(two()).await;
    let asked = world.exercised(&Exercise::deletion().callback(world.peer.url("a", "/a"))).await;
    world.does(MAIL, "erasure", "start", "").await;
    let revoked = world.revoke(&asked).await.is(200).json();
    assert_eq!(revoked["status"], "revoked", "at once, and not when everybody has answered");
    world.live(HOUR_MS).await;
    assert_eq!(
        (world.state_at(MAIL).await, world.state_at(ADS).await),
        ("in_progress".to_owned(), "cancelled".to_owned())
    );
    let standing = world.standing(&asked).await;
    assert_eq!(standing["status"], "revoked");
    let details = standing["processing_details"].as_str().unwrap();
    assert!(details.contains(MAIL) && !details.contains(ADS), "{details}");
    assert_eq!(world.peer.heard("/a").last().unwrap().json(), standing, "told, and not only when asked");
    let again = world.revoke(&asked).await.is(200).json();
    assert_eq!(again, standing);

    world.does(MAIL, "erasure", "fulfill", "").await;
    world.live(DAY_MS).await;
    assert_eq!(world.stands(&asked).await, words("revoked", None));
}

#[tokio::test]
async fn who_answers_only_when_everything_personal_was_to_go_is_still_named() {
    let world = World::with(Setup { keep_ms: DAY_MS, ..two() }).await;
    let asked = world.exercised(&Exercise::deletion().callback(world.peer.url("a", "/a"))).await;
    world.does(MAIL, "erasure", "start", "").await;
    world.wire.breaks(MAIL, Fault::Down);
    world.revoke(&asked).await.is(200);
    world.live(3 * DAY_MS).await;
    let told = || world.peer.heard("/a").last().unwrap().json()["processing_details"].to_string();
    assert!(!told().contains("could not"), "{}", told());
    world.wire.mend(MAIL);
    world.live(DAY_MS).await;
    assert!(told().contains("could not") && told().contains(MAIL), "{}", told());
    world.live(DAY_MS).await;
    world.operate("GET", &format!("/requests/{}/subject", asked.id), "").await.is(410);
}

#[tokio::test]
async fn a_crash_between_the_answer_and_the_parties_loses_nothing() {
    let mut world = World::with(two()).await;
    let asked = world.exercised(&Exercise::deletion()).await;
    // It is revoked, and the node dies before any party is told.
    let waiting = Waiting::TakenBack { at: world.now() };
    world.dies_after(&asked.id, &Change::Cancel, Some(waiting)).await;
    world.live(DAY_MS).await;
    assert_eq!(
        (world.state_at(MAIL).await, world.state_at(ADS).await),
        ("cancelled".to_owned(), "cancelled".to_owned())
    );
    assert_eq!(world.standing(&asked).await["status"], "revoked");
    let story = world.story(&asked.id).await;
    assert!(story["legs"].as_array().unwrap().iter().all(|leg| leg["cancel"] == json!("done")), "{story}");
}

#[tokio::test]
async fn a_crash_before_anybody_took_it_up_loses_nothing() {
    let mut world = World::with(two()).await;
    let asked = world.exercise(&Exercise::deletion()).await;
    world.restart().await;
    world.live(HOUR_MS).await;
    assert_eq!(world.stands(&asked).await, words("in_progress", None));
    assert_eq!((world.state_at(MAIL).await, world.state_at(ADS).await), ("received".to_owned(), "received".to_owned()));
}

#[tokio::test]
async fn what_is_in_doubt_at_a_processor_is_taken_back_too() {
    for fault in [Fault::Mute, Fault::Down] {
        let mut world = World::with(two()).await;
        // It can be asked what it supports, and then the line breaks.
        world.exercised(&Exercise::deletion().claim("email", "first@example.org")).await;
        world.wire.breaks(ADS, fault);
        let asked = world.exercised(&Exercise::deletion()).await;
        assert_eq!(world.leg_at(&asked, ADS, "erasure").await["accepted_at"], json!(null));
        assert_eq!(world.revoke(&asked).await.is(200).json()["status"], "revoked");
        world.live(HOUR_MS).await;
        world.restart().await;
        world.wire.mend(ADS);
        world.live(2 * DAY_MS).await;
        let leg = world.leg_at(&asked, ADS, "erasure").await;
        assert_eq!(leg["cancel"], "done", "{fault:?}: {leg}");
        let details = world.details(&asked).await;
        assert!(!details.contains("could not"), "{fault:?}: {details}");
        let listed =
            world.operate("GET", &format!("/requests?organisation={ADS}&state=received,in_progress"), "").await;
        let open = listed.json()["requests"].as_array().unwrap().len();
        assert_eq!(open, 1, "{fault:?}: the first person's only");
    }
}

#[tokio::test]
async fn the_own_systems_that_were_told_are_told_that_it_is_over() {
    let world = World::with(Setup { work: Work::Webhook, ..Setup::default() }).await;
    let asked = world.exercised(&Exercise::deletion()).await;
    assert_eq!(world.peer.heard("/work").len(), 1);
    world.revoke(&asked).await.is(200);
    world.live(HOUR_MS).await;
    let heard = world.peer.heard("/work");
    assert_eq!(heard.len(), 2);
    let told = heard[1].json();
    assert_eq!((&told["type"], &told["request_id"]), (&json!("request.cancelled"), &json!(asked.id.as_str())));
    assert!(!told.to_string().contains("ann@"), "whose it is they know: {told}");
    // Who was told nothing is told nothing.
    let held = World::with(Setup { work: Work::Webhook, hold_ms: DAY_MS, ..Setup::default() }).await;
    let asked = held.exercised(&Exercise::deletion()).await;
    held.revoke(&asked).await.is(200);
    held.live(2 * DAY_MS).await;
    assert!(held.peer.heard("/work").is_empty());
}
