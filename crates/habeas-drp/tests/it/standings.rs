//! What is told of a request in every state? (§3.02, §3.03)

use habeas_core::{
    dialect::Notice,
    event::Standing,
    right::Right,
    state::{Ground, Reached, State},
};
use insta::assert_snapshot;
use serde_json::{Map, Value};

use crate::world::{ID, Printed, World, at, dialect, now, standing};

const SEVEN: [&str; 7] =
    ["request_id", "received_at", "expected_by", "processing_details", "status", "reason", "user_verification_url"];

fn awaiting(until: Option<&str>) -> State {
    let url = "https://business.example/v/abc".parse().unwrap();
    State::AwaitingVerification { url, until: until.map(at), reached: Reached::InProgress }
}

fn fulfilled(results: &[&str], expires_at: Option<&str>) -> State {
    let results = results.iter().map(|url| url.parse().unwrap()).collect();
    State::Fulfilled { results, expires_at: expires_at.map(at) }
}

fn denied(ground: Ground) -> State {
    State::Denied { ground, reached: Reached::InProgress }
}

/// Every state, with its status, its reason and the members that it adds.
fn table() -> Vec<(State, &'static str, Option<&'static str>, &'static [&'static str])> {
    let results = ["https://business.example/r/1", "https://business.example/r/2"];
    let until = Some("2021-09-09T00:00:00Z");
    vec![
        (State::Received, "open", None, &[]),
        (State::Distributed, "in_progress", None, &[]),
        (State::InProgress, "in_progress", None, &[]),
        (awaiting(None), "in_progress", Some("need_user_verification"), &[]),
        (awaiting(until), "in_progress", Some("need_user_verification"), &["expires_at"]),
        (fulfilled(&[], None), "fulfilled", None, &[]),
        (fulfilled(&results, None), "fulfilled", None, &["results_url"]),
        (fulfilled(&results, until), "fulfilled", None, &["expires_at", "results_url"]),
        (State::Cancelled, "revoked", None, &[]),
        (State::Expired { reached: Reached::Fulfilled }, "expired", None, &[]),
        (State::Expired { reached: Reached::InProgress }, "expired", None, &[]),
        (denied(Ground::NoMatch), "denied", Some("no_match"), &[]),
        (denied(Ground::SuspectedFraud), "denied", Some("suspected_fraud"), &[]),
        (denied(Ground::InsufficientVerification), "denied", Some("insuf_verification"), &[]),
        (denied(Ground::OutsideJurisdiction), "denied", Some("outside_jurisdiction"), &[]),
        (denied(Ground::Unsupported), "denied", Some("claim_not_covered"), &[]),
        (denied(Ground::TooManyRequests), "denied", Some("too_many_requests"), &[]),
        (denied(Ground::Exempt), "denied", Some("other"), &[]),
        (denied(Ground::Other), "denied", Some("other"), &[]),
    ]
}

