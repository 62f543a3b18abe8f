//! Can any bytes make a reader panic, or show themselves in what we answer?

use habeas_core::{message::Params, secret::Secret};
use http::{HeaderMap, HeaderValue, Method};
use proptest::prelude::*;

use crate::world::{STATUS, World, answered, believed, claims, dialect, exercise, head, headers, posted, signed};

const VALUES: [&str; 12] =
    ["null", "{}", "[]", "[[]]", "{\"a\":{}}", "\"\"", "\"x\"", "1e999", "-0", "true", "[{}]", "\"\\u0000\""];

fn valid() -> Vec<String> {
    let discovery = include_str!("../../fixtures/0.5/2.01-discovery.json").to_owned();
    let revoke = include_str!("../../fixtures/0.5/2.05-revoke.json").to_owned();
    vec![exercise().to_string(), STATUS.to_owned(), discovery, revoke]
}

/// A text of which some bytes were changed, taken out or doubled.
fn mutated(texts: Vec<String>) -> impl Strategy<Value = Vec<u8>> {
    let cut = (any::<prop::sample::Index>(), 0..4_u8, any::<u8>());
    (prop::sample::select(texts), prop::collection::vec(cut, 1..6)).prop_map(|(text, cuts)| {
        let mut body = text.into_bytes();
        for (place, how, byte) in cuts {
            let at = place.index(body.len());
            match how {
                0 => body[at] = byte,
                1 => body.insert(at, byte),
                2 => drop(body.remove(at)),
                _ => body.truncate(at.max(8)),
            }
        }
        body
    })
}

/// An object with one value exchanged for another JSON value.
fn reshaped(texts: Vec<String>) -> impl Strategy<Value = String> {
    let pick = (any::<prop::sample::Index>(), prop::sample::select(&VALUES[..]));
    (prop::sample::select(texts), pick).prop_map(|(text, (place, value))| {
        let mut object: serde_json::Map<_, _> = serde_json::from_str(&text).unwrap();
        let name = object.keys().nth(place.index(object.len())).unwrap().clone();
        object.insert(name, "MARK".into());
        serde_json::to_string(&object).unwrap().replace("\"MARK\"", value)
    })
}

fn read_all(body: &[u8], status: u16) {
    let world = World::new();
    let dialect = dialect();
    let (message, answer) = (posted(body), answered(status, body));
    let subject = world.claim(claims()).unwrap().subject;
    let token = Secret::new(String::from_utf8_lossy(body));
    let problems = [
        dialect.submit().unwrap().read(&message, &world.x()).err(),
        dialect.cancel().unwrap().read(&message, &world.x()).err(),
        dialect.callback().unwrap().read(&message, &world.x()).err(),
        dialect.submit().unwrap().hear(&answer).err(),
        dialect.status().unwrap().hear(&answer).err(),
        dialect.cancel().unwrap().hear(&answer, &habeas_core::id::RemoteId::new("x")).err(),
        dialect.discover().unwrap().hear(&answer).err(),
        dialect.is_of(&token, &subject, &world.x()).err(),
    ];
    for problem in problems.into_iter().flatten() {
        let said = String::from_utf8(dialect.refuse(&problem, &world.x()).body).unwrap();
        for secret in ["ann@example", "Ann Example", "2025550123", "dsr-agent", "eyJ"] {
            assert!(!said.contains(secret), "{said}");
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(body: Vec<u8>, status in 100..600_u16) {
        read_all(&body, status);
    }

    #[test]
    fn a_mutated_body_never_panics(body in mutated(valid())) {
        read_all(&body, 200);
    }

    #[test]
    fn a_reshaped_body_never_panics(body in reshaped(valid()), status in prop::sample::select(vec![200_u16, 400])) {
        read_all(body.as_bytes(), status);
    }

    #[test]
    fn reshaped_claims_never_panic(payload in reshaped(vec![claims().to_string()])) {
        let token = signed(r#"{"alg":"HS256"}"#, &payload);
        read_all(crate::world::with("identity", token.clone().into()).to_string().as_bytes(), 200);
        read_all(token.as_bytes(), 200);
    }

    #[test]
    fn mutated_claims_never_panic(payload in mutated(vec![claims().to_string()]), header in mutated(vec![r#"{"alg":"HS256"}"#.to_owned()])) {
        let (payload, header) = (String::from_utf8_lossy(&payload), String::from_utf8_lossy(&header));
        for token in [signed(r#"{"alg":"HS256"}"#, &payload), signed(&header, &payload)] {
            read_all(crate::world::with("identity", token.clone().into()).to_string().as_bytes(), 200);
        }
    }

    #[test]
    fn arbitrary_heads_never_panic(authorization: Vec<u8>, media: Vec<u8>, id: String, query: String) {
        let mut map: HeaderMap = headers(&[("content-type", "application/json")]);
        for (name, bytes) in [("authorization", &authorization), ("idempotency-key", &media), ("content-type", &media)] {
            if let Ok(value) = HeaderValue::from_bytes(bytes) {
                map.insert(name, value);
            }
        }
        let mut request = head(Method::GET, map);
        request.params = Params { id: Some(id.clone()), token: Some(Secret::new(id)) };
        request.query = Some(query);
        let dialect = dialect();
        for row in dialect.endpoints() {
            let _ = (row.claim)(&request);
        }
        let world = World::new();
        let message = believed(request, exercise().to_string());
        let _ = dialect.status().unwrap().read(&message, &world.x());
        let _ = dialect.submit().unwrap().read(&message, &world.x());
    }
}
