//! Can any bytes make a reader panic?

use habeas_core::{
    message::{AnswerHead, Params},
    secret::Secret,
};
use http::{HeaderMap, HeaderValue, Method};
use proptest::prelude::*;

use crate::{
    edition::EDITIONS,
    world::{REQUEST, World, answered, believed, dialect, head, headers, posted},
};

const VALID: [&str; 6] = [
    REQUEST,
    include_str!("../../fixtures/0.1.2/7.1-request.json"),
    include_str!("../../fixtures/1.0/7.3-receipt.json"),
    include_str!("../../fixtures/1.0/8.3-status.json"),
    include_str!("../../fixtures/1.0/8.6-callback.json"),
    include_str!("../../fixtures/1.0/6.3-discovery.json"),
];

const VALUES: [&str; 11] =
    ["null", "{}", "[]", "[[]]", "{\"a\":{}}", "\"\"", "\"x\"", "1e999", "true", "[{}]", "\"\\u0000\""];

/// A valid body of which some bytes were changed, taken out or doubled.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let cut = (any::<prop::sample::Index>(), 0..4_u8, any::<u8>());
    (prop::sample::select(&VALID[..]), prop::collection::vec(cut, 1..6)).prop_map(|(text, cuts)| {
        let mut body = text.as_bytes().to_vec();
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

/// A valid body with one value exchanged for another JSON value.
fn reshaped() -> impl Strategy<Value = Vec<u8>> {
    let pick = (any::<prop::sample::Index>(), prop::sample::select(&VALUES[..]));
    (prop::sample::select(&VALID[..]), pick).prop_map(|(text, (place, value))| {
        let mut request: serde_json::Map<_, _> = serde_json::from_str(text).unwrap();
        let name = request.keys().nth(place.index(request.len())).unwrap().clone();
        request.insert(name, "MARK".into());
        serde_json::to_string(&request).unwrap().replace("\"MARK\"", value).into_bytes()
    })
}

fn read_all(body: &[u8], status: u16) {
    let world = World::new();
    let message = posted(body);
    let answer = answered(status, body);
    for edition in &EDITIONS {
        let dialect = (edition.dialect)();
        let _ = dialect.fits(&message);
        let problems = [
            dialect.submit().unwrap().read(&message, &world.x()).err(),
            dialect.callback().unwrap().read(&message, &world.x()).err(),
            dialect.submit().unwrap().hear(&answer).err(),
            dialect.status().unwrap().hear(&answer).err(),
            dialect.cancel().unwrap().hear(&answer, &crate::world::asked()).err(),
            dialect.discover().unwrap().hear(&answer).err(),
            dialect.certificate().unwrap().hear(&answer).err(),
        ];
        for problem in problems.into_iter().flatten() {
            let said = String::from_utf8(dialect.refuse(&problem, &world.x()).body).unwrap();
            assert!(!said.contains("ann@example"), "{said}");
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(body: Vec<u8>, status in 100..600_u16) {
        read_all(&body, status);
    }

    #[test]
    fn a_mutated_body_never_panics(body in mutated()) {
        read_all(&body, 200);
    }

    #[test]
    fn a_reshaped_body_never_panics(body in reshaped(), status in prop::sample::select(vec![201_u16, 400])) {
        read_all(&body, status);
    }

    #[test]
    fn arbitrary_heads_never_panic(domain: Vec<u8>, signature: Vec<u8>, id: String, query: String) {
        let mut map: HeaderMap = headers(&[("content-type", "application/json")]);
        for (name, bytes) in [
            ("x-opengdpr-processor-domain", &domain),
            ("x-opengdpr-signature", &signature),
            ("authorization", &signature),
            ("content-type", &domain),
        ] {
            if let Ok(value) = HeaderValue::from_bytes(bytes) {
                map.insert(name, value);
            }
        }
        let mut request = head(Method::GET, map.clone());
        request.params = Params { id: (id.len() % 2 == 0).then_some(id), token: Some(Secret::new("t")) };
        request.query = Some(query);
        let mut world = World::new();
        world.them.trust.unsigned_receipts = domain.len() % 2 == 0;
        let answer = AnswerHead { status: 200, headers: map };
        let claims = dialect().endpoints().iter().map(|row| row.claim);
        for claim in claims {
            let _ = claim(&request);
        }
        let _ = dialect().proof(habeas_core::dialect::Operation::Status, &answer, Some(&world.them));
        let message = believed(request, REQUEST);
        let _ = dialect().status().unwrap().read(&message, &world.x());
        let _ = dialect().submit().unwrap().read(&message, &world.x());
    }
}
