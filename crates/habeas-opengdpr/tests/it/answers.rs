//! What do our answers and callbacks look like in 1.0, byte for byte, and which rules hold for those of all versions?

use habeas_core::{
    dialect::Answer,
    problem::{Code, Field, Problem},
    right::Right,
    state::{Ground, Reached, State},
};
use habeas_wire::{base64, json::Object};
use insta::assert_snapshot;

use crate::{
    edition::{EDITIONS, alike},
    world::{Pen, Printed, World, at, dialect, standing},
};

fn fulfilled() -> State {
    let results = vec!["https://example-processor.com/results/1".parse().unwrap()];
    State::Fulfilled { results, expires_at: None }
}

#[test]
fn discovery_lists_what_this_version_can_say() {
    let world = World::new();
    assert_snapshot!(dialect().discover().unwrap().reply(&world.x()).printed(), @r#"
    200
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: example-processor.com
    x-opengdpr-signature: c2lnbmF0dXJlIG9mIDQwMyBieXRlcw==

    {"api_version":"1.0",
    "supported_identities":[{"identity_type":"email",
    "identity_format":"raw"},{"identity_type":"email",
    "identity_format":"sha256"},{"identity_type":"controller_customer_id",
    "identity_format":"raw"},{"identity_type":"roku_advertising_id",
    "identity_format":"raw"}],
    "supported_subject_request_types":["access",
    "erasure"],
    "processor_certificate":"https://example-processor.com/v1/cert.pem"}
    "#);
}

#[test]
fn the_certificate_is_served_as_it_is() {
    let world = World::new();
    let reply = alike(|dialect| dialect.certificate().unwrap().reply("-----BEGIN …", &world.x()).printed());
    assert_snapshot!(reply, @r"
    200
    cache-control: no-store
    content-type: application/x-pem-file
    x-opengdpr-processor-domain: example-processor.com

    -----BEGIN …
    ");
}

#[test]
fn a_submission_is_answered_with_a_receipt() {
    let world = World::new();
    let answer = dialect().submit().unwrap().reply(&standing(State::Received), b"{\r\n}", &world.x());
    assert_snapshot!(answer.printed(), @r#"
    201
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: example-processor.com
    x-opengdpr-signature: c2lnbmF0dXJlIG9mIDI3NiBieXRlcw==

    {"controller_id":"example_controller_id",
    "expected_completion_time":"2018-11-01T15:00:01Z",
    "received_time":"2018-10-02T15:00:01Z",
    "encoded_request":"ew0KfQ==",
    "subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798",
    "processor_signature":"c2lnbmF0dXJlIG9mIDIxOSBieXRlcw=="}
    "#);
}

#[test]
fn the_signature_in_the_body_can_be_turned_off() {
    let mut world = World::new();
    world.us.policy.signature_in_body = false;
    for edition in &EDITIONS {
        let answer = (edition.dialect)().submit().unwrap().reply(&standing(State::Received), b"{}", &world.x());
        assert!(!String::from_utf8(answer.body).unwrap().contains("processor_signature"));
    }
}

#[test]
fn the_signature_in_the_body_covers_the_body_without_it_and_the_header_covers_all() {
    let world = World::new();
    let now = at("2018-10-02T16:00:00Z");
    let answers = EDITIONS.iter().flat_map(|edition| {
        let dialect = (edition.dialect)();
        [
            dialect.submit().unwrap().reply(&standing(State::Received), b"{ }", &world.x()),
            dialect.cancel().unwrap().reply(&standing(State::Cancelled), now, Some(b"{}"), &world.x()),
        ]
    });
    for answer in answers {
        let body = Object::parse(&answer.body, 64).unwrap();
        let inner = body.string("processor_signature").unwrap().unwrap();
        let mut without = answer.body[..body.position("processor_signature").unwrap().start].to_vec();
        without.truncate(without.len() - r#","processor_signature":"#.len());
        without.push(b'}');
        assert_eq!(base64::decode(inner.as_bytes()).unwrap(), signature(&without));
        assert_eq!(header_signature(&answer), signature(&answer.body));
    }
}

fn signature(bytes: &[u8]) -> Vec<u8> {
    habeas_core::dialect::Signer::sign(&Pen, bytes)
}

fn header_signature(answer: &Answer) -> Vec<u8> {
    base64::decode(answer.headers["x-opengdpr-signature"].as_bytes()).unwrap()
}

#[test]
fn a_status_holds_what_section_8_3_lists() {
    let world = World::new();
    let answer = dialect().status().unwrap().reply(&standing(State::Received), Right::Access, &world.x());
    assert_snapshot!(answer.printed(), @r#"
    200
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: example-processor.com
    x-opengdpr-signature: c2lnbmF0dXJlIG9mIDE5OCBieXRlcw==

    {"controller_id":"example_controller_id",
    "expected_completion_time":"2018-11-01T15:00:01Z",
    "subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798",
    "request_status":"pending",
    "api_version":"1.0"}
    "#);
}

#[test]
fn results_are_shown_for_rights_that_have_any() {
    let world = World::new();
    let dialect = dialect();
    let body = |right| {
        let answer = dialect.status().unwrap().reply(&standing(fulfilled()), right, &world.x());
        String::from_utf8(answer.body).unwrap()
    };
    assert_snapshot!(body(Right::Access).replace(",\"", ",\n\""), @r#"
    {"controller_id":"example_controller_id",
    "expected_completion_time":"2018-11-01T15:00:01Z",
    "subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798",
    "request_status":"completed",
    "api_version":"1.0",
    "results_url":"https://example-processor.com/results/1"}
    "#);
    assert!(!body(Right::Erasure).contains("results_url"));
}

#[test]
fn every_state_is_told_by_its_last_honest_word() {
    let url: url::Url = "https://example-processor.com/prove".parse().unwrap();
    let waiting = |reached| State::AwaitingVerification { url: url.clone(), until: None, reached };
    let denied = |reached| State::Denied { ground: Ground::NoMatch, reached };
    let expired = |reached| State::Expired { reached };
    let world = World::new();
    // The words of 0.1.2 and 1.0, and that of 0.1.3 where it has one more.
    for (state, word, in_0_1_3) in [
        (State::Received, "pending", None),
        (State::Distributed, "in_progress", Some("distributed")),
        (State::InProgress, "in_progress", None),
        (waiting(Reached::Received), "in_progress", None),
        (fulfilled(), "completed", None),
        (State::Cancelled, "cancelled", None),
        (denied(Reached::Received), "pending", None),
        (denied(Reached::Distributed), "in_progress", Some("distributed")),
        (denied(Reached::InProgress), "in_progress", None),
        (denied(Reached::Fulfilled), "in_progress", None),
        (expired(Reached::Received), "pending", None),
        (expired(Reached::Distributed), "in_progress", Some("distributed")),
        (expired(Reached::InProgress), "in_progress", None),
        (expired(Reached::Fulfilled), "completed", None),
    ] {
        for edition in &EDITIONS {
            let dialect = (edition.dialect)();
            let word = in_0_1_3.filter(|_| edition.name == "0.1.3").unwrap_or(word);
            let answer = dialect.status().unwrap().reply(&standing(state.clone()), Right::Access, &world.x());
            let body = Object::parse(&answer.body, 64).unwrap();
            assert_eq!(body.string("request_status").unwrap().as_deref(), Some(word), "{} {state:?}", edition.name);
            assert_eq!(dialect.word(&state), word);
            let newest = edition.name == "1.0";
            let (fulfilled, denied) = (matches!(state, State::Fulfilled { .. }), matches!(state, State::Denied { .. }));
            assert_eq!(body.get("results_url").is_some(), newest && fulfilled, "{} {state:?}", edition.name);
            assert_eq!(body.get("extensions").is_some(), newest && denied, "{} {state:?}", edition.name);
        }
    }
}

#[test]
fn a_cancellation_is_answered_with_a_receipt_that_repeats_nothing() {
    let world = World::new();
    let asked_at = at("2018-10-02T16:00:00Z");
    let answer = dialect().cancel().unwrap().reply(&standing(State::Cancelled), asked_at, Some(b"{}"), &world.x());
    assert_snapshot!(answer.printed(), @r#"
    202
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: example-processor.com
    x-opengdpr-signature: c2lnbmF0dXJlIG9mIDIxNyBieXRlcw==

    {"controller_id":"example_controller_id",
    "received_time":"2018-10-02T16:00:00Z",
    "subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798",
    "api_version":"1.0",
    "processor_signature":"c2lnbmF0dXJlIG9mIDE2MCBieXRlcw=="}
    "#);
}

#[test]
fn a_callback_tells_a_denial_in_our_own_extension() {
    let world = World::new();
    let url = "https://examplecontroller.com/opengdpr_callbacks".parse().unwrap();
    let denied = State::Denied { ground: Ground::Exempt, reached: Reached::InProgress };
    let call = dialect().callback().unwrap().ask(&url, &standing(denied), Right::Erasure, &world.x()).unwrap();
    assert_snapshot!(call.printed(), @r#"
    POST https://examplecontroller.com/opengdpr_callbacks
    content-type: application/json
    x-opengdpr-processor-domain: example-processor.com
    x-opengdpr-signature: c2lnbmF0dXJlIG9mIDM0NSBieXRlcw==

    {"controller_id":"example_controller_id",
    "expected_completion_time":"2018-11-01T15:00:01Z",
    "status_callback_url":"https://examplecontroller.com/opengdpr_callbacks",
    "subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798",
    "request_status":"in_progress",
    "api_version":"1.0",
    "extensions":{"example-processor.com":{"denied":{"reason":"exempt"}}}}
    "#);
}

/// The details of a delay, of a request that could not be taken back everywhere, and beside a denial.
#[test]
fn details_stand_in_our_own_extension() {
    let world = World::new();
    let shown = |state, details: &str| {
        let mut standing = standing(state);
        standing.details = Some(details.to_owned());
        let answer = dialect().status().unwrap().reply(&standing, Right::Erasure, &world.x());
        let body = Object::parse(&answer.body, 64).unwrap();
        body.get("extensions").map(str::to_owned)
    };
    let denied = State::Denied { ground: Ground::Exempt, reached: Reached::Received };
    assert_snapshot!(shown(State::InProgress, "\"many\" requests").unwrap(), @r#"{"example-processor.com":{"details":"\"many\" requests"}}"#);
    assert_snapshot!(shown(denied, "a law").unwrap(), @r#"{"example-processor.com":{"denied":{"reason":"exempt"},"details":"a law"}}"#);
    assert_eq!(shown(State::InProgress, ""), None);
}

#[test]
fn a_callback_is_thanked_for_without_words() {
    let world = World::new();
    let answer = alike(|dialect| dialect.callback().unwrap().reply(&world.x()));
    assert_eq!((answer.status, answer.body.len()), (202, 0));
    assert_eq!(answer.headers["cache-control"], "no-store");
}

#[test]
fn a_problem_is_an_error_object_without_signature() {
    let world = World::new();
    let problem = Problem::at(Code::MissingField, Field::named("subject_request_id"));
    assert_snapshot!(alike(|dialect| dialect.refuse(&problem, &world.x()).printed()), @r#"
    400
    cache-control: no-store
    content-type: application/json
    x-opengdpr-processor-domain: example-processor.com

    {"error":{"code":400,
    "message":"subject_request_id: A required field is missing",
    "errors":[{"domain":"Validation",
    "reason":"missing_field",
    "message":"subject_request_id: A required field is missing"}]}}
    "#);
}

#[test]
fn every_problem_carries_its_status_and_what_goes_with_it() {
    let world = World::new();
    for code in Code::ALL {
        let answer = alike(|dialect| dialect.refuse(&Problem::new(code), &world.x()));
        let body = Object::parse(&answer.body, 64).unwrap();
        let error = body.object("error").unwrap().unwrap();
        assert_eq!(error.get("code"), Some(answer.status.to_string().as_str()), "{code:?}");
        assert_eq!(answer.headers.contains_key("www-authenticate"), code == Code::Unauthorized);
        assert_eq!(answer.headers.contains_key("retry-after"), code == Code::Unavailable);
        assert!(!answer.headers.contains_key("x-opengdpr-signature"));
    }
}
