//! What do we hear in what a business answers, or calls back? (§3.02, §3.03, §3.06)

use habeas_core::{
    dialect::{Back, Reported, Told},
    id::RemoteId,
    leg::{Progress, Report},
    problem::{Code, Problem},
    state::Ground,
};
use serde_json::{Value, json};

use crate::world::{ID, STATUS, World, answered, at, dialect, posted};

type Heard = Result<Told<Reported>, Problem>;

fn asked() -> RemoteId {
    RemoteId::new(ID)
}

/// The three ways in which a status is answered.
fn hear(answer: Back<'_>) -> [Heard; 3] {
    let dialect = dialect();
    [
        dialect.submit().unwrap().hear(answer),
        dialect.status().unwrap().hear(answer),
        dialect.cancel().unwrap().hear(answer, &asked()),
    ]
}

/// What is heard whichever way a status comes.
fn status(members: &Value) -> Report {
    let mut body = json!({"request_id": ID});
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let reported = dialect().callback().unwrap().read(&posted(body.to_string()), &World::agent().x()).unwrap();
    assert_eq!((&reported.secret, &reported.echoed, reported.names_request), (&None, &None, true));
    for heard in hear(&answered(200, body.to_string())) {
        assert_eq!(heard, Ok(Told::Said(reported.clone())));
    }
    reported.report
}

fn progress(status_word: &str, reason: &str) -> Progress {
    let url = "https://business.example/v/abc";
    status(&json!({"status": status_word, "reason": reason, "user_verification_url": url})).progress
}

#[test]
fn every_status_is_understood() {
    for (word, expected) in [
        ("open", Progress::Pending),
        ("in_progress", Progress::InProgress),
        ("fulfilled", Progress::Fulfilled),
        ("revoked", Progress::Cancelled),
        ("denied", Progress::Denied { ground: None }),
        ("expired", Progress::Expired),
        ("Fulfilled", Progress::Fulfilled),
        (" IN_PROGRESS ", Progress::InProgress),
        ("in-progress", Progress::InProgress),
        ("resolved", Progress::Unknown),
    ] {
        assert_eq!(status(&json!({"status": word})).progress, expected, "{word}");
        assert_eq!(status(&json!({"status": word, "reason": ""})).progress, expected, "{word}");
    }
}

#[test]
fn every_reason_of_a_denial_is_understood_and_others_are_kept_in_words() {
    for (reason, ground) in [
        ("no_match", Ground::NoMatch),
        ("suspected_fraud", Ground::SuspectedFraud),
        ("insuf_verification", Ground::InsufficientVerification),
        ("insufficient_verification", Ground::InsufficientVerification),
        ("outside_jurisdiction", Ground::OutsideJurisdiction),
        ("claim_not_covered", Ground::Unsupported),
        ("too_many_requests", Ground::TooManyRequests),
        ("other", Ground::Other),
        (" No_Match", Ground::NoMatch),
    ] {
        assert_eq!(progress("denied", reason), Progress::Denied { ground: Some(ground) }, "{reason}");
        assert_eq!(status(&json!({"status": "denied", "reason": reason})).details, None);
    }
    let odd = status(&json!({"status": "denied", "reason": "mercury is retrograde"}));
    assert_eq!(odd.progress, Progress::Denied { ground: None });
    assert_eq!(odd.details.as_deref(), Some("mercury is retrograde"));
    let worded = status(&json!({"status": "denied", "reason": "odd", "processing_details": "sorry"}));
    assert_eq!(worded.details.as_deref(), Some("sorry"));
    assert_eq!(progress("fulfilled", "no_match"), Progress::Fulfilled);
}

#[test]
fn verification_is_asked_for_at_an_address_that_is_safe() {
    for reason in ["need_user_verification", "need_verification", "Need_User_Verification"] {
        let url = "https://business.example/v/abc".parse().unwrap();
        assert_eq!(progress("in_progress", reason), Progress::NeedsVerification { url }, "{reason}");
    }
    assert_eq!(progress("in_progress", "need_coffee"), Progress::InProgress);
    assert_eq!(progress("open", "need_user_verification"), Progress::Pending);
    for (url, safe) in [
        (json!("https://business.example/v?x=1"), true),
        (json!("http://localhost:8080/v"), true),
        (json!("http://mail.localhost/v"), true),
        (json!("http://127.0.0.1/v"), true),
        (json!("http://[::1]/v"), true),
        (json!("http://business.example/v"), false),
        (json!("http://localhost.evil.example/v"), false),
        (json!("https://user@business.example/v"), false),
        (json!("javascript:alert(1)"), false),
        (json!("/v/abc"), false),
        (json!(""), false),
        (json!(7), false),
        (Value::Null, false),
    ] {
        let told = status(&json!({
            "status": "in_progress", "reason": "need_user_verification", "user_verification_url": url,
        }));
        let asks = matches!(told.progress, Progress::NeedsVerification { .. });
        assert_eq!(asks, safe, "{url}");
        assert!(asks || told.progress == Progress::InProgress);
    }
}

