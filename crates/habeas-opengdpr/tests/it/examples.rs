//! Is every example of the specifications read, and said again by us with the same members?

use habeas_core::{
    dialect::{Exchange, Operation, Reported, Told},
    leg::Progress,
    message::Who,
    problem::{Code, Field, Problem},
    right::Right,
    state::State,
    submission::Outbound,
};
use serde_json::{Map, Value};

use crate::{
    edition::{EDITIONS, Edition},
    world::{World, answered, posted, standing},
};

type Members = Map<String, Value>;

fn members(body: impl AsRef<[u8]>) -> Members {
    serde_json::from_slice(body.as_ref()).unwrap()
}

/// A world whose members have the names of the example, and which says no more than it must.
fn world(edition: &Edition) -> World {
    let mut world = World::new();
    world.us.policy.signature_in_body = false;
    world.them.known_as = members(edition.status)["controller_id"].as_str().unwrap().to_owned();
    world
}

fn said<T>(told: Result<Told<T>, Problem>) -> T {
    let Ok(Told::Said(said)) = told else { panic!("not heard") };
    said
}

#[test]
fn the_request_is_read_and_asked_again() {
    for edition in &EDITIONS {
        let world = world(edition);
        let dialect = (edition.dialect)();
        let submit = dialect.submit().unwrap();
        let read = submit.read(&posted(edition.request), &world.x()).unwrap();
        let outbound = Outbound {
            wire_id: &read.wire_id.unwrap(),
            leg: &habeas_core::id::LegId::new("leg"),
            regime: None,
            supports: None,
            right: read.rights[0],
            submitted: &read.submitted.unwrap(),
            subject: &read.subject,
            callbacks: &read.callbacks,
        };
        let mut sender = world;
        sender.us.domain = "examplecontroller.com".parse().unwrap();
        let again = submit.ask(&outbound, &sender.x()).unwrap();
        assert_eq!(members(again.body), members(edition.request), "{}", edition.name);
    }
}

#[test]
fn receipt_and_cancellation_are_heard_and_given_again() {
    for edition in &EDITIONS {
        let world = world(edition);
        let dialect = (edition.dialect)();
        let submit = dialect.submit().unwrap();
        let Reported { report, echoed, .. } = said(submit.hear(&answered(201, edition.receipt)));
        assert_eq!(report.progress, Progress::Pending);
        let mut received = standing(State::Received);
        received.received_at = report.received_at.unwrap();
        received.expected_by = report.expected_by.unwrap();
        let again = submit.reply(&received, &echoed.unwrap(), &world.x());
        assert_eq!(members(again.body), members(edition.receipt), "{}", edition.name);

        let cancel = dialect.cancel().unwrap();
        let Reported { report, echoed, .. } =
            said(cancel.hear(&answered(202, edition.cancellation), &crate::world::asked()));
        assert_eq!(report.progress, Progress::Cancelled);
        assert_eq!(echoed.is_some(), dialect.facts().cancel_answer_holds_original, "{}", edition.name);
        let asked_at = report.received_at.unwrap();
        let original = echoed.as_deref().or(Some(b"{}"));
        let again = cancel.reply(&standing(State::Cancelled), asked_at, original, &world.x());
        assert_eq!(members(again.body), members(edition.cancellation), "{}", edition.name);
    }
}

