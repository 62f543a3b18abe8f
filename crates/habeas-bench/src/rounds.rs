//! Which runs make a round? All that the wanted gates need, one after the other, so that each pair is measured close
//! together; every other round in the opposite order.

use std::collections::HashMap;

use anyhow::Result;

use crate::{
    plan::{Database, Plan, Variant},
    report::progress,
    runs::{
        callbacks::{self, Hosts},
        claims, parties, signatures, start,
        under_load::{self, Measured},
    },
    world::Algorithm,
};

/// What one round came to. What is missing was not wanted, or void.
#[derive(Default)]
pub(crate) struct Round {
    pub(crate) loads: HashMap<Variant, Measured>,
    pub(crate) raw_rsa_us: Option<f64>,
    pub(crate) to_one_host: Option<callbacks::Measured>,
    pub(crate) to_many_hosts: Option<callbacks::Measured>,
    pub(crate) claims: Option<claims::Measured>,
    pub(crate) to_parties: Option<parties::Measured>,
    pub(crate) waiting: Option<parties::Waiting>,
    pub(crate) start: Option<start::Measured>,
    /// Why runs are void.
    pub(crate) void: Vec<String>,
}

impl Round {
    /// What a variant came to.
    pub(crate) fn load(&self, variant: Variant) -> Option<&Measured> {
        self.loads.get(&variant)
    }

    /// What a run came to; notes why it is void.
    fn valid<T>(&mut self, name: &str, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.void.push(format!("{name}: {error:#}"))).ok()
    }
}

/// Runs all rounds for the gates of these numbers.
pub(crate) async fn run(plan: &Plan, wanted: &[u8]) -> Vec<Round> {
    let mut rounds = Vec::with_capacity(plan.rounds);
    for number in 1..=plan.rounds {
        rounds.push(round(plan, wanted, number).await);
    }
    if wanted.contains(&7) {
        claim(plan, &mut rounds).await;
    }
    rounds
}

/// What waits is too much to be made in every round, and nobody else is measured beside it.
async fn claim(plan: &Plan, rounds: &mut [Round]) {
    let [few, many] = plan.waiting_rows;
    let name = format!("{}: leases where {few} and {many} deliveries wait", plan.database().name());
    progress(&name);
    match claims::measure(plan).await {
        Ok(measured) => {
            for (round, claims) in rounds.iter_mut().zip(measured) {
                round.claims = Some(claims);
            }
        }
        Err(error) => {
            progress(&format!("VOID {name}: {error:#}"));
            if let Some(round) = rounds.first_mut() {
                round.void.push(format!("{name}: {error:#}"));
            }
        }
    }
}

async fn round(plan: &Plan, wanted: &[u8], number: usize) -> Round {
    let wants = |gates: &[u8]| gates.iter().any(|gate| wanted.contains(gate));
    let mut round = Round::default();
    let database = plan.database();
    let tell = |name: &str| progress(&format!("{}, round {number} of {}: {name}", database.name(), plan.rounds));
    let mut variants: Vec<_> = Variant::ALL.into_iter().filter(|variant| wants(gates_of(*variant, database))).collect();
    if number.is_multiple_of(2) {
        variants.reverse();
    }
    for variant in variants {
        tell(variant.name());
        let result = under_load::measure(plan, variant).await;
        if let Some(measured) = round.valid(variant.name(), result) {
            round.loads.insert(variant, measured);
        }
    }
    if wants(&[6]) {
        tell("raw RSA-2048 signatures");
        let result = signatures::raw_us(Algorithm::Rsa2048, plan.run / 2);
        round.raw_rsa_us = round.valid("raw RSA-2048 signatures", result);
    }
    if wants(&[8]) {
        tell("requests to three parties");
        let result = parties::on_their_way(plan).await;
        round.to_parties = round.valid("requests to three parties", result);
    }
    // Their memory is the same whatever else happens on the machine, and there are many of them.
    if wants(&[8]) && number == 1 {
        tell("requests that wait for three parties");
        let result = parties::waiting(plan).await;
        round.waiting = round.valid("requests that wait for three parties", result);
    }
    if wants(&[10]) {
        tell("callbacks to one host");
        let result = callbacks::measure(plan, Hosts::One).await;
        round.to_one_host = round.valid("callbacks to one host", result);
        tell("callbacks to 64 hosts");
        let result = callbacks::measure(plan, Hosts::Many).await;
        round.to_many_hosts = round.valid("callbacks to 64 hosts", result);
    }
    if wants(&[12, 13]) {
        tell("cold start");
        let result = start::measure(plan).await;
        round.start = round.valid("cold start", result);
    }
    for void in &round.void {
        progress(&format!("VOID {void}"));
    }
    round
}

/// The gates that need a variant.
const fn gates_of(variant: Variant, database: Database) -> &'static [u8] {
    match (variant, database) {
        (Variant::Echo, _) => &[1, 2],
        (Variant::Durable, Database::Sqlite) => &[1, 2, 3, 4, 5, 9],
        (Variant::Durable, Database::Postgres) => &[1, 2, 4, 5, 9, 11],
        (Variant::Single, _) => &[4],
        (Variant::ThreeUrls, _) => &[5, 9],
        (Variant::Memory, Database::Sqlite) => &[3],
        (Variant::Rsa | Variant::RsaHeaderOnly, Database::Sqlite) => &[6],
        (Variant::TwoNodes, Database::Postgres) => &[11],
        (Variant::Memory | Variant::Rsa | Variant::RsaHeaderOnly, Database::Postgres)
        | (Variant::TwoNodes, Database::Sqlite) => &[],
    }
}
