//! In which forms an agent shows its secret, and whether we show ours (reading R3).

use habeas_core::{dialect::DialectId, organisation::Mount, role::Role};
use habeas_engine::directory::{Incoming, Tenant};
use habeas_trust::{
    digest,
    shared_secret::{SecretHash, sha512_hex},
};
use habeas_wire::base64;

use crate::world::{
    Ask, Call, Setup, World,
    drp::{BASE, BUSINESS, Exercise, HELPER, RIVAL, about, of_business, secret},
};

fn status() -> Call {
    about("status", "nothing").without("authorization")
}

impl World {
    /// Whether who shows this is known: what is asked for is not there.
    async fn knows(&self, authorization: &str) -> bool {
        let answer = self.call(status().header("authorization", authorization)).await;
        assert!(matches!(answer.status, 401 | 404), "{}", answer.text());
        answer.is_drp_error(answer.status);
        answer.status == 404
    }
}

/// The secret itself, each way.
fn plain(secret: &str) -> Vec<String> {
    let basic = |user: &str| base64::encode(format!("{user}:{secret}").as_bytes());
    vec![
        format!("Bearer {secret}"),
        format!("bearer {secret}"),
        format!("BEARER  {secret} "),
        format!("Basic {}", basic("")),
        format!("basic {}", basic("any user")),
    ]
}

/// Its SHA-512, each way.
fn hashed(secret: &str) -> Vec<String> {
    let hex = sha512_hex(secret);
    let bytes = digest::from_hex(&hex).unwrap();
    let (base64, url) = (base64::encode(&bytes), base64::encode_url(&bytes));
    let unpadded = base64.trim_end_matches('=').to_owned();
    let forms = [hex.clone(), hex.to_uppercase(), base64, unpadded, url];
    forms.iter().flat_map(|form| [form.clone(), format!("Bearer {form}")]).collect()
}

#[tokio::test]
async fn the_secret_is_shown_and_its_hash_is_not_where_nobody_agreed_to_that() {
    let world = World::new().await;
    let secret = secret(HELPER, BUSINESS);
    for form in plain(&secret) {
        assert!(world.knows(&form).await, "{form}");
    }
    for form in hashed(&secret) {
        assert!(!world.knows(&form).await, "{form}");
    }
    for form in [secret.clone(), format!("Token {secret}"), format!("Bearer{secret}"), "Bearer".to_owned()] {
        assert!(!world.knows(&form).await, "{form}");
    }
}

/// helper.localhost may show the hash.
fn hashing(tenant: &mut Tenant) {
    of_business(tenant, |tenant| {
        for peer in tenant.peers.iter_mut().filter(|peer| peer.party.id.as_str() == HELPER) {
            peer.party.trust.hashed_secret = true;
        }
    });
}

#[tokio::test]
async fn the_hash_is_good_from_those_who_may_show_it() {
    let world = World::with(Setup { adjust: hashing, ..Setup::default() }).await;
    let secret_of = |agent| secret(agent, BUSINESS);
    for form in plain(&secret_of(HELPER)).into_iter().chain(hashed(&secret_of(HELPER))) {
        assert!(world.knows(&form).await, "{form}");
    }
    for form in hashed(&secret_of(RIVAL)) {
        assert!(!world.knows(&form).await, "{form}");
    }
    // Nor is the hash of the hash, or a part of it.
    let hex = sha512_hex(&secret_of(HELPER));
    for form in [sha512_hex(&hex), hex[1..].to_owned(), format!("{hex}0"), "0".repeat(128)] {
        assert!(!world.knows(&form).await && !world.knows(&format!("Bearer {form}")).await, "{form}");
    }
    // Who is known so is the same party.
    let asked = world.exercise(&Exercise::deletion()).await;
    let call = about("status", &asked.wire).header("authorization", &hex);
    assert_eq!(world.call(call).await.is(200).json(), asked.first);
}

const NEW: &str = "a new secret of the helper's";

fn kept(tenant: &Tenant, secret: &str) -> Incoming {
    Incoming::Secret(SecretHash::of(secret, &tenant.sealer, false).unwrap())
}

/// The new one beside the old one.
fn both(tenant: &mut Tenant) {
    of_business(tenant, |tenant| {
        let new = kept(tenant, NEW);
        let helper = tenant.peers.iter_mut().find(|peer| peer.party.id.as_str() == HELPER).unwrap();
        helper.incoming.push(new);
    });
}

/// The new one alone, which was not kept for its hash.
fn new(tenant: &mut Tenant) {
    of_business(tenant, |tenant| {
        let new = kept(tenant, NEW);
        let helper = tenant.peers.iter_mut().find(|peer| peer.party.id.as_str() == HELPER).unwrap();
        helper.incoming = vec![new];
        helper.party.trust.hashed_secret = true;
    });
}

