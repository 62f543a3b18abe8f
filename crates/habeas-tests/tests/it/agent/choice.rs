//! To which processors does a request go, and what are they given? (A9, A26)

use habeas_core::{
    id::PartyId,
    identity::{Format, Kind},
    right::Right,
};
use habeas_engine::directory::{Fulfilment, Peer, Tenant};
use habeas_trust::digest::{hex, sha256};
use serde_json::{Value, json};

use super::{ADS, AGENT, MAIL, MOUNTS, PUSH};
use crate::world::{Ask, Call, EMAIL, ID, Setup, World};

/// mail erases by e-mail, ads gives access by customer id, push erases by the digest of an e-mail.
fn specialists(tenant: &mut Tenant) {
    let supports = &mut tenant.organisation.capabilities;
    let (rights, identities) = match tenant.organisation.domain.as_str() {
        MAIL => (vec![Right::Erasure], vec![("email", Format::Raw)]),
        ADS => (vec![Right::Access], vec![("controller_customer_id", Format::Raw)]),
        PUSH => (vec![Right::Erasure], vec![("email", Format::Sha256)]),
        _ => return,
    };
    supports.rights = rights;
    supports.identities = identities.into_iter().map(|(kind, format)| (Kind::new(kind), format)).collect();
}

async fn world() -> World {
    World::with(Setup { downstream: &[MAIL, ADS, PUSH], adjust: specialists, ..Setup::default() }).await
}

/// Sends it, and says which party was given which identities.
async fn given(world: &World, ask: Ask) -> Vec<(&'static str, Value)> {
    world.entrust("/v1", ask.text()).await.is(201);
    world.work().await;
    let mut given = Vec::new();
    for party in [MAIL, ADS, PUSH] {
        given.extend(
            world.wire.asked("POST", party).iter().map(|said| (party, said.json()["subject_identities"].clone())),
        );
    }
    given
}

fn identity(kind: &str, format: &str, value: &str) -> Value {
    json!({"identity_type": kind, "identity_value": value, "identity_format": format})
}

#[tokio::test]
async fn discovery_of_an_agent_is_the_union_of_its_processors_in_each_version() {
    let world = world().await;
    for (mount, _) in MOUNTS {
        let answer = world.call(Call::get(&format!("{mount}/discovery")).host(AGENT)).await.is(200);
        world.assert_signed_by(AGENT, &answer.headers, &answer.body).await;
        let said = answer.json();
        assert_eq!(said["api_version"], if mount == "/v1" { "1.0" } else { "0.1" });
        assert_eq!(said["supported_subject_request_types"], json!(["erasure", "access"]));
        let pair = |kind: &str, format: &str| json!({"identity_type": kind, "identity_format": format});
        assert_eq!(
            said["supported_identities"],
            json!([pair("email", "raw"), pair("controller_customer_id", "raw"), pair("email", "sha256")])
        );
        let certificate = said["processor_certificate"].as_str().unwrap();
        assert!(certificate.starts_with("http://agent.localhost:"), "its own: {certificate}");
    }
}

#[tokio::test]
async fn a_raw_address_is_hashed_for_who_takes_only_digests() {
    let world = world().await;
    let given = given(&world, Ask::erasure().identity("email", "raw", " Ann@Example.org")).await;
    let digest = hex(&sha256(EMAIL.as_bytes()));
    let expected = [
        (MAIL, json!([identity("email", "raw", " Ann@Example.org")])),
        (PUSH, json!([identity("email", "sha256", &digest)])),
    ];
    assert_eq!(given, expected, "ads does not erase");
    assert!(!world.wire.asked("POST", PUSH)[0].text().to_lowercase().contains(EMAIL));
}

#[tokio::test]
async fn a_digest_goes_to_who_takes_it_and_to_nobody_else() {
    let world = world().await;
    let digest = hex(&sha256(EMAIL.as_bytes()));
    let given = given(&world, Ask::erasure().identity("email", "sha256", &digest)).await;
    assert_eq!(given, [(PUSH, json!([identity("email", "sha256", &digest)]))]);
}

