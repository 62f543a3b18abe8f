//! Does a request stay as narrow as it was when it is handed on in another version? (A43)

use habeas_core::{
    dialect::{Dialect, Outgoing},
    id::WireId,
    identity::{Format, Identity, Kind},
    right::Right,
    secret::Secret,
    submission::{Carried, Outbound, Stamp, Subject},
};
use habeas_wire::json::Object;
use proptest::prelude::*;

use crate::{
    edition::{EDITIONS, both_0_1},
    world::{ID, World, at, dialect, posted},
};

const THERE: &str = "property-id-in-extensions";
const OWN: &str = "own-extensions-only";
const RELATIONSHIPS: &str = "relationships-in-extensions";

fn identity() -> Identity {
    Identity { kind: Kind::new("email"), format: Format::Raw, value: Secret::new("ann@example.org") }
}

/// An erasure with these members, as it is sent to `peer.example`.
fn call(dialect: &dyn Dialect, subject: &Subject, knobs: &[&str]) -> Result<Outgoing, &'static str> {
    let mut world = World::new();
    world.them.domain = "peer.example".parse().unwrap();
    world.them.knobs = knobs.iter().map(|&knob| knob.to_owned()).collect();
    let submitted = Stamp { at: at("2018-10-02T15:00:00Z"), text: "2018-10-02T15:00:00Z".to_owned() };
    let wire_id = WireId::new(ID);
    let right = Right::Erasure;
    let outbound = Outbound {
        wire_id: &wire_id,
        leg: &habeas_core::id::LegId::new("leg"),
        right,
        regime: None,
        submitted: &submitted,
        subject,
        callbacks: &[],
        supports: None,
    };
    dialect.submit().unwrap().ask(&outbound, &world.x()).map_err(|unrepresentable| unrepresentable.0)
}

/// What follows the members that every request has.
fn sent(dialect: &dyn Dialect, carried: &[(&str, &str)], knobs: &[&str]) -> Result<String, &'static str> {
    let carried = carried.iter().map(|&(name, json)| Carried { name: name.into(), json: json.into() }).collect();
    let body = call(dialect, &Subject { identities: vec![identity()], carried, ..Subject::default() }, knobs)?.body;
    let body = String::from_utf8(body).unwrap();
    let (_, rest) = body.split_once(r#""api_version":"#).unwrap();
    Ok(rest.split_once('"').unwrap().1.split_once('"').unwrap().1.to_owned())
}

