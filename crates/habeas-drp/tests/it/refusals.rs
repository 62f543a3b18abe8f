//! Which requests are refused, for which reason, and does the refusal keep the sender's words to itself?

use habeas_core::problem::Code;
use serde_json::{Value, json};

use crate::world::{World, claims, dialect, exercise, posted, token, with};

fn table() -> Vec<(&'static str, Value, Code, &'static str)> {
    use Code::{CallbackNotAllowed, InvalidField, MissingField, TooMany, UnsupportedRight};
    let (meta, rights, hints, url) = ("meta", "exercise", "relationships", "status_callback");
    vec![
        (meta, Value::Null, MissingField, meta),
        (meta, json!("canary"), InvalidField, meta),
        (meta, json!({}), MissingField, "meta.version"),
        (meta, json!({"version": null}), MissingField, "meta.version"),
        (meta, json!({"version": 0.5}), InvalidField, "meta.version"),
        (meta, json!({"version": "canary"}), InvalidField, "meta.version"),
        ("regime", json!(["canary"]), InvalidField, "regime"),
        ("regime", json!(7), InvalidField, "regime"),
        (rights, Value::Null, MissingField, rights),
        (rights, json!("deletion"), InvalidField, rights),
        (rights, json!({"canary": 1}), InvalidField, rights),
        (rights, json!([]), InvalidField, rights),
        (rights, json!(["access", 7]), InvalidField, "exercise[1]"),
        (rights, json!([null]), InvalidField, "exercise[0]"),
        (rights, json!(["access", "canary"]), UnsupportedRight, "exercise[1]"),
        (rights, json!(["Access"]), UnsupportedRight, "exercise[0]"),
        (rights, json!(["access:categories"]), UnsupportedRight, "exercise[0]"),
        (rights, json!(["access", "access"]), InvalidField, "exercise[1]"),
        (rights, json!(["sale:opt-out", "sale:opt_out"]), InvalidField, "exercise[1]"),
        (rights, json!(["sale:opt-out", "sale:opt-in"]), InvalidField, rights),
        (hints, json!("canary"), InvalidField, hints),
        (hints, json!(["customer", {"canary": 1}]), InvalidField, "relationships[1]"),
        (hints, json!(["customer", null]), InvalidField, "relationships[1]"),
        (hints, json!(["a", "b", "c", "canary"]), TooMany, hints),
        (url, json!(7), InvalidField, url),
        (url, json!(["https://canary.example/"]), InvalidField, url),
        (url, json!(""), CallbackNotAllowed, url),
        (url, json!("canary"), CallbackNotAllowed, url),
        (url, json!("http://canary.example/"), CallbackNotAllowed, url),
        (url, json!("ftp://canary.example/"), CallbackNotAllowed, url),
        (url, json!("https:///"), CallbackNotAllowed, url),
        (url, json!("https:canary.example"), CallbackNotAllowed, url),
        (url, json!("https://canary@a.example/"), CallbackNotAllowed, url),
        (url, json!("https://a.example/#canary"), CallbackNotAllowed, url),
        (url, json!(" https://a.example/canary"), CallbackNotAllowed, url),
        (url, json!("https://a.exam\nple/canary"), CallbackNotAllowed, url),
        (url, json!("https://a.example\\@canary.example/"), CallbackNotAllowed, url),
        (url, json!(format!("https://a.example/{}", "canary".repeat(20))), CallbackNotAllowed, url),
        ("identity", Value::Null, MissingField, "identity"),
        ("identity", json!(7), InvalidField, "identity"),
        ("identity", json!(""), InvalidField, "identity"),
        ("identity", json!("canary"), InvalidField, "identity"),
        ("identity", json!({"canary": 1}), InvalidField, "identity"),
        ("identity", json!(["canary"]), InvalidField, "identity"),
    ]
}

#[test]
fn what_is_wrong_is_named_by_code_and_field() {
    for (member, value, code, field) in table() {
        let problem = World::new().read(&with(member, value.clone())).unwrap_err();
        let said = (problem.code, problem.field.as_ref().unwrap().as_str());
        assert_eq!(said, (code, field), "{member} = {value}");
    }
}

#[test]
fn a_body_that_is_not_one_clean_object_is_refused() {
    let request = exercise().to_string();
    let twice = request.replacen('{', r#"{"regime":"gdpr","#, 1);
    let deep = request.replacen('{', &format!(r#"{{"x":{}{},"#, "[".repeat(80), "]".repeat(80)), 1);
    for (body, code) in [
        (String::new(), Code::MalformedJson),
        (request.replacen('{', "{,", 1), Code::MalformedJson),
        (format!("[{request}]"), Code::NotAnObject),
        ("null".to_owned(), Code::NotAnObject),
        (twice, Code::DuplicateMember),
        (deep, Code::TooDeep),
    ] {
        let problem = dialect().submit().unwrap().read(&posted(body.clone()), &World::new().x()).unwrap_err();
        assert_eq!((problem.code, problem.field), (code, None), "{body:.60}");
    }
}

#[test]
fn rights_that_are_not_served_are_refused_in_the_words_that_peers_know() {
    let world = World::new();
    let problem = world.read(&with("exercise", json!(["access:specific"]))).unwrap_err();
    let answer = dialect().refuse(&problem, &world.x());
    assert_eq!(answer.status, 400);
    assert!(String::from_utf8(answer.body).unwrap().contains("Unsupported rights actions submitted."));
}

#[test]
fn a_refusal_repeats_nothing_that_the_sender_wrote() {
    let world = World::new();
    let mut bodies: Vec<Value> = table().into_iter().map(|(member, value, ..)| with(member, value)).collect();
    let spoiled = ["iss", "aud", "exp", "nbf", "iat", "email", "address", "email_verified"];
    bodies.extend(spoiled.map(|name| {
        let mut claims = claims();
        claims[name] = json!(["canary"]);
        with("identity", token(&claims).into())
    }));
    for mut body in bodies {
        body["canary-member"] = json!("canary");
        let answer = dialect().refuse(&world.read(&body).unwrap_err(), &world.x());
        let said = format!("{:?} {}", answer.headers, String::from_utf8(answer.body).unwrap()).to_lowercase();
        for secret in ["canary", "ann", "2025550123", "a.example", "eyj"] {
            assert!(!said.contains(secret), "{said}");
        }
    }
}
