//! Do both ends of an exchange understand each other?

use habeas_core::{
    dialect::{Outgoing, Told},
    id::{RemoteId, WireId},
    identity::{Format, Identity, Kind},
    leg::Progress,
    message::{AnswerHead, Unverified},
    right::Right,
    secret::Secret,
    state::{Ground, Reached, State},
    submission::{Carried, Outbound, Stamp, Subject},
};
use insta::assert_snapshot;

use crate::world::{ID, Pen, Printed, World, arrived, at, believed, dialect, head, posted, standing};

fn subject() -> Subject {
    let identity =
        |kind: &str, value: &str| Identity { kind: Kind::new(kind), format: Format::Raw, value: Secret::new(value) };
    Subject {
        identities: vec![identity("email", "\"ann\"@example.org"), identity("roku_aid", "é\\")],
        carried: vec![Carried { name: "a \"b\"".into(), json: r#"{ "n": 1.50, "t": "\u00e9" }"#.into() }],
    }
}

fn asked(subject: &Subject, right: Right) -> Result<Outgoing, habeas_core::dialect::Unrepresentable> {
    let world = World::new();
    let callbacks = ["https://us.example/opengdpr_callbacks/t".parse().unwrap()];
    let submitted = Stamp { at: at("2018-10-02T13:00:00Z"), text: "2018-10-02t15:00:00.000+02:00".to_owned() };
    let id = WireId::new(ID);
    let outbound = Outbound { wire_id: &id, right, submitted: &submitted, subject, callbacks: &callbacks };
    dialect().submit().unwrap().ask(&outbound, &world.x())
}

#[test]
fn what_is_asked_is_read() {
    let call = asked(&subject(), Right::Erasure).unwrap();
    assert_snapshot!(call.printed(), @r#"
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
    "status_callback_urls":["https://us.example/opengdpr_callbacks/t"],
    "a \"b\"":{ "n": 1.50, "t": "\u00e9" }}
    "#);
    let read = dialect().submit().unwrap().read(&arrived(call, None), &World::new().x()).unwrap();
    let mut expected = subject();
    expected.identities[1].kind = Kind::new("roku_advertising_id");
    assert_eq!(read.subject, expected);
    assert_eq!(read.rights, [Right::Erasure]);
    assert_eq!(read.callbacks[0].as_str(), "https://us.example/opengdpr_callbacks/t");
    let submitted = read.submitted.unwrap();
    assert_eq!((submitted.at, submitted.text.as_str()), (at("2018-10-02T13:00:00Z"), "2018-10-02t15:00:00.000+02:00"));
}

#[test]
fn what_this_version_cannot_say_is_not_sent() {
    assert!(asked(&subject(), Right::OptOutOfSale).is_err());
    assert!(asked(&subject(), Right::AccessCategories).is_err());
    assert!(asked(&subject(), Right::AccessSpecific).is_ok());
    let carrying = |name: &str| Subject {
        identities: vec![],
        carried: vec![Carried { name: name.into(), json: r#"{"peer.example":{"id":1}}"#.into() }],
    };
    assert!(asked(&carrying("other"), Right::Erasure).is_err(), "nobody is named");
    assert!(asked(&carrying("extensions"), Right::Erasure).is_ok());
    let mut narrowed = subject();
    narrowed.carried.push(Carried { name: "property_id".into(), json: "\"1\"".into() });
    assert!(asked(&narrowed, Right::Erasure).is_err(), "an erasure must not become wider");
}

#[test]
fn a_carried_member_cannot_take_the_place_of_ours() {
    let mut forged = subject();
    forged.carried.push(Carried { name: "subject_request_id".into(), json: "\"x\"".into() });
    let call = asked(&forged, Right::Erasure).unwrap();
    assert!(dialect().submit().unwrap().read(&arrived(call, None), &World::new().x()).is_ok());
}

#[test]
fn calls_go_below_the_base_of_the_party() {
    let mut world = World::new();
    let dialect = dialect();
    let id = RemoteId::new("a/../b?c");
    let printed = [
        dialect.discover().unwrap().ask(&world.x()).unwrap().printed(),
        dialect.certificate().unwrap().ask(&"https://peer.example/cert.pem".parse().unwrap()).unwrap().printed(),
        dialect.status().unwrap().ask(&id, &world.x()).unwrap().printed(),
        dialect.cancel().unwrap().ask(&id, &world.x()).unwrap().printed(),
    ];
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
        assert!(dialect.cancel().unwrap().ask(&RemoteId::new(nowhere), &world.x()).is_err());
    }
    world.them.base = None;
    assert!(dialect.discover().unwrap().ask(&world.x()).is_err());
    assert!(dialect.status().unwrap().ask(&id, &world.x()).is_err());
    assert!(dialect.cancel().unwrap().ask(&id, &world.x()).is_err());
}

#[test]
fn our_own_answers_are_heard() {
    let world = World::new();
    let dialect = dialect();
    let hear = |operation, answer: habeas_core::dialect::Answer| {
        let head = AnswerHead { status: answer.status, headers: answer.headers };
        let claim = dialect.proof(operation, &head).unwrap();
        Unverified::new(head, answer.body).verify(claim, &Pen).unwrap()
    };
    use habeas_core::dialect::Operation::{Cancel, Discover, Status, Submit};
    let submit = dialect.submit().unwrap();
    let Ok(Told::Said(told)) = submit.hear(&hear(Submit, submit.reply(&standing(State::Received), b"{ }", &world.x())))
    else {
        panic!("not heard")
    };
    assert_eq!(told.echoed.as_deref(), Some(&b"{ }"[..]));
    let status = dialect.status().unwrap();
    let denied = State::Denied { ground: Ground::Exempt, reached: Reached::Received };
    let Ok(Told::Said(told)) = status.hear(&hear(Status, status.reply(&standing(denied), Right::Access, &world.x())))
    else {
        panic!("not heard")
    };
    assert_eq!(told.report.progress, Progress::Denied { ground: Some(Ground::Exempt) });
    let cancel = dialect.cancel().unwrap();
    let answer = cancel.reply(&standing(State::Cancelled), world.x().now, None, &world.x());
    assert!(matches!(cancel.hear(&hear(Cancel, answer)), Ok(Told::Said(_))));
    let discover = dialect.discover().unwrap();
    let Ok(Told::Said(told)) = discover.hear(&hear(Discover, discover.reply(&world.x()))) else { panic!("not heard") };
    assert_eq!(told.identities, world.us.capabilities.identities);
    assert_eq!(told.rights, [Right::Access, Right::Erasure]);
}

#[test]
fn our_own_callbacks_are_read() {
    let world = World::new();
    let dialect = dialect();
    let url = "https://us.example/opengdpr_callbacks/t?x=%20y".parse().unwrap();
    let state = State::Fulfilled { results: vec!["https://example.com/r".parse().unwrap()], expires_at: None };
    let call = dialect.callback().unwrap().ask(&url, &standing(state), Right::Access, &world.x()).unwrap();
    let row = dialect.endpoints().iter().find(|row| row.path.starts_with("opengdpr_callbacks")).unwrap();
    let claim = (row.claim)(&head(call.method.clone(), call.headers.clone())).unwrap();
    let report = dialect.callback().unwrap().read(&arrived(call, Some(claim)), &world.x()).unwrap();
    assert_eq!(report.progress, Progress::Fulfilled);
    assert_eq!(report.callback_url.as_deref(), Some(url.as_str()));
    assert_eq!(report.results.unwrap().as_str(), "https://example.com/r");
    let nobody = habeas_core::dialect::Exchange { them: None, ..world.x() };
    let ask = dialect.callback().unwrap().ask(&url, &standing(State::Received), Right::Access, &nobody);
    assert!(ask.is_err());
}

#[test]
fn a_message_that_nobody_signed_denies_nothing() {
    let body = format!(
        r#"{{"subject_request_id":"{ID}","request_status":"pending","extensions":{{"peer.example":{{"denied":{{}}}}}}}}"#
    );
    let report = dialect().callback().unwrap().read(&posted(body.as_str()), &World::new().x()).unwrap();
    assert_eq!(report.progress, Progress::Pending);
    let answer = believed(AnswerHead { status: 200, headers: http::HeaderMap::new() }, body);
    assert!(matches!(dialect().status().unwrap().hear(&answer), Ok(Told::Said(_))));
}
