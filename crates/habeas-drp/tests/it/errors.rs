//! How is a problem told? (§3.06)

use habeas_core::problem::{Code, Field, Problem};
use insta::assert_snapshot;
use serde_json::Value;

use crate::world::{Printed, World, dialect};

#[test]
fn an_error_is_its_status_as_a_string_and_a_message() {
    let problem = Problem::at(Code::MissingField, Field::named("request_id"));
    assert_snapshot!(dialect().refuse(&problem, &World::new().x()).printed(), @r#"
    400
    cache-control: no-store
    content-type: application/json

    {"code":"400",
    "message":"request_id: A required field is missing"}
    "#);
}

#[test]
fn every_problem_is_told_in_that_shape_and_none_as_fatal() {
    for code in Code::ALL {
        let answer = dialect().refuse(&Problem::new(code), &World::new().x());
        let expected = if code == Code::NotCancellable { 409 } else { code.row().status };
        assert_eq!(answer.status, expected, "{code:?}");
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body["code"], expected.to_string());
        assert!(!body["message"].as_str().unwrap().is_empty());
        assert_eq!(body.as_object().unwrap().len(), 2);
        assert_eq!(answer.headers["content-type"], "application/json");
        let challenge = answer.headers.get("www-authenticate").map(|value| value.to_str().unwrap());
        assert_eq!(challenge, (expected == 401).then_some("Bearer"));
        let later = answer.headers.get("retry-after").map(|value| value.to_str().unwrap());
        assert_eq!(later, (expected == 503).then_some("5"));
    }
}
