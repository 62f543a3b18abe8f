//! How do we exercise a right for a person, also with parties that have their own habits? (§2.02, §3.04)

use habeas_core::{
    capability::Capabilities,
    dialect::{Outgoing, Unrepresentable},
    id::{LegId, WireId},
    identity::{Format, Identity, Kind},
    regime::Regime,
    right::Right,
    secret::Secret,
    submission::{CallbackUrl, Carried, Outbound, Stamp, Subject},
};
use habeas_wire::jws::Jws;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::world::{Printed, World, at, dialect, posted};

/// What is asked, with the parts that tests change.
struct Ask {
    world: World,
    right: Right,
    regime: Option<Regime>,
    subject: Subject,
    callbacks: Vec<CallbackUrl>,
    supports: Option<Capabilities>,
}

impl Ask {
    fn new(world: World) -> Self {
        Self {
            world,
            right: Right::Erasure,
            regime: Some(Regime::Ccpa),
            subject: subject(&[("email", "ann@example.org"), ("phone_number", "+12025550123")], json!({"name": "Ann"})),
            callbacks: vec!["https://agent.example/callbacks/t".parse().unwrap()],
            supports: None,
        }
    }

    fn call(&self) -> Result<Outgoing, Unrepresentable> {
        let outbound = Outbound {
            wire_id: &WireId::new("wire-1"),
            leg: &LegId::new("leg-1"),
            right: self.right,
            regime: self.regime,
            submitted: &Stamp { at: at("2021-09-02T20:00:00Z"), text: "2021-09-02T20:00:00Z".to_owned() },
            subject: &self.subject,
            callbacks: &self.callbacks,
            supports: self.supports.as_ref(),
        };
        dialect().submit().unwrap().ask(&outbound, &self.world.x())
    }

    fn body(&self) -> Value {
        serde_json::from_slice(&self.call().unwrap().body).unwrap()
    }

