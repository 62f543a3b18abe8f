//! Peers have their habits: what a party's entry says of them shows in what is sent.

use habeas_engine::directory::{Credential, Tenant};
use habeas_trust::shared_secret::sha512_hex;
use serde_json::{Value, json};

use crate::world::{
    Setup, World,
    drp::{BUSINESS, Exercise, HELPER, PIP, of_business, secret, token},
    peer::Heard,
    pip::{EXERCISE, Wish, claims_of},
};

macro_rules! knobs {
    ($($name:literal),*) => {
        |tenant: &mut Tenant| {
            for peer in &mut tenant.peers {
                peer.party.knobs = vec![$($name.to_owned()),*];
            }
        }
    };
}

/// What pip.localhost hears, from a party with these knobs.
async fn heard(adjust: fn(&mut Tenant), wish: &Wish, discovery: impl Fn(&mut Value)) -> Heard {
    let world = World::with(Setup { adjust, ..Setup::default() }).await;
    world.open_pip();
    let mut said = world.pip_discovery();
    discovery(&mut said);
    world.pip_discovers(&said);
    world.asked_for(wish).await;
    world.peer.heard(EXERCISE).pop().unwrap()
}

#[tokio::test]
async fn the_token_names_no_audience_and_the_address_is_a_text_where_that_is_wished() {
    let address = json!({"street_address": "1 Main Street", "locality": "Reno", "region": "NV", "country": "US"});
    let wish = Wish::erasure().with("claims", json!({"address": address}));
    let claims = claims_of(&heard(knobs!(), &wish, |_| {}).await);
    assert_eq!((&claims["aud"], &claims["address"]), (&json!(PIP), &address));
    let claims = claims_of(&heard(knobs!("omit-aud", "address-as-string"), &wish, |_| {}).await);
    assert!(claims.get("aud").is_none(), "{claims}");
    assert_eq!(claims["address"], "1 Main Street, Reno, NV, US");
}

#[tokio::test]
async fn no_regime_is_left_out_or_called_voluntary() {
    let regime = |regime: &'static str| Wish::erasure().with("regime", regime);
    for (wish, plain, worded) in [
        (regime("ccpa"), json!("ccpa"), json!("ccpa")),
        (regime("voluntary"), Value::Null, json!("voluntary")),
        (regime("gdpr"), Value::Null, Value::Null),
    ] {
        assert_eq!(heard(knobs!(), &wish, |_| {}).await.json()["regime"], plain);
        assert_eq!(heard(knobs!("say-voluntary"), &wish, |_| {}).await.json()["regime"], worded);
    }
}

#[tokio::test]
async fn rights_are_spelled_as_the_business_spells_them() {
    let wish = Wish::of("opt-out-of-sale");
    let spelled = |words: Value| move |discovery: &mut Value| discovery["actions"] = words.clone();
    for (words, expected) in [
        (json!(["sale:opt-out"]), "sale:opt-out"),
        (json!(["sale:opt_out"]), "sale:opt_out"),
        (json!(["deletion", " sale:opt_out ", "more:of:it"]), "sale:opt_out"),
    ] {
        let exercise = heard(knobs!(), &wish, spelled(words.clone())).await.json()["exercise"].clone();
        assert_eq!(exercise, json!([expected]), "{words}");
        let exercise = heard(knobs!("underscores"), &wish, spelled(words.clone())).await.json()["exercise"].clone();
        assert_eq!(exercise, json!([expected]), "what it shows counts: {words}");
    }
}

/// pip.localhost's discovery asks for a login, so it is known what it supports.
fn declared(tenant: &mut Tenant) {
    if tenant.domain().as_str() == HELPER {
        let business = tenant.organisation.capabilities.clone();
        let peer = tenant.peers.iter_mut().find(|peer| peer.party.id.as_str() == PIP).unwrap();
        peer.party.knobs = vec!["underscores".to_owned()];
        peer.api_base = peer.party.base.as_ref().map(|base| base.join("/pip").unwrap());
        peer.party.declared = Some(habeas_core::capability::Capabilities {
            rights: vec![habeas_core::right::Right::OptOutOfSale],
            ..business
        });
    }
}

