//! Which identity tokens are tokens at all? (§3.04; RFC 7515; RFC 8725)

use habeas_core::problem::{Code, Problem};
use serde_json::{Value, json};

use crate::world::{World, claims, signed, token};

const HEADER: &str = r#"{"alg":"HS256"}"#;

fn refused(identity: Value) -> Problem {
    World::new().identify(identity).unwrap_err()
}

fn why(problem: &Problem) -> &str {
    assert_eq!((problem.code, problem.field.as_ref().unwrap().as_str()), (Code::InvalidField, "identity"));
    problem.detail.as_deref().unwrap()
}

fn parts(compact: &str) -> [String; 3] {
    compact.splitn(3, '.').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap()
}

/// The serializations of the example's token: compact, flattened, general.
fn serializations() -> [Value; 3] {
    let compact = token(&claims());
    let [protected, payload, signature] = parts(&compact);
    [
        json!(compact),
        json!({"payload": payload, "protected": protected, "signature": signature}),
        json!({"payload": payload, "signatures": [{"protected": protected, "signature": signature}]}),
    ]
}

#[test]
fn a_token_is_the_same_in_every_serialization() {
    let world = World::new();
    let [compact, flattened, general] = serializations().map(|identity| world.identify(identity).unwrap());
    assert_eq!(compact.subject.identities.len(), 2);
    assert_eq!((&compact.token, &compact.subject), (&flattened.token, &flattened.subject));
    assert_eq!((&compact.token, &compact.subject), (&general.token, &general.subject));
    assert_eq!(compact.token.unwrap().expose(), token(&claims()));
    assert_eq!(*world.keys.asked.borrow(), ["HS256"; 3]);
}

#[test]
fn a_string_holds_the_compact_serialization_only() {
    let [_, flattened, _] = serializations();
    assert_eq!(why(&refused(json!(flattened.to_string()))), "it is not a JSON Web Signature");
}

#[test]
fn one_signature_is_expected_and_not_two_or_none() {
    let [_, _, general] = serializations();
    let one = general["signatures"][0].clone();
    for signatures in [json!([]), json!([one, one]), json!([one, {"protected": "e30", "signature": "e30"}])] {
        let mut identity = general.clone();
        identity["signatures"] = signatures;
        assert_eq!(why(&refused(identity)), "it must have exactly one signature");
    }
    let mut both = general;
    both["signature"] = one["signature"].clone();
    assert_eq!(why(&refused(both)), "it is not a JSON Web Signature");
}

#[test]
fn a_token_that_nobody_signed_is_never_asked_about() {
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let world = World::new();
        let [protected, payload, signature] = parts(&signed(&json!({"alg": alg}).to_string(), &claims().to_string()));
        for identity in [
            json!(format!("{protected}.{payload}.{signature}")),
            json!({"payload": payload, "protected": protected, "signature": signature}),
        ] {
            let problem = world.identify(identity).unwrap_err();
            assert_eq!(why(&problem), "its protected header names no algorithm that protects it", "{alg}");
        }
        let bare = world.identify(json!(format!("{protected}.{payload}."))).unwrap_err();
        assert_eq!(bare.code, Code::InvalidField);
        assert!(world.keys.asked.borrow().is_empty());
    }
}

#[test]
fn the_key_is_asked_for_by_the_algorithm_of_the_header_and_no_other() {
    for alg in ["HS256", "RS256", "hs256", " HS256", "ES256"] {
        let world = World::new();
        let header = json!({"alg": alg}).to_string();
        let read = world.identify(json!(signed(&header, &claims().to_string())));
        assert_eq!(read.is_ok(), alg == "HS256");
        assert_eq!(*world.keys.asked.borrow(), [alg]);
    }
}

