//! What processors have found is handed over at one address; and what is to be read is read before it is erased.

use habeas_core::clock::{DAY_MS, HOUR_MS};
use serde_json::{Value, json};

use super::{ADS, MAIL, PUSH, two};
use crate::world::{
    Answered, Behavior, Call, Reply, Setup, World,
    drp::{Asked, BUSINESS, Exercise, words},
};

/// Two processors that have a word for where results are.
fn readers() -> Setup {
    Setup { bridge: &[MAIL, PUSH], ..Setup::default() }
}

/// What a processor says of where its results are.
fn results(world: &World, path: &str) -> String {
    json!({"results_url": world.peer.url("found", path)}).to_string()
}

impl World {
    /// Both are done; where the results are.
    async fn found(&self, asked: &Asked) -> String {
        for (party, path) in [(MAIL, "/mail"), (PUSH, "/push")] {
            self.does(party, "access", "fulfill", &results(self, path)).await;
        }
        self.standing(asked).await["results_url"].as_str().unwrap().to_owned()
    }

    async fn fetched(&self, url: &str) -> Answered {
        let url: url::Url = url.parse().unwrap();
        self.call(Call::get(url.path()).host(url.host_str().unwrap())).await
    }
}

#[tokio::test]
async fn results_of_both_are_gathered_at_one_address_that_nobody_can_guess() {
    let world = World::with(readers()).await;
    world.peer.script("/mail", [Behavior::Reply(Reply::json(200, r#"{"letters": [1]}"#))]);
    let text = Reply { status: 200, headers: vec![], body: b"clicks".to_vec() }.with("content-type", "text/csv");
    world.peer.script("/push", [Behavior::Reply(text)]);
    let asked = world.exercised(&Exercise::of("access")).await;
    let url = world.found(&asked).await;
    let standing = world.standing(&asked).await;
    assert_eq!(standing["status"], "fulfilled");
    assert!(standing["expires_at"].is_string(), "{standing}");
    assert!(url.starts_with(&format!("http://{BUSINESS}:")) && !url.contains(&asked.wire), "{url}");

    let document = world.fetched(&url).await.is(200);
    assert_eq!(document.header("cache-control"), "no-store");
    let document = document.json();
    assert_eq!((&document["request_id"], &document["business"]), (&json!(asked.wire), &json!(BUSINESS)));
    let of = |party: &str| document["results"].as_array().unwrap().iter().find(|one| one["party"] == party).cloned();
    assert_eq!(of(MAIL).unwrap()["data"], json!({"letters": [1]}));
    assert_eq!(of(PUSH).unwrap()["base64"], "Y2xpY2tz");

    // One more or less, or somebody else's, is nothing.
    for wrong in [format!("{url}0"), url[..url.len() - 1].to_owned(), url.replace(&asked.id.to_string(), "x")] {
        world.fetched(&wrong).await.is(404);
    }
    let path = url::Url::parse(&url).unwrap().path().to_owned();
    world.call(Call::get(&path).host("other.localhost")).await.is(404);
}

#[tokio::test]
async fn results_expire_and_then_nothing_is_there() {
    let world = World::with(readers()).await;
    let asked = world.exercised(&Exercise::of("access")).await;
    let url = world.found(&asked).await;
    let ends = world.standing(&asked).await["expires_at"].as_str().unwrap().to_owned();
    let ends = habeas_wire::time::parse_any(&ends).unwrap();
    world.clock.set(habeas_core::clock::Instant::from_ms(ends - 1000));
    world.fetched(&url).await.is(200);
    // What is told has no fractions of a second.
    world.clock.advance(2000);
    world.fetched(&url).await.is(404);
    world.work().await;
    assert_eq!(world.story(&asked.id).await["state"], "expired");
    world.fetched(&url).await.is(404);
}

#[tokio::test]
async fn what_cannot_be_fetched_now_is_said_and_the_rest_is_there() {
    let world = World::with(readers()).await;
    world.peer.script("/mail", [Behavior::Status(500)]);
    world.peer.script("/push", [Behavior::Reply(Reply::json(200, "{}"))]);
    let asked = world.exercised(&Exercise::of("access")).await;
    let url = world.found(&asked).await;
    let document = world.fetched(&url).await.is(200).json();
    let has = |name: &str| document["results"].as_array().unwrap().iter().filter(|one| one.get(name).is_some()).count();
    assert_eq!((has("problem"), has("data")), (1, 1), "{document}");
}

fn both() -> Exercise {
    Exercise::deletion().with("exercise", json!(["deletion", "access"]))
}

#[tokio::test]
async fn what_is_to_be_read_is_read_before_anything_is_erased() {
    let world = World::with(readers()).await;
    let asked = world.exercised(&both()).await;
    let posted = |right: &str| {
        world.wire.all(|said| {
            said.method == "POST"
                && [MAIL, PUSH].contains(&said.to.as_str())
                && said.json()["subject_request_type"] == right
        })
    };
    assert_eq!((posted("access").len(), posted("erasure").len()), (2, 0));
    world.does(MAIL, "access", "fulfill", &results(&world, "/mail")).await;
    assert_eq!(posted("erasure").len(), 0, "push has not read yet");
    world.does(PUSH, "access", "fulfill", &results(&world, "/push")).await;
    assert_eq!(posted("erasure").len(), 2);
    let ids =
        |right: &str| posted(right).iter().map(|said| said.json()["subject_request_id"].clone()).collect::<Vec<_>>();
    assert!(ids("access").iter().all(|id| !ids("erasure").contains(id)), "a party has two requests under two ids");
    assert_eq!(world.stands(&asked).await, words("in_progress", None));
    for party in [MAIL, PUSH] {
        world.does(party, "erasure", "fulfill", "").await;
    }
    let standing = world.standing(&asked).await;
    assert_eq!(standing["status"], "fulfilled");
    assert!(standing["results_url"].is_string(), "{standing}");
}

#[tokio::test]
async fn nothing_is_erased_that_could_not_be_read_before() {
    let world = World::with(readers()).await;
    let asked = world.exercised(&both()).await;
    world.does(MAIL, "access", "deny", r#"{"ground": "no_match"}"#).await;
    world.does(PUSH, "access", "fulfill", &results(&world, "/push")).await;
    world.live(DAY_MS).await;
    let erased = world.wire.all(|said| said.method == "POST" && said.text().contains(r#""erasure""#));
    assert!(erased.is_empty(), "the person asked to see it first: {:?}", world.standing(&asked).await);
}

/// mail.localhost erases and does nothing else; ads.localhost has nothing to do with it.
fn mail_only_erases(tenant: &mut habeas_engine::directory::Tenant) {
    use habeas_core::right::Right;
    match tenant.domain().as_str() {
        MAIL => tenant.organisation.capabilities.rights = vec![Right::Erasure],
        ADS => tenant.organisation.capabilities.rights = vec![Right::Portability],
        _ => {}
    }
}

#[tokio::test]
async fn an_erasure_behind_a_read_that_an_operator_makes_is_not_forgotten() {
    let world = World::with(Setup { adjust: mail_only_erases, ..two() }).await;
    let asked = world.exercised(&both()).await;
    assert_eq!(world.leg_at(&asked, MAIL, "erasure").await["state"], "waiting");
    let leg = world.leg_at(&asked, MAIL, "erasure").await["leg_id"].as_str().unwrap().to_owned();
    world.operate("POST", &format!("/legs/{leg}/retry"), "").await.is(409);
    // The operator has shown the data, and then mail may erase them.
    world.act(&asked.id, "fulfill", r#"{"results_url": "https://business.example/r"}"#).await.is(200);
    world.live(HOUR_MS).await;
    assert_eq!(world.stands(&asked).await, words("in_progress", None));
    world.does(MAIL, "erasure", "fulfill", "").await;
    let standing = world.standing(&asked).await;
    assert_eq!(
        (&standing["status"], &standing["results_url"]),
        (&json!("fulfilled"), &json!("https://business.example/r"))
    );
}

#[tokio::test]
async fn results_of_parties_are_not_lost_when_an_operator_does_the_rest() {
    let world = World::with(readers()).await;
    world.peer.script("/mail", [Behavior::Reply(Reply::json(200, "{}"))]);
    let asked = world.exercised(&Exercise::of("access").with("exercise", json!(["access", "sale:opt-out"]))).await;
    for (party, path) in [(MAIL, "/mail"), (PUSH, "/push")] {
        world.does(party, "access", "fulfill", &results(&world, path)).await;
    }
    assert_eq!(world.stands(&asked).await, words("in_progress", None), "the opt-out is the operator's");
    world.act(&asked.id, "fulfill", "").await.is(200);
    let standing = world.standing(&asked).await;
    assert_eq!(standing["status"], "fulfilled");
    let url =
        standing["results_url"].as_str().unwrap_or_else(|| panic!("what mail and push found is gone: {standing}"));
    let document: Value = world.fetched(url).await.is(200).json();
    assert_eq!(document["results"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_party_that_has_no_word_for_results_is_named_in_the_document() {
    let world = World::with(two()).await;
    world.peer.script("/mail", [Behavior::Reply(Reply::json(200, "{}"))]);
    let asked = world.exercised(&Exercise::of("access")).await;
    // 0.1.3 cannot say where they are.
    for party in [MAIL, ADS] {
        world.does(party, "access", "fulfill", &results(&world, "/mail")).await;
    }
    let url = world.standing(&asked).await["results_url"].as_str().unwrap().to_owned();
    let document = world.fetched(&url).await.is(200).json();
    let of = |party: &str| document["results"].as_array().unwrap().iter().find(|one| one["party"] == party);
    assert!(of(MAIL).is_some() && of(ADS).is_some(), "the person would take it for everything: {document}");
}