/// 1.0 shows results of a request that is pending, and leaves `api_version` out of one of the two examples.
#[test]
fn status_and_callback_are_heard_and_told_again() {
    let plain = |body: &[u8]| {
        let mut members = members(body);
        members.retain(|name, _| name != "results_url" && name != "api_version");
        members
    };
    for edition in &EDITIONS {
        let world = world(edition);
        let dialect = (edition.dialect)();
        let heard = said(dialect.status().unwrap().hear(&answered(200, edition.status))).report;
        let read = dialect.callback().unwrap().read(&posted(edition.callback), &world.x()).unwrap();
        let url = read.report.callback_url.clone().unwrap().parse().unwrap();
        for report in [&heard, &read.report] {
            assert_eq!(report.progress, Progress::Pending);
            assert_eq!(report.expected_by.unwrap(), standing(State::Received).expected_by);
        }
        let status = dialect.status().unwrap().reply(&standing(State::Received), Right::Erasure, &world.x());
        assert_eq!(plain(&status.body), plain(edition.status.as_bytes()), "{}", edition.name);
        let callback = dialect.callback().unwrap();
        let call = callback.ask(&url, &standing(State::Received), Right::Erasure, &world.x()).unwrap();
        assert_eq!(plain(&call.body), plain(edition.callback.as_bytes()), "{}", edition.name);
    }
}

#[test]
fn discovery_is_heard_and_told_again() {
    for edition in &EDITIONS {
        let mut world = world(edition);
        let dialect = (edition.dialect)();
        let discover = dialect.discover().unwrap();
        world.us.capabilities = said(discover.hear(&answered(200, edition.discovery)));
        let nowhere = Exchange { mount: None, ..world.x() };
        assert_eq!(members(discover.reply(&nowhere).body), members(edition.discovery), "{}", edition.name);
    }
}

#[test]
fn an_error_is_heard_and_ours_has_its_shape() {
    fn shape(value: &Value) -> Vec<String> {
        match value {
            Value::Object(members) => members
                .iter()
                .flat_map(|(name, value)| shape(value).into_iter().map(move |inner| format!("{name}.{inner}")))
                .collect(),
            Value::Array(entries) => entries.iter().flat_map(shape).collect(),
            _ => vec![String::new()],
        }
    }
    for edition in &EDITIONS {
        let world = world(edition);
        let dialect = (edition.dialect)();
        let answer = answered(400, edition.error);
        let refused = Told::Refused { status: 400, again: false, exists: false };
        assert_eq!(dialect.submit().unwrap().hear(&answer), Ok(refused));
        let ours = dialect.refuse(&Problem::at(Code::MissingField, Field::named("subject_request_id")), &world.x());
        let theirs = members(edition.error).into();
        assert_eq!(shape(&members(ours.body).into()), shape(&theirs), "{}", edition.name);
    }
}

#[test]
fn an_old_client_learns_from_a_new_server_that_it_speaks_another_version_and_the_reverse() {
    for client in &EDITIONS {
        for server in &EDITIONS {
            let world = world(server);
            let dialect = (server.dialect)();
            let read = |body: &str| dialect.submit().unwrap().read(&posted(body), &world.x());
            let major = |edition: &Edition| edition.name.split('.').next();
            match read(client.request) {
                Ok(_) => assert_eq!(major(client), major(server)),
                Err(problem) => {
                    assert_ne!(major(client), major(server));
                    assert_eq!(problem.field, Some(Field::named("api_version")), "{problem}");
                }
            }
            let silent = client.request.replace(r#""api_version":"#, r#""x":"#);
            assert!(read(&silent).is_ok(), "{} to {} without a version", client.name, server.name);
        }
    }
}

/// Statuses look the same to clients of every version, so both generations can follow a request.
#[test]
fn a_status_of_any_version_is_heard_by_every_other() {
    for server in &EDITIONS {
        let world = world(server);
        let state = State::InProgress;
        let answer = (server.dialect)().status().unwrap().reply(&standing(state), Right::Access, &world.x());
        for client in &EDITIONS {
            let dialect = (client.dialect)();
            let head = habeas_core::message::AnswerHead { status: answer.status, headers: answer.headers.clone() };
            let claim = dialect.proof(Operation::Status, &head, Some(&world.them)).unwrap();
            let message = habeas_core::message::Unverified::new(head, answer.body.clone());
            let message = message.verify(claim, &crate::world::Pen).unwrap();
            assert!(matches!(message.who(), Who::Signer { .. }));
            assert_eq!(said(dialect.status().unwrap().hear(&message)).report.progress, Progress::InProgress);
        }
    }
}
