//! What peers get to see.

use axum::body::Body;
use futures_util::FutureExt as _;
use http::{Method, Request, StatusCode, header};
use tower::ServiceExt as _;

use crate::{
    stub::{DISCOVERY, PANIC},
    world::{HOST, LIMIT, World, call, get},
};

#[tokio::test]
async fn an_answer_leaves_byte_for_byte() {
    let world = World::new();
    let answered = call(world.public(), get("/v1/discovery", HOST)).await;
    assert_eq!((answered.status, answered.body.as_slice()), (StatusCode::OK, DISCOVERY));
    assert_eq!(answered.headers[header::CONTENT_TYPE], "text/stub");
    assert!(!answered.headers.contains_key(header::CONTENT_ENCODING));
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let world = World::new();
    let mut request = get("/v1/discovery", HOST);
    *request.method_mut() = Method::HEAD;
    let answered = call(world.public(), request).await;
    assert_eq!(answered.headers[header::CONTENT_LENGTH], DISCOVERY.len().to_string());
    assert!(answered.body.is_empty());
}

#[tokio::test]
async fn the_host_names_the_organisation_and_strangers_get_a_problem() {
    let world = World::new();
    for host in ["MAIL.localhost", "mail.localhost:8080"] {
        assert_eq!(call(world.public(), get("/v1/discovery", host)).await.status, StatusCode::OK, "{host}");
    }
    let absolute = Request::get("http://mail.localhost/v1/discovery").header(header::HOST, "other").body(Body::empty());
    assert_eq!(call(world.public(), absolute.unwrap()).await.status, StatusCode::OK);

    let stranger = call(world.public(), get("/v1/discovery", "other.localhost")).await;
    assert_eq!(stranger.status, StatusCode::NOT_FOUND);
    assert_eq!(stranger.headers[header::CONTENT_TYPE], "application/problem+json");
    insta::assert_snapshot!(
        String::from_utf8(stranger.body).unwrap(),
        @r#"{"type":"urn:habeas:problem:not_found","title":"There is no such resource","status":404}"#
    );
}

#[tokio::test]
async fn without_exactly_one_host_nobody_is_meant() {
    let world = World::new();
    let none = Request::get("/v1/discovery").body(Body::empty()).unwrap();
    let mut two = get("/v1/discovery", HOST);
    two.headers_mut().append(header::HOST, "other".parse().unwrap());
    for request in [none, two] {
        let answered = call(world.public(), request).await;
        assert_eq!((answered.status, &answered.json()["field"]), (StatusCode::BAD_REQUEST, &"Host".into()));
    }
}

#[tokio::test]
async fn refusals_are_told_in_the_dialect() {
    let world = World::new();
    let mut delete = get("/v1/discovery", HOST);
    *delete.method_mut() = Method::DELETE;
    let anonymous = Request::post("/v1/requests").header(header::HOST, HOST).body(Body::from("x")).unwrap();
    let cases = [
        (get("/v1/nowhere", HOST), "stub says not_found"),
        (delete, "stub says method_not_allowed"),
        (anonymous, "stub says unauthorized"),
        (world.submission("x".repeat(LIMIT + 1)), "stub says payload_too_large"),
        (get("/results/anything", HOST), "stub says not_found"),
    ];
    for (request, words) in cases {
        let answered = call(world.public(), request).await;
        assert_eq!(String::from_utf8(answered.body).unwrap(), words);
    }
}

#[tokio::test]
async fn a_body_of_just_the_limit_is_taken() {
    let world = World::new();
    let answered = call(world.public(), world.submission("x".repeat(LIMIT))).await;
    assert_eq!(answered.status, StatusCode::CREATED);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_not_waited_for() {
    let world = World::new();
    let endless = futures_util::stream::pending::<Result<&[u8], std::io::Error>>();
    let answered = call(world.public(), world.submission(Body::from_stream(endless))).await;
    assert_eq!(answered.status, StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test]
async fn a_panic_is_told_in_the_dialect_and_the_next_request_is_served() {
    let world = World::new();
    let answered = call(world.public(), world.submission(PANIC)).await;
    assert_eq!(String::from_utf8(answered.body).unwrap(), "stub says internal");
    assert_eq!(call(world.public(), world.submission("next")).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_request_is_accepted_even_if_its_sender_hangs_up() {
    let world = World::new();
    let gone = world.public().oneshot(world.submission("first")).now_or_never();
    assert!(gone.is_none(), "nobody has been answered yet");
    for _ in 0..1000 {
        let listed = world.operate("GET", "/api/requests", "").await.json();
        if !listed["requests"].as_array().unwrap().is_empty() {
            return;
        }
    }
    panic!("it was dropped half way");
}
