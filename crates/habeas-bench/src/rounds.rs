//! Which runs make a round? All that the wanted gates need, one after the other, so that each pair is measured close
//! together; every other round in the opposite order.

use std::collections::HashMap;

use anyhow::Result;

use crate::{
    plan::{Plan, Variant},
    report::progress,
    runs::{
        callbacks::{self, Hosts},
        parties, signatures, start,
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
    rounds
}

async fn round(plan: &Plan, wanted: &[u8], number: usize) -> Round {
    let wants = |gates: &[u8]| gates.iter().any(|gate| wanted.contains(gate));
    let mut round = Round::default();
    let tell = |name: &str| progress(&format!("round {number} of {}: {name}", plan.rounds));
    let mut variants: Vec<_> = Variant::ALL.into_iter().filter(|variant| wants(gates_of(*variant))).collect();
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
const fn gates_of(variant: Variant) -> &'static [u8] {
    match variant {
        Variant::Echo => &[1, 2],
        Variant::Durable => &[1, 2, 3, 4, 5, 9],
        Variant::Memory => &[3],
        Variant::Single => &[4],
        Variant::ThreeUrls => &[5, 9],
        Variant::Rsa | Variant::RsaHeaderOnly => &[6],
    }
}
