//! Which requests are refused, for which reason, and does the refusal keep the sender's words to itself?

use habeas_core::problem::{Code, Problem};
use serde_json::{Value, json};

use crate::{
    edition::{EDITIONS, Edition},
    world::{World, posted},
};

fn refusal(edition: &Edition, body: impl Into<Vec<u8>>) -> Problem {
    (edition.dialect)().submit().unwrap().read(&posted(body), &World::new().x()).unwrap_err()
}

/// The example with a member set, or removed where the value is null.
fn with(edition: &Edition, path: &str, value: Value) -> Vec<u8> {
    let mut request: Value = serde_json::from_str(edition.request).unwrap();
    match path.strip_prefix("identity.") {
        Some(member) => request["subject_identities"][0][member] = value,
        None => request[path] = value,
    }
    serde_json::to_vec(&request).unwrap()
}

fn table(edition: &Edition) -> Vec<(&'static str, Value, Code, &'static str)> {
    use Code::{CallbackNotAllowed, InvalidField, MissingField, TooMany, UnsupportedIdentity, UnsupportedRight};
    let id = "subject_request_id";
    let kind = "subject_request_type";
    let time = "submitted_time";
    let people = "subject_identities";
    let urls = "status_callback_urls";
    let url = |text: &str| json!(["https://a.example/", text]);
    let second = "status_callback_urls[1]";
    let entry = json!({"identity_type": "email", "identity_value": "canary", "identity_format": "raw"});
    let mut table = vec![
        (id, Value::Null, MissingField, id),
        (id, json!(7), InvalidField, id),
        (id, json!("canary"), InvalidField, id),
        (id, json!("A7551968-D5D6-44B2-9831-815AC9017798"), InvalidField, id),
        (id, json!("a7551968-d5d6-14b2-9831-815ac9017798"), InvalidField, id),
        (kind, Value::Null, MissingField, kind),
        (kind, json!({"canary": 1}), InvalidField, kind),
        (kind, json!("canary"), InvalidField, kind),
        (kind, json!("Erasure"), InvalidField, kind),
        (kind, json!("portability"), UnsupportedRight, kind),
        (time, Value::Null, MissingField, time),
        (time, json!(1538492400), InvalidField, time),
        (time, json!("2018-10-02"), InvalidField, time),
        (time, json!("2018-10-02T15:00:00"), InvalidField, time),
        (time, json!("canary"), InvalidField, time),
        ("api_version", json!("canary"), InvalidField, "api_version"),
        ("api_version", json!(if edition.name == "1.0" { "0.1" } else { "1.0" }), InvalidField, "api_version"),
        ("api_version", json!("2.0"), InvalidField, "api_version"),
        ("api_version", json!(1.0), InvalidField, "api_version"),
        (people, json!("canary"), InvalidField, people),
        (people, json!({"canary": "canary"}), InvalidField, people),
        (people, json!(["canary"]), InvalidField, "subject_identities[0]"),
        (people, json!([entry, null]), InvalidField, "subject_identities[1]"),
        (people, json!([entry, entry, entry, entry]), TooMany, people),
        ("identity.identity_type", Value::Null, MissingField, "subject_identities[0].identity_type"),
        ("identity.identity_type", json!(""), InvalidField, "subject_identities[0].identity_type"),
        ("identity.identity_type", json!("canary"), UnsupportedIdentity, "subject_identities[0].identity_type"),
        ("identity.identity_value", Value::Null, MissingField, "subject_identities[0].identity_value"),
        ("identity.identity_value", json!(["canary"]), InvalidField, "subject_identities[0].identity_value"),
        ("identity.identity_value", json!(""), InvalidField, "subject_identities[0].identity_value"),
        ("identity.identity_format", Value::Null, MissingField, "subject_identities[0].identity_format"),
        ("identity.identity_format", json!("canary"), InvalidField, "subject_identities[0].identity_format"),
        ("identity.identity_format", json!("RAW"), InvalidField, "subject_identities[0].identity_format"),
        ("identity.identity_format", json!("md5"), UnsupportedIdentity, "subject_identities[0].identity_format"),
        (urls, json!("https://canary.example/"), InvalidField, urls),
        (urls, json!(["https://a.example/", 7]), InvalidField, second),
        (urls, json!(["https://a/", "https://b/", "https://c/", "https://d/"]), TooMany, urls),
        (urls, url("canary"), CallbackNotAllowed, second),
        (urls, url("http://canary.example/"), CallbackNotAllowed, second),
        (urls, url("ftp://canary.example/"), CallbackNotAllowed, second),
        (urls, url("https:///"), CallbackNotAllowed, second),
        (urls, url("https:canary.example"), CallbackNotAllowed, second),
        (urls, url("https://canary@a.example/"), CallbackNotAllowed, second),
        (urls, url("https://a.example/#canary"), CallbackNotAllowed, second),
        (urls, url(" https://a.example/canary"), CallbackNotAllowed, second),
        (urls, url("https://a.exam\nple/canary"), CallbackNotAllowed, second),
        (urls, url("https://a.example\\@canary.example/"), CallbackNotAllowed, second),
        (urls, url(&format!("https://a.example/{}", "canary".repeat(20))), CallbackNotAllowed, second),
    ];
    // What narrows a request is understood in its own version, and carried in the others.
    match edition.name {
        "1.0" => table.extend([
            ("extensions", json!("canary"), InvalidField, "extensions"),
            ("extensions", json!({"canary": "canary"}), InvalidField, "extensions"),
        ]),
        _ => table.extend([
            ("property_id", json!(7), InvalidField, "property_id"),
            ("property_id", json!({"canary": 1}), InvalidField, "property_id"),
        ]),
    }
    table
}

