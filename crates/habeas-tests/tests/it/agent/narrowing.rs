//! An erasure is never wider than the sender meant it: what narrows it and cannot be said is not left out (A43).

use habeas_core::id::RequestId;
use habeas_engine::directory::Tenant;
use serde_json::{Value, json};

use super::{ADS, AGENT, DAY_MS, MAIL, party_of};
use crate::world::{ID, Setup, World};

fn with_the_knob(tenant: &mut Tenant) {
    if tenant.organisation.domain.as_str() == AGENT
        && let Some(mail) = party_of(tenant, MAIL)
    {
        mail.party.knobs = vec!["property-id-in-extensions".to_owned()];
    }
}

async fn stuck(world: &World) -> Vec<(Value, Value)> {
    let listed = world.operate("GET", "/legs?stuck=true", "").await.is(200).json();
    listed["legs"].as_array().unwrap().iter().map(|leg| (leg["party"].clone(), leg["trouble"].clone())).collect()
}

async fn narrowed(world: &World, mount: &str, member: &str, value: Value) -> RequestId {
    world.entrust(mount, world.usual().with(member, value).text()).await.is(201);
    world.work().await;
    world.named_at(AGENT, ID).await
}

#[tokio::test]
async fn an_erasure_is_never_widened_for_a_version_that_has_no_property_id() {
    for (mount, distributed) in [("/v0.1.3", "distributed"), ("/v0.1.2", "in_progress")] {
        let world = World::new().await;
        let id = narrowed(&world, mount, "property_id", json!("123456")).await;
        assert_eq!(stuck(&world).await, [(json!(MAIL), json!("this version cannot say: property_id"))]);
        assert!(world.leg_to(&id, MAIL).await["next_attempt_at"].is_null());
        assert_eq!(world.wire.asked("POST", ADS)[0].json()["property_id"], "123456");

        world.happens_at(ADS, "fulfill").await;
        world.live(3 * DAY_MS).await;
        assert!(world.wire.asked("POST", MAIL).is_empty(), "not even later");
        let mut expected = vec!["pending", distributed, "in_progress"];
        expected.dedup();
        assert_eq!(world.told_upstream(), expected, "nobody says that it is done");
    }
}

#[tokio::test]
async fn an_erasure_is_never_widened_where_the_party_reads_its_property_out_of_its_extension() {
    let world = World::with(Setup { adjust: with_the_knob, ..Setup::default() }).await;
    narrowed(&world, "/v0.1.3", "property_id", json!("12\u{e9}")).await;
    assert_eq!(stuck(&world).await, []);
    let mail = world.wire.asked("POST", MAIL).remove(0).json();
    assert_eq!(mail["extensions"], json!({"mail.localhost": {"property_id": "12\u{e9}"}}));
    assert!(mail.get("property_id").is_none());
    let ads = world.wire.asked("POST", ADS).remove(0).json();
    assert_eq!((&ads["property_id"], ads.get("extensions")), (&json!("12\u{e9}"), None));
}

#[tokio::test]
async fn an_erasure_is_never_widened_by_an_operator_who_helps() {
    let mut world = World::new().await;
    let id = narrowed(&world, "/v0.1.3", "property_id", json!("123456")).await;
    let leg = world.leg_to(&id, MAIL).await["leg_id"].as_str().unwrap().to_owned();
    world.operate("POST", &format!("/legs/{leg}/retry"), "").await.is(200);
    world.work().await;
    assert_eq!(
        stuck(&world).await,
        [(json!(MAIL), json!("this version cannot say: property_id"))],
        "to try again alone does not help"
    );
    assert!(world.wire.asked("POST", MAIL).is_empty());

    world.setup.adjust = with_the_knob;
    world.restart().await;
    world.operate("POST", &format!("/legs/{leg}/retry"), "").await.is(200);
    world.work().await;
    assert_eq!(stuck(&world).await, []);
    let mail = world.wire.asked("POST", MAIL).remove(0).json();
    assert_eq!(mail["extensions"], json!({"mail.localhost": {"property_id": "123456"}}));
    for party in [MAIL, ADS] {
        world.happens_at(party, "fulfill").await;
    }
    assert_eq!(world.told_upstream(), ["pending", "distributed", "in_progress", "completed"]);
}

#[tokio::test]
async fn an_erasure_is_never_widened_and_never_called_complete_when_a_share_of_it_is_waived() {
    let world = World::new().await;
    let id = narrowed(&world, "/v0.1.3", "property_id", json!("123456")).await;
    let leg = world.leg_to(&id, MAIL).await["leg_id"].as_str().unwrap().to_owned();
    world.operate("POST", &format!("/legs/{leg}/waive"), "").await.is(200);
    world.work().await;
    assert_eq!(stuck(&world).await, []);
    world.happens_at(ADS, "fulfill").await;
    assert!(world.wire.asked("POST", MAIL).is_empty());
    assert_eq!(world.story(&id).await["state"], "denied");
    assert!(!world.told_upstream().contains(&"completed".to_owned()), "{:?}", world.told_upstream());
}

#[tokio::test]
async fn an_erasure_is_never_widened_for_a_version_that_has_no_extensions() {
    let world = World::new().await;
    let extensions = json!({"ads.localhost": {"property_id": "7"}, "mail.localhost": {"property_id": "8", "box": 1}});
    narrowed(&world, "/v1", "extensions", extensions.clone()).await;
    assert_eq!(stuck(&world).await, []);
    let ads = world.wire.asked("POST", ADS).remove(0).json();
    assert_eq!((&ads["property_id"], ads.get("extensions")), (&json!("7"), None));
    let mail = world.wire.asked("POST", MAIL).remove(0).json();
    assert_eq!((&mail["extensions"], mail.get("property_id")), (&extensions, None));
}

#[tokio::test]
async fn an_erasure_is_never_widened_where_an_extension_says_more_than_a_property() {
    for extension in [json!({"property_id": "7", "box": 1}), json!({"box": 1}), json!({"property_id": 7}), json!({})] {
        let world = World::new().await;
        narrowed(&world, "/v1", "extensions", json!({"ads.localhost": extension})).await;
        assert_eq!(stuck(&world).await, [(json!(ADS), json!("this version cannot say: extensions"))]);
        assert!(world.wire.asked("POST", ADS).is_empty());
        assert_eq!(world.wire.asked("POST", MAIL).len(), 1);
        assert_eq!(world.told_upstream(), ["pending"]);
    }
}

#[tokio::test]
async fn what_waits_for_an_operator_can_still_be_cancelled() {
    let world = World::new().await;
    let id = narrowed(&world, "/v0.1.3", "property_id", json!("123456")).await;
    world.of_agent("DELETE", "/v0.1.3").await.is(202);
    world.live(DAY_MS).await;
    assert_eq!(world.story(&id).await["state"], "cancelled");
    assert_eq!(world.told_upstream().last().unwrap(), "cancelled");
    assert_eq!(stuck(&world).await, []);
    assert!(world.wire.asked("POST", MAIL).is_empty());
}