    /// The claims of the token that is sent.
    fn claims(&self) -> Value {
        let jws = Jws::compact(self.body()["identity"].as_str().unwrap()).unwrap();
        assert_eq!(jws.header(), r#"{"alg":"HS256","typ":"JWT"}"#);
        serde_json::from_slice(jws.payload()).unwrap()
    }
}

fn subject(identities: &[(&str, &str)], claims: Value) -> Subject {
    let identity = |(kind, value): &(&str, &str)| Identity {
        kind: Kind::new(*kind),
        format: Format::Raw,
        value: Secret::new(*value),
    };
    let claims = claims.as_object().unwrap().iter();
    Subject {
        identities: identities.iter().map(identity).collect(),
        claims: claims.map(|(name, json)| Carried { name: name.clone(), json: json.to_string() }).collect(),
        ..Subject::default()
    }
}

#[test]
fn a_right_is_exercised_with_a_compact_token() {
    let mut ask = Ask::new(World::agent());
    ask.subject.relationships = vec!["customer".to_owned()];
    let mut call = ask.call().unwrap();
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    let token = body["identity"].as_str().unwrap();
    call.body = String::from_utf8(call.body).unwrap().replace(token, "…").into_bytes();
    assert_snapshot!(call.printed(), @r#"
    POST https://business.example/data-rights/exercise
    accept: application/json
    content-type: application/json
    idempotency-key: leg-1

    {"meta":{"version":"0.5"},
    "regime":"ccpa",
    "exercise":["deletion"],
    "relationships":["customer"],
    "identity":"…",
    "status_callback":"https://agent.example/callbacks/t"}
    "#);
    let payload = String::from_utf8(Jws::compact(token).unwrap().payload().to_vec()).unwrap();
    assert_snapshot!(payload.replace(",\"", ",\n\""), @r#"
    {"iss":"agent.example",
    "aud":"business.example",
    "iat":1630621645,
    "jti":"leg-1",
    "name":"Ann",
    "email":"ann@example.org",
    "phone_number":"+12025550123"}
    "#);
}

#[test]
fn what_we_ask_a_business_reads() {
    let mut ask = Ask::new(World::agent());
    ask.subject.claims.push(Carried { name: "address".into(), json: r#"{ "region" : "CA" }"#.into() });
    let call = ask.call().unwrap();
    let read = dialect().submit().unwrap().read(&posted(call.body), &World::new().x()).unwrap();
    assert_eq!(read.rights, [Right::Erasure]);
    assert_eq!(read.subject.identities, ask.subject.identities);
    assert_eq!(read.subject.claim("address"), Some(r#"{ "region" : "CA" }"#));
    assert_eq!(read.callbacks, ask.callbacks);
}

#[test]
fn the_same_leg_is_asked_in_the_same_bytes_at_the_same_instant() {
    let ask = Ask::new(World::agent());
    assert_eq!(ask.call(), ask.call());
}

#[test]
fn a_right_is_spelled_as_the_business_spells_it() {
    let words = |word: &str| {
        let words = vec![(Right::OptOutOfSale, word.to_owned())];
        Some(Capabilities { words, ..Capabilities::default() })
    };
    for (knobs, supports, spelled) in [
        (&[][..], None, "sale:opt-out"),
        (&["underscores"], None, "sale:opt_out"),
        (&[], words("sale:opt_out"), "sale:opt_out"),
        (&["underscores"], words("sale:opt-out"), "sale:opt-out"),
        (&[], Some(Capabilities::default()), "sale:opt-out"),
    ] {
        let world = knobs.iter().fold(World::agent(), |world, knob| world.knob(knob));
        let ask = Ask { right: Right::OptOutOfSale, supports, ..Ask::new(world) };
        assert_eq!(ask.body()["exercise"], json!([spelled]));
    }
    let ask = |right| Ask { right, ..Ask::new(World::agent().knob("underscores")) };
    for (right, word) in [
        (Right::OptInToSale, "sale:opt_in"),
        (Right::Access, "access"),
        (Right::AccessCategories, "access:categories"),
        (Right::AccessSpecific, "access:specific"),
    ] {
        assert_eq!(ask(right).body()["exercise"], json!([word]));
    }
    assert_eq!(ask(Right::Portability).call(), Err(Unrepresentable("this right")));
}

#[test]
fn no_other_regime_is_named_than_there_is() {
    for (regime, plain, wordy) in [
        (Some(Regime::Ccpa), json!("ccpa"), json!("ccpa")),
        (Some(Regime::Voluntary), Value::Null, json!("voluntary")),
        (Some(Regime::Gdpr), Value::Null, Value::Null),
        (None, Value::Null, Value::Null),
    ] {
        let ask = |world| Ask { regime, ..Ask::new(world) }.body().get("regime").cloned().unwrap_or_default();
        assert_eq!(ask(World::agent()), plain);
        assert_eq!(ask(World::agent().knob("say-voluntary")), wordy);
    }
}

#[test]
fn without_a_callback_and_hints_nothing_is_said_of_them() {
    let ask = Ask { callbacks: Vec::new(), ..Ask::new(World::agent()) };
    let body = ask.body();
    let names: std::collections::BTreeSet<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["exercise", "identity", "meta", "regime"].into());
}

#[test]
fn of_several_callbacks_our_own_is_sent() {
    let mut ask = Ask::new(World::agent());
    ask.callbacks.insert(0, "https://up.example/".parse().unwrap());
    assert_eq!(ask.body()["status_callback"], "https://agent.example/callbacks/t");
}

#[test]
fn a_token_says_for_whom_it_is_unless_the_party_cannot_bear_it() {
    assert_eq!(Ask::new(World::agent()).claims()["aud"], "business.example");
    let claims = Ask::new(World::agent().knob("omit-aud")).claims();
    assert_eq!((claims.get("aud"), &claims["iss"]), (None, &json!("agent.example")));
}

#[test]
fn claims_of_the_person_never_speak_of_the_token() {
    let mut ask = Ask::new(World::agent());
    let forged = json!({"iss": "evil", "aud": "evil", "jti": "evil", "iat": 0, "exp": 0, "nbf": 0, "nothing": null});
    ask.subject.claims.extend(subject(&[], forged).claims);
    ask.subject.claims.push(Carried { name: "name".into(), json: r#""Bob""#.into() });
    assert_eq!(
        ask.claims(),
        json!({
            "iss": "agent.example", "aud": "business.example", "iat": 1_630_621_645, "jti": "leg-1",
            "name": "Ann", "email": "ann@example.org", "phone_number": "+12025550123",
        })
    );
}

#[test]
fn nothing_is_said_to_be_verified_that_was_not_said_so_before() {
    let claims = Ask::new(World::agent()).claims();
    assert!(claims.as_object().unwrap().keys().all(|name| !name.ends_with("_verified")));
    let mut ask = Ask::new(World::agent());
    ask.subject.claims.push(Carried { name: "email_verified".into(), json: "true".into() });
    assert_eq!(ask.claims()["email_verified"], true);
}

#[test]
fn an_address_may_be_written_as_a_string() {
    let parts = json!({"street_address": "1 Main St", "locality": "Fresno", "region": "CA", "country": null});
    for (address, as_string) in [
        (json!({"formatted": "1 Main St\nFresno", "region": "CA"}), json!("1 Main St\nFresno")),
        (parts, json!("1 Main St, Fresno, CA")),
        (json!("as it is"), json!("as it is")),
        (json!({"unknown": "x", "formatted": " "}), Value::Null),
    ] {
        let ask = |world| {
            let mut ask = Ask::new(world);
            ask.subject.claims.extend(subject(&[], json!({"address": address})).claims);
            ask.claims().get("address").cloned().unwrap_or_default()
        };
        assert_eq!(ask(World::agent()), address);
        assert_eq!(ask(World::agent().knob("address-as-string")), as_string);
    }
}

/// A request that left out one of the identities would be a narrower one.
#[test]
fn a_person_who_cannot_be_named_whole_is_not_named_in_part() {
    let left_out = Unrepresentable("an identity that is not the one raw email address or E.164 phone number");
    for (identities, claims) in [
        (&[("email", "ann@example.org"), ("email", "ann@work.example")][..], json!({})),
        (&[("email", "ann@example.org")], json!({"email": "ann@work.example"})),
        (&[("email", "ann@example.org"), ("phone_number", "555")], json!({})),
        (&[("email", "ann@example.org"), ("android_advertising_id", "x")], json!({})),
    ] {
        let ask = Ask { subject: subject(identities, claims.clone()), ..Ask::new(World::agent()) };
        assert_eq!(ask.call(), Err(left_out), "{identities:?} {claims}");
        assert!(dialect().token(&ask.subject, &LegId::new("leg-1"), &ask.world.x()).is_ok());
    }
    let mut hashed = Ask::new(World::agent());
    hashed.subject.identities[0].format = Format::Sha256;
    assert_eq!(hashed.call(), Err(left_out));
    let same = Ask {
        subject: subject(&[("email", "ann@example.org")], json!({"email": " ann@example.org"})),
        ..Ask::new(World::agent())
    };
    assert_eq!(same.claims()["email"], " ann@example.org", "claims go byte for byte");
}

#[test]
fn what_is_missing_is_named() {
    let nobody = Ask { subject: Subject::default(), ..Ask::new(World::agent()) };
    assert_eq!(nobody.call(), Err(Unrepresentable("an identity token that names nobody")));
    let mut unkeyed = Ask::new(World::agent());
    unkeyed.world.keys.algorithm = None;
    let expected = Unrepresentable("an identity token: no identity key is agreed with the party");
    assert_eq!(unkeyed.call(), Err(expected));
    let mut nowhere = Ask::new(World::agent());
    nowhere.world.them.base = None;
    assert_eq!(nowhere.call(), Err(Unrepresentable("a call to a party without an address")));
}
