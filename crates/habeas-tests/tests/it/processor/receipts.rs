//! What a controller gets for its request, and what it may count on (1.0 §7).

use habeas_wire::{base64, time::parse_strict};
use serde_json::json;

use crate::world::{Ask, Call, ID, Setup, World, ask};

#[tokio::test]
async fn a_receipt_has_every_required_member_and_both_signatures() {
    for rsa in [false, true] {
        let world = World::with(Setup { rsa, ..Setup::default() }).await;
        for (n, right) in (0..).zip(["access", "portability", "erasure"]) {
            let body = Ask::of(right).id(&ask::id(n)).text();
            let receipt = world.post(body.as_str()).await.is(201);
            let json = receipt.json();
            assert_eq!(json["controller_id"], "shop at mail");
            assert_eq!(json["subject_request_id"], ask::id(n));
            assert_eq!(parse_strict(json["received_time"].as_str().unwrap()), Ok(world.now().ms()));
            assert!(parse_strict(json["expected_completion_time"].as_str().unwrap()).unwrap() > world.now().ms());
            assert_eq!(base64::decode(json["encoded_request"].as_str().unwrap().as_bytes()).unwrap(), body.as_bytes());
            assert_eq!(receipt.header("content-type"), "application/json");
            assert_eq!(receipt.header("cache-control"), "no-store");
            world.assert_signed(&receipt.headers, &receipt.body).await;
            world.assert_signed_within(&receipt.body).await;
        }
    }
}

#[tokio::test]
async fn the_request_comes_back_byte_for_byte() {
    let world = World::new().await;
    let plain = Ask::erasure().text();
    let member = |text: &str| plain.replacen('{', &format!("{{{text},"), 1).replace(ID, &ask::id(9));
    let odd = [
        plain.replace(ID, &ask::id(1)).replace(',', " ,\r\n\t "),
        format!("\r\n\t {} \n\n", plain.replace(ID, &ask::id(2))),
        member("\"note\":\"grüße, 東京 \\u00e9 \\/ \\ud83d\\ude00 😀\"").replace(&ask::id(9), &ask::id(3)),
        member("\"n\":[1.0,1.00,1e2,-0]").replace(&ask::id(9), &ask::id(4)),
        plain.replace(ID, &ask::id(5)).replace("email\"", "e\\u006dail\""),
    ];
    for body in odd {
        let receipt = world.post(body.as_str()).await.is(201).json();
        let encoded = receipt["encoded_request"].as_str().unwrap();
        assert_eq!(base64::decode(encoded.as_bytes()).unwrap(), body.as_bytes(), "{body}");
    }
}

#[tokio::test]
async fn optional_members_may_be_absent_null_or_unknown() {
    let world = World::new().await;
    let null = serde_json::Value::Null;
    let asks = [
        Ask::erasure().with("api_version", "1.0"),
        Ask::erasure().with("api_version", null.clone()).with("status_callback_urls", null.clone()),
        Ask::erasure().with("extensions", null),
        Ask::erasure().with("status_callback_urls", json!([])),
        Ask::erasure().with("extensions", json!({"somebody.example": {"skip": true}})),
        Ask::erasure().with("never_heard_of", json!({"a": [1, 2]})).with("regulation", "gdpr"),
        Ask::erasure().identity("email", "sha256", &"0".repeat(64)),
        Ask::erasure().identity("controller_customer_id", "raw", "4711"),
        Ask::erasure().without("subject_identities").with("extensions", json!({"mail.localhost": {"ids": ["x"]}})),
    ];
    for (n, ask) in (0..).zip(asks) {
        world.post(ask.id(&ask::id(n)).text()).await.is(201);
    }
}

#[tokio::test]
async fn times_may_be_written_in_every_way_of_rfc_3339() {
    let world = World::new().await;
    let times = [
        "2026-01-01T11:00:00Z",
        "2026-01-01t11:00:00z",
        "2026-01-01T13:00:00+02:00",
        "2026-01-01T11:00:00.123456789Z",
        "2025-12-31T23:59:60Z",
    ];
    for (n, time) in (0..).zip(times) {
        world.post(Ask::erasure().id(&ask::id(n)).with("submitted_time", time).text()).await.is(201);
    }
}

#[tokio::test]
async fn the_legal_month_runs_from_submission_but_never_long_before_receipt() {
    let world = World::new().await;
    let cases = [
        ("2025-12-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ("2020-01-01T00:00:00Z", "2026-01-02T12:00:00Z"),
        ("2030-01-01T00:00:00Z", "2026-02-01T12:00:00Z"),
    ];
    for (n, (submitted, expected)) in (0..).zip(cases) {
        let receipt = world.post(Ask::erasure().id(&ask::id(n)).with("submitted_time", submitted).text()).await.is(201);
        assert_eq!(receipt.json()["expected_completion_time"], expected, "{submitted}");
    }
}

#[tokio::test]
async fn a_credential_may_come_as_bearer_or_basic() {
    let world = World::new().await;
    let token = world.keys.shop.token();
    let basic = format!("Basic {}", base64::encode(format!("anybody:{token}").as_bytes()));
    for (n, value) in (0..).zip([format!("bearer  {token}"), basic]) {
        let body = Ask::erasure().id(&ask::id(n)).text();
        world.call(Call::post("/v1/opengdpr_requests", body).header("authorization", &value)).await.is(201);
    }
}
