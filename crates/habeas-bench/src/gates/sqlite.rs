//! What is asked of it with SQLite?

use super::{Gate, Unit, at_least, at_most, row};
use crate::plan::Variant::{Durable, Echo, Memory, Rsa, RsaHeaderOnly, Single, ThreeUrls};

/// Signatures of a 201: over the body in its header, and by default within the body, too.
const SIGNATURES: f64 = 2.0;

pub(super) static GATES: &[Gate] = &[
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
    row(7, "claim of 100, 10 × as many waiting ÷ fewer", Unit::Ratio, at_most(1.5, 1.2), |round| {
        round.claims.map(|claims| claims.many_ms / claims.few_ms)
    }),
    row(7, "  where fewer wait", Unit::Milliseconds, None, |round| round.claims.map(|claims| claims.few_ms)),
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
