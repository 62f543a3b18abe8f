//! What do our answers and callbacks look like in 0.1.2 and 0.1.3, byte for byte?

use habeas_core::{
    dialect::Notice,
    right::Right,
    state::{Ground, Reached, State},
};
use habeas_wire::{base64, json::Object};
use insta::assert_snapshot;
use proptest::prelude::*;

use crate::{
    edition::both_0_1,
    world::{Printed, World, at, dialect, standing},
};

#[test]
fn discovery_says_0_1_and_the_old_name_of_roku() {
    let world = World::new();
    assert_snapshot!(both_0_1(|dialect| dialect.discover().unwrap().reply(&world.x()).printed()), @r#"
    200
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: example-processor.com
    x-opengdpr-signature: c2lnbmF0dXJlIG9mIDM5MiBieXRlcw==

    {"api_version":"0.1",
    "supported_identities":[{"identity_type":"email",
    "identity_format":"raw"},{"identity_type":"email",
    "identity_format":"sha256"},{"identity_type":"controller_customer_id",
    "identity_format":"raw"},{"identity_type":"roku_aid",
    "identity_format":"raw"}],
    "supported_subject_request_types":["access",
    "erasure"],
    "processor_certificate":"https://example-processor.com/v1/cert.pem"}
    "#);
}

#[test]
fn a_receipt_does_not_name_the_controller() {
    let world = World::new();
    let reply = both_0_1(|dialect| {
        dialect.submit().unwrap().reply(&standing(State::Received), b"{\r\n}", &world.x()).printed()
    });
    assert_snapshot!(reply, @r#"
    201
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: example-processor.com
    x-opengdpr-signature: c2lnbmF0dXJlIG9mIDIzNiBieXRlcw==

    {"expected_completion_time":"2018-11-01T15:00:01Z",
    "received_time":"2018-10-02T15:00:01Z",
    "encoded_request":"ew0KfQ==",
    "subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798",
    "processor_signature":"c2lnbmF0dXJlIG9mIDE3OSBieXRlcw=="}
    "#);
}

#[test]
fn a_status_names_the_controller_and_no_version() {
    let world = World::new();
    let results = vec!["https://example-processor.com/results/1".parse().unwrap()];
    let fulfilled = State::Fulfilled { results, expires_at: None };
    let reply = both_0_1(|dialect| {
        dialect.status().unwrap().reply(&standing(fulfilled.clone()), Right::Access, &world.x()).printed()
    });
    assert_snapshot!(reply, @r#"
    200
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: example-processor.com
    x-opengdpr-signature: c2lnbmF0dXJlIG9mIDE4MCBieXRlcw==

    {"controller_id":"example_controller_id",
    "expected_completion_time":"2018-11-01T15:00:01Z",
    "subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798",
    "request_status":"completed"}
    "#);
}

#[test]
fn a_cancellation_is_answered_with_the_original_bytes() {
    let world = World::new();
    let original = b"{ \"subject_request_id\"\t:\r\n  \"\\u0061\",\n\"x\": 1.50 }\n";
    let asked_at = at("2018-10-02T16:00:00Z");
    let reply = |original| {
        both_0_1(|dialect| {
            dialect.cancel().unwrap().reply(&standing(State::Cancelled), asked_at, original, &world.x()).body
        })
    };
    let body = String::from_utf8(reply(Some(original))).unwrap();
    assert_snapshot!(body.replace(",\"", ",\n\""), @r#"
    {"received_time":"2018-10-02T16:00:00Z",
    "subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798",
    "encoded_request":"eyAic3ViamVjdF9yZXF1ZXN0X2lkIgk6DQogICJcdTAwNjEiLAoieCI6IDEuNTAgfQo=",
    "processor_signature":"c2lnbmF0dXJlIG9mIDE4OSBieXRlcw=="}
    "#);
    let encoded = Object::parse(body.as_bytes(), 64).unwrap().string("encoded_request").unwrap().unwrap();
    assert_eq!(base64::decode(encoded.as_bytes()).unwrap(), original);
    let shredded = reply(None);
    assert!(Object::parse(&shredded, 64).unwrap().get("encoded_request").is_none(), "nothing is left to repeat");
}

#[test]
fn an_agent_says_distributed_in_0_1_3_and_in_progress_in_0_1_2() {
    let world = World::new();
    let url = "https://example-controller.com/opengdpr_callbacks".parse().unwrap();
    let call = |dialect: &dyn habeas_core::dialect::Dialect| {
        let distributed = standing(State::Distributed);
        dialect.callback().unwrap().ask(&url, &distributed, Right::Erasure, &world.x()).unwrap().printed()
    };
    assert_snapshot!(call(&*habeas_opengdpr::v0_1_3()), @r#"
    POST https://example-controller.com/opengdpr_callbacks
    content-type: application/json
    x-opengdpr-processor-domain: example-processor.com
    x-opengdpr-signature: c2lnbmF0dXJlIG9mIDI1NiBieXRlcw==

    {"controller_id":"example_controller_id",
    "expected_completion_time":"2018-11-01T15:00:01Z",
    "status_callback_url":"https://example-controller.com/opengdpr_callbacks",
    "subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798",
    "request_status":"distributed"}
    "#);
    assert_snapshot!(call(&*habeas_opengdpr::v0_1_2()), @r#"
    POST https://example-controller.com/opengdpr_callbacks
    content-type: application/json
    x-opengdpr-processor-domain: example-processor.com
    x-opengdpr-signature: c2lnbmF0dXJlIG9mIDI1NiBieXRlcw==

    {"controller_id":"example_controller_id",
    "expected_completion_time":"2018-11-01T15:00:01Z",
    "status_callback_url":"https://example-controller.com/opengdpr_callbacks",
    "subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798",
    "request_status":"in_progress"}
    "#);
}

#[test]
fn a_denial_is_told_by_its_last_honest_word_alone() {
    let world = World::new();
    for (reached, word) in
        [(Reached::Received, "pending"), (Reached::InProgress, "in_progress"), (Reached::Fulfilled, "in_progress")]
    {
        let mut denied = standing(State::Denied { ground: Ground::Exempt, reached });
        denied.details = Some("an authority asked us to keep it".to_owned());
        let body = both_0_1(|dialect| dialect.status().unwrap().reply(&denied, Right::Erasure, &world.x()).body);
        let body = Object::parse(&body, 64).unwrap();
        assert_eq!(body.string("request_status").unwrap().as_deref(), Some(word));
        assert!(body.get("extensions").is_none());
    }
}

#[test]
fn what_0_1_does_not_show_is_no_news() {
    let working = standing(State::InProgress);
    let mut explained = working.clone();
    explained.details = Some("many requests".to_owned());
    let denied = standing(State::Denied { ground: Ground::Exempt, reached: Reached::InProgress });
    for after in [&explained, &denied] {
        assert_eq!(both_0_1(|dialect| dialect.notice(Some(&working), after)), Notice::Silent);
        assert_eq!(dialect().notice(Some(&working), after), Notice::Every);
    }
    let (received, distributed) = (standing(State::Received), standing(State::Distributed));
    assert_eq!(both_0_1(|dialect| dialect.notice(Some(&received), &distributed)), Notice::Every);
    let began = |dialect: &dyn habeas_core::dialect::Dialect| dialect.notice(Some(&distributed), &working);
    assert_eq!(began(&*habeas_opengdpr::v0_1_2()), Notice::Silent, "it said in_progress already");
    assert_eq!(began(&*habeas_opengdpr::v0_1_3()), Notice::Every);
}

proptest! {
    #[test]
    fn the_original_comes_back_bit_for_bit(original: Vec<u8>) {
        let world = World::new();
        let reply = both_0_1(|dialect| {
            let cancelled = standing(State::Cancelled);
            dialect.cancel().unwrap().reply(&cancelled, world.x().now, Some(&original), &world.x()).body
        });
        let encoded = Object::parse(&reply, 64).unwrap().string("encoded_request").unwrap().unwrap();
        prop_assert_eq!(base64::decode(encoded.as_bytes()).unwrap(), original);
    }
}
