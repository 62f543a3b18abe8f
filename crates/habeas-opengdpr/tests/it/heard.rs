//! What do we hear in what a party answers?

use habeas_core::{
    dialect::{Back, Reported, Told},
    identity::Format,
    leg::{Progress, Report},
    message::{Claim, RequestHead, Unverified, Verified},
    problem::{Code, Problem},
    right::Right,
    state::Ground,
};
use http::Method;

use crate::{
    edition::alike,
    world::{ID, Pen, World, answered, at, head, headers},
};

const RECEIPT: &str = include_str!("../../fixtures/1.0/7.3-receipt.json");
const STATUS: &str = include_str!("../../fixtures/1.0/8.3-status.json");
const CALLBACK: &str = include_str!("../../fixtures/1.0/8.6-callback.json");
const CANCELLATION: &str = include_str!("../../fixtures/1.0/9.2-cancellation.json");
const DISCOVERY: &str = include_str!("../../fixtures/1.0/6.3-discovery.json");
const ERROR: &str = include_str!("../../fixtures/1.0/7.6-error.json");

fn said<T>(told: Result<Told<T>, Problem>) -> T {
    match told.unwrap() {
        Told::Said(said) => said,
        Told::Refused { status, .. } => panic!("refused with {status}"),
    }
}

fn submitted(answer: Back<'_>) -> Result<Told<Reported>, Problem> {
    alike(|dialect| dialect.submit().unwrap().hear(answer))
}

fn signed(body: &str) -> Verified<RequestHead> {
    let claim = Claim::Signer {
        domain: "peer.example".parse().unwrap(),
        signature: habeas_core::dialect::Signer::sign(&Pen, body.as_bytes()),
    };
    Unverified::new(head(Method::POST, headers(&[])), body.into()).verify(claim, &Pen).unwrap()
}

fn called_back(body: &str) -> Result<Report, Problem> {
    alike(|dialect| dialect.callback().unwrap().read(&signed(body), &World::new().x())).map(|reported| reported.report)
}

