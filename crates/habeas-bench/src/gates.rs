//! What is asked of the measurements? The gates of the project, by their numbers.

use crate::plan::Variant::{Durable, Echo, Memory, Rsa, RsaHeaderOnly, Single, ThreeUrls};
use crate::rounds::Round;

/// Signatures of a 201: over the body in its header, and by default within the body, too.
const SIGNATURES: f64 = 2.0;

/// One line of the result.
pub(crate) struct Gate {
    pub(crate) number: u8,
    pub(crate) what: &'static str,
    pub(crate) unit: Unit,
    /// `None` for what is told beside the gate.
    pub(crate) bound: Option<Bound>,
    pub(crate) value: fn(&Round) -> Option<f64>,
}

/// What a value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Ratio,
    PerSecond,
    Microseconds,
    Seconds,
    Mebibytes,
}

/// What a value should be, and what to reach for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    AtLeast { gate: f64, reach: f64 },
    AtMost { gate: f64, reach: f64 },
}

impl Bound {
    /// Whether a value meets the gate, and whether it reaches further.
    pub(crate) fn judge(self, value: f64) -> (bool, bool) {
        match self {
            Self::AtLeast { gate, reach } => (value >= gate, value >= reach),
            Self::AtMost { gate, reach } => (value <= gate, value <= reach),
        }
    }
}

const fn at_least(gate: f64, reach: f64) -> Option<Bound> {
    Some(Bound::AtLeast { gate, reach })
}

const fn at_most(gate: f64, reach: f64) -> Option<Bound> {
    Some(Bound::AtMost { gate, reach })
}

const fn row(
    number: u8,
    what: &'static str,
    unit: Unit,
    bound: Option<Bound>,
    value: fn(&Round) -> Option<f64>,
) -> Gate {
    Gate { number, what, unit, bound, value }
}

/// Every line, in the order of the numbers.
pub(crate) static GATES: [Gate; 18] = [
    row(1, "durable, signed POST ÷ echo, requests/s", Unit::Ratio, at_least(0.20, 0.30), |round| {
        Some(round.load(Durable)?.per_second / round.load(Echo)?.per_second)
    }),
    row(2, "its server CPU per request ÷ echo's", Unit::Ratio, at_most(6.0, 4.0), |round| {
        Some(round.load(Durable)?.cpu_us / round.load(Echo)?.cpu_us)
    }),
    row(3, "durable ÷ store in memory", Unit::Ratio, at_least(0.45, 0.65), |round| {
        Some(round.load(Durable)?.per_second / round.load(Memory)?.per_second)
    }),
    row(4, "64 connections ÷ 1 connection", Unit::Ratio, at_least(4.0, 6.0), |round| {
        Some(round.load(Durable)?.per_second / round.load(Single)?.per_second)
    }),
    row(5, "3 callback URLs ÷ none, stored, not delivered", Unit::Ratio, at_least(0.75, 0.9), |round| {
        Some(round.load(ThreeUrls)?.per_second / round.load(Durable)?.per_second)
    }),
    row(6, "RSA-2048: CPU beyond the 2 raw signatures", Unit::Microseconds, at_most(150.0, 100.0), |round| {
        Some(round.load(Rsa)?.cpu_us - SIGNATURES * round.raw_rsa_us?)
    }),
    row(6, "  signed in the header only, beyond 1", Unit::Microseconds, None, |round| {
        Some(round.load(RsaHeaderOnly)?.cpu_us - round.raw_rsa_us?)
    }),
    row(6, "  a raw RSA-2048 signature", Unit::Microseconds, None, |round| round.raw_rsa_us),
    row(8, "memory, all waiting, 3 parties down, − rest", Unit::Mebibytes, at_most(64.0, 16.0), |round| {
        round.waiting.map(|run| run.memory.end - run.memory.rest)
    }),
    row(8, "memory, on their way to 3 parties, peak − rest", Unit::Mebibytes, at_most(64.0, 16.0), |round| {
        round.to_parties.map(|run| run.memory.peak - run.memory.rest)
    }),
    row(8, "  until 3 receipts are there", Unit::PerSecond, None, |round| {
        round.to_parties.map(|run| run.complete_per_second)
    }),
    row(8, "  ÷ durable, signed POST", Unit::Ratio, None, |round| {
        Some(round.to_parties?.complete_per_second / round.load(Durable)?.per_second)
    }),
    row(9, "disk ÷ payload, sealed and indexed", Unit::Ratio, at_most(2.0, 1.4), |round| {
        round.load(Durable).map(|run| run.disk_bytes / run.payload_bytes)
    }),
    row(9, "  with 3 callback URLs", Unit::Ratio, None, |round| {
        round.load(ThreeUrls).map(|run| run.disk_bytes / run.payload_bytes)
    }),
    row(10, "callbacks delivered/s ÷ POSTs/s, one host", Unit::Ratio, at_least(1.0, 2.0), |round| {
        round.to_one_host.map(|run| run.delivered_per_second / run.accepted_per_second)
    }),
    row(10, "  to 64 hosts", Unit::Ratio, None, |round| {
        round.to_many_hosts.map(|run| run.delivered_per_second / run.accepted_per_second)
    }),
    row(12, "cold start to first 201", Unit::Seconds, at_most(0.3, 0.1), |round| {
        round.start.map(|run| run.first_answer_s)
    }),
    row(13, "resident memory at rest", Unit::Mebibytes, at_most(40.0, 20.0), |round| {
        round.start.map(|run| run.resident_mib)
    }),
];

/// Whether there is a gate of that number here.
pub(crate) fn exists(number: u8) -> bool {
    GATES.iter().any(|gate| gate.number == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_judged_by_the_side_of_its_bound() {
        let least = at_least(0.2, 0.3).unwrap();
        assert_eq!([0.1, 0.2, 0.3].map(|value| least.judge(value)), [(false, false), (true, false), (true, true)]);
        let most = at_most(6.0, 4.0).unwrap();
        assert_eq!([7.0, 6.0, 4.0].map(|value| most.judge(value)), [(false, false), (true, false), (true, true)]);
    }
}
