//! Which paths and methods lead to the same thing (A2, A3, A4, A29, A39).

use crate::world::{Answered, Ask, Call, ID, World, ask};

async fn get(world: &World, path: &str) -> Answered {
    world.call(Call::get(path).by(world.keys.shop.token())).await
}

#[tokio::test]
async fn requests_are_taken_at_every_spelling_of_the_collection() {
    let world = World::new().await;
    let mut n = 0;
    for prefix in ["/v1", ""] {
        for path in ["/opengdpr_requests", "/opengdpr_request", "/opengdpr_requests/", "/opengdpr_request/"] {
            n += 1;
            let body = Ask::erasure().id(&ask::id(n)).text();
            world.call(Call::post(&format!("{prefix}{path}"), body).by(world.keys.shop.token())).await.is(201);
        }
    }
}

#[tokio::test]
async fn a_status_is_found_at_every_spelling() {
    let world = World::new().await;
    world.accepted(&Ask::erasure()).await;
    let upper = ID.to_uppercase();
    let mut first: Option<serde_json::Value> = None;
    for prefix in ["/v1", ""] {
        for path in [
            format!("/opengdpr_requests/{ID}"),
            format!("/opengdpr_request/{ID}"),
            format!("/opengdpr_requests/{ID}/"),
            format!("/opengdpr_requests/{upper}"),
            format!("/status/{ID}"),
            format!("/status/{ID}/"),
            format!("/status?subject_request_id={ID}"),
            format!("/status?subject_request_id={upper}&other=1"),
        ] {
            let path = format!("{prefix}{path}");
            let answered = get(&world, &path).await.is(200);
            world.assert_signed(&answered.headers, &answered.body).await;
            let json = answered.json();
            assert_eq!(*first.get_or_insert_with(|| json.clone()), json, "{path}");
        }
    }
}

#[tokio::test]
async fn a_status_of_nothing_is_an_error_and_of_somebody_else_is_absent() {
    let world = World::new().await;
    world.accepted(&Ask::erasure()).await;
    for path in ["/v1/status", "/v1/status/", "/v1/status?subject_request_id="] {
        let refused = get(&world, path).await.is(400);
        assert_eq!(refused.reason(), "missing_field");
        assert!(refused.text().contains("subject_request_id"), "{}", refused.text());
    }
    get(&world, &format!("/v1/status?subject_request_id={ID}&subject_request_id={ID}")).await.is(400);
    for path in [format!("/v1/opengdpr_requests/{}", ask::id(7)), "/v1/opengdpr_requests/nonsense".to_owned()] {
        assert_eq!(get(&world, &path).await.is(404).reason(), "not_found");
    }
}

#[tokio::test]
async fn a_request_is_cancelled_at_every_spelling() {
    let world = World::new().await;
    let mut n = 0;
    for prefix in ["/v1", ""] {
        for path in ["/opengdpr_requests/ID", "/opengdpr_request/ID", "/opengdpr_requests/ID/"] {
            n += 1;
            let wire_id = ask::id(n);
            world.accepted(&Ask::erasure().id(&wire_id)).await;
            let path = format!("{prefix}{path}").replace("ID", &wire_id.to_uppercase());
            let answered = world.call(Call::delete(&path).by(world.keys.shop.token())).await.is(202);
            assert_eq!(answered.json()["subject_request_id"], wire_id);
        }
    }
}

#[tokio::test]
async fn head_is_answered_as_get_without_a_body() {
    let world = World::new().await;
    world.accepted(&Ask::erasure()).await;
    for path in ["/v1/discovery", "/v1/cert.pem", &format!("/v1/opengdpr_requests/{ID}")] {
        let head = world.call(Call::new("HEAD", path).by(world.keys.shop.token())).await.is(200);
        let body = get(&world, path).await.is(200).body;
        assert!(head.body.is_empty(), "{path}");
        assert_eq!(head.header("content-length"), body.len().to_string(), "{path}");
    }
    assert!(world.call(Call::new("HEAD", "/v1/nowhere")).await.is(404).body.is_empty());
}

#[tokio::test]
async fn other_methods_are_refused_with_those_that_are_allowed() {
    let world = World::new().await;
    let item = format!("/v1/opengdpr_requests/{ID}");
    for (method, path, allow) in [
        ("PUT", item.as_str(), "GET, HEAD, DELETE"),
        ("POST", item.as_str(), "GET, HEAD, DELETE"),
        ("PATCH", item.as_str(), "GET, HEAD, DELETE"),
        ("GET", "/v1/opengdpr_requests", "POST"),
        ("HEAD", "/opengdpr_request/", "POST"),
        ("DELETE", "/v1/discovery", "GET, HEAD"),
        ("POST", "/v1/status", "GET, HEAD"),
        ("OPTIONS", "/v1/cert.pem", "GET, HEAD"),
    ] {
        let refused = world.call(Call::new(method, path).by(world.keys.shop.token())).await.is(405);
        let mut allowed: Vec<_> = refused.header("allow").split(", ").collect();
        allowed.sort_unstable();
        let mut expected: Vec<_> = allow.split(", ").collect();
        expected.sort_unstable();
        assert_eq!(allowed, expected, "{method} {path}");
        if method != "HEAD" {
            assert_eq!(refused.reason(), "method_not_allowed");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_in_the_words_of_the_protocol() {
    let world = World::new().await;
    for path in ["/", "/v1", "/v1/", "/v1/nowhere", "/nowhere", "/v2/discovery", "/v1//discovery", "/api/requests"] {
        assert_eq!(world.call(Call::get(path)).await.is(404).reason(), "not_found", "{path}");
    }
}
