//! Which changes does the sender of a request hear of?

use habeas_core::{
    dialect::{Cancellable, Notice},
    right::Right,
    state::{Ground, Reached, State},
};

use crate::{
    edition::{EDITIONS, alike},
    world::{at, dialect, standing},
};

#[test]
fn a_change_is_told_if_it_shows() {
    let fulfilled = |results: &[&str]| State::Fulfilled {
        results: results.iter().map(|url| url.parse().unwrap()).collect(),
        expires_at: None,
    };
    let expired = State::Expired { reached: Reached::Fulfilled };
    for (before, after, told) in [
        (State::Received, State::Distributed, Notice::Every),
        (State::Distributed, State::InProgress, Notice::Silent),
        (State::InProgress, fulfilled(&[]), Notice::Every),
        (State::Received, State::Cancelled, Notice::Every),
        (State::Received, State::Denied { ground: Ground::NoMatch, reached: Reached::Received }, Notice::Every),
        (State::InProgress, State::Expired { reached: Reached::InProgress }, Notice::Silent),
        (fulfilled(&[]), expired.clone(), Notice::Silent),
        (fulfilled(&["https://example.com/r"]), expired, Notice::Every),
    ] {
        let said = dialect().notice(Some(&standing(before.clone())), &standing(after.clone()));
        assert_eq!(said, told, "{before:?} to {after:?}");
    }
}

#[test]
fn acceptance_and_a_new_date_are_told() {
    let received = standing(State::Received);
    assert_eq!(alike(|dialect| dialect.notice(None, &received)), Notice::Every);
    let mut later = received.clone();
    later.expected_by = at("2018-12-01T00:00:00Z");
    assert_eq!(alike(|dialect| dialect.notice(Some(&received), &later)), Notice::Every);
    assert_eq!(alike(|dialect| dialect.notice(Some(&received), &received)), Notice::Silent);
}

#[test]
fn three_rights_can_be_said_and_two_more_to_those_who_list_them() {
    let nearest = alike(|dialect| Right::ALL.map(|right| dialect.nearest(right)));
    let sale = [Some(Right::OptOutOfSale), Some(Right::OptInToSale)];
    let access = Some(Right::Access);
    assert_eq!(nearest[..5], [access, None, access, Some(Right::Portability), Some(Right::Erasure)]);
    assert_eq!(nearest[5..], sale);
}

#[test]
fn storage_is_steered_by_facts() {
    for edition in &EDITIONS {
        let dialect = (edition.dialect)();
        let facts = dialect.facts();
        assert_eq!(facts.cancel_answer_holds_original, edition.name != "1.0");
        assert!(!facts.receiver_makes_id);
        assert_eq!(facts.cancel, Cancellable::WhilePending);
        assert_eq!(dialect.id().as_str(), format!("opengdpr/{}", edition.name));
        assert_eq!(dialect.callback_field(1).as_str(), "status_callback_urls[1]");
    }
}
