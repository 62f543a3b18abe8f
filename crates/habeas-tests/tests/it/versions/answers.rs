//! How the answers of each version look, to the byte; what differs between runs is left out.

use super::{ADS, AGENT};
use crate::world::{Ask, Call, ID, World, ask, http::shown};

const REQUEST: &str = r#"{"subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","subject_request_type":"erasure","submitted_time":"2026-01-01T11:00:00Z","subject_identities":[{"identity_type":"email","identity_value":"ann@example.org","identity_format":"raw"}]}"#;

/// Everything that one version says, one after the other.
async fn said(host: &str, mount: &str) -> String {
    let world = World::new().await;
    let call = async |call: Call| world.calls(host, call).await.shown();
    let item = format!("{mount}/opengdpr_requests/{ID}");
    let post = |body: &str| Call::post(&format!("{mount}/opengdpr_requests"), body);
    let mut said = vec![
        ("discovery", call(Call::get(&format!("{mount}/discovery"))).await),
        ("an error", call(post(&Ask::erasure().without("submitted_time").text())).await),
        ("a receipt", call(post(REQUEST)).await),
        ("a status", call(Call::get(&item)).await),
        ("a cancellation", call(Call::delete(&item)).await),
    ];
    let up = world.peer.url("up", "/up");
    let other = ask::id(7);
    world.posts(host, mount, Ask::of("access").id(&other).callbacks(&[up]).text()).await.is(201);
    world.work().await;
    let heard = world.peer.heard("/up").into_iter();
    let heard: Vec<_> = heard.filter(|heard| heard.header("x-opengdpr-processor-domain") == host).collect();
    let last = heard.last().unwrap();
    said.push(("a callback", shown(&last.method, &last.headers, &last.body)));
    said.iter().map(|(what, text)| format!("--- {what}\n{text}\n")).collect()
}

