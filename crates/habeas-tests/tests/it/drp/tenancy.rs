//! Nobody sees or touches what is another's: another agent's, another business's.

use serde_json::json;

use crate::world::{
    Answered, Call, World,
    drp::{Asked, BASE, BUSINESS, Exercise, HELPER, OTHER, RIVAL, about, identity_key, secret, token},
};

/// An answer that tells nothing of a request.
#[track_caller]
fn assert_blind(answer: &Answered, asked: &Asked, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.json()["code"], status.to_string());
    assert!(!answer.text().contains(&asked.wire) && !answer.text().contains("Ann"), "{}", answer.text());
}

#[tokio::test]
async fn another_agent_finds_nothing() {
    let world = World::new().await;
    let asked = world.exercised(&Exercise::deletion()).await;
    let absent = Asked { wire: "c789ff35-7644-4ceb-9981-4b35c264aac3".to_owned(), ..asked.clone() };
    for method in ["status", "revoke"] {
        let theirs = world.call(about(method, &asked.wire).by(&secret(RIVAL, BUSINESS))).await;
        let nobodys = world.call(about(method, &absent.wire).by(&secret(RIVAL, BUSINESS))).await;
        assert_blind(&theirs, &asked, 404);
        assert_eq!(theirs, nobodys, "the same as of one that does not exist");
    }
    assert_eq!(world.standing(&asked).await["status"], "in_progress");
}

#[tokio::test]
async fn another_business_finds_nothing() {
    let world = World::new().await;
    let asked = world.exercised(&Exercise::deletion()).await;
    for method in ["status", "revoke"] {
        // With the credential for this business, and with that for the other.
        let foreign = world.call(about(method, &asked.wire).host(OTHER)).await;
        assert_blind(&foreign, &asked, 401);
        let own = world.call(about(method, &asked.wire).host(OTHER).by(&secret(HELPER, OTHER))).await;
        assert_blind(&own, &asked, 404);
        let none = world.call(about(method, &asked.wire).without("authorization")).await;
        assert_blind(&none, &asked, 401);
    }
    let foreign = Exercise::deletion().again(2);
    world.call(foreign.call().host(OTHER)).await.is(401);
    assert_eq!(world.standing(&asked).await["status"], "in_progress");
}

#[tokio::test]
async fn a_token_for_another_business_is_refused() {
    let world = World::new().await;
    let mine = Exercise::deletion().at(OTHER);
    // Its audience is named, and then its key is another.
    let stolen = Exercise::deletion().with("identity", mine.token());
    world.call(stolen.call()).await.is(400);
    let mut claims = mine.claims.clone();
    claims["aud"] = json!([OTHER, "third.example"]);
    let key = identity_key(HELPER, BUSINESS);
    let refused = world.call(Exercise::deletion().with("identity", token(&claims, &key)).call()).await.is(400);
    assert!(refused.text().contains("aud"), "{}", refused.text());
}

#[tokio::test]
async fn one_key_for_two_businesses_lets_no_token_be_used_twice() {
    fn same_key(tenant: &mut habeas_engine::directory::Tenant) {
        for peer in tenant.peers.iter_mut().filter(|peer| !peer.identity_keys.is_empty()) {
            let key = identity_key("everybody", "everybody");
            peer.identity_keys = vec![habeas_trust::token::TokenKey::secret(&key).unwrap()];
        }
    }
    let world = World::with(crate::world::Setup { adjust: same_key, ..crate::world::Setup::default() }).await;
    let claims = json!({"sub": "ann", "email": "ann@example.org"});
    let token = token(&claims, &identity_key("everybody", "everybody"));
    let helper = Exercise::deletion().with("identity", token.as_str());
    world.exercise(&helper).await;

    let mut rival = helper.clone();
    rival.agent = RIVAL;
    let mut elsewhere = helper.clone();
    elsewhere.business = OTHER;
    for (call, why) in [(rival.call(), "another agent"), (elsewhere.call(), "another business")] {
        let refused = world.call(call).await;
        assert_eq!(refused.status, 400, "{why}: {}", refused.text());
        assert_eq!(refused.json()["code"], "400");
        assert!(refused.text().contains("identity"), "{}", refused.text());
    }
    let listed = world.operate("GET", "/requests", "").await.json();
    assert_eq!(listed["requests"].as_array().unwrap().len(), 1, "nothing was made: {listed}");
    // Its own agent may show it again, in another request.
    world.exercise(&helper.with("exercise", json!(["access"]))).await;
}

#[tokio::test]
async fn the_same_bytes_of_two_agents_are_two_requests() {
    fn same_key(tenant: &mut habeas_engine::directory::Tenant) {
        for peer in &mut tenant.peers {
            peer.party.knobs = vec!["any-issuer".to_owned()];
        }
    }
    let world = World::with(crate::world::Setup { adjust: same_key, ..crate::world::Setup::default() }).await;
    let helper = Exercise::deletion();
    let first = world.call(helper.call().header("idempotency-key", "one")).await.is(200).json();
    let rival = Exercise::deletion().by(RIVAL);
    let second = world.call(rival.call().header("idempotency-key", "one")).await.is(200).json();
    assert_ne!(first["request_id"], second["request_id"]);
}

#[tokio::test]
async fn an_agent_does_not_see_the_operator_nor_the_operator_the_agents_place() {
    let world = World::new().await;
    let asked = world.exercised(&Exercise::deletion()).await;
    let agent = Call::get(&format!("/api/requests/{}", asked.id)).host("operator").by(&secret(HELPER, BUSINESS));
    world.call(agent).await.is(401);
    let operator = about("status", &asked.wire).by(crate::world::OPERATOR);
    world.call(operator).await.is(401);
    // Nor does one who calls in another protocol, with a credential that is good there.
    let status = Call::get(&format!("{BASE}/status?request_id={}", asked.wire)).host(BUSINESS);
    world.call(status.by(world.keys.shop.token())).await.is(401);
}
