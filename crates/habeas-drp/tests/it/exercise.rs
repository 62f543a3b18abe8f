//! What is read from a request that is right? (§2.02)

use habeas_core::{
    problem::Code,
    regime::Regime,
    right::Right,
    submission::{Dedupe, Law},
};
use http::Method;
use serde_json::{Value, json};

use crate::world::{World, believed, claims, dialect, exercise, head, headers, token, with};

#[test]
fn the_request_of_the_example_is_read() {
    let read = World::new().read(&exercise()).unwrap();
    assert_eq!((read.wire_id, read.submitted, read.dedupe), (None, None, Some(Dedupe::Bytes)));
    assert_eq!(read.rights, [Right::OptOutOfSale]);
    assert_eq!(read.law, Law::Said(Regime::Ccpa));
    assert_eq!(read.token.unwrap().expose(), token(&claims()));
    assert_eq!(read.subject.relationships, ["customer", "marketing"]);
    assert_eq!(read.callbacks[0].as_str(), "https://dsr-agent.example.com/update_status");
    let values: Vec<_> = read.subject.identities.iter().map(|identity| identity.value.expose()).collect();
    assert_eq!(values, ["ann@example.org", "+12025550123"]);
    assert!(read.subject.carried.is_empty());
}

#[test]
fn what_may_be_left_out_may_be_null() {
    for absent in [true, false] {
        let mut body = exercise();
        for name in ["regime", "relationships", "status_callback"] {
            body[name] = Value::Null;
            if absent {
                body.as_object_mut().unwrap().remove(name);
            }
        }
        let read = World::new().read(&body).unwrap();
        assert_eq!(read.law, Law::Said(Regime::Voluntary));
        assert!(read.subject.relationships.is_empty() && read.callbacks.is_empty());
    }
}

#[test]
fn rights_are_read_in_either_spelling_and_reads_come_first() {
    for (words, rights) in [
        (json!(["sale:opt-out"]), &[Right::OptOutOfSale][..]),
        (json!(["sale:opt_out"]), &[Right::OptOutOfSale]),
        (json!([" sale:opt_in "]), &[Right::OptInToSale]),
        (json!(["deletion", "sale:opt-out", "access"]), &[Right::Access, Right::Erasure, Right::OptOutOfSale]),
    ] {
        assert_eq!(World::new().read(&with("exercise", words)).unwrap().rights, rights);
    }
}

#[test]
fn every_right_that_is_served_can_be_exercised() {
    let mut world = World::new();
    world.us.capabilities.rights = Right::ALL.to_vec();
    for (word, right) in [
        ("access:categories", Right::AccessCategories),
        ("access:specific", Right::AccessSpecific),
        ("access", Right::Access),
        ("deletion", Right::Erasure),
    ] {
        assert_eq!(world.read(&with("exercise", json!([word]))).unwrap().rights, [right]);
    }
}

#[test]
fn a_regime_that_is_unknown_is_a_law_all_the_same() {
    for (regime, law) in [
        (json!("ccpa"), Law::Said(Regime::Ccpa)),
        (json!("voluntary"), Law::Said(Regime::Voluntary)),
        (Value::Null, Law::Said(Regime::Voluntary)),
        (json!("gdpr"), Law::Unknown),
        (json!("lgpd"), Law::Unknown),
        (json!(""), Law::Unknown),
    ] {
        assert_eq!(World::new().read(&with("regime", regime)).unwrap().law, law);
    }
}

#[test]
fn meta_is_held_to_the_letter_for_who_is() {
    for (meta, lenient, strict) in [
        (json!({"version": "0.5"}), true, true),
        (json!({"version": "0.4"}), true, false),
        (json!({"version": "0.5", "trace": 7}), true, false),
        (json!({"version": "0.6"}), false, false),
        (json!({"version": "0.5.1"}), false, false),
    ] {
        let body = with("meta", meta.clone());
        assert_eq!(World::new().read(&body).is_ok(), lenient, "{meta}");
        assert_eq!(World::new().knob("strict").read(&body).is_ok(), strict, "{meta}");
    }
}

#[test]
fn members_that_we_do_not_know_are_passed_over() {
    let read = World::new().read(&with("agent-request-id", json!("x"))).unwrap();
    assert!(read.subject.carried.is_empty());
}

#[test]
fn plain_http_callbacks_are_for_the_sandbox() {
    let body = with("status_callback", json!("http://localhost:8080/c"));
    assert_eq!(World::new().read(&body).unwrap_err().code, Code::CallbackNotAllowed);
    let mut world = World::new();
    world.us.policy.plain_http = true;
    assert_eq!(world.read(&body).unwrap().callbacks[0].as_str(), "http://localhost:8080/c");
}

#[test]
fn a_sender_may_make_a_key_and_the_bytes_are_one_otherwise() {
    let long = "k".repeat(200);
    let longer = "k".repeat(201);
    let key = |key: &str| Dedupe::Key(key.to_owned());
    for (values, dedupe) in [
        (&["a7551968-d5d6"][..], key("a7551968-d5d6")),
        (&[r#""quoted""#], key(r#""quoted""#)),
        (&[&long], key(&long)),
        (&[], Dedupe::Bytes),
        (&[""], Dedupe::Bytes),
        (&["two words"], Dedupe::Bytes),
        (&[&longer], Dedupe::Bytes),
        (&["a", "b"], Dedupe::Bytes),
    ] {
        let mut pairs = vec![("content-type", "application/json")];
        pairs.extend(values.iter().map(|value| ("idempotency-key", *value)));
        let message = believed(head(Method::POST, headers(&pairs)), exercise().to_string());
        let read = dialect().submit().unwrap().read(&message, &World::new().x()).unwrap();
        assert_eq!(read.dedupe, Some(dedupe), "{values:?}");
    }
}

#[test]
fn a_media_type_may_have_parameters() {
    for (media_type, good) in [
        ("application/json", true),
        ("application/json; charset=utf-8", true),
        ("Application/JSON ;charset=utf-8", true),
        ("application/jwt", false),
        ("text/plain", false),
        ("", false),
    ] {
        let head = || head(Method::POST, headers(&[("content-type", media_type)]));
        let world = World::new();
        let dialect = dialect();
        let problems = [
            dialect.submit().unwrap().read(&believed(head(), exercise().to_string()), &world.x()).err(),
            dialect.cancel().unwrap().read(&believed(head(), r#"{"request_id":"x"}"#), &world.x()).err(),
            dialect.callback().unwrap().read(&believed(head(), crate::world::STATUS), &world.x()).err(),
        ];
        for problem in problems {
            assert_eq!(problem.is_none(), good, "{media_type}");
            assert!(problem.is_none_or(|problem| problem.code == Code::UnsupportedMediaType));
        }
    }
}
