//! What operators get to see.

use std::fmt::Write as _;

use axum::body::Body;
use habeas_core::clock::DAY_MS;
use http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::world::{Answered, HOST, TOKEN, World, call, get};

fn assert_problem(answered: &Answered, status: u16, name: &str, field: Option<&str>) {
    let body = answered.json();
    assert_eq!(answered.status, status, "{body}");
    assert_eq!(answered.headers[header::CONTENT_TYPE], "application/problem+json");
    assert_eq!(body["type"], format!("urn:habeas:problem:{name}"), "{body}");
    assert_eq!(body["field"].as_str(), field, "{body}");
}

#[tokio::test]
async fn without_a_token_there_is_nothing_but_the_document() {
    let world = World::new();
    for (path, authorization) in [
        ("/api/requests", None),
        ("/api/requests", Some("Bearer wrong")),
        ("/api/requests", Some("Basic b3BlcmF0b3ItdG9rZW4=")),
        ("/api/requests?token=operator-token", None),
        ("/api/requests/x/subject", None),
        ("/api/deliveries", None),
        ("/api/legs", None),
        ("/api/faults", None),
        ("/api/organisations", None),
    ] {
        let mut request = get(path, "localhost");
        if let Some(value) = authorization {
            request.headers_mut().insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        let answered = call(world.operator(), request).await;
        assert_problem(&answered, 401, "unauthorized", None);
        assert_eq!(answered.headers[header::WWW_AUTHENTICATE], "Bearer");
        assert_eq!(answered.headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(answered.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
    assert_eq!(call(world.operator(), get("/api/openapi.json", "localhost")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_failure_is_problem_details() {
    let world = World::new();
    for (method, path, body, status, name, field) in [
        ("GET", "/api/nowhere", "", 404, "not_found", None),
        ("GET", "/nowhere", "", 404, "not_found", None),
        ("PUT", "/api/requests", "", 405, "method_not_allowed", None),
        ("GET", "/api/requests/none", "", 404, "not_found", None),
        ("GET", "/api/requests/%ff", "", 404, "not_found", None),
        ("GET", "/api/requests/none/subject", "", 404, "not_found", None),
        ("POST", "/api/requests/none/start", "", 404, "not_found", None),
        ("GET", "/api/requests?state=received,open", "", 400, "invalid_field", Some("state")),
        ("GET", "/api/requests?limit=0", "", 400, "invalid_field", Some("limit")),
        ("GET", "/api/requests?limit=1&limit=2", "", 400, "invalid_field", Some("limit")),
        ("GET", "/api/requests?role=boss", "", 400, "invalid_field", Some("role")),
        ("GET", "/api/requests?canary=1", "", 400, "invalid_field", None),
        ("GET", "/api/deliveries?failing=maybe", "", 400, "invalid_field", Some("failing")),
        ("POST", "/api/deliveries/none/retry", "", 404, "not_found", None),
        ("POST", "/api/deliveries/retry", "{}", 400, "invalid_field", Some("failing")),
        ("GET", "/api/organisations/none/parties/x/capabilities", "", 404, "not_found", None),
        ("POST", "/api/requests/x/deny", "", 400, "missing_field", Some("ground")),
        ("POST", "/api/requests/x/deny", "{\"ground\":", 400, "malformed_json", None),
        ("POST", "/api/requests/x/deny", "[]", 400, "not_an_object", None),
        ("POST", "/api/requests/x/deny", "{\"ground\":1}", 400, "invalid_field", Some("ground")),
        ("POST", "/api/requests/x/deny", "{\"ground\":\"canary\"}", 400, "invalid_field", Some("ground")),
        ("POST", "/api/requests/x/deny", "{\"ground\":\"other\",\"ground\":\"other\"}", 400, "duplicate_member", None),
        ("POST", "/api/requests/x/deny", "{\"canary@x\":1,\"ground\":\"other\"}", 400, "invalid_field", None),
        ("POST", "/api/requests/x/extend", "{\"by\":\"canary\"}", 400, "invalid_field", Some("by")),
        ("POST", "/api/requests/x/fulfill", "{\"results_url\":\"canary\"}", 400, "invalid_field", Some("results_url")),
        ("POST", "/api/requests", "{}", 400, "missing_field", Some("from")),
        ("POST", "/api/requests", "{\"from\":\"mail.localhost\",\"to\":[]}", 400, "invalid_field", Some("to")),
        ("POST", "/api/requests/none/poll", "", 404, "not_found", None),
        ("GET", "/api/legs?late=canary", "", 400, "invalid_field", Some("late")),
        ("GET", "/api/legs?canary=1", "", 400, "invalid_field", None),
        ("POST", "/api/legs/none/retry", "", 404, "not_found", None),
        ("POST", "/api/legs/none/waive", "", 404, "not_found", None),
        ("GET", "/api/faults?limit=0", "", 400, "invalid_field", Some("limit")),
    ] {
        let answered = world.operate(method, path, body).await;
        assert_problem(&answered, status, name, field);
        let text = String::from_utf8(answered.body).unwrap();
        assert!(!text.contains("canary"), "repeats what was sent: {text}");
    }
}

#[tokio::test]
async fn a_wrong_identity_is_named_by_its_place() {
    let world = World::new();
    let send = |identity: Value| json!({"from": HOST, "to": "x", "right": "access", "identities": [identity]});
    for (identity, name, field) in [
        (json!({"kind": "email", "format": "rot13", "value": "canary"}), "invalid_field", "identities[0].format"),
        (json!({"kind": "email", "format": "raw", "value": "canary"}), "invalid_field", "to[0]"),
        (json!({"kind": "email", "format": "raw"}), "missing_field", "identities[0].value"),
        (json!({"kind": "email", "format": "raw", "value": "canary", "x": 1}), "invalid_field", "identities[0]"),
    ] {
        let answered = world.operate("POST", "/api/requests", &send(identity).to_string()).await;
        assert_problem(&answered, 400, name, Some(field));
        assert!(!String::from_utf8(answered.body).unwrap().contains("canary"));
    }
}

#[tokio::test]
async fn a_method_that_is_not_allowed_learns_which_are() {
    let world = World::new();
    let answered = world.operate("DELETE", "/api/requests", "").await;
    assert_eq!(answered.headers[header::ALLOW], "GET,HEAD,POST");
}

#[tokio::test]
async fn a_body_of_another_type_or_too_large_is_refused() {
    let world = World::new();
    let request = |kind: &str, body: String| {
        Request::post("/api/requests/x/deny")
            .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
            .header(header::CONTENT_TYPE, kind)
            .body(Body::from(body))
            .unwrap()
    };
    let answered = call(world.operator(), request("text/plain", "{}".into())).await;
    assert_problem(&answered, 415, "unsupported_media_type", None);
    let answered = call(world.operator(), request("application/json", " ".repeat(1024 * 1024 + 1))).await;
    assert_problem(&answered, 413, "payload_too_large", None);
}

#[tokio::test]
async fn an_operator_does_the_work() {
    let world = World::new();
    let id = world.submit("first").await;
    let at = |rest: &str| format!("/api/requests/{id}{rest}");

    let listed = world.operate("GET", "/api/requests?state=received&organisation=mail.localhost&limit=5", "").await;
    assert_eq!(listed.json()["requests"].as_array().unwrap().len(), 1);
    assert!(!String::from_utf8(listed.body).unwrap().contains("canary"), "lists name nobody");
    let subject = world.operate("GET", &at("/subject"), "").await.json();
    assert_eq!(subject["identities"][0]["value"], "canary@example.org");

    assert_eq!(world.operate("POST", &at("/start"), "").await.json()["state"], "in_progress");
    let extended = world.operate("POST", &at("/extend"), r#"{"by":"2026-06-01T00:00:00Z","reason":"complex"}"#).await;
    assert_eq!(extended.json()["days_left"], 150);
    let done = world.operate("POST", &at("/fulfill"), r#"{"results_url":"https://mail.localhost/r"}"#).await.json();
    assert_eq!((&done["state"], &done["results_urls"]), (&json!("fulfilled"), &json!(["https://mail.localhost/r"])));
    assert_problem(&world.operate("POST", &at("/start"), "").await, 409, "invalid_transition", None);

    let story = world.operate("GET", &at(""), "").await.json();
    insta::assert_snapshot!(outline(&story), @"
    dialect, expected_by, final_at, hold_until, organisation, party, promised_by, received_at, regime, request_id, results_urls, rights, role, state, subject_request_id
    receive by upstream: received
    start by operator: in_progress
    extend by operator: in_progress
    fulfill by operator: fulfilled
    ");
}

fn outline(story: &Value) -> String {
    let mut members: Vec<&str> =
        story.as_object().unwrap().iter().filter(|(_, v)| !v.is_null()).map(|(k, _)| k.as_str()).collect();
    members.sort_unstable();
    let lists = ["deliveries", "details", "history", "legs", "receipts"];
    let mut text = members.into_iter().filter(|name| !lists.contains(name)).collect::<Vec<_>>().join(", ");
    for event in story["history"].as_array().unwrap() {
        let word = |name: &str| event[name].as_str().unwrap();
        write!(text, "\n{} by {}: {}", word("change"), word("actor"), word("state")).unwrap();
    }
    text
}

#[tokio::test]
async fn days_left_count_full_days() {
    let world = World::new();
    let id = world.submit("first").await;
    let request = world.operate("GET", &format!("/api/requests/{id}"), "").await.json();
    let dto: habeas_server::operator::dto::Story = serde_json::from_value(request).unwrap();
    assert_eq!(dto.request.days_left, Some(31), "a month from the first of January");
    assert_eq!(dto.request.received_at, "2026-01-01T12:00:00Z");
    assert_eq!(DAY_MS, 86_400_000);
}

#[tokio::test]
async fn a_denial_shows_its_ground() {
    let world = World::new();
    let id = world.submit("first").await;
    let denied = world.operate("POST", &format!("/api/requests/{id}/deny"), r#"{"ground":"exempt"}"#).await.json();
    assert_eq!((&denied["state"], &denied["ground"]), (&json!("denied"), &json!("exempt")));
    assert!(denied["days_left"].is_null());
}

#[tokio::test]
async fn own_systems_answer_with_their_own_token_only() {
    let world = World::new();
    let id = world.submit("first").await;
    let answer = |token: Option<&str>| {
        let mut request =
            Request::post(format!("/api/fulfilment/{id}")).header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        request.body(Body::from(r#"{"answer":"started"}"#)).unwrap()
    };
    for token in [None, Some(TOKEN), Some("hba_x")] {
        assert_problem(&call(world.operator(), answer(token)).await, 401, "unauthorized", None);
    }
}

#[tokio::test]
async fn organisations_are_listed_with_mounts_and_parties() {
    let world = World::new();
    insta::assert_snapshot!(
        String::from_utf8(world.operate("GET", "/api/organisations", "").await.body).unwrap(),
        @r#"{"organisations":[{"domain":"mail.localhost","roles":["processor"],"mounts":[{"dialect":"stub/1","role":"processor","base_url":"http://mail.localhost:8080/v1"}],"parties":[{"id":"shop.localhost","domain":"shop.localhost","dialect":"stub/1"},{"id":"post.localhost","domain":"post.localhost","dialect":"stub/1","base_url":"http://post.localhost/v1"},{"id":"films.localhost","domain":"films.localhost","dialect":"stub/1","base_url":"http://films.localhost/v1"}]}]}"#
    );
}

#[tokio::test]
async fn the_document_names_every_route() {
    let world = World::new();
    let document = call(world.operator(), get("/api/openapi.json", "localhost")).await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut routes = String::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["description"].is_string() || operation["summary"].is_string(), "{path}");
            writeln!(routes, "{method} {path}").unwrap();
        }
    }
    insta::assert_snapshot!(routes, @"
    get /api/deliveries
    post /api/deliveries/retry
    post /api/deliveries/{id}/retry
    get /api/faults
    post /api/fulfilment/{id}
    get /api/legs
    post /api/legs/{id}/retry
    post /api/legs/{id}/waive
    get /api/organisations
    get /api/organisations/{domain}/parties/{party}/capabilities
    get /api/requests
    post /api/requests
    get /api/requests/{id}
    post /api/requests/{id}/cancel
    post /api/requests/{id}/deny
    get /api/requests/{id}/evidence
    post /api/requests/{id}/extend
    post /api/requests/{id}/fulfill
    post /api/requests/{id}/poll
    post /api/requests/{id}/start
    get /api/requests/{id}/subject
    get /api/requests/{id}/verification
    post /api/requests/{id}/verify
    get /healthz
    get /metrics
    get /readyz
    ");
}

#[tokio::test]
async fn every_reference_in_the_document_leads_somewhere() {
    let world = World::new();
    let document = call(world.operator(), get("/api/openapi.json", "localhost")).await.json();
    let mut open = vec![&document];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
                }
                open.extend(members.values());
            }
            Value::Array(entries) => open.extend(entries),
            _ => {}
        }
    }
}

#[tokio::test]
async fn health_asks_for_no_token() {
    let world = World::new();
    for (path, words) in [("/healthz", "alive\n"), ("/readyz", "ready\n")] {
        let answered = call(world.operator(), get(path, "localhost")).await;
        assert_eq!((answered.status, answered.body.as_slice()), (StatusCode::OK, words.as_bytes()));
    }
    let metrics = call(world.operator(), get("/metrics", "localhost")).await;
    assert!(metrics.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("application/openmetrics-text"));
    assert!(metrics.body.ends_with(b"# EOF\n"));
}

#[tokio::test]
async fn an_empty_prefix_puts_the_routes_at_the_root() {
    let world = World::new();
    let tokens = habeas_server::OperatorTokens::new([TOKEN]);
    let router = habeas_server::operator(std::sync::Arc::clone(&world.engine), tokens, "/");
    let document = call(router.clone(), get("/openapi.json", "localhost")).await.json();
    assert!(document["paths"]["/requests"].is_object());
    assert_problem(&call(router, get("/requests", "localhost")).await, 401, "unauthorized", None);
}

#[tokio::test]
async fn on_one_listener_the_host_decides() {
    let world = World::new();
    assert_eq!(call(world.together(), get("/v1/discovery", HOST)).await.status, StatusCode::OK);
    assert_eq!(call(world.together(), get("/healthz", "127.0.0.1:8080")).await.status, StatusCode::OK);
    let beside = call(world.together(), get("/healthz", HOST)).await;
    assert_eq!(String::from_utf8(beside.body).unwrap(), "stub says not_found");
    assert_problem(&call(world.together(), get("/api/requests", "localhost")).await, 401, "unauthorized", None);
}