#[tokio::test]
async fn what_is_said_in_0_1_2() {
    insta::assert_snapshot!(said(AGENT, "/v0.1.2").await, @r#"
    --- discovery
    200
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: agent.localhost
    x-opengdpr-signature: …

    {"api_version":"0.1","supported_identities":[{"identity_type":"email","identity_format":"raw"},{"identity_type":"email","identity_format":"sha256"},{"identity_type":"controller_customer_id","identity_format":"raw"}],"supported_subject_request_types":["access","portability","erasure"],"processor_certificate":"http://agent.localhost:PORT/v0.1.2/cert.pem"}
    --- an error
    400
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: agent.localhost

    {"error":{"code":400,"message":"submitted_time: A required field is missing","errors":[{"domain":"Validation","reason":"missing_field","message":"submitted_time: A required field is missing"}]}}
    --- a receipt
    201
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: agent.localhost
    x-opengdpr-signature: …

    {"expected_completion_time":"2026-02-01T11:00:00Z","received_time":"2026-01-01T12:00:00Z","encoded_request":"eyJzdWJqZWN0X3JlcXVlc3RfaWQiOiJhNzU1MTk2OC1kNWQ2LTQ0YjItOTgzMS04MTVhYzkwMTc3OTgiLCJzdWJqZWN0X3JlcXVlc3RfdHlwZSI6ImVyYXN1cmUiLCJzdWJtaXR0ZWRfdGltZSI6IjIwMjYtMDEtMDFUMTE6MDA6MDBaIiwic3ViamVjdF9pZGVudGl0aWVzIjpbeyJpZGVudGl0eV90eXBlIjoiZW1haWwiLCJpZGVudGl0eV92YWx1ZSI6ImFubkBleGFtcGxlLm9yZyIsImlkZW50aXR5X2Zvcm1hdCI6InJhdyJ9XX0=","subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","processor_signature":"…"}
    --- a status
    200
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: agent.localhost
    x-opengdpr-signature: …

    {"controller_id":"shop at agent","expected_completion_time":"2026-02-01T11:00:00Z","subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","request_status":"pending"}
    --- a cancellation
    202
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: agent.localhost
    x-opengdpr-signature: …

    {"received_time":"2026-01-01T12:00:00Z","subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","encoded_request":"eyJzdWJqZWN0X3JlcXVlc3RfaWQiOiJhNzU1MTk2OC1kNWQ2LTQ0YjItOTgzMS04MTVhYzkwMTc3OTgiLCJzdWJqZWN0X3JlcXVlc3RfdHlwZSI6ImVyYXN1cmUiLCJzdWJtaXR0ZWRfdGltZSI6IjIwMjYtMDEtMDFUMTE6MDA6MDBaIiwic3ViamVjdF9pZGVudGl0aWVzIjpbeyJpZGVudGl0eV90eXBlIjoiZW1haWwiLCJpZGVudGl0eV92YWx1ZSI6ImFubkBleGFtcGxlLm9yZyIsImlkZW50aXR5X2Zvcm1hdCI6InJhdyJ9XX0=","processor_signature":"…"}
    --- a callback
    POST
    accept: */*
    content-type: application/json
    user-agent: …
    webhook-id: …
    webhook-timestamp: 1767268800
    x-opengdpr-processor-domain: agent.localhost
    x-opengdpr-signature: …

    {"controller_id":"shop at agent","expected_completion_time":"2026-02-01T11:00:00Z","status_callback_url":"http://up.localhost:PORT/up","subject_request_id":"00000007-d5d6-44b2-9831-815ac9017798","request_status":"in_progress"}
    "#);
}

#[tokio::test]
async fn what_is_said_in_0_1_3() {
    insta::assert_snapshot!(said(ADS, "/v0.1.3").await, @r#"
    --- discovery
    200
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: ads.localhost
    x-opengdpr-signature: …

    {"api_version":"0.1","supported_identities":[{"identity_type":"email","identity_format":"raw"},{"identity_type":"email","identity_format":"sha256"},{"identity_type":"controller_customer_id","identity_format":"raw"}],"supported_subject_request_types":["access","portability","erasure"],"processor_certificate":"http://ads.localhost:PORT/v0.1.3/cert.pem"}
    --- an error
    400
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: ads.localhost

    {"error":{"code":400,"message":"submitted_time: A required field is missing","errors":[{"domain":"Validation","reason":"missing_field","message":"submitted_time: A required field is missing"}]}}
    --- a receipt
    201
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: ads.localhost
    x-opengdpr-signature: …

    {"expected_completion_time":"2026-02-01T11:00:00Z","received_time":"2026-01-01T12:00:00Z","encoded_request":"eyJzdWJqZWN0X3JlcXVlc3RfaWQiOiJhNzU1MTk2OC1kNWQ2LTQ0YjItOTgzMS04MTVhYzkwMTc3OTgiLCJzdWJqZWN0X3JlcXVlc3RfdHlwZSI6ImVyYXN1cmUiLCJzdWJtaXR0ZWRfdGltZSI6IjIwMjYtMDEtMDFUMTE6MDA6MDBaIiwic3ViamVjdF9pZGVudGl0aWVzIjpbeyJpZGVudGl0eV90eXBlIjoiZW1haWwiLCJpZGVudGl0eV92YWx1ZSI6ImFubkBleGFtcGxlLm9yZyIsImlkZW50aXR5X2Zvcm1hdCI6InJhdyJ9XX0=","subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","processor_signature":"…"}
    --- a status
    200
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: ads.localhost
    x-opengdpr-signature: …

    {"controller_id":"shop at ads","expected_completion_time":"2026-02-01T11:00:00Z","subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","request_status":"pending"}
    --- a cancellation
    202
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: ads.localhost
    x-opengdpr-signature: …

    {"received_time":"2026-01-01T12:00:00Z","subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","encoded_request":"eyJzdWJqZWN0X3JlcXVlc3RfaWQiOiJhNzU1MTk2OC1kNWQ2LTQ0YjItOTgzMS04MTVhYzkwMTc3OTgiLCJzdWJqZWN0X3JlcXVlc3RfdHlwZSI6ImVyYXN1cmUiLCJzdWJtaXR0ZWRfdGltZSI6IjIwMjYtMDEtMDFUMTE6MDA6MDBaIiwic3ViamVjdF9pZGVudGl0aWVzIjpbeyJpZGVudGl0eV90eXBlIjoiZW1haWwiLCJpZGVudGl0eV92YWx1ZSI6ImFubkBleGFtcGxlLm9yZyIsImlkZW50aXR5X2Zvcm1hdCI6InJhdyJ9XX0=","processor_signature":"…"}
    --- a callback
    POST
    accept: */*
    content-type: application/json
    user-agent: …
    webhook-id: …
    webhook-timestamp: 1767268800
    x-opengdpr-processor-domain: ads.localhost
    x-opengdpr-signature: …

    {"controller_id":"shop at ads","expected_completion_time":"2026-02-01T11:00:00Z","status_callback_url":"http://up.localhost:PORT/up","subject_request_id":"00000007-d5d6-44b2-9831-815ac9017798","request_status":"pending"}
    "#);
}

#[tokio::test]
async fn what_is_said_in_0_1_3_by_an_agent() {
    insta::assert_snapshot!(said(AGENT, "/v0.1.3").await, @r#"
    --- discovery
    200
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: agent.localhost
    x-opengdpr-signature: …

    {"api_version":"0.1","supported_identities":[{"identity_type":"email","identity_format":"raw"},{"identity_type":"email","identity_format":"sha256"},{"identity_type":"controller_customer_id","identity_format":"raw"}],"supported_subject_request_types":["access","portability","erasure"],"processor_certificate":"http://agent.localhost:PORT/v0.1.3/cert.pem"}
    --- an error
    400
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: agent.localhost

    {"error":{"code":400,"message":"submitted_time: A required field is missing","errors":[{"domain":"Validation","reason":"missing_field","message":"submitted_time: A required field is missing"}]}}
    --- a receipt
    201
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: agent.localhost
    x-opengdpr-signature: …

    {"expected_completion_time":"2026-02-01T11:00:00Z","received_time":"2026-01-01T12:00:00Z","encoded_request":"eyJzdWJqZWN0X3JlcXVlc3RfaWQiOiJhNzU1MTk2OC1kNWQ2LTQ0YjItOTgzMS04MTVhYzkwMTc3OTgiLCJzdWJqZWN0X3JlcXVlc3RfdHlwZSI6ImVyYXN1cmUiLCJzdWJtaXR0ZWRfdGltZSI6IjIwMjYtMDEtMDFUMTE6MDA6MDBaIiwic3ViamVjdF9pZGVudGl0aWVzIjpbeyJpZGVudGl0eV90eXBlIjoiZW1haWwiLCJpZGVudGl0eV92YWx1ZSI6ImFubkBleGFtcGxlLm9yZyIsImlkZW50aXR5X2Zvcm1hdCI6InJhdyJ9XX0=","subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","processor_signature":"…"}
    --- a status
    200
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: agent.localhost
    x-opengdpr-signature: …

    {"controller_id":"shop at agent","expected_completion_time":"2026-02-01T11:00:00Z","subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","request_status":"pending"}
    --- a cancellation
    202
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: agent.localhost
    x-opengdpr-signature: …

    {"received_time":"2026-01-01T12:00:00Z","subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","encoded_request":"eyJzdWJqZWN0X3JlcXVlc3RfaWQiOiJhNzU1MTk2OC1kNWQ2LTQ0YjItOTgzMS04MTVhYzkwMTc3OTgiLCJzdWJqZWN0X3JlcXVlc3RfdHlwZSI6ImVyYXN1cmUiLCJzdWJtaXR0ZWRfdGltZSI6IjIwMjYtMDEtMDFUMTE6MDA6MDBaIiwic3ViamVjdF9pZGVudGl0aWVzIjpbeyJpZGVudGl0eV90eXBlIjoiZW1haWwiLCJpZGVudGl0eV92YWx1ZSI6ImFubkBleGFtcGxlLm9yZyIsImlkZW50aXR5X2Zvcm1hdCI6InJhdyJ9XX0=","processor_signature":"…"}
    --- a callback
    POST
    accept: */*
    content-type: application/json
    user-agent: …
    webhook-id: …
    webhook-timestamp: 1767268800
    x-opengdpr-processor-domain: agent.localhost
    x-opengdpr-signature: …

    {"controller_id":"shop at agent","expected_completion_time":"2026-02-01T11:00:00Z","status_callback_url":"http://up.localhost:PORT/up","subject_request_id":"00000007-d5d6-44b2-9831-815ac9017798","request_status":"distributed"}
    "#);
}

#[tokio::test]
async fn what_is_said_in_1_0() {
    insta::assert_snapshot!(said(ADS, "/v1").await, @r#"
    --- discovery
    200
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: ads.localhost
    x-opengdpr-signature: …

    {"api_version":"1.0","supported_identities":[{"identity_type":"email","identity_format":"raw"},{"identity_type":"email","identity_format":"sha256"},{"identity_type":"controller_customer_id","identity_format":"raw"}],"supported_subject_request_types":["access","portability","erasure"],"processor_certificate":"http://ads.localhost:PORT/v1/cert.pem"}
    --- an error
    400
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: ads.localhost

    {"error":{"code":400,"message":"submitted_time: A required field is missing","errors":[{"domain":"Validation","reason":"missing_field","message":"submitted_time: A required field is missing"}]}}
    --- a receipt
    201
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: ads.localhost
    x-opengdpr-signature: …

    {"controller_id":"shop at ads","expected_completion_time":"2026-02-01T11:00:00Z","received_time":"2026-01-01T12:00:00Z","encoded_request":"eyJzdWJqZWN0X3JlcXVlc3RfaWQiOiJhNzU1MTk2OC1kNWQ2LTQ0YjItOTgzMS04MTVhYzkwMTc3OTgiLCJzdWJqZWN0X3JlcXVlc3RfdHlwZSI6ImVyYXN1cmUiLCJzdWJtaXR0ZWRfdGltZSI6IjIwMjYtMDEtMDFUMTE6MDA6MDBaIiwic3ViamVjdF9pZGVudGl0aWVzIjpbeyJpZGVudGl0eV90eXBlIjoiZW1haWwiLCJpZGVudGl0eV92YWx1ZSI6ImFubkBleGFtcGxlLm9yZyIsImlkZW50aXR5X2Zvcm1hdCI6InJhdyJ9XX0=","subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","processor_signature":"…"}
    --- a status
    200
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: ads.localhost
    x-opengdpr-signature: …

    {"controller_id":"shop at ads","expected_completion_time":"2026-02-01T11:00:00Z","subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","request_status":"pending","api_version":"1.0"}
    --- a cancellation
    202
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: ads.localhost
    x-opengdpr-signature: …

    {"controller_id":"shop at ads","received_time":"2026-01-01T12:00:00Z","subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","api_version":"1.0","processor_signature":"…"}
    --- a callback
    POST
    accept: */*
    content-type: application/json
    user-agent: …
    webhook-id: …
    webhook-timestamp: 1767268800
    x-opengdpr-processor-domain: ads.localhost
    x-opengdpr-signature: …

    {"controller_id":"shop at ads","expected_completion_time":"2026-02-01T11:00:00Z","status_callback_url":"http://up.localhost:PORT/up","subject_request_id":"00000007-d5d6-44b2-9831-815ac9017798","request_status":"pending","api_version":"1.0"}
    "#);
}
