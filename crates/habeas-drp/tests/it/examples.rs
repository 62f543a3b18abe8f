//! Is every example of the specification read, and said again by us with the same members?

use habeas_core::{
    dialect::{Reported, Told},
    leg::Progress,
    problem::{Code, Field, Problem},
    right::Right,
    state::{Reached, State},
};
use serde_json::{Map, Value};

use crate::world::{ID, STATUS, World, answered, at, dialect, exercise, posted, standing};

const DISCOVERY: &str = include_str!("../../fixtures/0.5/2.01-discovery.json");
const REVOKE: &str = include_str!("../../fixtures/0.5/2.05-revoke.json");
const ERROR: &str = include_str!("../../fixtures/0.5/3.06-error.json");

fn members(body: impl AsRef<[u8]>) -> Map<String, Value> {
    serde_json::from_slice(body.as_ref()).unwrap()
}

fn said<T>(told: Result<Told<T>, Problem>) -> T {
    match told {
        Ok(Told::Said(said)) => said,
        _ => panic!("not heard"),
    }
}

#[test]
fn discovery_is_heard_and_told_again() {
    let mut world = World::new();
    world.us.capabilities = said(dialect().discover().unwrap().hear(&answered(200, DISCOVERY)));
    let mut again = members(dialect().discover().unwrap().reply(&world.x()).body);
    let mut theirs = members(DISCOVERY);
    // The table of §3.01 has deletion before access, the example after it.
    for list in [&mut again, &mut theirs] {
        list["actions"].as_array_mut().unwrap().sort_by_key(Value::to_string);
    }
    assert_eq!(again, theirs);
}

#[test]
fn the_request_and_its_revocation_are_read() {
    let world = World::new();
    assert_eq!(world.read(&exercise()).unwrap().rights, [Right::OptOutOfSale]);
    assert_eq!(dialect().cancel().unwrap().read(&posted(REVOKE), &world.x()).unwrap().as_str(), ID);
}

/// Its times are told as RFC 3339 has them, which the example is not.
#[test]
fn the_status_is_heard_and_told_again() {
    let Reported { report, .. } = said(dialect().status().unwrap().hear(&answered(200, STATUS)));
    let url = "https://example.com/data-rights/verify/c789ff35-7644-4ceb-9981-4b35c264aac3".parse().unwrap();
    assert_eq!(report.progress, Progress::NeedsVerification { url });
    let Progress::NeedsVerification { url } = report.progress else { unreachable!() };
    let mut waiting = standing(State::AwaitingVerification { url, until: None, reached: Reached::InProgress });
    waiting.received_at = report.received_at.unwrap();
    waiting.expected_by = report.expected_by.unwrap();
    waiting.details = report.details;
    assert_eq!(waiting.expected_by, at("2021-10-15T22:27:25.403Z"));
    let mut again = members(dialect().status().unwrap().reply(&waiting, Right::Access, &World::new().x()).body);
    let mut theirs = members(STATUS);
    for times in ["received_at", "expected_by"] {
        again.remove(times);
        theirs.remove(times);
    }
    assert_eq!(again, theirs);
}

#[test]
fn the_error_is_heard_and_ours_has_its_shape() {
    let refused = Told::Refused { status: 400, again: false, exists: false };
    assert_eq!(dialect().submit().unwrap().hear(&answered(400, ERROR)), Ok(refused));
    let ours = dialect().refuse(&Problem::at(Code::MissingField, Field::named("meta")), &World::new().x());
    let ours = members(ours.body);
    assert_eq!(ours.keys().collect::<Vec<_>>(), members(ERROR).keys().collect::<Vec<_>>());
    assert_eq!(ours["code"], members(ERROR)["code"]);
}