#[tokio::test]
async fn what_is_known_of_a_business_is_not_asked_for() {
    let world = World::with(Setup { adjust: declared, ..Setup::default() }).await;
    world.open_pip();
    world.asked_for(&Wish::of("opt-out-of-sale")).await;
    assert!(world.peer.heard("/.well-known/data-rights.json").is_empty());
    assert_eq!(world.peer.heard(EXERCISE)[0].json()["exercise"], json!(["sale:opt_out"]));
    let refused = world.operate("POST", "/requests", &Wish::erasure().0.to_string()).await;
    assert_eq!(refused.status, 400, "it does not serve that: {}", refused.text());
}

/// The secret is shown as its hash.
fn hashing(tenant: &mut Tenant) {
    if tenant.domain().as_str() == HELPER {
        for peer in &mut tenant.peers {
            let secret = secret(HELPER, peer.party.id.as_str());
            peer.outgoing = Some(Credential::Hashed(habeas_core::secret::Secret::new(secret)));
        }
    }
    of_business(tenant, |tenant| {
        for peer in &mut tenant.peers {
            peer.party.trust.hashed_secret = true;
        }
    });
}

#[tokio::test]
async fn the_credential_is_shown_as_its_hash_where_that_was_agreed() {
    let expected = sha512_hex(&secret(HELPER, PIP));
    assert_eq!(heard(hashing, &Wish::erasure(), |_| {}).await.header("authorization"), expected);
    let world = World::with(Setup { adjust: hashing, ..Setup::default() }).await;
    let wished = world.asked_for(&Wish::erasure().to(BUSINESS)).await;
    assert_eq!(world.both_of(&wished).await.1, "in_progress", "and a business of ours knows it");
}

#[tokio::test]
async fn a_business_writes_no_reason_as_its_agent_wants_it_in_callbacks_and_nowhere_else() {
    for (adjust, expected) in [
        (knobs!() as fn(&mut Tenant), Some(Value::Null)),
        (knobs!("reason-empty"), Some(json!(""))),
        (knobs!("reason-absent"), None),
    ] {
        let world = World::with(Setup { adjust, ..Setup::default() }).await;
        let asked = world.exercised(&Exercise::deletion().callback(world.peer.url("a", "/a"))).await;
        assert_eq!(world.peer.heard("/a")[0].json().get("reason").cloned(), expected);
        assert_eq!(world.standing(&asked).await.get("reason"), Some(&Value::Null));
        world.act(&asked.id, "deny", r#"{"ground": "no_match"}"#).await.is(200);
        world.work().await;
        assert_eq!(world.peer.heard("/a").last().unwrap().json()["reason"], "no_match");
    }
}

#[tokio::test]
async fn a_business_is_strict_with_whom_it_is_told_to_be() {
    let world = World::with(Setup { adjust: knobs!("strict", "require-aud"), ..Setup::default() }).await;
    let good = Exercise::deletion();
    for wrong in [
        good.clone().with("meta", json!({"version": "0.4"})),
        good.clone().with("meta", json!({"version": "0.5", "more": 1})),
        good.clone().claim("aud", Value::Null),
    ] {
        world.call(wrong.call()).await.is_drp_error(400);
    }
    world.call(good.call()).await.is(200);
    let issuer = good.clone().claim("iss", "somebody else");
    world.call(issuer.call()).await.is_drp_error(400);
    let world = World::with(Setup { adjust: knobs!("any-issuer"), ..Setup::default() }).await;
    world.call(issuer.call()).await.is(200);
    let unsigned = token(&issuer.claims, "nobody's key, however long it may be");
    world.call(issuer.with("identity", unsigned).call()).await.is_drp_error(400);
}
