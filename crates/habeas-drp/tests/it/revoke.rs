//! How is a request taken back? (§2.05)

use habeas_core::{
    id::{RemoteId, WireId},
    problem::{Code, Problem},
};
use insta::assert_snapshot;

use crate::world::{ID, Printed, World, dialect, posted};

fn named(body: &str) -> Result<WireId, Problem> {
    dialect().cancel().unwrap().read(&posted(body), &World::new().x())
}

#[test]
fn the_id_is_read_and_a_reason_may_be_given() {
    for body in [
        r#"{"request_id":"c789ff35-7644-4ceb-9981-4b35c264aac3"}"#,
        r#"{"request_id":"c789ff35-7644-4ceb-9981-4b35c264aac3","reason":null}"#,
        r#"{"request_id":"c789ff35-7644-4ceb-9981-4b35c264aac3","reason":"","meta":{"version":"0.5"}}"#,
    ] {
        assert_eq!(named(body), Ok(WireId::new(ID)), "{body}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    for (body, code, field) in [
        ("", Code::MalformedJson, None),
        ("[]", Code::NotAnObject, None),
        (r#"{"request_id":"a","request_id":"b"}"#, Code::DuplicateMember, None),
        ("{}", Code::MissingField, Some("request_id")),
        (r#"{"request_id":null}"#, Code::MissingField, Some("request_id")),
        (r#"{"request_id":""}"#, Code::MissingField, Some("request_id")),
        (r#"{"request_id":7}"#, Code::InvalidField, Some("request_id")),
        (r#"{"request_id":["a"]}"#, Code::InvalidField, Some("request_id")),
        (r#"{"request_id":"a","reason":7}"#, Code::InvalidField, Some("reason")),
    ] {
        let problem = named(body).unwrap_err();
        assert_eq!((problem.code, problem.field.as_ref().map(|field| field.as_str())), (code, field), "{body}");
    }
    let long = format!(r#"{{"request_id":"{}"}}"#, "x".repeat(201));
    assert_eq!(named(&long).unwrap_err().code, Code::NotFound);
}

#[test]
fn we_give_the_id_and_no_reason() {
    let call = dialect().cancel().unwrap().ask(&RemoteId::new("pri_\"1\""), &World::agent().x()).unwrap();
    assert_snapshot!(call.printed(), @r#"
    POST https://business.example/data-rights/revoke
    accept: application/json
    content-type: application/json

    {"request_id":"pri_\"1\""}
    "#);
}
