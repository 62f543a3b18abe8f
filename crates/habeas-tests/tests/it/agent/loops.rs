//! Agents that hand requests on to each other in a circle: that ends, and somebody is told (A45).

use habeas_core::{
    dialect::DialectId,
    id::{PartyId, RequestId},
    role::Role,
    secret::Secret,
};
use habeas_engine::directory::{Credential, Fulfilment, Peer, Tenant};
use habeas_trust::credential::TokenHash;
use serde_json::Value;

use super::{ADS, AGENT, DAY_MS, HOUR_MS, MAIL, PUSH, base_of, party_of};
use crate::world::{Call, Setup, World};

/// What those show each other who meet in circles only.
const TOKEN: &str = "hbs_0123456789ab_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// The organisation's entry for another, made if there is none.
fn entry<'t>(tenant: &'t mut Tenant, domain: &str) -> &'t mut Peer {
    if party_of(tenant, domain).is_none() {
        let mut party = tenant.peers[0].party.clone();
        party.id = PartyId::new(domain);
        party.domain = domain.parse().unwrap();
        party.known_as = domain.to_owned();
        tenant.peers.push(Peer::of(party));
    }
    party_of(tenant, domain).unwrap()
}

/// The organisation takes requests from another.
fn takes_from(tenant: &mut Tenant, domain: &str) {
    entry(tenant, domain).incoming.push(TokenHash::of(TOKEN).unwrap().into());
}

/// The organisation is an agent that hands all requests on to another, in 1.0.
fn hands_on(tenant: &mut Tenant, to: &str) {
    for mount in &mut tenant.mounts {
        mount.role = Role::Agent;
    }
    tenant.fulfilment = Fulfilment::Parties(vec![PartyId::new(to)]);
    calls(tenant, to);
    entry(tenant, to).outgoing = Some(Credential::Bearer(Secret::new(TOKEN)));
}

/// It calls the other in 1.0.
fn calls(tenant: &mut Tenant, to: &str) {
    let base = base_of(tenant, to, "/v1");
    let peer = entry(tenant, to);
    peer.party.base = Some(base);
    peer.party.dialect = DialectId::known("opengdpr/1.0");
}

/// What the agent's processor that is an agent supports stands in the configuration.
fn declared(tenant: &mut Tenant) {
    let supports = tenant.organisation.capabilities.clone();
    if tenant.organisation.domain.as_str() == AGENT {
        entry(tenant, ADS).party.declared = Some(supports);
    }
}

/// agent to mail and ads, ads to agent.
fn two(tenant: &mut Tenant) {
    match tenant.organisation.domain.as_str() {
        AGENT => {
            calls(tenant, ADS);
            takes_from(tenant, ADS);
        }
        ADS => hands_on(tenant, AGENT),
        _ => {}
    }
}

/// agent to mail and ads, ads to push, push to agent.
fn three(tenant: &mut Tenant) {
    match tenant.organisation.domain.as_str() {
        AGENT => {
            calls(tenant, ADS);
            takes_from(tenant, PUSH);
        }
        ADS => hands_on(tenant, PUSH),
        PUSH => {
            tenant.organisation.capabilities.identities = Vec::new();
            takes_from(tenant, ADS);
            hands_on(tenant, AGENT);
        }
        _ => {}
    }
}

/// The stories of all of an organisation's requests.
async fn stories(world: &World, organisation: &str) -> Vec<Value> {
    let listed = world.operate("GET", &format!("/requests?organisation={organisation}"), "").await.json();
    let mut stories = Vec::new();
    for request in listed["requests"].as_array().unwrap() {
        stories.push(world.story(&RequestId::new(request["request_id"].as_str().unwrap())).await);
    }
    stories
}

async fn legs(world: &World) -> Vec<Value> {
    let mut legs = Vec::new();
    for organisation in [AGENT, ADS, PUSH] {
        for story in stories(world, organisation).await {
            legs.extend(story["legs"].as_array().unwrap().iter().cloned());
        }
    }
    legs
}

/// Whatever went round in the circle, mail has the request once and everything comes to an end.
async fn it_ends(world: &World) {
    world.entrust("/v1", world.usual().text()).await.is(201);
    world.live(HOUR_MS).await;
    assert_eq!(stories(world, MAIL).await.len(), 1, "mail has it once");
    world.happens_at(MAIL, "fulfill").await;
    world.live(DAY_MS).await;
    let asked = |world: &World| world.wire.all(|said| said.path.contains("/opengdpr_request")).len();
    let before = asked(world);
    world.live(10 * DAY_MS).await;
    assert_eq!(asked(world), before, "nothing is tried for ever");

    let told = world.told_upstream();
    assert!(!told.contains(&"completed".to_owned()), "half of it came to nothing: {told:?}");
    let last = world.heard_from(AGENT).pop().unwrap().json();
    assert_eq!(last["extensions"][AGENT]["denied"]["reason"], "other");
    let legs = legs(world).await;
    assert!(legs.iter().all(|leg| leg["next_attempt_at"].is_null()), "{legs:?}");
    let troubles: Vec<_> = legs.iter().filter_map(|leg| leg["trouble"].as_str()).collect();
    assert!(!troubles.is_empty(), "somebody is told");
}

#[tokio::test]
async fn two_agents_that_hand_on_to_each_other_come_to_an_end() {
    fn adjust(tenant: &mut Tenant) {
        two(tenant);
        declared(tenant);
    }
    let world = World::with(Setup { adjust, ..Setup::default() }).await;
    it_ends(&world).await;
    assert_eq!(world.wire.asked("POST", ADS).len(), 1);
    assert_eq!(stories(&world, AGENT).await.len(), 1, "nothing comes back to the agent");
}

#[tokio::test]
async fn three_agents_in_a_circle_come_to_an_end_and_the_loop_is_named() {
    fn adjust(tenant: &mut Tenant) {
        three(tenant);
        declared(tenant);
    }
    let world = World::with(Setup { adjust, ..Setup::default() }).await;
    it_ends(&world).await;
    let legs = legs(&world).await;
    let is_named = |leg: &&Value| leg["trouble"].as_str().is_some_and(|trouble| trouble.contains("loop"));
    assert!(legs.iter().any(|leg| is_named(&leg)), "{legs:?}");
    assert_eq!(world.wire.asked("POST", AGENT).len(), 1, "once round and no more");
    assert_eq!(stories(&world, ADS).await.len(), 1);
}

#[tokio::test]
async fn agents_in_a_circle_ask_each_other_what_they_support_and_come_to_an_end() {
    let world = World::with(Setup { adjust: two, ..Setup::default() }).await;
    let said = world.call(Call::get("/v1/discovery").host(AGENT)).await.is(200).json();
    assert!(said["supported_subject_request_types"].as_array().unwrap().contains(&"erasure".into()), "{said}");
    let asked = world.wire.all(|said| said.path.ends_with("/discovery")).len();
    assert!(asked <= 8, "{asked} questions");
}