#[test]
fn a_header_cannot_bring_its_own_key_nor_its_own_rules() {
    for header in [
        json!({"alg": "HS256", "crit": ["exp"], "exp": 1}),
        json!({"alg": "HS256", "crit": ["b64"], "b64": false}),
        json!({"alg": "HS256", "b64": false}),
        json!({"alg": "HS256", "jku": "https://evil.example/keys"}),
        json!({"alg": "HS256", "jwk": {"kty": "oct", "k": "AA"}}),
        json!({"alg": "HS256", "x5u": "https://evil.example/chain"}),
        json!({"alg": "HS256", "x5c": ["AA"]}),
    ] {
        let problem = refused(json!(signed(&header.to_string(), &claims().to_string())));
        assert_eq!(why(&problem), "its header says how it is to be checked", "{header}");
    }
}

#[test]
fn an_unprotected_header_decides_nothing() {
    let [_, flattened, _] = serializations();
    for (header, good) in [
        (json!({"kid": "7"}), true),
        (json!({"alg": "HS256"}), false),
        (json!({"jwk": {}}), false),
        (json!({"crit": []}), false),
    ] {
        let mut identity = flattened.clone();
        identity["header"] = header.clone();
        assert_eq!(World::new().identify(identity).is_ok(), good, "{header}");
    }
    let [_, payload, signature] = parts(&token(&claims()));
    let outside = json!({"payload": payload, "header": {"alg": "HS256"}, "signature": signature});
    assert_eq!(why(&refused(outside)), "its protected header names no algorithm that protects it");
}

#[test]
fn what_is_named_twice_is_refused() {
    let twice = signed(r#"{"alg":"HS256","alg":"none"}"#, &claims().to_string());
    assert_eq!(why(&refused(json!(twice))), "its header is not a JSON object that names each member once");
    for payload in [
        r#"{"email":"ann@example.org","email":"bob@example.org"}"#,
        r#"{"email":"ann@example.org","\u0065mail":"bob@example.org"}"#,
        r#"{"email":"ann@example.org","address":{"region":"CA","region":"NV"}}"#,
    ] {
        let problem = refused(json!(signed(HEADER, payload)));
        assert_eq!(why(&problem), "its claims are not a JSON object that names each member once", "{payload}");
    }
}

#[test]
fn claims_are_one_shallow_object() {
    let deep = format!(r#"{{"email":"ann@example.org","x":{}{}}}"#, "[".repeat(80), "]".repeat(80));
    for payload in ["", "null", "[]", r#""ann@example.org""#, "{", r#"{"email":"ann@example.org"} x"#, &deep] {
        let problem = refused(json!(signed(HEADER, payload)));
        assert_eq!(why(&problem), "its claims are not a JSON object that names each member once", "{payload:.40}");
    }
}

#[test]
fn a_token_has_one_text_and_a_size() {
    let compact = token(&claims());
    let [protected, payload, signature] = parts(&compact);
    for text in [
        format!("{compact}="),
        format!("{protected}=.{payload}.{signature}"),
        format!(" {compact}"),
        format!("{compact}\n"),
        format!("{protected}.{payload}\r\n.{signature}"),
    ] {
        assert_eq!(why(&refused(json!(text))), "a part of it is not unpadded base64url");
    }
    let large = signed(HEADER, &json!({"email": "ann@example.org", "x": "x".repeat(50_000)}).to_string());
    assert_eq!(why(&refused(json!(large))), "it is too large");
}

#[test]
fn a_signature_must_hold_over_these_very_claims() {
    let [protected, payload, signature] = parts(&token(&claims()));
    let mut others = claims();
    others["email"] = json!("bob@example.org");
    let [_, other_payload, other_signature] = parts(&token(&others));
    for text in [
        format!("{protected}.{other_payload}.{signature}"),
        format!("{protected}.{payload}.{other_signature}"),
        format!("{protected}.{payload}.e30"),
    ] {
        assert_eq!(why(&refused(json!(text))), "its signature does not hold with the key agreed for its algorithm");
    }
    let mut world = World::new();
    world.keys.key = "another agent's";
    assert!(world.claim(claims()).is_err());
    world.keys = crate::world::keys();
    world.keys.algorithm = None;
    assert!(world.claim(claims()).is_err());
}
