//! Is a token, whose signature holds, from this agent, for this business and for now? (§3.04)

use habeas_core::{
    dialect::Pinned,
    problem::{Code, Problem},
};
use serde_json::{Value, json};

use crate::world::{World, claims};

/// The world's instant, in seconds since 1970: 2021-09-02T22:27:25.
const NOW: i64 = 1_630_621_645;

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn why(read: Result<habeas_core::submission::Submission, Problem>) -> Option<String> {
    let problem = read.err()?;
    assert_eq!((problem.code, problem.field.unwrap().as_str()), (Code::InvalidField, "identity"));
    Some(problem.detail.unwrap().into_owned())
}

#[test]
fn a_token_is_for_us() {
    let others = Some("its claim aud names others".to_owned());
    let mistyped = Some("its claim aud must be a string or a list of strings".to_owned());
    for (aud, expected) in [
        (json!("business.example"), None),
        (json!("Business.Example"), None),
        (json!("https://business.example"), None),
        (json!("https://business.example/"), None),
        (json!(["other.example", "business.example"]), None),
        (Value::Null, None),
        (json!("other.example"), others.clone()),
        (json!(["other.example"]), others.clone()),
        (json!([]), others.clone()),
        (json!(""), others.clone()),
        (json!("http://business.example"), others.clone()),
        (json!("https://business.example/x"), others.clone()),
        (json!("https://business.example//"), others.clone()),
        (json!("business.example.evil.example"), others.clone()),
        (json!("business.example "), others),
        (json!(7), mistyped.clone()),
        (json!(true), mistyped.clone()),
        (json!({"business.example": 1}), mistyped.clone()),
        (json!(["business.example", 7]), mistyped.clone()),
        (json!(["business.example", null]), mistyped),
    ] {
        assert_eq!(why(World::new().claim(with("aud", aud.clone()))), expected, "{aud}");
    }
}

#[test]
fn for_whom_it_is_must_be_said_where_others_may_know_the_key() {
    let needed = Some("it must have the claim aud".to_owned());
    let mut public = World::new();
    public.keys.pinned = Pinned::Public;
    for world in [public, World::new().knob("require-aud")] {
        assert_eq!(why(world.claim(claims())), None);
        assert_eq!(why(world.claim(with("aud", Value::Null))), needed);
        let mut absent = claims();
        absent.as_object_mut().unwrap().remove("aud");
        assert_eq!(why(world.claim(absent)), needed);
        assert!(world.claim(with("aud", json!("other.example"))).is_err());
    }
}

#[test]
fn a_token_is_from_who_shows_it() {
    let another = Some("its claim iss names another than its sender".to_owned());
    let mistyped = Some("its claim iss must be a string".to_owned());
    for (iss, expected, from_any) in [
        (json!("agent.example"), None, None),
        (json!("https://agent.example/"), None, None),
        (json!("CR_AA_DRP_ID_001"), None, None),
        (json!("agent-1"), None, None),
        (Value::Null, None, None),
        (json!("other.example"), another.clone(), None),
        (json!(""), another.clone(), None),
        (json!("cr_aa_drp_id_001"), another, None),
        (json!(["agent.example"]), mistyped.clone(), mistyped.clone()),
    ] {
        assert_eq!(why(World::new().claim(with("iss", iss.clone()))), expected, "{iss}");
        assert_eq!(why(World::new().knob("any-issuer").claim(with("iss", iss.clone()))), from_any, "{iss}");
    }
}

#[test]
fn a_token_is_for_now_give_or_take_a_minute() {
    let expired = Some("it has expired".to_owned());
    let early = Some("it is not valid yet".to_owned());
    let future = Some("it was made in the future".to_owned());
    for (name, value, expected) in [
        ("exp", json!(NOW + 1), None),
        ("exp", json!(NOW - 59), None),
        ("exp", json!(NOW - 61), expired.clone()),
        ("exp", json!(0), expired.clone()),
        ("exp", json!(-1.5), expired),
        ("exp", json!(1e300), None),
        ("nbf", json!(NOW), None),
        ("nbf", json!(NOW + 59), None),
        ("nbf", json!(NOW + 61), early.clone()),
        ("nbf", json!(1e300), early),
        ("iat", json!(NOW - 1_000_000), None),
        ("iat", json!(NOW as f64 + 59.5), None),
        ("iat", json!(NOW + 61), future),
        ("exp", Value::Null, None),
        ("nbf", Value::Null, None),
        ("iat", Value::Null, None),
    ] {
        assert_eq!(why(World::new().claim(with(name, value.clone()))), expected, "{name} {value}");
    }
}

#[test]
fn a_time_is_a_number() {
    for name in ["exp", "nbf", "iat"] {
        for value in [json!("1630621645"), json!(true), json!([NOW]), json!({}), json!("")] {
            let expected = format!("its claim {name} must be a number of seconds");
            assert_eq!(why(World::new().claim(with(name, value))), Some(expected));
        }
        let endless =
            crate::world::signed(r#"{"alg":"HS256"}"#, &format!(r#"{{"email":"ann@example.org","{name}":1e999}}"#));
        assert!(World::new().identify(json!(endless)).is_err());
    }
}
