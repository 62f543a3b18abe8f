//! What is read from a request that is right?

use habeas_core::{
    identity::Format,
    message::Params,
    problem::{Code, Problem},
    right::Right,
    submission::Submission,
};
use http::Method;

use crate::{
    edition::{EDITIONS, alike},
    world::{ID, REQUEST, World, at, believed, dialect, head, headers, posted},
};

/// What all versions read of a body that names 1.0, or each its own version.
fn read(body: &str) -> Result<Submission, Problem> {
    alike(|dialect| {
        let ours = if dialect.id().as_str() == "opengdpr/1.0" { r#""1.0""# } else { r#""0.1""# };
        let body = body.replace(r#""1.0""#, ours);
        dialect.submit().unwrap().read(&posted(body), &World::new().x())
    })
}

/// What 1.0 reads.
fn read_1_0(body: &str) -> Result<Submission, Problem> {
    dialect().submit().unwrap().read(&posted(body), &World::new().x())
}

#[test]
fn the_example_of_section_7_1_is_read() {
    let submission = read(REQUEST).unwrap();
    assert_eq!(submission.wire_id.unwrap().as_str(), ID);
    assert_eq!(submission.dedupe, Some(habeas_core::submission::Dedupe::Key(ID.to_owned())));
    assert_eq!(submission.rights, [Right::Erasure]);
    let submitted = submission.submitted.unwrap();
    assert_eq!((submitted.at, submitted.text.as_str()), (at("2018-10-02T15:00:00Z"), "2018-10-02T15:00:00Z"));
    let identity = &submission.subject.identities[0];
    assert_eq!((identity.kind.as_str(), identity.format), ("email", Format::Raw));
    assert_eq!(identity.value.expose(), "ann@example.org");
    assert_eq!(submission.callbacks[0].as_str(), "https://examplecontroller.com/opengdpr_callbacks");
    let carried = &submission.subject.carried;
    assert_eq!((carried.len(), carried[0].name.as_str()), (1, "extensions"));
    assert!(REQUEST.contains(&carried[0].json), "byte for byte");
}

#[test]
fn null_is_absent_and_unknown_members_are_carried() {
    let body = REQUEST
        .replace(r#""api_version": "1.0""#, r#""api_version": null, "group_id": 1.50, "regulation": null"#)
        .replace(r#"["https://examplecontroller.com/opengdpr_callbacks"]"#, "null");
    let submission = read(&body).unwrap();
    assert!(submission.callbacks.is_empty());
    let carried: Vec<_> = submission.subject.carried.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(carried, ["group_id", "extensions"]);
    assert_eq!(submission.subject.carried[0].json, "1.50");
}

#[test]
fn callbacks_keep_their_order_and_lose_repetitions() {
    let list = r#"["https://b.example/x", "https://a.example/", "HTTPS://B.example:443/x"]"#;
    let body = REQUEST.replace(r#"["https://examplecontroller.com/opengdpr_callbacks"]"#, list);
    let urls: Vec<_> = read(&body).unwrap().callbacks.into_iter().map(String::from).collect();
    assert_eq!(urls, ["https://b.example/x", "https://a.example/"]);
}

#[test]
fn plain_http_callbacks_are_for_the_sandbox() {
    let mut world = World::new();
    world.us.policy.plain_http = true;
    let body = REQUEST.replace("https://examplecontroller.com", "http://localhost:8080");
    assert!(dialect().submit().unwrap().read(&posted(body.as_str()), &world.x()).is_ok());
    assert_eq!(read(&body).unwrap_err().code, Code::CallbackNotAllowed);
}

#[test]
fn our_own_extension_may_stand_for_identities() {
    for list in ["[]", "null"] {
        let start = REQUEST.find(r#""subject_identities": ["#).unwrap();
        let end = REQUEST[start..].find(']').unwrap() + start + 1;
        let body = format!("{}\"subject_identities\": {list}{}", &REQUEST[..start], &REQUEST[end..]);
        assert!(read_1_0(&body).unwrap().subject.identities.is_empty());
        let stranger = body.replace("example-processor.com", "processor.example");
        assert_eq!(read_1_0(&stranger).unwrap_err().code, Code::MissingField);
        let empty = body.replace(r#"{ "foo-processor-custom-id": 123456, "property_id": "123456" }"#, "{}");
        assert_eq!(read_1_0(&empty).unwrap_err().code, Code::MissingField);
        for edition in &EDITIONS[..2] {
            let body = body.replace(r#""1.0""#, r#""0.1""#);
            let problem = (edition.dialect)().submit().unwrap().read(&posted(body), &World::new().x()).unwrap_err();
            assert_eq!(problem.code, Code::MissingField, "0.1 has no extensions");
        }
    }
}

#[test]
fn roku_is_known_by_both_its_names() {
    for name in ["roku_aid", "roku_advertising_id"] {
        let submission = read(&REQUEST.replace(r#""email""#, &format!("{name:?}"))).unwrap();
        assert_eq!(submission.subject.identities[0].kind.as_str(), "roku_advertising_id");
    }
}

#[test]
fn a_media_type_may_have_parameters() {
    for (media_type, good) in [
        ("application/json;charset=UTF-8", true),
        ("Application/JSON ; charset=utf-8", true),
        ("text/plain", false),
        ("application/json-patch+json", false),
        ("", false),
    ] {
        let message = believed(head(Method::POST, headers(&[("content-type", media_type)])), REQUEST);
        let read = dialect().submit().unwrap().read(&message, &World::new().x());
        assert_eq!(read.is_ok(), good, "{media_type}");
    }
    let message = believed(head(Method::POST, headers(&[])), REQUEST);
    let problem = dialect().submit().unwrap().read(&message, &World::new().x()).unwrap_err();
    assert_eq!(problem.code, Code::UnsupportedMediaType);
}

#[test]
fn a_body_says_whether_it_is_of_this_version() {
    // For 0.1.2, 0.1.3 and 1.0.
    for (said, fits) in [
        (r#""0.1""#, [true, true, false].map(Some)),
        (r#""0.1.2""#, [true, false, false].map(Some)),
        (r#""0.1.3""#, [false, true, false].map(Some)),
        (r#""1""#, [false, false, true].map(Some)),
        (r#""1.0""#, [false, false, true].map(Some)),
        (r#""2.0""#, [Some(false); 3]),
        (r#""one""#, [Some(false); 3]),
        ("null", [None; 3]),
        ("1", [None; 3]),
    ] {
        let body = format!(r#"{{"api_version":{said}}}"#);
        let message = posted(body);
        assert_eq!([0, 1, 2].map(|index| (EDITIONS[index].dialect)().fits(&message)), fits, "{said}");
    }
    assert_eq!(alike(|dialect| dialect.fits(&posted(""))), None);
    assert_eq!(alike(|dialect| dialect.fits(&posted("{}"))), None);
}

#[test]
fn every_0_1_is_answered_to_by_either() {
    for edition in &EDITIONS[..2] {
        for named in ["0.1", "0.1.2", "0.1.3"] {
            let body = edition.request.replace(r#""0.1""#, &format!("{named:?}"));
            let read = (edition.dialect)().submit().unwrap().read(&posted(body), &World::new().x());
            assert!(read.is_ok(), "{named} at {}", edition.name);
        }
    }
}

#[test]
fn a_path_or_a_query_names_a_request() {
    let world = World::new();
    let dialect = dialect();
    let upper = ID.to_uppercase();
    let named = |id: Option<&str>, query: Option<&str>| {
        let mut head = head(Method::GET, headers(&[]));
        head.params = Params { id: id.map(str::to_owned), token: None };
        head.query = query.map(str::to_owned);
        let message = believed(head, "");
        let status = dialect.status().unwrap().read(&message, &world.x());
        assert_eq!(dialect.cancel().unwrap().read(&message, &world.x()), status);
        status.map_err(|problem| (problem.code, problem.field.unwrap().to_string()))
    };
    let query = format!("x=1&subject_request_id={ID}");
    for found in [named(Some(ID), None), named(Some(&upper), None), named(None, Some(&query))] {
        assert_eq!(found.unwrap().as_str(), ID);
    }
    let missing = Err((Code::MissingField, "subject_request_id".to_owned()));
    for none in [named(None, None), named(None, Some("id=1")), named(None, Some("subject_request_id="))] {
        assert_eq!(none, missing);
    }
    let twice = named(None, Some("subject_request_id=a&subject_request_id=b"));
    assert_eq!(twice.unwrap_err().0, Code::InvalidField);
}
