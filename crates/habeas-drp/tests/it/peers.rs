//! Are the habits of real peers understood?

use habeas_core::{
    dialect::Told,
    leg::Progress,
    regime::Regime,
    right::Right,
    submission::{Law, Submission},
};
use serde_json::{Value, json};

use crate::world::{World, answered, dialect, signed};

/// The header that all of them write.
const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;

fn read(world: &World, mut body: Value, claims: &Value) -> Submission {
    body["identity"] = json!(signed(HEADER, &claims.to_string()));
    world.read(&body).unwrap()
}

/// OSIRAA: no `aud`, the name turned around, the address as a string, both spellings, a callback that is a placeholder.
#[test]
fn an_agent_without_audience_and_with_an_address_in_one_line() {
    let body = json!({
        "meta": {"version": "0.5"}, "regime": "voluntary", "exercise": ["sale:opt_in"], "relationships": [],
        "status_callback": "https://dsr-agent.example.com/update_status",
    });
    let claims = json!({
        "iss": "CR_AA_DRP_ID_001", "sub": "ann@example.org", "name": "Example, Ann", "email": "ann@example.org",
        "phone_number": "+12025550123", "address": "1 Main St Fresno CA 93650",
    });
    let read = read(&World::new(), body, &claims);
    assert_eq!((read.rights.as_slice(), read.law), (&[Right::OptInToSale][..], Law::Said(Regime::Voluntary)));
    assert_eq!(read.subject.claim("address"), Some(r#""1 Main St Fresno CA 93650""#));
    assert_eq!(read.subject.identities.len(), 2);
}

/// The certification kit: 0.4, claims that are null, a number as people write it.
#[test]
fn an_agent_of_the_version_before_with_null_claims() {
    let body = json!({
        "meta": {"version": "0.4"}, "regime": "voluntary", "exercise": ["sale:opt-out"], "relationships": null,
        "status_callback": null,
    });
    let claims = json!({
        "iss": "agent.example", "aud": "business.example", "sub": null, "name": "Ann Example", "email": "ann@example.org",
        "email_verified": null, "phone_number": "1 602 555 1212", "phone_number_verified": true, "address": null,
        "address_verified": null, "power_of_attorney": null,
    });
    let read = read(&World::new().knob("require-aud"), body, &claims);
    let names: Vec<_> = read.subject.claims.iter().map(|claim| claim.name.as_str()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert_eq!(read.subject.claim("phone_number"), Some(r#""1 602 555 1212""#));
    assert!(!read.subject.claims_true("phone_number_verified"));
    assert_eq!(read.subject.identities.len(), 1);
}

/// Fides: ids with a prefix, microseconds without an offset, `null` throughout, errors of its framework, and the
/// person's own words as the reason of a revocation.
#[test]
fn a_business_with_the_errors_of_its_framework() {
    let status = |status: &str, reason: Value| {
        json!({
            "request_id": "pri_2d4a1f6c", "received_at": "2021-09-02T22:27:25.403123+00:00", "expected_by": null,
            "processing_details": null, "status": status, "reason": reason, "user_verification_url": null,
        })
        .to_string()
    };
    let heard = dialect().submit().unwrap().hear(&answered(200, status("open", Value::Null)));
    let Ok(Told::Said(told)) = heard else { panic!("{heard:?}") };
    assert_eq!((told.report.remote_id.as_str(), told.report.progress), ("pri_2d4a1f6c", Progress::Pending));
    assert_eq!(told.report.received_at, Some(crate::world::now()));
    let revoked = answered(200, status("revoked", json!("I have changed my mind")));
    let heard = dialect().cancel().unwrap().hear(&revoked, &told.report.remote_id);
    let Ok(Told::Said(told)) = heard else { panic!("{heard:?}") };
    assert_eq!((told.report.progress, told.report.details), (Progress::Cancelled, None));
    for (code, body) in [
        (422, r#"{"detail":[{"loc":["body","regime"],"msg":"value is not a valid enumeration member"}]}"#),
        (400, r#"{"detail":"Invalid privacy request."}"#),
    ] {
        let heard = dialect().submit().unwrap().hear(&answered(code, body));
        assert_eq!(heard, Ok(Told::Refused { status: code, again: false, exists: false }));
    }
    let discovery = r#"{"version":"0.5","api_base":null,"actions":["access","deletion"],"user_relationships":null}"#;
    let Ok(Told::Said(told)) = dialect().discover().unwrap().hear(&answered(200, discovery)) else { panic!() };
    assert_eq!((told.rights, told.api_base), (vec![Right::Access, Right::Erasure], None));
    assert!(told.relationships.is_empty());
}
