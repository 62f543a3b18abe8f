//! Are the habits of real peers understood? (A5, A7, A8, A28, A30, A31)

use habeas_core::{
    dialect::Told,
    leg::{Progress, Report},
    message::AnswerHead,
    problem::Code,
    state::State,
};
use http::HeaderMap;

use crate::{
    edition::{EDITIONS, alike},
    world::{ID, World, answered, at, believed, headers, posted, standing},
};

/// What a status with these members says.
fn status(members: &str) -> Report {
    let body = format!(r#"{{"subject_request_id":"{ID}",{members}}}"#);
    match alike(|dialect| dialect.status().unwrap().hear(&answered(200, body.as_str()))) {
        Ok(Told::Said(told)) => told.report,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_status_is_understood_in_any_spelling_and_an_unknown_one_says_nothing() {
    for (word, progress) in [
        ("pending", Progress::Pending),
        (" Pending ", Progress::Pending),
        ("DISTRIBUTED", Progress::Distributed),
        ("in_progress", Progress::InProgress),
        ("in-progress", Progress::InProgress),
        ("In Progress", Progress::InProgress),
        ("IN_PROGRESS", Progress::InProgress),
        ("COMPLETED", Progress::Fulfilled),
        ("canceled", Progress::Cancelled),
        ("CANCELLED", Progress::Cancelled),
        ("expired", Progress::Unknown),
        ("completed with errors", Progress::Unknown),
        ("", Progress::Unknown),
    ] {
        assert_eq!(status(&format!(r#""request_status":"{word}""#)).progress, progress, "{word:?}");
    }
}

#[test]
fn a_time_is_understood_in_any_shape_and_an_unreadable_one_says_nothing() {
    for (text, ms) in [
        ("2018-10-02T15:00:01Z", Some("2018-10-02T15:00:01Z")),
        ("2018-10-02T15:00:01.3226521Z", Some("2018-10-02T15:00:01.322Z")),
        ("2018-10-02T15:00:01.322652", Some("2018-10-02T15:00:01.322Z")),
        ("2018-10-02T15:00:01", Some("2018-10-02T15:00:01Z")),
        ("2018-10-02 15:00:01", Some("2018-10-02T15:00:01Z")),
        ("2018-10-02T17:00:01+02:00", Some("2018-10-02T15:00:01Z")),
        ("2018-10-02", Some("2018-10-02T00:00:00Z")),
        ("2018 10 02T15:00:01Z", None),
        ("soon", None),
        ("", None),
    ] {
        let members =
            format!(r#""request_status":"pending","received_time":"{text}","expected_completion_time":"{text}""#);
        let report = status(&members);
        assert_eq!(report.expected_by, ms.map(at), "{text:?}");
        assert_eq!(report.received_at, report.expected_by);
    }
}

#[test]
fn null_means_absent_wherever_it_stands() {
    let nulls = r#""received_time":null,"expected_completion_time":null,"results_url":null,"extensions":null,
        "encoded_request":null,"controller_id":null,"api_version":null,"status_callback_url":null"#;
    let report = status(&format!(r#"{nulls},"request_status":"completed""#));
    assert_eq!(report.progress, Progress::Fulfilled);
    assert_eq!((report.received_at, report.expected_by, report.results, report.callback_url), (None, None, None, None));
    let body = format!(r#"{{"subject_request_id":"{ID}",{nulls},"request_status":"pending"}}"#);
    let submitted = alike(|dialect| dialect.submit().unwrap().hear(&answered(201, body.as_str())));
    let Ok(Told::Said(told)) = submitted else { panic!("not heard") };
    assert_eq!((told.secret, told.echoed), (None, None));
    let read = alike(|dialect| dialect.callback().unwrap().read(&posted(body.as_str()), &World::new().x()));
    assert_eq!(read.unwrap().report.callback_url, None);
    let discovery = r#"{"api_version":null,"supported_identities":[],"supported_subject_request_types":[],
        "processor_certificate":null}"#;
    let told = alike(|dialect| dialect.discover().unwrap().hear(&answered(200, discovery)));
    let Ok(Told::Said(told)) = told else { panic!("not heard") };
    assert_eq!(told.certificate_url, None);
}

#[test]
fn any_2xx_is_a_yes() {
    for status in [200, 201, 202] {
        let heard = alike(|dialect| dialect.submit().unwrap().hear(&answered(status, EDITIONS[0].receipt)));
        assert!(matches!(heard, Ok(Told::Said(_))), "{status}");
    }
}

/// Some peers confirm a cancellation in plain text or with nothing at all.
#[test]
fn a_cancellation_that_is_confirmed_without_naming_the_request_is_about_the_one_asked_for() {
    for (media_type, body) in [
        ("text/plain", "OK"),
        ("text/plain", ""),
        ("application/json", ""),
        ("application/json", r#""OK""#),
        ("application/json", "{}"),
    ] {
        let head = || AnswerHead { status: 202, headers: headers(&[("content-type", media_type)]) };
        let hear = |dialect: &dyn habeas_core::dialect::Dialect| {
            dialect.cancel().unwrap().hear(&believed(head(), body), &crate::world::asked())
        };
        let Told::Said(reported) = alike(hear).unwrap() else { panic!("{body}") };
        assert_eq!((reported.report.remote_id.as_str(), reported.report.progress), (ID, Progress::Cancelled));
    }
}

#[test]
fn the_media_type_of_an_answer_does_not_matter() {
    let body = EDITIONS[0].cancellation;
    let head = || AnswerHead { status: 202, headers: headers(&[("content-type", "text/plain")]) };
    let heard = alike(|dialect| dialect.cancel().unwrap().hear(&believed(head(), body), &crate::world::asked()));
    assert!(matches!(heard, Ok(Told::Said(_))));
}

#[test]
fn a_refusal_says_whether_the_id_is_taken() {
    let ours = alike(|dialect| {
        let problem = habeas_core::problem::Problem::new(Code::AlreadyExists);
        String::from_utf8(dialect.refuse(&problem, &World::new().x()).body).unwrap()
    });
    for (body, exists) in [
        (ours.as_str(), true),
        (r#"{"error":{"code":400,"errors":[{"reason":"already_exists"}]}}"#, true),
        (r#"{"error":{"code":400,"message":"Subject request ALREADY EXISTS."}}"#, true),
        (r#"{"code":400,"message":"The request already exist","errors":null}"#, true),
        (r#"{"code":400,"message":"Bad request","errors":[7,{"message":"Id already exists"}]}"#, true),
        (r#"{"af_gdpr_code":"e213","error":{"code":400,"message":"duplicate"}}"#, true),
        (r#"{"error":{"code":400,"message":"duplicate","af_gdpr_code":"E213"}}"#, true),
        (r#"{"error":{"code":400,"message":"duplicate","af_gdpr_code":"e214"}}"#, false),
        (r#"{"error":{"code":400,"message":"unsupported identity","errors":[]}}"#, false),
        (r#"{"error":"already exists"}"#, false),
        (r#"{"message":"already exists","message":"already exists"}"#, false),
        (r#"{"message":["already exists"]}"#, false),
        ("already exists", false),
        ("[]", false),
        ("", false),
    ] {
        for status in [400, 409] {
            let heard = alike(|dialect| dialect.submit().unwrap().hear(&answered(status, body)));
            assert_eq!(heard, Ok(Told::Refused { status, again: false, exists }), "{body}");
        }
        let heard = alike(|dialect| dialect.submit().unwrap().hear(&answered(404, body)));
        assert_eq!(heard, Ok(Told::Refused { status: 404, again: true, exists: false }), "{body}");
    }
}

#[test]
fn an_answer_that_nobody_signed_is_read_where_it_was_let_in() {
    let mut world = World::new();
    world.them.trust.unsigned_receipts = true;
    for edition in &EDITIONS {
        let dialect = (edition.dialect)();
        let answers = [
            (habeas_core::dialect::Operation::Submit, edition.receipt),
            (habeas_core::dialect::Operation::Status, edition.status),
            (habeas_core::dialect::Operation::Cancel, edition.cancellation),
        ];
        for (operation, body) in answers {
            let head = AnswerHead { status: 200, headers: HeaderMap::new() };
            let claim = dialect.proof(operation, &head, Some(&world.them)).unwrap();
            let answer = habeas_core::message::Unverified::new(head, body.as_bytes().to_vec());
            let answer = answer.verify(claim, &crate::world::Pen).unwrap();
            let heard = match operation.as_str() {
                "submit" => dialect.submit().unwrap().hear(&answer),
                "status" => dialect.status().unwrap().hear(&answer),
                _ => dialect.cancel().unwrap().hear(&answer, &crate::world::asked()),
            };
            assert!(matches!(heard, Ok(Told::Said(_))), "{} {operation:?}", edition.name);
        }
    }
    assert_eq!(standing(State::Received).wire_id.as_str(), ID);
}
