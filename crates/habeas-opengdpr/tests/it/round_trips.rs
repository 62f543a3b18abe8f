//! Do both ends of an exchange understand each other?

use habeas_core::{
    capability::Capabilities,
    dialect::{Answer, Dialect, Exchange, Operation, Outgoing, Told, Unrepresentable},
    id::{RemoteId, WireId},
    identity::{Format, Identity, Kind},
    leg::Progress,
    message::{AnswerHead, Unverified, Verified},
    right::Right,
    secret::Secret,
    state::{Ground, Reached, State},
    submission::{Carried, Outbound, Stamp, Subject},
};
use insta::assert_snapshot;

use crate::{
    edition::{EDITIONS, alike},
    world::{ID, Pen, Printed, World, arrived, at, believed, dialect, head, posted, standing},
};

/// Those of the request upstream, letter by letter, and our own.
const CALLBACKS: [&str; 2] = ["https://Up.example:443?t=%20y", "https://us.example/opengdpr_callbacks/t"];

fn subject() -> Subject {
    let identity =
        |kind: &str, value: &str| Identity { kind: Kind::new(kind), format: Format::Raw, value: Secret::new(value) };
    Subject {
        identities: vec![identity("email", "\"ann\"@example.org"), identity("roku_aid", "é\\")],
        carried: vec![Carried { name: "a \"b\"".into(), json: r#"{ "n": 1.50, "t": "\u00e9" }"#.into() }],
        ..Subject::default()
    }
}

fn asked(dialect: &dyn Dialect, subject: &Subject, right: Right) -> Result<Outgoing, Unrepresentable> {
    let world = World::new();
    let callbacks = CALLBACKS.map(|url| url.parse().unwrap());
    let submitted = Stamp { at: at("2018-10-02T13:00:00Z"), text: "2018-10-02t15:00:00.000+02:00".to_owned() };
    let id = WireId::new(ID);
    let outbound = Outbound {
        wire_id: &id,
        leg: &habeas_core::id::LegId::new("leg"),
        right,
        regime: None,
        submitted: &submitted,
        subject,
        callbacks: &callbacks,
        supports: None,
    };
    dialect.submit().unwrap().ask(&outbound, &world.x())
}

#[test]
fn a_call_is_made_in_the_words_of_its_version() {
    let call = |dialect: &dyn Dialect| asked(dialect, &subject(), Right::Erasure).unwrap().printed();
    assert_snapshot!(call(&*dialect()), @r#"
    POST https://peer.example/v1/opengdpr_requests
    accept: application/json
    content-type: application/json

    {"subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798",
    "subject_request_type":"erasure",
    "submitted_time":"2018-10-02t15:00:00.000+02:00",
    "subject_identities":[{"identity_type":"email",
    "identity_value":"\"ann\"@example.org",
    "identity_format":"raw"},{"identity_type":"roku_advertising_id",
    "identity_value":"é\\",
    "identity_format":"raw"}],
    "api_version":"1.0",
    "status_callback_urls":["https://Up.example:443?t=%20y",
    "https://us.example/opengdpr_callbacks/t"],
    "a \"b\"":{ "n": 1.50, "t": "\u00e9" }}
    "#);
    let old = call(&*habeas_opengdpr::v0_1_3());
    assert_eq!(call(&*habeas_opengdpr::v0_1_2()), old);
    assert_snapshot!(old, @r#"
    POST https://peer.example/v1/opengdpr_requests
    accept: application/json
    content-type: application/json

    {"subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798",
    "subject_request_type":"erasure",
    "submitted_time":"2018-10-02t15:00:00.000+02:00",
    "subject_identities":[{"identity_type":"email",
    "identity_value":"\"ann\"@example.org",
    "identity_format":"raw"},{"identity_type":"roku_aid",
    "identity_value":"é\\",
    "identity_format":"raw"}],
    "api_version":"0.1",
    "status_callback_urls":["https://Up.example:443?t=%20y",
    "https://us.example/opengdpr_callbacks/t"],
    "a \"b\"":{ "n": 1.50, "t": "\u00e9" }}
    "#);
}

#[test]
fn what_is_asked_is_read() {
    for edition in &EDITIONS {
        let dialect = (edition.dialect)();
        let call = asked(&*dialect, &subject(), Right::Erasure).unwrap();
        let read = dialect.submit().unwrap().read(&arrived(call, None), &World::new().x()).unwrap();
        let mut expected = subject();
        expected.identities[1].kind = Kind::new("roku_advertising_id");
        assert_eq!(read.subject, expected, "{}", edition.name);
        assert_eq!(read.rights, [Right::Erasure]);
        assert_eq!(read.callbacks.iter().map(|url| url.as_str()).collect::<Vec<_>>(), CALLBACKS);
        let (submitted, text) = (read.submitted.unwrap(), "2018-10-02t15:00:00.000+02:00");
        assert_eq!((submitted.at, submitted.text.as_str()), (at("2018-10-02T13:00:00Z"), text));
    }
}

#[test]
fn a_right_without_a_word_and_a_person_without_a_name_are_not_sent() {
    let ask = |subject: &Subject, right| alike(|dialect| asked(dialect, subject, right).err());
    for (right, said) in [
        (Right::OptOutOfSale, false),
        (Right::OptInToSale, false),
        (Right::AccessCategories, false),
        (Right::AccessSpecific, true),
        (Right::Portability, true),
    ] {
        assert_eq!(ask(&subject(), right).is_none(), said, "{right:?}");
    }
    let nobody = Subject { identities: vec![], ..subject() };
    assert_eq!(ask(&nobody, Right::Erasure), Some(Unrepresentable("a request without an identity")));
    let extensions = Carried { name: "extensions".into(), json: r#"{"examplecontroller.com":{"id":1}}"#.into() };
    let elsewhere = Subject { identities: vec![], carried: vec![extensions], ..Subject::default() };
    assert!(asked(&*dialect(), &elsewhere, Right::Erasure).is_ok(), "an extension names the person");
}

#[test]
fn an_opt_out_is_said_in_its_own_word_to_those_who_list_it() {
    let (world, right) = (World::new(), Right::OptOutOfSale);
    let submitted = Stamp { at: at("2018-10-02T13:00:00Z"), text: "2018-10-02T15:00:00Z".to_owned() };
    let ask = |rights: &[Right]| {
        let supports = Capabilities { rights: rights.to_vec(), ..Capabilities::default() };
        let outbound = Outbound {
            wire_id: &WireId::new(ID),
            leg: &habeas_core::id::LegId::new("leg"),
            right,
            regime: None,
            submitted: &submitted,
            subject: &subject(),
            callbacks: &[],
            supports: Some(&supports),
        };
        dialect().submit().unwrap().ask(&outbound, &world.x()).map(|call| String::from_utf8(call.body).unwrap())
    };
    assert_eq!(ask(&[Right::Erasure]), Err(Unrepresentable("this right")));
    assert!(ask(&[right]).unwrap().contains(r#""subject_request_type":"sale:opt-out""#));
}

#[test]
fn a_carried_member_cannot_take_the_place_of_ours() {
    let mut forged = subject();
    forged.carried.push(Carried { name: "subject_request_id".into(), json: "\"x\"".into() });
    for edition in &EDITIONS {
        let dialect = (edition.dialect)();
        let call = asked(&*dialect, &forged, Right::Erasure).unwrap();
        assert!(dialect.submit().unwrap().read(&arrived(call, None), &World::new().x()).is_ok());
    }
}

#[test]
fn calls_go_below_the_base_of_the_party() {
    let mut world = World::new();
    let id = RemoteId::new("a/../b?c");
    let certificate = "https://peer.example/cert.pem".parse().unwrap();
    let printed = alike(|dialect| {
        [
            dialect.discover().unwrap().ask(&world.x()).unwrap().printed(),
            dialect.certificate().unwrap().ask(&certificate).unwrap().printed(),
            dialect.status().unwrap().ask(&id, &world.x()).unwrap().printed(),
            dialect.cancel().unwrap().ask(&id, &world.x()).unwrap().printed(),
        ]
    });
    assert_snapshot!(printed.join("---\n"), @r"
    GET https://peer.example/v1/discovery
    accept: application/json

    ---
    GET https://peer.example/cert.pem


    ---
    GET https://peer.example/v1/opengdpr_requests/a%2F..%2Fb%3Fc
    accept: application/json

    ---
    DELETE https://peer.example/v1/opengdpr_requests/a%2F..%2Fb%3Fc
    accept: application/json
    ");
    for nowhere in ["", ".", ".."] {
        assert!(alike(|dialect| dialect.cancel().unwrap().ask(&RemoteId::new(nowhere), &world.x()).is_err()));
    }
    world.them.base = None;
    assert!(alike(|dialect| dialect.discover().unwrap().ask(&world.x()).is_err()));
    assert!(alike(|dialect| dialect.status().unwrap().ask(&id, &world.x()).is_err()));
    assert!(alike(|dialect| dialect.cancel().unwrap().ask(&id, &world.x()).is_err()));
}

#[test]
fn a_peer_of_0_1_may_be_asked_at_the_singular_too() {
    let world = World::new();
    let id = RemoteId::new(ID);
    for edition in &EDITIONS {
        let dialect = (edition.dialect)();
        let status = dialect.status().unwrap().ask_elsewhere(&id, &world.x());
        let cancel = dialect.cancel().unwrap().ask_elsewhere(&id, &world.x());
        if edition.name == "1.0" {
            let nowhere = || Err(Unrepresentable("another place"));
            assert_eq!((status, cancel), (nowhere(), nowhere()));
            continue;
        }
        for (call, method) in [(status, "GET"), (cancel, "DELETE")] {
            let call = call.unwrap();
            assert_eq!(call.method, method);
            assert_eq!(call.url.as_str(), format!("https://peer.example/v1/opengdpr_request/{ID}"));
        }
    }
}

/// A19: whoever is known by domain only is looked for below the major version first.
#[test]
fn a_domain_alone_is_discovered_below_the_version_and_then_at_the_top() {
    for edition in &EDITIONS {
        let dialect = (edition.dialect)();
        let bases = dialect.discover().unwrap().usual_bases(&"peer.example".parse().unwrap());
        let asked = bases.into_iter().map(|base| {
            let mut world = World::new();
            world.them.base = Some(base);
            dialect.discover().unwrap().ask(&world.x()).unwrap().url.to_string()
        });
        let places = ["https://peer.example/v1/discovery", "https://peer.example/discovery"];
        assert_eq!(asked.collect::<Vec<_>>(), places, "{}", edition.name);
    }
}

/// An answer as it arrives, its proof checked.
fn back(dialect: &dyn Dialect, operation: Operation, answer: Answer) -> Verified<AnswerHead> {
    let head = AnswerHead { status: answer.status, headers: answer.headers };
    let claim = dialect.proof(operation, &head, Some(&World::new().them)).unwrap();
    Unverified::new(head, answer.body).verify(claim, &Pen).unwrap()
}

fn said<T>(told: Result<Told<T>, habeas_core::problem::Problem>) -> T {
    let Ok(Told::Said(said)) = told else { panic!("not heard") };
    said
}

#[test]
fn our_own_receipts_are_heard() {
    let world = World::new();
    for edition in &EDITIONS {
        let dialect = (edition.dialect)();
        let submit = dialect.submit().unwrap();
        let receipt = submit.reply(&standing(State::Received), b"{\t}\r\n", &world.x());
        let told = said(submit.hear(&back(&*dialect, Operation::Submit, receipt)));
        assert_eq!(told.echoed.as_deref(), Some(&b"{\t}\r\n"[..]));
        assert_eq!(told.report.remote_id.as_str(), ID);
        let cancel = dialect.cancel().unwrap();
        let answer = cancel.reply(&standing(State::Cancelled), world.x().now, Some(b"{\t}\r\n"), &world.x());
        let told = said(cancel.hear(&back(&*dialect, Operation::Cancel, answer), &crate::world::asked()));
        assert_eq!(told.report.progress, Progress::Cancelled);
        let repeated = (edition.name != "1.0").then(|| b"{\t}\r\n".to_vec());
        assert_eq!((told.echoed, told.secret.is_some()), (repeated.clone(), repeated.is_some()), "{}", edition.name);
    }
}

#[test]
fn our_own_statuses_and_discovery_are_heard() {
    let world = World::new();
    for edition in &EDITIONS {
        let dialect = (edition.dialect)();
        let status = dialect.status().unwrap();
        let hear = |state| {
            let answer = status.reply(&standing(state), Right::Access, &world.x());
            said(status.hear(&back(&*dialect, Operation::Status, answer))).report.progress
        };
        let denied = State::Denied { ground: Ground::Exempt, reached: Reached::InProgress };
        let (denial, distributed) = match edition.name {
            "1.0" => (Progress::Denied { ground: Some(Ground::Exempt) }, Progress::InProgress),
            "0.1.3" => (Progress::InProgress, Progress::Distributed),
            _ => (Progress::InProgress, Progress::InProgress),
        };
        assert_eq!(hear(denied), denial, "{}", edition.name);
        assert_eq!(hear(State::Distributed), distributed, "{}", edition.name);
        assert_eq!(hear(State::Cancelled), Progress::Cancelled);
        let discover = dialect.discover().unwrap();
        let told = said(discover.hear(&back(&*dialect, Operation::Discover, discover.reply(&world.x()))));
        assert_eq!(told.identities, world.us.capabilities.identities);
        assert_eq!(told.rights, [Right::Access, Right::Erasure]);
    }
}

#[test]
fn our_own_callbacks_are_read() {
    let world = World::new();
    let url = "https://us.example/opengdpr_callbacks/t?x=%20y".parse().unwrap();
    let results = || vec!["https://example.com/r".parse().unwrap()];
    for edition in &EDITIONS {
        let dialect = (edition.dialect)();
        let callback = dialect.callback().unwrap();
        let state = State::Fulfilled { results: results(), expires_at: None };
        let call = callback.ask(&url, &standing(state), Right::Access, &world.x()).unwrap();
        let row = dialect.endpoints().iter().find(|row| row.path.starts_with("opengdpr_callbacks")).unwrap();
        let claim = (row.claim)(&head(call.method.clone(), call.headers.clone())).unwrap();
        let report = callback.read(&arrived(call, Some(claim)), &world.x()).unwrap().report;
        assert_eq!(report.progress, Progress::Fulfilled);
        assert_eq!(report.callback_url.as_deref(), Some(url.as_str()));
        assert_eq!(report.results, (edition.name == "1.0").then(|| results().remove(0)));
        let nobody = Exchange { them: None, ..world.x() };
        assert!(callback.ask(&url, &standing(State::Received), Right::Access, &nobody).is_err());
    }
}

#[test]
fn roku_is_named_as_the_version_names_it_and_understood_by_both_names() {
    for edition in &EDITIONS {
        let dialect = (edition.dialect)();
        let word = if edition.name == "1.0" { "roku_advertising_id" } else { "roku_aid" };
        for name in ["roku_aid", "roku_advertising_id"] {
            let mut subject = subject();
            subject.identities[1].kind = Kind::new(name);
            let call = asked(&*dialect, &subject, Right::Erasure).unwrap();
            let body = String::from_utf8(call.body).unwrap();
            assert!(body.contains(&format!(r#""identity_type":"{word}""#)), "{} {name}", edition.name);
            let body = body.replace(word, name);
            let read = dialect.submit().unwrap().read(&posted(body), &World::new().x()).unwrap();
            assert_eq!(read.subject.identities[1].kind.as_str(), "roku_advertising_id");
        }
    }
}

#[test]
fn a_message_that_nobody_signed_denies_nothing() {
    let body = format!(
        r#"{{"subject_request_id":"{ID}","request_status":"pending","extensions":{{"peer.example":{{"denied":{{}}}}}}}}"#
    );
    let read = alike(|dialect| dialect.callback().unwrap().read(&posted(body.as_str()), &World::new().x()));
    assert_eq!(read.unwrap().report.progress, Progress::Pending);
    let answer = believed(AnswerHead { status: 200, headers: http::HeaderMap::new() }, body);
    assert!(matches!(dialect().status().unwrap().hear(&answer), Ok(Told::Said(_))));
}