#[test]
fn what_says_nothing_is_nothing() {
    for nothing in [Value::Null, json!(""), json!(7), json!({"a": 1}), json!("soon")] {
        let told = status(&json!({
            "status": "fulfilled", "received_at": nothing, "expected_by": nothing, "results_url": nothing,
            "expires_at": nothing, "final": "true", "unknown": [1],
        }));
        assert_eq!((told.received_at, told.expected_by, told.results), (None, None, None), "{nothing}");
        assert_eq!((told.details, told.callback_url), (None, None));
    }
    assert_eq!(status(&json!({"status": "open", "processing_details": {"x": 1}})).details, None);
}

#[test]
fn times_are_read_in_any_shape() {
    for text in [
        "2021-09-02T22:27:25.403Z",
        "2021-09-02T22:27:25.403+00:00",
        "2021-09-02T15:27:25.403-0700",
        "20210902T152725.403-0700",
        "2021-09-02 22:27:25.403000",
    ] {
        let told = status(&json!({"status": "open", "received_at": text, "expected_by": text}));
        assert_eq!(told.received_at, Some(at("2021-09-02T22:27:25.403Z")), "{text}");
        assert_eq!(told.expected_by, told.received_at);
    }
    assert_eq!(
        status(&json!({"status": "open", "expected_by": "2021-10-15"})).expected_by,
        Some(at("2021-10-15T00:00:00Z"))
    );
}

#[test]
fn results_are_somewhere_on_the_web() {
    let results = |url: &str| status(&json!({"status": "fulfilled", "results_url": url})).results;
    assert_eq!(results("https://business.example/r/1").unwrap().as_str(), "https://business.example/r/1");
    assert_eq!(results("data:text/html,x"), None);
}

#[test]
fn an_answer_that_is_no_status_is_a_problem() {
    let long = format!(r#"{{"request_id":"{}","status":"open"}}"#, "x".repeat(201));
    for (body, code) in [
        ("", Code::MalformedJson),
        ("<html>", Code::MalformedJson),
        ("[]", Code::NotAnObject),
        ("{}", Code::MissingField),
        (r#"{"request_id":"x"}"#, Code::MissingField),
        (r#"{"request_id":"x","status":null}"#, Code::MissingField),
        (r#"{"request_id":"x","status":["open"]}"#, Code::InvalidField),
        (r#"{"request_id":7,"status":"open"}"#, Code::InvalidField),
        (r#"{"request_id":"x","status":"open","status":"denied"}"#, Code::DuplicateMember),
        (long.as_str(), Code::InvalidField),
    ] {
        for heard in hear(&answered(200, body)) {
            assert_eq!(heard.unwrap_err().code, code, "{body:.40}");
        }
        let called = dialect().callback().unwrap().read(&posted(body), &World::agent().x());
        assert_eq!(called.unwrap_err().code, code, "{body:.40}");
    }
    let nameless = answered(200, r#"{"status":"open"}"#);
    assert_eq!(dialect().submit().unwrap().hear(&nameless).unwrap_err().code, Code::MissingField);
}

/// The answer holds the state that the request has come to, which need not be the one that was wished for.
#[test]
fn a_wish_to_take_back_is_answered_with_what_became_of_it() {
    let heard = |body: &str| match dialect().cancel().unwrap().hear(&answered(200, body), &asked()) {
        Ok(Told::Said(reported)) => reported,
        other => panic!("{other:?}"),
    };
    let still = heard(STATUS);
    assert!(matches!(still.report.progress, Progress::NeedsVerification { .. }));
    let nameless = heard(r#"{"status":"revoked","reason":"i changed my mind"}"#);
    assert_eq!((nameless.report.remote_id, nameless.names_request), (asked(), false));
    assert_eq!((nameless.report.progress, nameless.report.details), (Progress::Cancelled, None));
    let other = heard(r#"{"request_id":"other","status":"revoked"}"#);
    assert_eq!(other.report.remote_id.as_str(), "other");
}

#[test]
fn any_2xx_is_an_answer() {
    for code in [200, 201, 202] {
        assert!(hear(&answered(code, STATUS)).into_iter().all(|heard| matches!(heard, Ok(Told::Said(_)))));
    }
}

#[test]
fn a_refusal_says_whether_to_ask_again() {
    for (code, expected) in [
        (302, true),
        (400, false),
        (401, true),
        (402, false),
        (403, true),
        (404, true),
        (405, true),
        (406, false),
        (408, true),
        (409, false),
        (410, false),
        (413, false),
        (415, false),
        (422, false),
        (425, true),
        (429, true),
        (500, true),
        (501, true),
        (503, true),
    ] {
        for (body, again) in [
            ("", expected),
            ("<html>", expected),
            (r#"{"detail":"Not found"}"#, expected),
            (r#"{"code":"400","message":"x","fatal":false}"#, expected),
            (r#"{"code":"400","message":"x","fatal":"true"}"#, expected),
            (r#"{"code":"400","message":"x","fatal":true}"#, false),
        ] {
            let refused = |again| Ok(Told::Refused { status: code, again, exists: false });
            let [submit, status, cancel] = hear(&answered(code, body));
            // Who says in JSON that it has no such thing has the place, and not the right.
            let final_no = code == 404 && body.starts_with('{');
            assert_eq!(submit, refused(again && !final_no), "{code} {body}");
            assert_eq!([status, cancel], [refused(again), refused(again)], "{code} {body}");
        }
        let discovery = dialect().discover().unwrap().hear(&answered(code, ""));
        assert_eq!(discovery, Ok(Told::Refused { status: code, again: expected, exists: false }));
    }
}