#[test]
fn a_receipt_is_read_and_its_secret_is_found() {
    let told = said(submitted(&answered(201, RECEIPT)));
    assert_eq!(told.report.remote_id.as_str(), ID);
    assert_eq!(told.report.progress, Progress::Pending);
    assert_eq!(told.report.received_at, Some(at("2018-10-02T15:00:01Z")));
    assert_eq!(told.report.expected_by, Some(at("2018-11-01T15:00:01Z")));
    assert_eq!(&RECEIPT[told.secret.unwrap()], r#""eyJub3QiOiJ0aGUgcmVhbCBvbmUifQ==""#);
    assert_eq!(told.echoed.as_deref(), Some(&br#"{"not":"the real one"}"#[..]));
}

#[test]
fn a_secret_is_found_whatever_its_type() {
    for (raw, hidden, echoed) in [
        (r#""\u0065\u0077==""#, true, Some(b"{".to_vec())),
        (r#"{"a": 1}"#, true, None),
        (r#""not base64!""#, true, None),
        ("null", false, None),
    ] {
        let body = RECEIPT.replace(r#""eyJub3QiOiJ0aGUgcmVhbCBvbmUifQ==""#, raw);
        let told = said(submitted(&answered(201, body.as_str())));
        assert_eq!(told.secret.map(|range| body[range].to_owned()), hidden.then(|| raw.to_owned()));
        assert_eq!(told.echoed, echoed, "{raw}");
    }
}

#[test]
fn a_refusal_says_whether_to_ask_again() {
    for (status, again) in [
        (302, true),
        (400, false),
        (401, true),
        (403, true),
        (404, true),
        (409, false),
        (422, false),
        (408, true),
        (425, true),
        (429, true),
        (500, true),
        (503, true),
    ] {
        let answer = answered(status, ERROR);
        let (no, exists) = (submitted(&answer), false);
        assert_eq!(no, Ok(Told::Refused { status, again, exists }));
        let no = alike(|dialect| dialect.certificate().unwrap().hear(&answer));
        assert_eq!(no, Ok(Told::Refused { status, again, exists }));
    }
}

#[test]
fn an_answer_that_says_nothing_is_a_problem() {
    let codes = [("{", Code::MalformedJson), ("[]", Code::NotAnObject), ("{}", Code::MissingField)];
    for (body, code) in codes {
        assert_eq!(submitted(&answered(201, body)).unwrap_err().code, code);
        assert_eq!(called_back(body).unwrap_err().code, code);
    }
}

#[test]
fn a_status_is_read() {
    let hear = |body: &str| said(alike(|dialect| dialect.status().unwrap().hear(&answered(200, body))));
    let told = hear(STATUS);
    assert_eq!(told.report.progress, Progress::Pending);
    assert_eq!(told.report.results.unwrap().host_str(), Some("exampleprocessor.com"));
    let odd = STATUS.replace("https://exampleprocessor", "javascript:alert(1)//");
    assert_eq!(hear(&odd).report.results, None);
}

#[test]
fn a_cancellation_is_read() {
    let told =
        said(alike(|dialect| dialect.cancel().unwrap().hear(&answered(202, CANCELLATION), &crate::world::asked())));
    assert_eq!(told.report.progress, Progress::Cancelled);
    assert_eq!(told.secret, None);
}

#[test]
fn a_callback_is_read() {
    let report = called_back(CALLBACK).unwrap();
    assert_eq!(report.remote_id.as_str(), ID);
    assert_eq!(report.callback_url.as_deref(), Some("https://examplecontroller.com/opengdpr_callbacks"));
    assert_eq!(report.progress, Progress::Pending);
}

#[test]
fn a_denial_is_believed_from_the_signer_and_never_against_completed() {
    let denied = |ground| Progress::Denied { ground };
    for (word, key, reason, progress) in [
        ("pending", "peer.example", r#""no_match""#, denied(Some(Ground::NoMatch))),
        ("in_progress", "Peer.Example", r#""no such ground""#, denied(None)),
        ("pending", "peer.example", "null", denied(None)),
        ("pending", "other.example", r#""no_match""#, Progress::Pending),
        ("completed", "peer.example", r#""no_match""#, Progress::Fulfilled),
        ("cancelled", "peer.example", r#""no_match""#, Progress::Cancelled),
    ] {
        let extensions = format!(r#""{word}","extensions":{{"{key}":{{"denied":{{"reason":{reason}}}}}}}"#);
        let report = called_back(&CALLBACK.replace(r#""pending""#, &extensions)).unwrap();
        assert_eq!(report.progress, progress, "{word} {key} {reason}");
    }
}

#[test]
fn discovery_is_read_and_what_we_do_not_know_is_passed_over() {
    let hear = |body: &str| said(alike(|dialect| dialect.discover().unwrap().hear(&answered(200, body))));
    let told = hear(DISCOVERY);
    assert_eq!(told.rights, [Right::Erasure]);
    assert!(told.accepts("email", Format::Sha256) && !told.accepts("email", Format::Md5));
    assert_eq!(told.certificate_url.unwrap().as_str(), "https://exampleprocessor.com/cert.pem");
    let odd = hear(
        r#"{"supported_subject_request_types":["Access","rectification",7],
            "supported_identities":[{"identity_type":"roku_aid","identity_format":"raw"},"x",
                {"identity_type":"idfv","identity_format":"RAW"},{"identity_type":"email","identity_format":"rot13"}],
            "processor_certificate":null}"#,
    );
    assert_eq!(odd.rights, [Right::Access]);
    assert_eq!(odd.identities.len(), 2);
    assert!(odd.accepts("roku_advertising_id", Format::Raw) && odd.accepts("idfv", Format::Raw));
    assert_eq!(odd.certificate_url, None);
}

#[test]
fn a_page_that_lists_nothing_is_not_taken_for_a_party_that_supports_nothing() {
    let hear = |body: &str| alike(|dialect| dialect.discover().unwrap().hear(&answered(200, body)));
    let (rights, identities) = (r#""supported_subject_request_types":"#, r#""supported_identities":"#);
    for (body, code) in [
        (r#"{"status":"maintenance"}"#.to_owned(), Code::MissingField),
        (format!("{{{rights}[]}}"), Code::MissingField),
        (format!("{{{identities}[]}}"), Code::MissingField),
        (format!("{{{rights}null,{identities}[]}}"), Code::MissingField),
        (format!("{{{rights}[],{identities}null}}"), Code::MissingField),
        (format!(r#"{{{rights}"erasure",{identities}[]}}"#), Code::InvalidField),
        (format!("{{{rights}[],{identities}{{}}}}"), Code::InvalidField),
    ] {
        assert_eq!(hear(&body).unwrap_err().code, code, "{body}");
    }
    let nothing = said(hear(&format!("{{{rights}[],{identities}[]}}")));
    assert!(nothing.rights.is_empty() && nothing.identities.is_empty());
}

#[test]
fn a_certificate_is_pem_and_no_web_page() {
    let hear = |body: &str| alike(|dialect| dialect.certificate().unwrap().hear(&answered(200, body)));
    let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(hear(pem), Ok(Told::Said(pem.to_owned())));
    assert_eq!(hear("<html>").unwrap_err().code, Code::InvalidField);
}