#[tokio::test]
async fn two_live_at_once_while_they_are_changed() {
    let mut world = World::with(Setup { adjust: both, ..Setup::default() }).await;
    let old = secret(HELPER, BUSINESS);
    let asked = world.exercised(&Exercise::deletion()).await;
    for secret in [old.as_str(), NEW] {
        world.call(about("status", &asked.wire).by(secret)).await.is(200);
    }
    world.setup.adjust = new;
    world.restart().await;
    world.call(about("status", &asked.wire).by(&old)).await.is_drp_error(401);
    world.call(about("status", &asked.wire).by(NEW)).await.is(200);
    for form in hashed(NEW) {
        assert!(!world.knows(&form).await, "{form}");
    }
}

/// helper.localhost wants to see our secret's hash.
fn answering(tenant: &mut Tenant) {
    of_business(tenant, |tenant| {
        for peer in tenant.peers.iter_mut().filter(|peer| peer.party.id.as_str() == HELPER) {
            peer.response_authorization = true;
        }
    });
}

#[tokio::test]
async fn our_own_hash_is_in_answers_to_whom_it_was_promised_and_to_nobody_else() {
    for promised in [false, true] {
        let mut setup = Setup::default();
        setup.adjust = if promised { answering } else { setup.adjust };
        let world = World::with(setup).await;
        let first = world.call(Exercise::deletion().call()).await.is(200);
        let id = first.json()["request_id"].as_str().unwrap().to_owned();
        let status = world.call(about("status", &id)).await.is(200);
        let revoked = world.call(about("revoke", &id)).await.is(200);
        for answer in [first, status, revoked] {
            let shown = answer.headers.get("authorization").map(|value| value.to_str().unwrap());
            let ours = sha512_hex(&secret(BUSINESS, HELPER));
            assert_eq!(shown, promised.then_some(ours.as_str()), "the one that we call it with, and not its own");
        }
        let rivals = world.call(Exercise::deletion().by(RIVAL).call()).await.is(200);
        assert!(!rivals.headers.contains_key("authorization"));
        let discovery = Call::get("/.well-known/data-rights.json").host(BUSINESS);
        for call in [discovery.clone(), discovery.by(&secret(HELPER, BUSINESS))] {
            assert!(!world.call(call).await.is(200).headers.contains_key("authorization"));
        }
        for call in [about("status", &id).by("wrong"), about("status", &id).without("authorization")] {
            assert!(!world.call(call).await.is(401).headers.contains_key("authorization"));
        }
        let nowhere = Call::get(&format!("{BASE}/nowhere")).host(BUSINESS).by(&secret(HELPER, BUSINESS));
        assert!(!world.call(nowhere).await.is(404).headers.contains_key("authorization"));
    }
}

const ONLY_OPENGDPR: &str = "a-secret-for-opengdpr-and-nothing-else";

/// It takes requests of both protocols, each from somebody else.
fn takes_both(tenant: &mut Tenant) {
    of_business(tenant, |tenant| {
        let base_url = tenant.mounts.first().unwrap().base_url.join("/gdpr").unwrap();
        let dialect = DialectId::known("opengdpr/1.0");
        tenant.mounts.push(Mount { dialect, role: Role::Processor, base_url, path: "/gdpr".to_owned() });
        let hash = SecretHash::of(ONLY_OPENGDPR, &tenant.sealer, false).unwrap();
        let mail = tenant.peers.iter_mut().find(|peer| peer.party.domain.as_str() == "mail.localhost").unwrap();
        mail.incoming = vec![Incoming::Secret(hash)];
    });
}

/// OpenGDPR asks for no identity token, and for nothing that a business asks of people's agents.
#[tokio::test]
async fn what_was_agreed_for_one_protocol_opens_nothing_of_the_other() {
    let world = World::with(Setup { adjust: takes_both, ..Setup::default() }).await;
    let ask = Ask::erasure();
    let posted = |secret: &str| Call::post("/gdpr/opengdpr_requests", ask.text()).host(BUSINESS).by(secret);
    let agent = secret(HELPER, BUSINESS);
    world.call(posted(&agent)).await.is(401);
    let path = format!("/gdpr/opengdpr_requests/{}", crate::world::ID);
    world.call(posted(ONLY_OPENGDPR)).await.is(201);
    world.call(Call::get(&path).host(BUSINESS).by(ONLY_OPENGDPR)).await.is(200);
    for call in [Call::get(&path), Call::delete(&path)] {
        world.call(call.host(BUSINESS).by(&agent)).await.is(401);
    }
    let exercise = Exercise::deletion();
    world.call(exercise.call().by(ONLY_OPENGDPR)).await.is_drp_error(401);
    world.call(exercise.call()).await.is(200);
}
