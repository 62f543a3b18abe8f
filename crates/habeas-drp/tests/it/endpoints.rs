//! Where is what served, who may call, and what steers the engine? (§2, §3.07)

use habeas_core::{
    dialect::{Cancellable, Endpoint, Manners, Operation},
    message::{AnswerHead, Claim},
    problem::{Code, Problem},
    right::Right,
    role::Role,
    secret::Secret,
    state::State,
};
use http::{HeaderMap, HeaderValue, Method};
use insta::assert_snapshot;

use crate::world::{dialect, head, headers};

fn claim(operation: Operation, map: HeaderMap) -> Result<Claim, Problem> {
    let dialect = dialect();
    let row = dialect.endpoints().iter().find(|row| row.operation == operation).unwrap();
    (row.claim)(&head(Method::POST, map))
}

const CLOSED: [Operation; 4] = [Operation::Submit, Operation::Status, Operation::Cancel, Operation::Callback];

#[test]
fn each_role_serves_its_own() {
    let row = |row: &Endpoint| format!("{:?} {} {} {:?}", row.method, row.path, row.operation.as_str(), row.roles);
    let rows: Vec<_> = dialect().endpoints().iter().map(row).collect();
    assert_snapshot!(rows.join("\n"), @r"
    Get .well-known/data-rights.json discover [CoveredBusiness]
    Post exercise submit [Pip]
    Get status status [Pip]
    Post revoke cancel [Pip]
    Post callbacks/{token} callback [AuthorizedAgent]
    ");
}

#[test]
fn discovery_is_for_anyone_whatever_they_bring() {
    for pairs in [&[][..], &[("authorization", "Bearer junk")], &[("authorization", "a"), ("authorization", "b")]] {
        assert_eq!(claim(Operation::Discover, headers(pairs)), Ok(Claim::Nobody));
    }
}

#[test]
fn everything_else_brings_its_whole_authorization_header() {
    for operation in CLOSED {
        for value in ["Bearer opaque", "Bearer 0f0e0d", "c2hhNTEy", "Basic eDp5"] {
            let told = claim(operation, headers(&[("authorization", value)]));
            assert_eq!(told, Ok(Claim::Holder(Secret::new(value))));
        }
    }
}

#[test]
fn who_brings_none_or_two_or_an_unreadable_one_is_unauthorized() {
    let mut unreadable = HeaderMap::new();
    unreadable.insert("authorization", HeaderValue::from_bytes(b"Bearer \xff").unwrap());
    for operation in CLOSED {
        for map in [
            headers(&[]),
            headers(&[("authorization", "")]),
            headers(&[("authorization", " ")]),
            headers(&[("authorization", "Bearer a"), ("authorization", "Bearer a")]),
            unreadable.clone(),
        ] {
            assert_eq!(claim(operation, map), Err(Problem::new(Code::Unauthorized)), "{operation:?}");
        }
    }
}

#[test]
fn nobody_signs_an_answer() {
    let head = AnswerHead { status: 200, headers: HeaderMap::new() };
    for operation in CLOSED {
        assert_eq!(dialect().proof(operation, &head, None), Ok(Claim::Nobody));
    }
}

#[test]
fn the_engine_is_steered_by_facts() {
    let dialect = dialect();
    let facts = dialect.facts();
    assert_eq!(dialect.id().as_str(), "drp/0.5");
    assert_eq!(dialect.callback_field(0).as_str(), "status_callback");
    assert!(facts.receiver_makes_id && facts.base_is_discovered);
    assert!(!facts.cancel_answer_holds_original && !facts.stands_for_parties);
    assert_eq!((facts.cancel, facts.sender), (Cancellable::UntilFinal, Role::AuthorizedAgent));
    assert_eq!(facts.manners, Manners::Status);
    assert!(dialect.certificate().is_none());
    assert_eq!(dialect.word(&State::Cancelled), "revoked");
}

#[test]
fn every_right_is_said_as_itself_but_portability() {
    for right in Right::ALL {
        assert_eq!(dialect().nearest(right), Some(right).filter(|right| *right != Right::Portability));
    }
}

#[test]
fn knobs_are_told_apart_by_name_and_say_what_they_do() {
    let dialect = dialect();
    let names: std::collections::HashSet<_> = dialect.knobs().iter().map(|knob| knob.name).collect();
    assert_eq!(names.len(), dialect.knobs().len());
    assert!(dialect.knobs().iter().all(|knob| knob.doc.ends_with('.')));
}
