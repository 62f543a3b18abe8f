//! What a business says of itself, to anybody (§2.01).

use habeas_core::right::Right;
use serde_json::json;

use crate::world::{
    Call, Setup, World,
    drp::{BASE, BUSINESS, Exercise, HELPER, of_business, secret},
};

const PATH: &str = "/.well-known/data-rights.json";

fn discovery() -> Call {
    Call::get(PATH).host(BUSINESS)
}

#[tokio::test]
async fn it_says_four_things_and_nothing_else() {
    let world = World::new().await;
    let answer = world.call(discovery()).await.is(200);
    assert_eq!(answer.header("content-type"), "application/json");
    let said = answer.json();
    let base = said["api_base"].as_str().unwrap().to_owned();
    let actions = ["sale:opt-out", "sale:opt-in", "deletion", "access", "access:categories"];
    assert_eq!(
        said,
        json!({
            "version": "0.5",
            "api_base": base,
            "actions": actions,
            "user_relationships": ["customer", "subscriber"],
        })
    );
    assert!(base.starts_with("http://business.localhost:") && base.ends_with(BASE), "no slash at its end: {base}");
    let path = url::Url::parse(&format!("{base}/status")).unwrap().path().to_owned();
    world.call(Call::get(&path).host(BUSINESS)).await.is_drp_error(401);
    for (n, action) in (0..).zip(actions) {
        world.call(Exercise::of(action).again(n).call()).await.is(200);
    }
}

#[tokio::test]
async fn it_asks_for_no_credential_and_a_wrong_one_does_no_harm() {
    let world = World::new().await;
    let bare = world.call(discovery()).await.is(200);
    for call in [
        discovery().by(&secret(HELPER, BUSINESS)),
        discovery().by("nonsense"),
        discovery().header("authorization", "Basic ////"),
        discovery().header("authorization", ""),
        discovery().by("one").also("authorization", "two"),
        Call::get(&format!("{PATH}/")).host(BUSINESS),
        Call::get(&format!("{PATH}?a=b")).host(BUSINESS),
        discovery().header("accept", "text/html"),
    ] {
        assert_eq!(world.call(call).await.is(200).body, bare.body);
    }
}

#[tokio::test]
async fn only_a_covered_business_has_it_and_at_the_root_of_its_host_only() {
    let world = World::new().await;
    for host in ["helper.localhost", "mail.localhost", "shop.localhost"] {
        world.call(Call::get(PATH).host(host)).await.is(404);
    }
    let below = world.call(Call::get(&format!("{BASE}{PATH}")).host(BUSINESS)).await;
    below.is_drp_error(404);
}

/// Nothing served that this protocol has a word for but one right, and no provider.
fn little(tenant: &mut habeas_engine::directory::Tenant) {
    of_business(tenant, |tenant| {
        let capabilities = &mut tenant.organisation.capabilities;
        capabilities.rights = vec![Right::Portability, Right::AccessSpecific];
        capabilities.relationships.clear();
        capabilities.api_base = Some("https://pip.example/x/".parse().unwrap());
    });
}

#[tokio::test]
async fn what_the_protocol_has_no_word_for_is_left_out() {
    let world = World::with(Setup { adjust: little, ..Setup::default() }).await;
    assert_eq!(
        world.call(discovery()).await.is(200).json(),
        json!({
            "version": "0.5",
            "api_base": "https://pip.example/x",
            "actions": ["access:specific"],
            "user_relationships": [],
        })
    );
}
