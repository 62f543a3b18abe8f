//! Several at once: one is first, and everybody hears the same afterwards.

use habeas_core::{clock::HOUR_MS, right::Right};
use habeas_engine::directory::Tenant;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use url::form_urlencoded;

use crate::world::{
    Call, OPERATOR, Setup, World,
    drp::{Asked, BUSINESS, Exercise, REDIRECT, about, of_business},
};

fn operators(asked: &Asked, what: &str, body: &str) -> Call {
    let call = Call::post(&format!("/api/requests/{}/{what}", asked.id), body);
    let call = if body.is_empty() { call.without("content-type") } else { call };
    call.host("operator").by(OPERATOR)
}

impl World {
    /// The changes of a request, by name.
    async fn changes(&self, asked: &Asked) -> Vec<String> {
        let story = self.story(&asked.id).await;
        story["history"].as_array().unwrap().iter().map(|event| event["change"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_revocation_an_end_and_a_denial_one_comes_first() {
    const ENDS: [(&str, &str); 3] = [("cancel", "revoked"), ("fulfill", "fulfilled"), ("deny", "denied")];
    let world = World::new().await;
    for round in 0..12 {
        let path = format!("/{round}");
        let exercise = Exercise::deletion().again(round).callback(world.peer.url("a", &path));
        let asked = world.exercised(&exercise).await;
        let mut calls = JoinSet::new();
        for n in 0..9 {
            let (change, call) = match (n + round) % 3 {
                0 => ("cancel", about("revoke", &asked.wire)),
                1 => ("fulfill", operators(&asked, "fulfill", "")),
                _ => ("deny", operators(&asked, "deny", r#"{"ground": "no_match"}"#)),
            };
            let answer = call.to(world.router());
            calls.spawn(async move { (change, answer.await) });
        }
        let answers = calls.join_all().await;
        world.live(HOUR_MS).await;
        let changes = world.changes(&asked).await;
        let ends: Vec<_> = ENDS.into_iter().filter(|(end, _)| changes.iter().any(|change| change == end)).collect();
        let [(first, status)] = ends[..] else { panic!("{changes:?}") };
        assert_eq!(changes.iter().filter(|change| *change == first).count(), 1, "{changes:?}");
        assert!(answers.iter().all(|(_, answer)| [200, 409].contains(&answer.status)), "{answers:?}");
        assert!(answers.iter().all(|(change, answer)| *change == first || answer.status == 409), "{answers:?}");
        assert!(answers.iter().any(|(_, answer)| answer.status == 200), "{answers:?}");
        let standing = world.standing(&asked).await;
        assert_eq!(standing["status"], status, "{changes:?}");
        assert_eq!(world.peer.heard(&path).last().unwrap().json(), standing, "and that is what was told last");
    }
}

/// What is shown beside each other belongs together, however fast it changes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_story_is_told_as_it_was_at_one_moment() {
    let world = World::new().await;
    for round in 0..12 {
        let asked = world.exercised(&Exercise::deletion().again(round)).await;
        let mut looks = JoinSet::new();
        for _ in 0..4 {
            let (router, path) = (world.router(), format!("/api/requests/{}", asked.id));
            looks.spawn(async move {
                loop {
                    let look = Call::get(&path).host("operator").by(OPERATOR);
                    let story = look.to(router.clone()).await.is(200).json();
                    let last = story["history"].as_array().unwrap().last().unwrap();
                    assert_eq!((&story["state"], &story["details"]), (&last["state"], &last["details"]), "{story}");
                    if story["state"] == "fulfilled" {
                        return;
                    }
                }
            });
        }
        for day in 20..28 {
            let body = json!({"by": format!("2026-02-{day}T12:00:00Z"), "reason": format!("until {day}")});
            world.act(&asked.id, "extend", &body.to_string()).await.is(200);
        }
        world.act(&asked.id, "fulfill", "").await.is(200);
        looks.join_all().await;
    }
}

fn verifying(tenant: &mut Tenant) {
    of_business(tenant, |tenant| tenant.business.verify = vec![Right::Erasure]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_right_code_many_times_is_one_proof_and_beside_a_revocation_it_is_one_of_the_two() {
    const FORM: &str = "application/x-www-form-urlencoded";
    let world = World::with(Setup { adjust: verifying, bridge: &["mail.localhost"], ..Setup::default() }).await;
    for round in 0..8 {
        let exercise = Exercise::deletion().again(round);
        let asked = world.exercised(&exercise).await;
        let link: url::Url = world.standing(&asked).await["user_verification_url"].as_str().unwrap().parse().unwrap();
        let query: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("identity", &exercise.token())
            .append_pair("redirect_to", REDIRECT)
            .append_pair("request_id", &asked.wire)
            .finish();
        let page = world.call(Call::get(&format!("{}?{query}", link.path())).host(BUSINESS)).await.is(303);
        let page = page.header("location").to_owned();
        let press = |form: &str| Call::post(&page, form).header("content-type", FORM).host(BUSINESS);
        world.call(press("action=send")).await.is(303);
        let check = format!("action=check&code={}", world.letters.code());
        let mut calls = JoinSet::new();
        for n in 0..10 {
            let call = if round % 2 == 1 && n == 5 { about("revoke", &asked.wire) } else { press(&check) };
            calls.spawn(call.to(world.router()));
        }
        let answers = calls.join_all().await;
        assert!(answers.iter().all(|answer| answer.status < 500), "{answers:?}");
        let changes = world.changes(&asked).await;
        assert!(changes.iter().filter(|change| *change == "verified").count() <= 1, "{changes:?}");
        world.live(HOUR_MS).await;
        let sent = world.story(&asked.id).await["legs"][0].clone();
        match round % 2 {
            0 => assert_eq!(
                (&world.standing(&asked).await["status"], &sent["state"]),
                (&json!("in_progress"), &json!("pending"))
            ),
            _ => {
                assert_eq!(world.standing(&asked).await["status"], "revoked");
                assert!(["waived", "cancelled"].map(Value::from).contains(&sent["state"]), "{sent}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_of_different_people_do_not_hold_each_other_up() {
    let world = World::new().await;
    let mut calls = JoinSet::new();
    for n in 0..64 {
        let exercise = Exercise::deletion().claim("email", format!("p{n}@example.org"));
        calls.spawn(exercise.call().to(world.router()));
    }
    let answers = calls.join_all().await;
    let mut ids: Vec<_> = answers.into_iter().map(|answer| answer.is(200).json()["request_id"].to_string()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 64);
    world.work().await;
    let listed = world.operate("GET", "/requests?limit=100&state=in_progress", "").await.json();
    assert_eq!(listed["requests"].as_array().unwrap().len(), 64);
}
