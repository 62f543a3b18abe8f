//! Where a business takes requests, its discovery says, and may say otherwise tomorrow (reading R24).

use habeas_core::clock::{DAY_MS, HOUR_MS};
use habeas_engine::directory::Tenant;
use serde_json::{Value, json};

use crate::world::{
    Behavior, Setup, World,
    drp::{HELPER, PIP, secret},
    pip::{EXERCISE, ID, REVOKE, WELL_KNOWN, Wish, says, standing, status_of},
};

#[tokio::test]
async fn a_slash_at_its_end_or_another_host_makes_no_difference() {
    for (name, path) in [("pip", "/pip/"), ("pip", "/pip"), ("provider", "/pip"), ("provider", "/pip/")] {
        let world = World::new().await;
        world.open_pip();
        let mut discovery = world.pip_discovery();
        discovery["api_base"] = json!(world.peer.url(name, path));
        world.pip_discovers(&discovery);
        let wished = world.asked_for(&Wish::erasure()).await;
        assert_eq!(world.both_of(&wished).await.1, "pending", "{name}{path}");
        let heard = world.peer.heard(EXERCISE).remove(0);
        assert!(heard.header("host").starts_with(&format!("{name}.localhost")));
        assert_eq!(heard.header("authorization"), format!("Bearer {}", secret(HELPER, PIP)));
    }
}

#[tokio::test]
async fn a_business_that_moves_is_followed() {
    let world = World::new().await;
    world.open_pip();
    let wished = world.asked_for(&Wish::erasure()).await;
    world.peer.script(&status_of(ID), [Behavior::Status(404)]);
    let mut moved = world.pip_discovery();
    moved["api_base"] = json!(world.peer.url("provider", "/new"));
    world.pip_discovers(&moved);
    world.peer.script("/new/revoke", [says(200, &standing("revoked", None))]);
    let there = format!("/new/status?request_id={ID}");
    world.peer.script(&there, [says(200, &standing("in_progress", None))]);
    world.live(3 * DAY_MS).await;
    assert_eq!(world.both_of(&wished).await.1, "in_progress");
    assert!(world.leg_of(&wished).await["trouble"].is_null());
    world.act(&wished.id, "cancel", "").await.is(200);
    world.work().await;
    assert_eq!(world.both_of(&wished).await.0, "cancelled");
    assert!(world.peer.heard(REVOKE).is_empty());
}

#[tokio::test]
async fn what_is_in_doubt_goes_to_where_the_business_is_by_now() {
    let world = World::new().await;
    world.open_pip();
    world.peer.script(EXERCISE, [Behavior::BreakOff, Behavior::Status(404)]);
    let wished = world.asked_for(&Wish::erasure()).await;
    let mut moved = world.pip_discovery();
    moved["api_base"] = json!(world.peer.url("provider", "/new"));
    world.pip_discovers(&moved);
    world.peer.script("/new/exercise", [says(200, &standing("open", None))]);
    world.live(3 * DAY_MS).await;
    assert_eq!(world.both_of(&wished).await.1, "pending");
    let (before, after) = (world.peer.heard(EXERCISE).remove(0), world.peer.heard("/new/exercise").remove(0));
    assert_eq!(before.body, after.body, "the same bytes all the same");
    assert_eq!(before.header("idempotency-key"), after.header("idempotency-key"));
}

#[tokio::test]
async fn a_business_that_does_not_say_where_is_waited_for_and_shows() {
    for api_base in
        [Value::Null, json!(""), json!("pip.example"), json!("ftp://pip.example/"), json!("http://u:p@pip.example/")]
    {
        let world = World::new().await;
        world.open_pip();
        let mut discovery = world.pip_discovery();
        discovery["api_base"] = api_base.clone();
        world.pip_discovers(&discovery);
        let wished = world.asked_for(&Wish::erasure()).await;
        world.live(HOUR_MS).await;
        assert!(world.peer.heard(EXERCISE).is_empty());
        let leg = world.leg_of(&wished).await;
        assert!(leg["trouble"].as_str().is_some_and(|text| text.contains("where")), "{api_base}: {leg}");
        world.pip_discovers(&world.pip_discovery());
        world.live(3 * DAY_MS).await;
        assert_eq!(world.both_of(&wished).await.1, "pending", "{api_base}");
    }
}

/// Where it is, an operator has written down.
fn placed(tenant: &mut Tenant) {
    if tenant.domain().as_str() == HELPER {
        let peer = tenant.peers.iter_mut().find(|peer| peer.party.id.as_str() == PIP).unwrap();
        peer.api_base = peer.party.base.as_ref().map(|base| base.join("/pip").unwrap());
    }
}

#[tokio::test]
async fn where_it_is_may_be_configured_and_then_discovery_does_not_matter() {
    let world = World::with(Setup { adjust: placed, ..Setup::default() }).await;
    world.open_pip();
    for api_base in [Value::Null, json!(world.peer.url("elsewhere", "/elsewhere"))] {
        let mut discovery = world.pip_discovery();
        discovery["api_base"] = api_base;
        world.pip_discovers(&discovery);
        let wished = world.asked_for(&Wish::erasure()).await;
        assert_eq!(world.both_of(&wished).await.1, "pending");
        world.clock.advance(2 * DAY_MS);
    }
    // Nor is one missed that is not there.
    world.peer.script(WELL_KNOWN, [Behavior::Status(404)]);
    let wished = world.asked_for(&Wish::erasure()).await;
    world.live(HOUR_MS).await;
    assert_eq!(world.both_of(&wished).await.1, "pending");
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_a_credential() {
    let world = World::new().await;
    world.open_pip();
    world.peer.script(EXERCISE, [Behavior::redirect(&world.peer.url("evil", "/evil"))]);
    let wished = world.asked_for(&Wish::erasure()).await;
    world.live(HOUR_MS).await;
    assert!(world.peer.heard("/evil").is_empty());
    assert_eq!(world.both_of(&wished).await.1, "unsent");
}
