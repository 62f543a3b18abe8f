//! What is refused, with which status, naming the field and never a value (1.0 §7.5, §7.6; A11, A47).

use serde_json::{Value, json};

use crate::world::{Answered, Ask, Call, ID, World, ask};

const CANARY: &str = "canary-7c1f@example.org";

/// The refusal of a body in which nothing of the sender's may come back.
async fn refused(world: &World, body: impl Into<Vec<u8>>) -> Answered {
    let answered = world.post(body).await.is(400);
    assert!(!answered.text().to_lowercase().contains("canary"), "{}", answered.text());
    assert!(answered.headers.get("x-opengdpr-signature").is_none(), "errors are not signed");
    assert_eq!(answered.header("x-opengdpr-processor-domain"), "mail.localhost");
    answered
}

fn ask() -> Ask {
    Ask::erasure().identity("email", "raw", CANARY)
}

#[tokio::test]
async fn each_required_member_is_asked_for_by_name() {
    let world = World::new().await;
    for name in ["subject_request_id", "subject_request_type", "submitted_time", "subject_identities"] {
        for body in [ask().without(name), ask().with(name, Value::Null)] {
            let refused = refused(&world, body.text()).await;
            assert_eq!(refused.reason(), "missing_field", "{name}");
            assert!(refused.text().contains(name), "{}", refused.text());
        }
        let refused = refused(&world, ask().with(name, 7).text()).await;
        assert_eq!(refused.reason(), "invalid_field", "{name}");
        assert!(refused.text().contains(name), "{}", refused.text());
    }
    for member in ["identity_type", "identity_value", "identity_format"] {
        let mut one = ask();
        one.0["subject_identities"][0].as_object_mut().unwrap().remove(member);
        let refused = refused(&world, one.text()).await;
        assert!(refused.text().contains(&format!("subject_identities[0].{member}")), "{}", refused.text());
    }
    assert!(world.operate("GET", "/requests", "").await.json()["requests"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_not_supported_or_not_well_formed_is_named_and_not_repeated() {
    let world = World::new().await;
    let cases = [
        (ask().with("subject_request_type", "canary"), "invalid_field", "subject_request_type"),
        (ask().with("subject_identities", json!([])), "missing_field", "subject_identities"),
        (ask().with("subject_identities", json!({})), "invalid_field", "subject_identities"),
        (ask().with("subject_identities", json!(["canary"])), "invalid_field", "subject_identities[0]"),
        (ask().identity("canary", "raw", "x"), "unsupported_identity", "subject_identities[0].identity_type"),
        (ask().identity("email", "md5", CANARY), "unsupported_identity", "subject_identities[0].identity_format"),
        (ask().identity("email", "canary", "x"), "invalid_field", "subject_identities[0].identity_format"),
        (ask().identity("email", "raw", ""), "invalid_field", "subject_identities[0].identity_value"),
        (ask().with("api_version", "2.0"), "invalid_field", "api_version"),
        (ask().with("extensions", json!(["canary"])), "invalid_field", "extensions"),
        (ask().with("extensions", json!({"canary.example": 1})), "invalid_field", "extensions"),
        (
            ask().without("subject_identities").with("extensions", json!({"other.example": {"canary": 1}})),
            "missing_field",
            "subject_identities",
        ),
    ];
    for (body, reason, field) in cases {
        let refused = refused(&world, body.text()).await;
        assert_eq!(refused.reason(), reason, "{}", body.text());
        assert!(refused.text().contains(field), "{}", refused.text());
    }
}

#[tokio::test]
async fn only_lower_case_version_4_uuids_are_ids() {
    let world = World::new().await;
    let upper = ID.to_uppercase();
    for id in [upper.as_str(), "canary", "", "a7551968-d5d6-11b2-9831-815ac9017798", "a7551968d5d644b29831815ac9017798"]
    {
        let refused = refused(&world, ask().id(id).text()).await;
        assert_eq!(refused.reason(), "invalid_field", "{id}");
        assert!(refused.text().contains("subject_request_id"));
    }
}

#[tokio::test]
async fn lax_times_are_refused() {
    let world = World::new().await;
    for time in [
        "2026-01-01",
        "2026-01-01T11:00:00",
        "2026-01-01 11:00:00Z",
        "2026-01-01T11:00Z",
        "2026-01-01T11:00:00+0200",
        "2026-02-30T11:00:00Z",
        "2026-01-01T25:00:00Z",
        "20260101T110000Z",
        "1767265200",
        "canary",
        "",
    ] {
        let refused = refused(&world, ask().with("submitted_time", time).text()).await;
        assert!(refused.text().contains("submitted_time"), "{time}: {}", refused.text());
    }
}

#[tokio::test]
async fn json_is_read_strictly() {
    let world = World::new().await;
    let good = ask().text();
    let nested = |depth: usize| {
        let deep = format!("{}{}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        good.replacen('{', &format!("{{\"deep\":{deep},"), 1)
    };
    let twice_within = good.replacen(r#""identity_format""#, r#""identity_value":"canary","identity_format""#, 1);
    let mut not_utf_8 = good.clone().into_bytes();
    not_utf_8[20] = 0xff;
    let cases: [(Vec<u8>, &str); 11] = [
        (b"".to_vec(), "malformed_json"),
        (b"canary".to_vec(), "malformed_json"),
        (good.replace('}', ",}").into(), "malformed_json"),
        (format!("{good} {good}").into(), "malformed_json"),
        (not_utf_8, "malformed_json"),
        (format!("[{good}]").into(), "not_an_object"),
        (b"null".to_vec(), "not_an_object"),
        (b"\"canary\"".to_vec(), "not_an_object"),
        (good.replacen('{', r#"{"submitted_time":"canary","#, 1).into(), "duplicate_member"),
        (twice_within.into(), "duplicate_member"),
        (nested(65).into(), "too_deep"),
    ];
    for (body, reason) in cases {
        let shown = String::from_utf8_lossy(&body).into_owned();
        assert_eq!(refused(&world, body).await.reason(), reason, "{shown}");
    }
    world.post(nested(64)).await.is(201);
}

#[tokio::test]
async fn callback_urls_that_may_not_be_called_are_named_by_their_index() {
    let world = World::new().await;
    let good = "https://shop.example/callbacks";
    let long = format!("https://shop.example/{}", "x".repeat(2048));
    for bad in [
        "ftp://shop.example/canary",
        "file:///canary",
        "canary",
        "//shop.example/canary",
        "https://user:canary@shop.example/",
        "https://shop.example/#canary",
        "https://shop.example/can ary",
        "https:\\\\shop.example\\canary",
        "javascript:alert('canary')",
        "",
        &long,
    ] {
        let refused = refused(&world, ask().callbacks(&[good, bad]).text()).await;
        assert_eq!(refused.reason(), "callback_not_allowed", "{bad}");
        assert!(refused.text().contains("status_callback_urls[1]"), "{}", refused.text());
    }
    let urls: Vec<_> = (0..11).map(|n| format!("{good}/{n}")).collect();
    assert_eq!(refused(&world, ask().callbacks(&urls).text()).await.reason(), "too_many");
    world.post(ask().callbacks(&urls[..10]).text()).await.is(201);
    for wrong in [json!("https://shop.example/"), json!([1])] {
        assert_eq!(
            refused(&world, ask().id(&ask::id(1)).with("status_callback_urls", wrong).text()).await.reason(),
            "invalid_field"
        );
    }
}

#[tokio::test]
async fn more_than_a_thousand_identities_are_too_many() {
    let world = World::new().await;
    let identities = |count: usize| {
        let one = |n| json!({"identity_type": "email", "identity_value": format!("canary{n}@x.org"), "identity_format": "raw"});
        ask().with("subject_identities", (0..count).map(one).collect::<Vec<_>>()).text()
    };
    assert_eq!(refused(&world, identities(1001)).await.reason(), "too_many");
    world.post(identities(1000)).await.is(201);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_too_large_and_one_of_just_the_limit_is_not() {
    let world = World::new().await;
    let of = |bytes: usize| {
        let text = ask().text();
        text.clone() + &" ".repeat(bytes - text.len())
    };
    assert_eq!(world.post(of(1024 * 1024 + 1)).await.is(413).reason(), "payload_too_large");
    world.post(of(1024 * 1024)).await.is(201);
}

#[tokio::test]
async fn only_json_is_taken_with_any_parameters() {
    let world = World::new().await;
    let post = |n, kind: &str| {
        Call::post("/v1/opengdpr_requests", ask().id(&ask::id(n)).text())
            .by(world.keys.shop.token())
            .header("content-type", kind)
    };
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application", ""] {
        assert_eq!(world.call(post(0, kind)).await.is(415).reason(), "unsupported_media_type", "{kind}");
    }
    assert_eq!(world.call(post(0, "x").without("content-type")).await.is(415).reason(), "unsupported_media_type");
    for (n, kind) in (1..).zip(["application/json;charset=UTF-8", "Application/JSON ; a=b"]) {
        world.call(post(n, kind)).await.is(201);
    }
}

#[tokio::test]
async fn without_a_valid_credential_nothing_is_told_or_taken() {
    let world = World::new().await;
    world.accepted(&Ask::erasure()).await;
    let item = format!("/v1/opengdpr_requests/{ID}");
    let calls = [
        Call::post("/v1/opengdpr_requests", ask().id(&ask::id(1)).text()),
        Call::post("/v1/opengdpr_requests", "not even JSON"),
        Call::get(&item),
        Call::delete(&item),
        Call::get(&format!("/v1/status/{ID}")),
    ];
    let token = world.keys.shop.token();
    let flipped = format!("{}0", &token[..token.len() - 1]);
    for call in calls {
        for value in [None, Some(""), Some("Bearer"), Some("Bearer canary"), Some(token), Some("Basic canary")] {
            let call = value.iter().fold(call.clone(), |call, value| call.header("authorization", value));
            let refused = world.call(call).await.is(401);
            assert_eq!(refused.reason(), "unauthorized", "{value:?}");
            assert_eq!(refused.header("www-authenticate"), "Bearer");
        }
        if flipped != token {
            world.call(call.by(&flipped)).await.is(401);
        }
    }
    assert_eq!(world.status(ID).await.json()["request_status"], "pending");
}

#[tokio::test]
async fn a_callback_url_that_names_no_host_is_refused_by_its_place() {
    let world = World::new().await;
    for wrong in ["http:///nohost", "http://", "http:nohost", "https:/nohost", "http:\\\\nohost", "http://?nohost"] {
        let refused = refused(&world, ask().callbacks(&[&world.peer.url("a", "/a"), wrong]).text()).await;
        assert_eq!(refused.reason(), "callback_not_allowed", "{wrong}");
        assert!(refused.text().contains("status_callback_urls[1]"), "{wrong}: {}", refused.text());
    }
}
