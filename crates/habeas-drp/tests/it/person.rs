//! What is read of the person that a token names? (§3.04)

use habeas_core::{
    identity::Format,
    problem::{Code, Problem},
    submission::Subject,
};
use serde_json::{Value, json};

use crate::world::{World, claims, signed};

fn subject(claims: Value) -> Subject {
    World::new().claim(claims).unwrap().subject
}

fn refused(claims: Value) -> Problem {
    World::new().claim(claims).unwrap_err()
}

fn names(subject: &Subject) -> Vec<&str> {
    subject.claims.iter().map(|claim| claim.name.as_str()).collect()
}

fn known_by(subject: &Subject) -> Vec<(&str, Format, &str)> {
    let identities = subject.identities.iter();
    identities.map(|one| (one.kind.as_str(), one.format, one.value.expose())).collect()
}

#[test]
fn every_claim_about_the_person_is_kept_byte_for_byte() {
    let payload = r#"{"iss":"agent.example","aud":["business.example"],"exp":9999999999,"nbf":0,"iat":0,"jti":"1",
        "sub":"ann","email" : "ann@example.org","email_verified":true,
        "address":{ "region" : "CA", "postal_code":"94\u0030" },"custom":[1.50, {"a": null}],"nothing":null}"#;
    let read = World::new().identify(json!(signed(r#"{"alg":"HS256"}"#, payload))).unwrap().subject;
    assert_eq!(names(&read), ["sub", "email", "email_verified", "address", "custom"]);
    assert_eq!(read.claim("address"), Some(r#"{ "region" : "CA", "postal_code":"94\u0030" }"#));
    assert_eq!(read.claim("custom"), Some(r#"[1.50, {"a": null}]"#));
    assert!(read.claims_true("email_verified"));
    assert_eq!(known_by(&read), [("email", Format::Raw, "ann@example.org")]);
}

#[test]
fn an_address_or_number_that_is_none_is_kept_and_verified_by_nobody() {
    for (name, value, known) in [
        ("email", " ann@example.org ", true),
        ("email", "ann", false),
        ("email", " ", false),
        ("email", "ann@", false),
        ("email", "@example.org", false),
        ("email", "ann@example.org,eve@example.org", false),
        ("email", "Ann <ann@example.org>", false),
        ("email", "ann@example.org\r\nBcc: eve@example.org", false),
        ("email", "ann+drp@example.org", true),
        ("phone_number", "+12025550123", true),
        ("phone_number", " +12025550123", true),
        ("phone_number", "+1234567", true),
        ("phone_number", "+123456789012345", true),
        ("phone_number", "1 602 555 1212", false),
        ("phone_number", "+1 602 555 1212", false),
        ("phone_number", "+123456", false),
        ("phone_number", "+1234567890123456", false),
        ("phone_number", "+", false),
        ("phone_number", "", false),
        ("phone_number", "+１２３４５６７", false),
    ] {
        let flag = format!("{name}_verified");
        let read = subject(json!({"sub": "ann", name: value, flag.as_str(): true}));
        assert_eq!(read.claim(name), Some(json!(value).to_string().as_str()));
        assert_eq!(read.claims_true(&flag), known, "{name} {value}");
        let identities = known_by(&read);
        assert_eq!(identities, if known { vec![(name, Format::Raw, value.trim())] } else { vec![] });
    }
}

#[test]
fn nothing_is_verified_that_is_not_there() {
    let read = subject(json!({
        "name": "Ann", "email_verified": true, "phone_number_verified": true, "address_verified": true,
    }));
    assert_eq!(names(&read), ["name"]);
    let read = subject(json!({"address": "1 Main St", "address_verified": true}));
    assert_eq!(names(&read), ["address", "address_verified"]);
}

#[test]
fn claims_have_their_types() {
    for (name, expected) in [
        ("sub", "a string"),
        ("name", "a string"),
        ("email", "a string"),
        ("phone_number", "a string"),
        ("power_of_attorney", "a string"),
        ("email_verified", "true or false"),
        ("phone_number_verified", "true or false"),
        ("address_verified", "true or false"),
        ("address", "an object or a string"),
    ] {
        let wrong = if expected == "true or false" { json!("true") } else { json!(7) };
        for value in [wrong, json!(["x"])] {
            let mut claims = claims();
            claims[name] = value;
            let problem = refused(claims);
            assert_eq!((problem.code, problem.field.unwrap().as_str()), (Code::InvalidField, "identity"));
            assert_eq!(problem.detail.unwrap(), format!("its claim {name} must be {expected}"));
        }
        let mut claims = claims();
        claims[name] = Value::Null;
        assert!(!names(&subject(claims)).contains(&name), "null claims nothing");
    }
}

#[test]
fn a_token_names_somebody() {
    for claims in [
        json!({}),
        json!({"iss": "agent.example", "aud": "business.example"}),
        json!({"email": "", "name": " ", "sub": null, "address": {}}),
        json!({"email_verified": true, "power_of_attorney": "https://agent.example/poa/1", "custom": "x"}),
    ] {
        let problem = refused(claims);
        assert_eq!((problem.code, problem.field.unwrap().as_str()), (Code::MissingField, "identity"));
    }
    for claims in [
        json!({"email": "ann"}),
        json!({"phone_number": "555"}),
        json!({"name": "Ann"}),
        json!({"sub": "ann"}),
        json!({"address": "1 Main St"}),
        json!({"address": {"region": "CA"}}),
    ] {
        assert_eq!(subject(claims).claims.len(), 1);
    }
}

#[test]
fn nothing_of_the_person_is_printed() {
    let read = World::new().claim(claims()).unwrap();
    let printed = format!("{read:?}");
    for secret in ["ann", "Ann", "2025550123", "eyJ"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}
