//! What an operator sees and does through the JSON API.

use serde_json::{Value, json};

use crate::world::{Ask, Call, ID, World, ask};

fn names(listed: &Value) -> Vec<String> {
    let requests = listed["requests"].as_array().unwrap();
    requests.iter().map(|request| request["subject_request_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_request_is_listed_worked_on_and_shown_with_its_story() {
    let world = World::new().await;
    let id = world.accepted(&Ask::of("access").callbacks(&[world.peer.url("a", "/a")])).await;
    world.act(&id, "start", "").await.is(200);
    let done = world.act(&id, "fulfill", r#"{"results_url": "https://mail.example/r"}"#).await.is(200).json();
    assert_eq!((&done["state"], &done["results_urls"]), (&json!("fulfilled"), &json!(["https://mail.example/r"])));
    world.work().await;

    let story = world.story(&id).await;
    assert_eq!(story["organisation"], "mail.localhost");
    assert_eq!(story["party"], "shop.localhost");
    assert_eq!(story["dialect"], "opengdpr/1.0");
    assert_eq!(story["role"], "processor");
    let history: Vec<_> = story["history"].as_array().unwrap().iter().map(|e| (&e["change"], &e["actor"])).collect();
    let by = |change: &str, actor: &str| (json!(change), json!(actor));
    let expected = [by("receive", "upstream"), by("start", "operator"), by("fulfill", "operator")];
    assert!(history.into_iter().eq(expected.iter().map(|(change, actor)| (change, actor))));
    let states: Vec<_> = story["deliveries"].as_array().unwrap().iter().map(|d| d["state"].clone()).collect();
    assert_eq!(states, ["delivered", "delivered", "delivered"]);
    assert!(story.get("days_left").is_none(), "nothing is left to be done");

    let subject = world.operate("GET", &format!("/requests/{id}/subject"), "").await.is(200).json();
    assert_eq!(subject["identities"], json!([{"kind": "email", "format": "raw", "value": "ann@example.org"}]));
    assert_eq!(subject["submitted_at"], "2026-01-01T11:00:00Z");
}

#[tokio::test]
async fn open_requests_are_listed_by_their_deadline_and_filtered() {
    let world = World::new().await;
    let submitted = ["2025-12-20T00:00:00Z", "2025-12-10T00:00:00Z", "2025-12-30T00:00:00Z"];
    let mut ids = Vec::new();
    for (n, submitted) in (0..).zip(submitted) {
        ids.push(world.accepted(&Ask::erasure().id(&ask::id(n)).with("submitted_time", submitted)).await);
    }
    let list = async |query: &str| names(&world.operate("GET", &format!("/requests{query}"), "").await.is(200).json());
    assert_eq!(list("").await, [ask::id(1), ask::id(0), ask::id(2)]);
    world.act(&ids[1], "fulfill", "").await.is(200);
    assert_eq!(list("").await, [ask::id(0), ask::id(2), ask::id(1)], "what is done comes last");
    assert_eq!(list("?state=fulfilled").await, [ask::id(1)]);
    assert_eq!(list("?state=received,in_progress&limit=1").await, [ask::id(0)]);
    assert_eq!(list("?limit=1&offset=2").await, [ask::id(1)]);
    assert!(list("?organisation=shop.localhost").await.is_empty());
    for (query, field) in [("?state=canary", "state"), ("?limit=0", "limit"), ("?role=canary", "role")] {
        let refused = world.operate("GET", &format!("/requests{query}"), "").await.is(400);
        assert_eq!(refused.json()["field"], field);
        assert!(!refused.text().contains("canary"));
    }
}

#[tokio::test]
async fn an_extension_is_told_with_the_status_unchanged_and_the_new_date() {
    let world = World::new().await;
    let id = world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    world.work().await;
    let extend = r#"{"by": "2026-03-15T08:00:00+02:00", "reason": "many requests at once"}"#;
    let extended = world.act(&id, "extend", extend).await.is(200).json();
    assert_eq!(extended["expected_by"], "2026-03-15T06:00:00Z");
    assert_eq!(extended["promised_by"], "2026-02-01T11:00:00Z", "the promise stays on record");
    assert_eq!(extended["details"], "many requests at once");
    world.work().await;
    let told = world.peer.heard("/a");
    assert_eq!(world.peer.statuses("/a"), ["pending", "pending"]);
    assert_eq!(told[1].json()["expected_completion_time"], "2026-03-15T06:00:00Z");
    assert_eq!(world.status(ID).await.json()["expected_completion_time"], "2026-03-15T06:00:00Z");

    for (body, field) in [
        (r#"{"by": "2026-03-15T06:00:00Z", "reason": "x"}"#, "by"),
        (r#"{"by": "2026-01-15T06:00:00Z", "reason": "x"}"#, "by"),
        (r#"{"by": "next week", "reason": "x"}"#, "by"),
        (r#"{"by": "2026-04-01T00:00:00Z", "reason": " "}"#, "reason"),
        (r#"{"by": "2026-04-01T00:00:00Z"}"#, "reason"),
    ] {
        assert_eq!(world.act(&id, "extend", body).await.is(400).json()["field"], field, "{body}");
    }
    world.work().await;
    assert_eq!(world.peer.heard("/a").len(), 2);
}

#[tokio::test]
async fn a_denial_shows_its_ground() {
    let world = World::new().await;
    let id = world.accepted(&Ask::erasure()).await;
    let denied = world.act(&id, "deny", r#"{"ground": "outside_jurisdiction"}"#).await.is(200).json();
    assert_eq!((&denied["state"], &denied["ground"]), (&json!("denied"), &json!("outside_jurisdiction")));
    assert_eq!(world.act(&id, "deny", r#"{"ground": "canary"}"#).await.is(400).json()["field"], "ground");
}

#[tokio::test]
async fn an_erasure_has_no_results() {
    let world = World::new().await;
    let id = world.accepted(&Ask::erasure()).await;
    let refused = world.act(&id, "fulfill", r#"{"results_url": "https://mail.example/canary"}"#).await.is(400);
    insta::assert_snapshot!(refused.shown(), @r#"
    400
    cache-control: no-store
    content-type: application/problem+json
    x-content-type-options: nosniff

    {"type":"urn:habeas:problem:invalid_field","title":"A field is not what it should be","status":400,"detail":"this right hands no data back","field":"results_url"}
    "#);
    assert_eq!(world.status(ID).await.json()["request_status"], "pending");
}

#[tokio::test]
async fn problems_are_told_as_rfc_9457_asks() {
    let world = World::new().await;
    let id = world.accepted(&Ask::erasure()).await;
    world.act(&id, "fulfill", "").await.is(200);
    insta::assert_snapshot!(world.act(&id, "start", "").await.shown(), @r#"
    409
    cache-control: no-store
    content-type: application/problem+json
    x-content-type-options: nosniff

    {"type":"urn:habeas:problem:invalid_transition","title":"The request's state does not admit this","status":409,"detail":"a request that is fulfilled does not admit: start"}
    "#);
    insta::assert_snapshot!(world.operate("GET", "/requests/nobody", "").await.shown(), @r#"
    404
    cache-control: no-store
    content-type: application/problem+json
    x-content-type-options: nosniff

    {"type":"urn:habeas:problem:not_found","title":"There is no such resource","status":404}
    "#);
    insta::assert_snapshot!(world.act(&id, "deny", r#"{"grounds": "exempt"}"#).await.shown(), @r#"
    400
    cache-control: no-store
    content-type: application/problem+json
    x-content-type-options: nosniff

    {"type":"urn:habeas:problem:invalid_field","title":"A field is not what it should be","status":400,"detail":"there is no member grounds here; the members are ground"}
    "#);
    insta::assert_snapshot!(world.call(Call::get("/api/requests").host("operator")).await.shown(), @r#"
    401
    cache-control: no-store
    content-type: application/problem+json
    www-authenticate: Bearer
    x-content-type-options: nosniff

    {"type":"urn:habeas:problem:unauthorized","title":"A valid credential is required","status":401}
    "#);
}

#[tokio::test]
async fn nobody_passes_without_an_operators_token() {
    let world = World::new().await;
    let id = world.accepted(&Ask::erasure()).await;
    let paths = [
        ("GET", "/requests".to_owned()),
        ("POST", "/requests".to_owned()),
        ("GET", format!("/requests/{id}")),
        ("GET", format!("/requests/{id}/subject")),
        ("POST", format!("/requests/{id}/start")),
        ("POST", format!("/requests/{id}/fulfill")),
        ("POST", format!("/requests/{id}/deny")),
        ("POST", format!("/requests/{id}/extend")),
        ("POST", format!("/requests/{id}/cancel")),
        ("GET", "/deliveries".to_owned()),
        ("POST", "/deliveries/retry".to_owned()),
        ("GET", "/organisations".to_owned()),
    ];
    for (method, path) in paths {
        for token in ["nonsense", world.keys.shop.token()] {
            let call = Call::new(method, &format!("/api{path}")).host("operator").by(token);
            assert_eq!(world.call(call).await.status, 401, "{method} {path}");
        }
    }
    assert_eq!(world.status(ID).await.json()["request_status"], "pending");
}

#[tokio::test]
async fn the_document_describes_every_path_that_is_served() {
    let world = World::new().await;
    let document = world.call(Call::get("/api/openapi.json").host("operator")).await.is(200).json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for path in [
        "/api/requests",
        "/api/requests/{id}",
        "/api/requests/{id}/subject",
        "/api/requests/{id}/start",
        "/api/requests/{id}/fulfill",
        "/api/requests/{id}/deny",
        "/api/requests/{id}/extend",
        "/api/deliveries",
        "/api/deliveries/{id}/retry",
        "/api/fulfilment/{id}",
    ] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
}

#[tokio::test]
async fn health_asks_for_no_token() {
    let world = World::new().await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        world.call(Call::get(path).host("operator")).await.is(200);
        world.call(Call::get(path)).await.is(404);
    }
}
