//! What is asked of it with PostgreSQL? Where a gate means SQLite, its value is told without a bound.

use super::{Gate, Unit, at_least, at_most, row};
use crate::plan::Variant::{Durable, Echo, Single, ThreeUrls, TwoNodes};

pub(super) static GATES: &[Gate] = &[
    row(1, "durable, signed POST ÷ echo, requests/s", Unit::Ratio, None, |round| {
        Some(round.load(Durable)?.per_second / round.load(Echo)?.per_second)
    }),
    row(2, "its server CPU per request ÷ echo's", Unit::Ratio, None, |round| {
        Some(round.load(Durable)?.cpu_us / round.load(Echo)?.cpu_us)
    }),
    row(2, "  with that of PostgreSQL's processes", Unit::Ratio, None, |round| {
        let durable = round.load(Durable)?;
        Some((durable.cpu_us + durable.database_cpu_us) / round.load(Echo)?.cpu_us)
    }),
    row(4, "64 connections ÷ 1 connection", Unit::Ratio, at_least(4.0, 6.0), |round| {
        Some(round.load(Durable)?.per_second / round.load(Single)?.per_second)
    }),
    row(5, "3 callback URLs ÷ none, stored, not delivered", Unit::Ratio, at_least(0.75, 0.9), |round| {
        Some(round.load(ThreeUrls)?.per_second / round.load(Durable)?.per_second)
    }),
    row(7, "claim of 100, 10 × as many waiting ÷ fewer", Unit::Ratio, at_most(1.5, 1.2), |round| {
        round.claims.map(|claims| claims.many_ms / claims.few_ms)
    }),
    row(7, "  where fewer wait", Unit::Milliseconds, None, |round| round.claims.map(|claims| claims.few_ms)),
    row(9, "disk ÷ payload, sealed and indexed", Unit::Ratio, None, |round| {
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
    row(11, "2 nodes ÷ 1 node, 64 connections in all", Unit::Ratio, at_least(0.9, 1.0), |round| {
        Some(round.load(TwoNodes)?.per_second / round.load(Durable)?.per_second)
    }),
    row(12, "cold start to first 201", Unit::Seconds, None, |round| round.start.map(|run| run.first_answer_s)),
    row(13, "resident memory at rest", Unit::Mebibytes, at_most(40.0, 20.0), |round| {
        round.start.map(|run| run.resident_mib)
    }),
];
