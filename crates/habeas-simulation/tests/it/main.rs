//! Is the same seed the same world, and is it noticed when a rule is broken?
#![allow(clippy::unwrap_used, reason = "the lints' exception for tests does not reach the functions that tests share")]

use habeas_simulation::{Plan, Sabotage, hash, simulate};

const OPERATIONS: u64 = 40;
/// So many seeds are tried until it is noticed so often.
const SEEDS: u64 = 24;
const OFTEN: usize = 2;

fn trace(seed: u64) -> u64 {
    let outcome = simulate(seed, Plan { operations: OPERATIONS, sabotage: None }).unwrap();
    assert_eq!(outcome.violation, None, "seed {seed}:\n{}", outcome.trace.join("\n"));
    hash(&outcome.trace)
}

#[test]
fn some_worlds_are_as_they_must_be_and_replay() {
    let seeds = [1, 2, 3, 5, 8, 13, 21, 34];
    let first = seeds.map(trace);
    // On other threads, in another order.
    let again = std::thread::spawn(move || {
        let mut again = seeds;
        again.reverse();
        let mut again = again.map(trace);
        again.reverse();
        again
    });
    assert_eq!(first, again.join().unwrap());
    assert!(first.iter().enumerate().all(|(index, hash)| !first[..index].contains(hash)), "seeds differ");
}

/// Of a few seeds at least one notices it, and whatever is noticed is that.
fn is_noticed(sabotage: Sabotage, invariants: &[&str]) {
    let plan = Plan { operations: OPERATIONS, sabotage: Some(sabotage) };
    let broken = (0..SEEDS).filter_map(|seed| Some((seed, simulate(seed, plan).unwrap().violation?)));
    let noticed: Vec<_> = broken.take(OFTEN).collect();
    assert_eq!(noticed.len(), OFTEN, "{sabotage:?} is not noticed");
    for (seed, violation) in noticed {
        assert!(invariants.contains(&violation.invariant), "seed {seed}: {violation}");
    }
}

#[test]
fn a_node_that_forgets_what_it_acknowledged_is_noticed() {
    is_noticed(Sabotage::Forgetful, &["ledger", "receipts"]);
}

#[test]
fn a_callback_that_is_only_said_to_be_delivered_is_noticed() {
    is_noticed(Sabotage::LostIsDelivered, &["callbacks"]);
}

#[test]
fn a_request_that_comes_back_from_its_end_is_noticed() {
    is_noticed(Sabotage::Undead, &["states", "effects"]);
}

#[test]
fn a_person_in_the_log_is_noticed() {
    is_noticed(Sabotage::Gossip, &["privacy"]);
}

#[test]
fn a_party_that_is_said_to_be_done_and_is_not_is_noticed() {
    is_noticed(Sabotage::Flattery, &["agreement", "bridge", "liveness"]);
}

#[test]
fn a_worker_that_never_comes_to_rest_is_noticed() {
    is_noticed(Sabotage::Restless, &["liveness"]);
}
