//! How the answers look, to the byte; what differs between runs is left out.

use crate::world::{Ask, Call, ID, World, http::shown};

#[tokio::test]
async fn discovery() {
    let world = World::new().await;
    insta::assert_snapshot!(world.call(Call::get("/v1/discovery")).await.shown(), @r#"
    200
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: mail.localhost
    x-opengdpr-signature: …

    {"api_version":"1.0","supported_identities":[{"identity_type":"email","identity_format":"raw"},{"identity_type":"email","identity_format":"sha256"},{"identity_type":"controller_customer_id","identity_format":"raw"}],"supported_subject_request_types":["access","portability","erasure"],"processor_certificate":"http://mail.localhost:PORT/v1/cert.pem"}
    "#);
}

#[tokio::test]
async fn a_receipt() {
    let world = World::new().await;
    let body = r#"{"subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","subject_request_type":"erasure","submitted_time":"2026-01-01T11:00:00Z","subject_identities":[{"identity_type":"email","identity_value":"ann@example.org","identity_format":"raw"}]}"#;
    insta::assert_snapshot!(world.post(body).await.shown(), @r#"
    201
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: mail.localhost
    x-opengdpr-signature: …

    {"controller_id":"shop at mail","expected_completion_time":"2026-02-01T11:00:00Z","received_time":"2026-01-01T12:00:00Z","encoded_request":"eyJzdWJqZWN0X3JlcXVlc3RfaWQiOiJhNzU1MTk2OC1kNWQ2LTQ0YjItOTgzMS04MTVhYzkwMTc3OTgiLCJzdWJqZWN0X3JlcXVlc3RfdHlwZSI6ImVyYXN1cmUiLCJzdWJtaXR0ZWRfdGltZSI6IjIwMjYtMDEtMDFUMTE6MDA6MDBaIiwic3ViamVjdF9pZGVudGl0aWVzIjpbeyJpZGVudGl0eV90eXBlIjoiZW1haWwiLCJpZGVudGl0eV92YWx1ZSI6ImFubkBleGFtcGxlLm9yZyIsImlkZW50aXR5X2Zvcm1hdCI6InJhdyJ9XX0=","subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","processor_signature":"…"}
    "#);
}

#[tokio::test]
async fn a_status_with_results() {
    let world = World::new().await;
    let id = world.accepted(&Ask::of("access")).await;
    world.act(&id, "fulfill", r#"{"results_url": "https://mail.example/r/1"}"#).await.is(200);
    insta::assert_snapshot!(world.status(ID).await.shown(), @r#"
    200
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: mail.localhost
    x-opengdpr-signature: …

    {"controller_id":"shop at mail","expected_completion_time":"2026-02-01T11:00:00Z","subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","request_status":"completed","api_version":"1.0","results_url":"https://mail.example/r/1"}
    "#);
}

#[tokio::test]
async fn a_cancellation() {
    let world = World::new().await;
    world.accepted(&Ask::erasure()).await;
    insta::assert_snapshot!(world.cancel(ID).await.shown(), @r#"
    202
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: mail.localhost
    x-opengdpr-signature: …

    {"controller_id":"shop at mail","received_time":"2026-01-01T12:00:00Z","subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","api_version":"1.0","processor_signature":"…"}
    "#);
}

#[tokio::test]
async fn a_callback() {
    let world = World::new().await;
    world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    world.work().await;
    let heard = world.peer.heard("/a").remove(0);
    insta::assert_snapshot!(shown(&heard.method, &heard.headers, &heard.body), @r#"
    POST
    accept: */*
    content-type: application/json
    user-agent: …
    webhook-id: …
    webhook-timestamp: 1767268800
    x-opengdpr-processor-domain: mail.localhost
    x-opengdpr-signature: …

    {"controller_id":"shop at mail","expected_completion_time":"2026-02-01T11:00:00Z","status_callback_url":"http://a.localhost:PORT/a","subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","request_status":"pending","api_version":"1.0"}
    "#);
}

#[tokio::test]
async fn a_callback_that_tells_of_a_denial() {
    let world = World::new().await;
    let id = world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    world.act(&id, "deny", r#"{"ground": "exempt"}"#).await.is(200);
    world.work().await;
    let heard = world.peer.heard("/a").remove(1);
    insta::assert_snapshot!(shown(&heard.method, &heard.headers, &heard.body), @r#"
    POST
    accept: */*
    content-type: application/json
    user-agent: …
    webhook-id: …
    webhook-timestamp: 1767268800
    x-opengdpr-processor-domain: mail.localhost
    x-opengdpr-signature: …

    {"controller_id":"shop at mail","expected_completion_time":"2026-02-01T11:00:00Z","status_callback_url":"http://a.localhost:PORT/a","subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","request_status":"pending","api_version":"1.0","extensions":{"mail.localhost":{"denied":{"reason":"exempt"}}}}
    "#);
}

#[tokio::test]
async fn errors() {
    let world = World::new().await;
    let missing = world.post(Ask::erasure().without("submitted_time").text()).await;
    insta::assert_snapshot!(missing.shown(), @r#"
    400
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: mail.localhost

    {"error":{"code":400,"message":"submitted_time: A required field is missing","errors":[{"domain":"Validation","reason":"missing_field","message":"submitted_time: A required field is missing"}]}}
    "#);
    let nobody = world.call(Call::get(&format!("/v1/opengdpr_requests/{ID}"))).await;
    insta::assert_snapshot!(nobody.shown(), @r#"
    401
    cache-control: no-store
    content-type: application/json
    www-authenticate: Bearer
    x-opengdpr-processor-domain: mail.localhost

    {"error":{"code":401,"message":"A valid credential is required","errors":[{"domain":"Authentication","reason":"unauthorized","message":"A valid credential is required"}]}}
    "#);
    let put = world.call(Call::new("PUT", "/v1/opengdpr_requests")).await;
    insta::assert_snapshot!(put.shown(), @r#"
    405
    allow: POST
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: mail.localhost

    {"error":{"code":405,"message":"This method is not allowed here","errors":[{"domain":"Request","reason":"method_not_allowed","message":"This method is not allowed here"}]}}
    "#);
    let absent = world.status(ID).await;
    insta::assert_snapshot!(absent.shown(), @r#"
    404
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: mail.localhost

    {"error":{"code":404,"message":"There is no such resource","errors":[{"domain":"Request","reason":"not_found","message":"There is no such resource"}]}}
    "#);
}