#[test]
fn what_is_wrong_is_named_by_code_and_field() {
    for edition in &EDITIONS {
        for (path, value, code, field) in table(edition) {
            let problem = refusal(edition, with(edition, path, value.clone()));
            let said = (problem.code, problem.field.as_ref().unwrap().as_str());
            assert_eq!(said, (code, field), "{}: {path} = {value}", edition.name);
        }
    }
}

#[test]
fn a_body_that_is_not_one_clean_object_is_refused() {
    for edition in &EDITIONS {
        let request = edition.request;
        let twice = request.replacen('{', r#"{"api_version": "1.0","#, 1);
        let deep = request.replacen('{', &format!(r#"{{"x":{}{},"#, "[".repeat(80), "]".repeat(80)), 1);
        let extra_comma = request.replace(r#"  "api_version""#, r#"  , "api_version""#);
        for (body, code) in [
            (String::new(), Code::MalformedJson),
            (extra_comma, Code::MalformedJson),
            (format!("[{request}]"), Code::NotAnObject),
            ("null".to_owned(), Code::NotAnObject),
            (twice, Code::DuplicateMember),
            (deep, Code::TooDeep),
        ] {
            let problem = refusal(edition, body.as_str());
            assert_eq!((problem.code, problem.field), (code, None), "{body:.60}");
        }
    }
}

/// §7.6: errors hold nothing of the subject, whatever is wrong and wherever the sender put the person's name.
#[test]
fn a_refusal_repeats_nothing_that_the_sender_wrote() {
    let world = World::new();
    for edition in &EDITIONS {
        let mut bodies: Vec<Vec<u8>> = table(edition)
            .into_iter()
            .map(|(path, value, ..)| {
                let mut request: Value = serde_json::from_slice(&with(edition, path, value)).unwrap();
                request["canary-member"] = json!("canary");
                serde_json::to_vec(&request).unwrap()
            })
            .collect();
        bodies.push(br#"{"canary":1,"canary":2}"#.to_vec());
        bodies.push(b"canary".to_vec());
        bodies.push(br#"{"canary":[canary]}"#.to_vec());
        for body in bodies {
            let answer = (edition.dialect)().refuse(&refusal(edition, body), &world.x());
            let said = format!("{:?} {}", answer.headers, String::from_utf8(answer.body).unwrap()).to_lowercase();
            for secret in ["canary", "ann@example.org", "815ac9017798", "123456", "a.example"] {
                assert!(!said.contains(secret), "{said}");
            }
        }
    }
}
