//! What operators get to see of requests that are sent.

use serde_json::{Value, json};

use crate::world::{Answered, HOST, World};

fn wish(more: Value) -> Value {
    let ann = json!([{ "kind": "email", "format": "raw", "value": "canary@example.org" }]);
    let mut wish = json!({ "from": HOST, "right": "erasure", "identities": ann });
    wish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    wish
}

async fn send(world: &World, more: Value) -> Answered {
    world.operate("POST", "/api/requests", &wish(more).to_string()).await
}

fn parties(story: &Value) -> Vec<&str> {
    story["legs"].as_array().unwrap().iter().map(|leg| leg["party"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn who_names_nobody_reaches_every_party_that_can_serve_it() {
    let world = World::new();
    let everybody = send(&world, json!({})).await;
    assert_eq!(everybody.status, 202, "{}", everybody.json());
    assert_eq!(parties(&everybody.json()), ["post.localhost", "films.localhost"]);
    let some = send(&world, json!({ "right": "access" })).await.json();
    assert_eq!(parties(&some), ["post.localhost"]);
    let named = send(&world, json!({ "to": "films.localhost" })).await.json();
    assert_eq!(parties(&named), ["films.localhost"]);
    let nobody = send(&world, json!({ "right": "portability" })).await;
    assert_eq!((nobody.status.as_u16(), &nobody.json()["field"]), (400, &"right".into()));
}

#[tokio::test]
async fn under_one_reference_a_request_is_made_once() {
    let world = World::new();
    let first = send(&world, json!({ "reference": "batch:1" })).await;
    let again = send(&world, json!({ "reference": "batch:1" })).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (202, 200));
    assert_eq!(first.json()["request_id"], again.json()["request_id"]);
    let other = send(&world, json!({ "reference": "batch:1", "right": "access" })).await;
    let problem = other.json();
    assert_eq!((other.status.as_u16(), &problem["status"]), (409, &409.into()), "{problem}");
    assert_eq!(
        (&problem["type"], &problem["field"]),
        (&"urn:habeas:problem:already_exists".into(), &"reference".into())
    );
    let long = send(&world, json!({ "reference": "x".repeat(201) })).await;
    assert_eq!((long.status.as_u16(), &long.json()["field"]), (400, &"reference".into()));
    let listed = world.operate("GET", "/api/requests", "").await.json();
    assert_eq!(listed["requests"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn legs_are_listed_tried_again_and_given_up() {
    let world = World::new();
    let story = send(&world, json!({})).await.json();
    let list = async |query: &str| world.operate("GET", &format!("/api/legs{query}"), "").await.json()["legs"].clone();
    let all = list("").await;
    assert_eq!(all.as_array().unwrap().len(), 2);
    insta::assert_snapshot!(members(&all[0]), @"accepted_at, attempts, callback_url, cancel, dialect, domain, expected_by, late, leg_id, next_attempt_at, organisation, party, receipt, request_id, results_url, revision, right, state, wire_id");
    assert_eq!(list("?late=true").await, json!([]));
    assert_eq!(list("?stuck=true").await, json!([]));
    let films = list("?party=films.localhost&organisation=mail.localhost&limit=5").await[0].clone();
    assert_eq!((&films["domain"], &films["late"]), (&"films.localhost".into(), &false.into()));

    let at = |what: &str| format!("/api/legs/{}/{what}", films["leg_id"].as_str().unwrap());
    let retried = world.operate("POST", &at("retry"), "").await.json();
    assert!(retried["revision"].as_u64() > films["revision"].as_u64(), "{retried}");
    assert_eq!(world.operate("POST", &at("waive"), "").await.json()["state"], "waived");
    for what in ["waive", "retry"] {
        let late = world.operate("POST", &at(what), "").await;
        assert_eq!((late.status.as_u16(), &late.json()["detail"]), (409, &"it is waived".into()));
    }
    let path = format!("/api/requests/{}", story["request_id"].as_str().unwrap());
    let now = world.operate("POST", &format!("{path}/poll"), "").await.json();
    assert_eq!((&now["request_id"], &now["legs"][1]["state"]), (&story["request_id"], &"waived".into()));
}

fn members(leg: &Value) -> String {
    let mut names: Vec<_> = leg.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names.join(", ")
}

#[tokio::test]
async fn where_nothing_is_wrong_nothing_needs_attention() {
    let world = World::new();
    send(&world, json!({})).await;
    let faults = world.operate("GET", "/api/faults?limit=10", "").await.json();
    assert_eq!(faults, json!({ "deliveries": [], "late": [], "stuck": [], "certificates": [] }));
}