#[test]
fn an_erasure_is_not_widened_by_dropping_a_property_id_that_1_0_cannot_say() {
    let property = ("property_id", r#""123456""#);
    let extensions = ("extensions", r#"{"other.example":{"a":1}}"#);
    for knobs in [&[][..], &[OWN]] {
        assert_eq!(sent(&*dialect(), &[property], knobs), Err("property_id"));
    }
    for knobs in [&[][..], &[THERE], &[THERE, OWN]] {
        assert_eq!(sent(&*dialect(), &[property, extensions], knobs), Err("property_id"), "beside extensions");
    }
}

#[test]
fn a_property_id_is_sent_in_the_extension_of_a_party_that_reads_it_there() {
    let sent = sent(&*dialect(), &[("property_id", r#""\u0031\/2 3""#), ("n", "1.50")], &[THERE]);
    assert_eq!(sent.unwrap(), r#","n":1.50,"extensions":{"peer.example":{"property_id":"\u0031\/2 3"}}}"#);
    let alone = Subject {
        identities: vec![],
        carried: vec![Carried { name: "property_id".into(), json: r#""1""#.into() }],
        ..Subject::default()
    };
    assert_eq!(call(&*dialect(), &alone, &[THERE]), Err("a request without an identity"), "a property is no person");
}

#[test]
fn an_erasure_is_not_widened_by_what_its_sender_put_into_our_own_extension() {
    let ours = World::new().us.domain.to_string();
    let entry = |more: &str| format!(r#"{{"{ours}":{{"property_id":"\u0031"}}{more}}}"#);
    let alone = entry("");
    let said = [("extensions", alone.as_str())];
    let moved = both_0_1(|dialect| sent(dialect, &said, &[]));
    assert_eq!(moved.unwrap(), r#","property_id":"\u0031"}"#);
    assert_eq!(sent(&*dialect(), &said, &[]), Err("property_id"));
    let there = sent(&*dialect(), &said, &[THERE]).unwrap();
    assert_eq!(there, r#","extensions":{"peer.example":{"property_id":"\u0031"}}}"#);
    let beside = entry(r#","other.example":{"a":1}"#);
    assert_eq!(sent(&*dialect(), &[("extensions", &beside)], &[THERE]), Err("property_id"), "beside others");
    let more = format!(r#"{{"{ours}":{{"property_id":"1","scope":"all"}}}}"#);
    for knobs in [&[][..], &[THERE]] {
        assert_eq!(sent(&*dialect(), &[("extensions", &more)], knobs), Err("property_id"), "beside more of ours");
    }
    let other = format!(r#"{{"{ours}":{{"scope":"all"}}}}"#);
    let verbatim = sent(&*dialect(), &[("extensions", &other)], &[]).unwrap();
    assert_eq!(verbatim, format!(r#","extensions":{other}}}"#), "what narrows nothing that we know goes on as it came");
}

#[test]
fn an_erasure_is_not_widened_by_dropping_what_0_1_cannot_say_of_our_own_extension() {
    let ours = World::new().us.domain.to_string();
    let shouted = ours.to_uppercase();
    for entry in [
        format!(r#""{ours}":{{"account":"7"}}"#),
        format!(r#""{shouted}":{{"account":"7"}}"#),
        format!(r#""{ours}":{{"account":"7"}},"peer.example":{{"property_id":"1"}}"#),
        format!(r#""{ours}":{{"property_id":null}}"#),
        format!(r#""{ours}":"7""#),
        format!(r#""{ours}":[]"#),
        format!(r#""{ours}":{{}},"{shouted}":{{"account":"7"}}"#),
    ] {
        let json = format!("{{{entry}}}");
        assert_eq!(both_0_1(|dialect| sent(dialect, &[("extensions", &json)], &[])), Err("extensions"), "{json}");
        let beside = [("extensions", json.as_str()), ("property_id", r#""1""#)];
        assert_eq!(both_0_1(|dialect| sent(dialect, &beside, &[])), Err("extensions"), "{json}");
        let verbatim = sent(&*dialect(), &[("extensions", &json)], &[]).unwrap();
        assert_eq!(verbatim, format!(r#","extensions":{json}}}"#));
    }
    for entry in ["{}", "{ }", "null"] {
        let json = format!(r#"{{"{ours}":{entry},"{shouted}":{{}}}}"#);
        assert_eq!(both_0_1(|dialect| sent(dialect, &[("extensions", &json)], &[])).unwrap(), "}", "{json}");
    }
    let twice = format!(r#"{{"{ours}":{{"property_id":"1"}},"{shouted}":{{"account":"7"}}}}"#);
    assert_eq!(both_0_1(|dialect| sent(dialect, &[("extensions", &twice)], &[])), Err("property_id"));
    assert_eq!(sent(&*dialect(), &[("extensions", &twice)], &[THERE]), Err("property_id"));
    let empty_beside = format!(r#"{{"{ours}":{{"property_id":"1"}},"{shouted}":{{}}}}"#);
    let moved = both_0_1(|dialect| sent(dialect, &[("extensions", &empty_beside)], &[]));
    assert_eq!(moved.unwrap(), r#","property_id":"1"}"#);
}

#[test]
fn a_property_id_stays_what_it_is_in_0_1() {
    let sent = both_0_1(|dialect| sent(dialect, &[("property_id", r#""\u0031""#), ("n", "1.50")], &[]));
    assert_eq!(sent.unwrap(), r#","n":1.50,"property_id":"\u0031"}"#);
}

#[test]
fn an_erasure_is_not_widened_by_dropping_an_extension_that_0_1_cannot_say() {
    for json in [
        r#"{"peer.example":{"property_id":"1","other":2}}"#,
        r#"{"peer.example":{"other":2}}"#,
        r#"{"peer.example":{"property_id":null}}"#,
        r#"{"peer.example":{"property_id":1}}"#,
        r#"{"peer.example":{}}"#,
        r#"{"Peer.Example":"1"}"#,
        r#"{"other.example":{},"peer.example":[]}"#,
        r#"{"peer.example":{"property_id":"1"},"PEER.example":{"property_id":"1"}}"#,
        r#"{"peer.example":{"property_id":"1"},"peer.example":{"property_id":"1"}}"#,
        "[]",
        "7",
        r#""peer.example""#,
        "{",
    ] {
        assert_eq!(both_0_1(|dialect| sent(dialect, &[("extensions", json)], &[])), Err("extensions"), "{json}");
    }
    let both = [("extensions", r#"{"peer.example":{"property_id":"2"}}"#), ("property_id", r#""1""#)];
    assert_eq!(both_0_1(|dialect| sent(dialect, &both, &[])), Err("extensions"), "two properties");
}

#[test]
fn an_extension_that_says_property_id_alone_becomes_one_in_0_1_and_those_for_others_stay_behind() {
    for (json, rest) in [
        (r#"{"peer.example":{"property_id":"\u0031"}}"#, r#","property_id":"\u0031"}"#),
        (r#"{"a.example":{"b":1},"Peer.Example":{ "property_id" : "1" }}"#, r#","property_id":"1"}"#),
        (r#"{"a.example":{"property_id":"1"},"peer.example":null}"#, "}"),
        (r#"{"a.example":7}"#, "}"),
        ("{}", "}"),
        ("null", "}"),
    ] {
        assert_eq!(both_0_1(|dialect| sent(dialect, &[("extensions", json)], &[])).unwrap(), rest, "{json}");
    }
    let beside = [("property_id", r#""1""#), ("extensions", r#"{"a.example":{"b":1}}"#)];
    assert_eq!(both_0_1(|dialect| sent(dialect, &beside, &[])).unwrap(), r#","property_id":"1"}"#);
}

#[test]
fn extensions_go_on_as_they_came_or_the_party_is_shown_its_own_alone() {
    let json = r#"{ "a.example": {"b":1.50}, "Peer.Example": { "c" : "\u00e9" }, "x y": {} }"#;
    let verbatim = format!(r#","extensions":{json}}}"#);
    assert_eq!(sent(&*dialect(), &[("extensions", json)], &[]).unwrap(), verbatim);
    assert_eq!(sent(&*dialect(), &[("extensions", json)], &[THERE]).unwrap(), verbatim);
    let own = sent(&*dialect(), &[("extensions", json)], &[OWN]).unwrap();
    assert_eq!(own, r#","extensions":{"Peer.Example":{ "c" : "\u00e9" }}}"#);
    let strange = r#"{"a.example":{"b":1}}"#;
    assert_eq!(sent(&*dialect(), &[("extensions", strange)], &[OWN]).unwrap(), "}");
    for broken in ["[]", "1", "{"] {
        assert_eq!(sent(&*dialect(), &[("extensions", broken)], &[]), Err("extensions"), "{broken}");
    }
}

#[test]
fn a_person_whom_only_an_extension_names_is_not_sent_without_it() {
    let carrying = |json: &str| Subject {
        identities: vec![],
        carried: vec![Carried { name: "extensions".into(), json: json.into() }],
        ..Subject::default()
    };
    let nobody = Err("a request without an identity");
    assert!(call(&*dialect(), &carrying(r#"{"peer.example":{"id":1}}"#), &[OWN]).is_ok());
    assert_eq!(call(&*dialect(), &carrying(r#"{"a.example":{"id":1}}"#), &[OWN]), nobody);
    for json in [r#"{"a.example":{"id":1}}"#, r#"{"peer.example":{"property_id":"1"}}"#] {
        assert_eq!(both_0_1(|dialect| call(dialect, &carrying(json), &[])), nobody);
    }
}

#[test]
fn a_property_id_survives_the_way_from_0_1_over_1_0_to_0_1() {
    let mut world = World::new();
    world.us.domain = "peer.example".parse().unwrap();
    let request = EDITIONS[0].request.replace(r#""123456""#, r#""\u0031 2""#);
    let read = |dialect: &dyn Dialect, body: Vec<u8>| {
        dialect.submit().unwrap().read(&posted(body), &world.x()).unwrap().subject
    };
    let first = read(&*habeas_opengdpr::v0_1_2(), request.into());
    let second = read(&*dialect(), call(&*dialect(), &first, &[THERE]).unwrap().body);
    assert_eq!(second.carried[0].name, "extensions");
    let third = call(&*habeas_opengdpr::v0_1_3(), &second, &[]).unwrap().body;
    assert_eq!(read(&*habeas_opengdpr::v0_1_3(), third), first);
}

#[test]
fn how_the_person_stands_to_us_is_told_to_those_only_who_understand_it() {
    let subject = Subject {
        identities: vec![identity()],
        relationships: vec!["customer".into(), "\"".into()],
        ..Subject::default()
    };
    let body = |knobs: &[&str]| String::from_utf8(call(&*dialect(), &subject, knobs).unwrap().body).unwrap();
    assert!(!body(&[]).contains("customer"));
    assert!(body(&[RELATIONSHIPS]).ends_with(r#","extensions":{"peer.example":{"relationships":["customer","\""]}}}"#));
}

#[test]
fn parties_of_1_0_have_three_knobs_and_those_of_0_1_have_none() {
    let names: Vec<_> = dialect().knobs().iter().map(|knob| knob.name).collect();
    assert_eq!(names, [THERE, OWN, RELATIONSHIPS]);
    assert!(dialect().knobs().iter().all(|knob| knob.doc.ends_with('.')));
    assert!(both_0_1(|dialect| dialect.knobs().is_empty()));
}

proptest! {
    /// Whatever the version, the party and what else comes along: the property arrives letter by letter where that
    /// version has it, or nothing is sent.
    #[test]
    fn an_erasure_is_never_widened(
        edition in 0..3_usize,
        knobs in prop::sample::subsequence(vec![THERE, OWN], 0..=2),
        id: String,
        in_extension: bool,
        beside in prop::option::of(prop::sample::select(&[r#""a.example":{}"#, r#""peer.example":null"#, ""][..])),
    ) {
        let json = serde_json::Value::from(id.as_str()).to_string();
        let entry = format!(r#""peer.example":{{"property_id":{json}}}"#);
        let extensions = match (in_extension, beside) {
            (true, Some(r#""a.example":{}"#)) => Some(format!(r#"{{"a.example":{{}},{entry}}}"#)),
            (true, _) => Some(format!("{{{entry}}}")),
            (false, other) => other.map(|other| format!("{{{other}}}")),
        };
        let mut carried: Vec<_> = extensions.iter().map(|json| ("extensions", json.as_str())).collect();
        if !in_extension {
            carried.push(("property_id", json.as_str()));
        }
        let dialect = (EDITIONS[edition].dialect)();
        if let Ok(rest) = sent(&*dialect, &carried, &knobs) {
            let body = format!(r#"{{"x":0{rest}"#);
            let body = Object::parse(body.as_bytes(), 64).unwrap();
            let arrived = if edition == 2 {
                body.object("extensions").unwrap().unwrap().object("peer.example").unwrap().unwrap().get("property_id")
            } else {
                body.get("property_id")
            };
            prop_assert_eq!(arrived, Some(json.as_str()));
        } else {
            prop_assert!(edition == 2 && !in_extension, "0.1 can say each of these");
        }
    }
}
