//! Is a token that comes by itself the person's of the request? (§3.02.1)

use habeas_core::{
    dialect::Unrepresentable,
    id::LegId,
    problem::{Code, Problem},
    secret::Secret,
    submission::Subject,
};
use serde_json::{Value, json};

use crate::world::{World, claims, dialect, signed, token};

fn subject() -> Subject {
    World::new().claim(claims()).unwrap().subject
}

fn is_of(token: &str) -> Result<bool, Problem> {
    dialect().is_of(&Secret::new(token), &subject(), &World::new().x())
}

#[test]
fn the_same_token_is_theirs_in_every_serialization() {
    let compact = token(&claims());
    let [protected, payload, signature]: [&str; 3] = compact.split('.').collect::<Vec<_>>().try_into().unwrap();
    let flattened = json!({"payload": payload, "protected": protected, "signature": signature});
    let general = json!({"payload": payload, "signatures": [{"protected": protected, "signature": signature}]});
    for text in [compact.clone(), flattened.to_string(), general.to_string()] {
        assert_eq!(is_of(&text), Ok(true));
    }
}

#[test]
fn another_token_is_theirs_if_it_claims_the_same() {
    let mut fresh = claims();
    fresh["iat"] = json!(1_630_621_645);
    fresh["jti"] = json!("another");
    assert_eq!(is_of(&token(&fresh)), Ok(true));
    let rewritten = r#"{ "phone_number" : "\u002b12025550123", "email_verified": true, "custom": null,
        "email":"ann@\u0065xample.org", "name":"Ann Example", "sub":"ann" }"#;
    assert_eq!(is_of(&signed(r#"{"typ":"JWT","alg":"HS256"}"#, rewritten)), Ok(true));
}

#[test]
fn a_token_that_claims_more_or_less_or_other_is_not() {
    for (name, value) in [
        ("email", json!("bob@example.org")),
        ("email", json!("ANN@example.org")),
        ("email", Value::Null),
        ("email_verified", json!(false)),
        ("sub", json!("bob")),
        ("custom", json!(1)),
        ("address_verified", json!(true)),
    ] {
        let mut other = claims();
        other[name] = value.clone();
        let same = name == "address_verified";
        assert_eq!(is_of(&token(&other)), Ok(same), "{name} {value}");
    }
}

#[test]
fn a_token_that_cannot_be_believed_is_a_problem() {
    let spoiled = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        token(&claims)
    };
    let mut cut = token(&claims());
    cut.pop();
    for text in [
        String::new(),
        "{".to_owned(),
        cut,
        signed(r#"{"alg":"none"}"#, &claims().to_string()),
        spoiled("aud", json!("other.example")),
        spoiled("iss", json!("other.example")),
    ] {
        let problem = is_of(&text).unwrap_err();
        assert_eq!((problem.code, problem.field.unwrap().as_str()), (Code::InvalidField, "identity"));
    }
    assert_eq!(is_of(&spoiled("exp", json!(1))), Ok(true), "it is the very token, which has expired meanwhile");
}

/// The agent's token for the verification URL is taken by the business for the one that the request came with.
#[test]
fn what_one_side_makes_the_other_takes() {
    let agent = World::agent();
    let subject = subject();
    let made = dialect().token(&subject, &LegId::new("leg-1"), &agent.x()).unwrap();
    assert_eq!(dialect().is_of(&made, &subject, &World::new().x()), Ok(true));
    let again = World::new().identify(json!(made.expose())).unwrap();
    assert_eq!(again.subject.claims, subject.claims);
    assert_eq!(again.subject.identities, subject.identities);
}

#[test]
fn no_token_is_made_without_a_key_nor_for_nobody() {
    let mut agent = World::agent();
    let make = |subject: &Subject, world: &World| dialect().token(subject, &LegId::new("leg-1"), &world.x());
    let nobody = Subject { claims: Vec::new(), identities: Vec::new(), ..subject() };
    assert_eq!(make(&nobody, &agent), Err(Unrepresentable("an identity token that names nobody")));
    agent.keys.algorithm = None;
    let unkeyed = Unrepresentable("an identity token: no identity key is agreed with the party");
    assert_eq!(make(&subject(), &agent), Err(unkeyed));
}
