//! What processors report in their protocol, the person's agent is told in its own: in order, and the newest only where
//! it was not listening.

use habeas_core::clock::{DAY_MS, HOUR_MS};
use serde_json::{Value, json};

use super::{ADS, MAIL, PUSH, two};
use crate::world::{
    Behavior, Setup, World,
    drp::{Asked, Exercise, words},
};

fn told(world: &World) -> Vec<Value> {
    world.peer.heard("/a").iter().map(crate::world::peer::Heard::json).collect()
}

impl World {
    async fn agreed(&self) -> Asked {
        self.exercised(&Exercise::deletion().callback(self.peer.url("a", "/a"))).await
    }
}

#[tokio::test]
async fn every_step_of_either_processor_is_told_in_order() {
    let world = World::with(two()).await;
    let asked = world.agreed().await;
    for (party, what) in [(MAIL, "start"), (ADS, "start"), (ADS, "fulfill"), (MAIL, "fulfill")] {
        world.does(party, "erasure", what, "").await;
        assert_eq!(told(&world).last(), Some(&world.standing(&asked).await), "{party} {what}");
    }
    let told = told(&world);
    let said: Vec<_> = told.iter().map(|one| one["processing_details"].as_str().unwrap_or_default()).collect();
    let order = ["mail.localhost is working on it", "ads.localhost is working on it", "ads.localhost is done"];
    let places: Vec<_> = order.iter().map(|words| said.iter().position(|one| one.contains(words)).unwrap()).collect();
    assert!(places.is_sorted(), "{said:?}");
    assert!(told.windows(2).all(|two| two[0] != two[1]), "nothing is told twice: {said:?}");
    let (last, earlier) = told.split_last().unwrap();
    assert!(earlier.iter().all(|one| one["status"] == "in_progress") && last["status"] == "fulfilled");
}

#[tokio::test]
async fn an_agent_that_was_not_listening_hears_the_newest_and_nothing_older_after_it() {
    for failures in [2, 3, 5] {
        let world = World::with(two()).await;
        let failing = std::iter::repeat_n(Behavior::Status(500), failures);
        world.peer.script("/a", failing.chain([Behavior::Status(200)]));
        let asked = world.agreed().await;
        for (party, what) in [(ADS, "start"), (MAIL, "start"), (MAIL, "fulfill"), (ADS, "fulfill")] {
            let id = world.at(party, "erasure").await.unwrap();
            world.act(&id, what, "").await.is(200);
            world.work().await;
        }
        world.live(3 * DAY_MS).await;
        let told = told(&world);
        let landed: Vec<_> = told.iter().skip(failures).collect();
        assert_eq!(landed.last(), Some(&&world.standing(&asked).await));
        assert_eq!(world.called_back("/a").last(), Some(&words("fulfilled", None)));
        let states: Vec<_> = landed.iter().map(|one| one["status"] == "fulfilled").collect();
        assert!(states.is_sorted(), "{landed:?}");
    }
}

#[tokio::test]
async fn a_processor_that_needs_longer_is_told_with_its_name_as_far_as_the_law_goes() {
    let world = World::with(two()).await;
    let asked = world.agreed().await;
    assert_eq!(asked.first["expected_by"], "2026-02-15T12:00:00+00:00");
    let longer = |by: &str| json!({"by": by, "reason": "many requests"}).to_string();
    world.does(MAIL, "erasure", "extend", &longer("2026-03-10T12:00:00Z")).await;
    let standing = world.standing(&asked).await;
    assert_eq!(standing["expected_by"], "2026-03-10T12:00:00+00:00");
    let why = standing["processing_details"].as_str().unwrap().to_owned();
    assert!(why.contains("mail.localhost needs longer"), "{why}");
    assert_eq!(told(&world).last(), Some(&standing));
    // The reason stays for as long as the date does, whatever else there is to say.
    world.does(ADS, "erasure", "start", "").await;
    let why = world.details(&asked).await;
    assert!(why.contains("mail.localhost needs longer") && why.contains("ads.localhost is working on it"), "{why}");
    // Ninety days are the law's limit, whatever the processor's law admits.
    world.does(ADS, "erasure", "extend", &longer("2026-04-02T12:00:00Z")).await;
    assert_eq!(world.standing(&asked).await["expected_by"], "2026-03-10T12:00:00+00:00");
    world.does(ADS, "erasure", "extend", &longer("2026-05-01T12:00:00Z")).await;
    assert_eq!(world.standing(&asked).await["expected_by"], "2026-03-10T12:00:00+00:00");
    for party in [MAIL, ADS] {
        world.does(party, "erasure", "fulfill", "").await;
    }
    assert_eq!(world.stands(&asked).await, words("fulfilled", None));
}

#[tokio::test]
async fn a_processor_that_is_late_is_named_as_late() {
    let setup = Setup { bridge: &[MAIL, ADS, PUSH], ..Setup::default() };
    let world = World::with(setup).await;
    let asked = world.agreed().await;
    // One month, as each of them said.
    world.live(40 * DAY_MS).await;
    world.does(ADS, "erasure", "start", "").await;
    world.does(PUSH, "erasure", "fulfill", "").await;
    let details = world.details(&asked).await;
    assert!(details.contains("mail.localhost is late"), "{details}");
    assert!(details.contains("push.localhost is done"), "{details}");
    assert_eq!(world.stands(&asked).await, words("in_progress", None));
    let listed = world.operate("GET", "/legs?late=true&organisation=business.localhost", "").await.is(200).json();
    let late: Vec<_> = listed["legs"].as_array().unwrap().iter().map(|leg| leg["party"].clone()).collect();
    assert!(late.contains(&json!(MAIL)) && !late.contains(&json!(PUSH)), "{late:?}");
    let faults = world.operate("GET", "/faults", "").await.is(200).json();
    assert!(faults["late"].as_array().unwrap().iter().any(|leg| leg["party"] == MAIL), "{faults}");
    world.does(MAIL, "erasure", "fulfill", "").await;
    world.does(ADS, "erasure", "fulfill", "").await;
    world.live(HOUR_MS).await;
    assert_eq!(world.stands(&asked).await, words("fulfilled", None));
}

#[tokio::test]
async fn what_an_agent_gave_to_be_called_back_no_processor_hears_of() {
    let world = World::with(two()).await;
    world.agreed().await;
    for said in world.wire.all(|said| said.method == "POST" && [MAIL, ADS].contains(&said.to.as_str())) {
        let urls = said.json()["status_callback_urls"].clone();
        let urls: Vec<_> = urls.as_array().unwrap().iter().map(|url| url.as_str().unwrap().to_owned()).collect();
        assert!(urls.len() == 1 && urls[0].starts_with("http://business.localhost:"), "{urls:?}");
    }
}