#[tokio::test]
async fn each_processor_is_given_the_identities_that_it_knows_and_no_others() {
    fn erasers(tenant: &mut Tenant) {
        specialists(tenant);
        if tenant.organisation.domain.as_str() == ADS {
            tenant.organisation.capabilities.rights = vec![Right::Erasure];
        }
    }
    let world = World::with(Setup { downstream: &[MAIL, ADS], adjust: erasers, ..Setup::default() }).await;
    let both = json!([identity("controller_customer_id", "raw", "42"), identity("email", "raw", EMAIL)]);
    let given = given(&world, Ask::erasure().with("subject_identities", both)).await;
    let expected = [
        (MAIL, json!([identity("email", "raw", EMAIL)])),
        (ADS, json!([identity("controller_customer_id", "raw", "42")])),
    ];
    assert_eq!(given, expected);
}

#[tokio::test]
async fn the_right_chooses_too() {
    let world = world().await;
    let given = given(&world, Ask::of("access").identity("controller_customer_id", "raw", "42")).await;
    assert_eq!(given, [(ADS, json!([identity("controller_customer_id", "raw", "42")]))]);
}

#[tokio::test]
async fn what_nobody_supports_is_refused_naming_the_entry() {
    let world = world().await;
    let entries = |second: Value| json!([identity("email", "raw", EMAIL), second]);
    for (ask, reason, field) in [
        (Ask::of("portability"), "unsupported_right", "subject_request_type"),
        (Ask::of("access"), "unsupported_identity", "subject_identities[0]"),
        (
            Ask::erasure().with("subject_identities", entries(identity("controller_customer_id", "raw", "canary"))),
            "unsupported_identity",
            "subject_identities[1]",
        ),
        (
            Ask::erasure().with("subject_identities", entries(identity("idfa", "raw", "canary"))),
            "unsupported_identity",
            "subject_identities[1].identity_type",
        ),
        (
            Ask::erasure().with("subject_identities", entries(identity("email", "md5", "canary"))),
            "unsupported_identity",
            "subject_identities[1].identity_format",
        ),
    ] {
        for (mount, _) in MOUNTS {
            let refused = world.entrust(mount, ask.text()).await.is(400);
            assert_eq!(refused.reason(), reason);
            let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
            assert!(message.starts_with(&format!("{field}: ")), "{message}");
            assert!(!refused.text().contains("canary") && !refused.text().contains(EMAIL));
        }
    }
    world.of_agent("GET", "/v1").await.is(404);
    world.work().await;
    for party in [MAIL, ADS, PUSH] {
        assert!(world.wire.asked("POST", party).is_empty());
    }
    world.entrust("/v1", Ask::erasure().id(ID).text()).await.is(201);
}

/// The agent deals with shop.localhost a second time, as a party that does its work.
fn shop_again(tenant: &mut Tenant) {
    if tenant.organisation.domain.as_str() != AGENT {
        return;
    }
    let base = super::base_of(tenant, "shop.localhost", "/v1");
    let capabilities = tenant.organisation.capabilities.clone();
    let mut again = super::party_of(tenant, MAIL).unwrap().party.clone();
    again.id = PartyId::new("shop again");
    again.domain = "shop.localhost".parse().unwrap();
    again.base = Some(base);
    again.declared = Some(capabilities);
    tenant.peers.push(Peer::of(again));
    tenant.fulfilment = Fulfilment::Parties(vec![PartyId::new(MAIL), PartyId::new("shop again")]);
}

#[tokio::test]
async fn nobody_gets_a_share_of_its_own_request_under_whatever_name() {
    let world = World::with(Setup { downstream: &[MAIL], adjust: shop_again, ..Setup::default() }).await;
    let parties = |story: &Value| -> Vec<String> {
        story["legs"].as_array().unwrap().iter().map(|leg| leg["party"].as_str().unwrap().to_owned()).collect()
    };
    let id = world.entrusted("/v1").await;
    world.work().await;
    assert_eq!(parties(&world.story(&id).await), [MAIL]);
    assert!(world.wire.asked("POST", "shop.localhost").is_empty());

    let theirs = Ask::erasure().id(&crate::world::ask::id(7)).text();
    let post = Call::post("/v1/opengdpr_requests", theirs).host(AGENT).by(world.keys.other.token());
    world.call(post).await.is(201);
    let id = world.named_at(AGENT, &crate::world::ask::id(7)).await;
    assert_eq!(parties(&world.story(&id).await), [MAIL, "shop again"], "somebody else's it may have");
}