/// The same object by each of the four ways in which it is told.
fn told(standing: &Standing, world: &World) -> Map<String, Value> {
    let dialect = dialect();
    let url = "https://agent.example/callbacks/t".parse().unwrap();
    let call = dialect.callback().unwrap().ask(&url, standing, Right::Erasure, &world.x()).unwrap();
    let answers = [
        dialect.submit().unwrap().reply(standing, b"{}", &world.x()),
        dialect.status().unwrap().reply(standing, Right::Erasure, &world.x()),
        dialect.cancel().unwrap().reply(standing, now(), None, &world.x()),
    ];
    for answer in answers {
        assert_eq!((answer.status, &answer.body), (200, &call.body));
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
    serde_json::from_slice(&call.body).unwrap()
}

#[test]
fn seven_members_are_always_there_and_no_others_but_what_the_state_adds() {
    for (state, status, reason, added) in table() {
        let told = told(&standing(state.clone()), &World::new());
        let names: std::collections::BTreeSet<_> = told.keys().map(String::as_str).collect();
        assert_eq!(names, SEVEN.into_iter().chain(added.iter().copied()).collect(), "{state:?}");
        assert_eq!((told["status"].as_str(), told["reason"].as_str()), (Some(status), reason), "{state:?}");
        assert_eq!(told["request_id"], ID);
        assert_eq!(told["user_verification_url"].is_null(), reason != Some("need_user_verification"));
        assert_eq!(dialect().word(&state), status);
    }
}

#[test]
fn times_are_in_utc_with_their_offset_in_digits_and_without_a_fraction() {
    let until = Some("2021-09-09T01:02:03.999Z");
    let told = told(&standing(fulfilled(&["https://business.example/r/1"], until)), &World::new());
    assert_eq!(told["received_at"], "2021-09-02T22:27:25+00:00");
    assert_eq!(told["expected_by"], "2021-10-17T22:27:25+00:00");
    assert_eq!(told["expires_at"], "2021-09-09T01:02:03+00:00");
    assert_eq!(told["results_url"], "https://business.example/r/1");
}

#[test]
fn an_open_request_says_this_much() {
    let answer = dialect().submit().unwrap().reply(&standing(State::Received), b"", &World::new().x());
    assert_snapshot!(answer.printed(), @r#"
    200
    cache-control: no-store
    content-type: application/json

    {"request_id":"c789ff35-7644-4ceb-9981-4b35c264aac3",
    "received_at":"2021-09-02T22:27:25+00:00",
    "expected_by":"2021-10-17T22:27:25+00:00",
    "processing_details":null,
    "status":"open",
    "reason":null,
    "user_verification_url":null}
    "#);
}

#[test]
fn a_request_that_waits_for_its_person_says_where_they_go() {
    let url = "https://agent.example/callbacks/t?x=y".parse().unwrap();
    let mut waiting = standing(awaiting(Some("2021-09-09T00:00:00Z")));
    waiting.details = Some("it is not certain who asks".to_owned());
    let call = dialect().callback().unwrap().ask(&url, &waiting, Right::Access, &World::new().x()).unwrap();
    assert_snapshot!(call.printed(), @r#"
    POST https://agent.example/callbacks/t?x=y
    content-type: application/json

    {"request_id":"c789ff35-7644-4ceb-9981-4b35c264aac3",
    "received_at":"2021-09-02T22:27:25+00:00",
    "expected_by":"2021-10-17T22:27:25+00:00",
    "processing_details":"it is not certain who asks",
    "status":"in_progress",
    "reason":"need_user_verification",
    "user_verification_url":"https://business.example/v/abc",
    "expires_at":"2021-09-09T00:00:00+00:00"}
    "#);
}

#[test]
fn words_that_are_empty_are_none() {
    let mut open = standing(State::Received);
    open.details = Some(String::new());
    assert_eq!(told(&open, &World::new())["processing_details"], Value::Null);
}

#[test]
fn a_reason_that_is_none_is_written_in_callbacks_as_the_party_wants_it() {
    let url = "https://agent.example/callbacks/t".parse().unwrap();
    let reason = |world: &World, state: State| {
        let dialect = dialect();
        let call = dialect.callback().unwrap().ask(&url, &standing(state.clone()), Right::Erasure, &world.x());
        let answer = dialect.status().unwrap().reply(&standing(state), Right::Erasure, &world.x());
        let told: Value = serde_json::from_slice(&answer.body).unwrap();
        assert!(told.as_object().unwrap().contains_key("reason"), "answers are alike for all");
        serde_json::from_slice::<Value>(&call.unwrap().body).unwrap().get("reason").cloned()
    };
    let fraud = || denied(Ground::SuspectedFraud);
    for (world, none) in [
        (World::new(), Some(Value::Null)),
        (World::new().knob("reason-empty"), Some("".into())),
        (World::new().knob("reason-absent"), None),
    ] {
        assert_eq!(reason(&world, State::InProgress), none);
        assert_eq!(reason(&world, fraud()), Some("suspected_fraud".into()));
    }
}

#[test]
fn what_shows_is_told_and_takes_the_place_of_what_was_to_be_told() {
    let results = ["https://business.example/r/1"];
    for (before, after, notice) in [
        (State::Received, State::InProgress, Notice::Latest),
        (State::Distributed, State::InProgress, Notice::Silent),
        (State::InProgress, awaiting(None), Notice::Latest),
        (awaiting(None), awaiting(Some("2021-09-09T00:00:00Z")), Notice::Latest),
        (State::InProgress, fulfilled(&[], None), Notice::Latest),
        (fulfilled(&results, None), State::Expired { reached: Reached::Fulfilled }, Notice::Latest),
        (State::InProgress, denied(Ground::Other), Notice::Latest),
        (State::InProgress, State::InProgress, Notice::Silent),
    ] {
        let said = dialect().notice(Some(&standing(before.clone())), &standing(after.clone()));
        assert_eq!(said, notice, "{before:?} to {after:?}");
        assert_eq!(dialect().notice(None, &standing(after)), Notice::Silent, "the answer tells it");
    }
}

#[test]
fn a_new_date_and_new_words_are_told() {
    let before = standing(State::InProgress);
    let mut later = before.clone();
    later.expected_by = at("2021-12-01T00:00:00Z");
    assert_eq!(dialect().notice(Some(&before), &later), Notice::Latest);
    let mut worded = before.clone();
    worded.details = Some("there are many records".to_owned());
    assert_eq!(dialect().notice(Some(&before), &worded), Notice::Latest);
    let mut unseen = before.clone();
    unseen.seq = 7;
    assert_eq!(dialect().notice(Some(&before), &unseen), Notice::Silent);
}
