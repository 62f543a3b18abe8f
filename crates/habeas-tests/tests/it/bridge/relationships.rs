//! How a person says to stand to the business is for its own systems, its operators, and parties that were agreed with.

use habeas_engine::directory::Tenant;
use serde_json::{Value, json};

use super::{ADS, MAIL, PUSH, two};
use crate::world::{
    Setup, Work, World,
    drp::{BUSINESS, Exercise, of_business},
};

const KNOB: &str = "relationships-in-extensions";

/// push and ads are told; mail is not.
fn push_is_told(tenant: &mut Tenant) {
    of_business(tenant, |tenant| {
        for peer in tenant.peers.iter_mut().filter(|peer| [PUSH, ADS].contains(&peer.party.id.as_str())) {
            peer.party.knobs = vec![KNOB.to_owned()];
        }
    });
}

fn exercise() -> Exercise {
    Exercise::deletion().with("relationships", json!(["customer", "r3lat10n"]))
}

#[tokio::test]
async fn parties_hear_of_it_only_where_that_was_agreed_and_their_version_has_a_place_for_it() {
    let setup = Setup { bridge: &[MAIL, PUSH, ADS], adjust: push_is_told, ..Setup::default() };
    let world = World::with(setup).await;
    world.exercised(&exercise()).await;
    let sent = world.wire.all(|said| said.method == "POST" && [MAIL, PUSH, ADS].contains(&said.to.as_str()));
    assert_eq!(sent.len(), 3);
    for said in sent {
        let extensions = said.json().get("extensions").cloned();
        let expected = json!({PUSH: {"relationships": ["customer", "r3lat10n"]}});
        assert_eq!(extensions, (said.to == PUSH).then_some(expected), "{}", said.to);
        assert_eq!(said.text().contains("r3lat10n"), said.to == PUSH, "{}", said.text());
        for personal in ["Ann Example", "iss", "aud", "helper.localhost", "identity\":\"ey"] {
            assert!(!said.text().contains(personal), "{personal} is no word of OpenGDPR: {}", said.text());
        }
    }
    // Who names none says nothing in a place for it.
    world.exercised(&Exercise::deletion().again(2)).await;
    let sent = world.wire.all(|said| said.method == "POST" && said.to == PUSH);
    assert_eq!(sent.last().unwrap().json().get("extensions"), None);
}

#[tokio::test]
async fn the_own_systems_and_operators_are_told() {
    let world = World::with(Setup { work: Work::Webhook, ..Setup::default() }).await;
    let asked = world.exercised(&exercise()).await;
    let heard = world.peer.heard("/work").remove(0).json();
    assert_eq!(heard["organisation"], BUSINESS);
    assert_eq!(heard["relationships"], json!(["customer", "r3lat10n"]));
    let subject = world.operate("GET", &format!("/requests/{}/subject", asked.id), "").await.is(200).json();
    assert_eq!(subject["relationships"], json!(["customer", "r3lat10n"]));
    assert!(!world.story(&asked.id).await.to_string().contains("r3lat10n"), "it is personal");
}

#[tokio::test]
async fn the_own_systems_are_told_beside_parties_that_are_not() {
    let world = World::with(Setup { work: Work::Webhook, ..two() }).await;
    let both = exercise().with("exercise", json!(["deletion", "sale:opt-out"]));
    world.exercised(&both).await;
    for party in [MAIL, ADS] {
        world.does(party, "erasure", "fulfill", "").await;
    }
    let heard: Vec<Value> = world.peer.heard("/work").iter().map(crate::world::peer::Heard::json).collect();
    let ours: Vec<_> = heard.iter().filter(|one| one["organisation"] == BUSINESS).collect();
    assert_eq!(ours.len(), 1, "once, and only what no party does");
    assert_eq!(
        (&ours[0]["rights"], &ours[0]["relationships"]),
        (&json!(["opt-out-of-sale"]), &json!(["customer", "r3lat10n"]))
    );
    let parties = heard.iter().filter(|one| one["organisation"] != BUSINESS);
    assert!(parties.into_iter().all(|one| !one.to_string().contains("r3lat10n")));
}
