//! `habeas send`: a controller sends a request and sees the receipts, or sends thousands from a file.

mod batch;
mod journal;
mod lines;
mod one;
mod person;
mod progress;

use std::path::PathBuf;

use habeas_core::{domain::Domain, right::Right};

use super::{
    exit::Outcome,
    identity::Named,
    output::Output,
    setup::{Server, Setup},
};
use crate::config::duration;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    server: Server,
    /// The organisation that sends.
    #[arg(long, value_name = "DOMAIN")]
    from: Domain,
    /// A party that shall act; may be given several times. Without any, every party that can serve the request.
    #[arg(long, value_name = "PARTY")]
    to: Vec<String>,
    /// The right used: access, portability, erasure; of parties of DRP access, access-categories, access-specific,
    /// erasure, opt-out-of-sale, opt-in-to-sale.
    #[arg(long, required_unless_present = "file")]
    right: Option<Right>,
    /// By what the person is known, kind:format:value; the value may be @FILE, or - for standard input. May be given
    /// several times.
    #[arg(long, value_name = "IDENTITY", required_unless_present_any = ["file", "phone"])]
    identity: Vec<Named>,
    #[command(flatten)]
    person: person::Person,
    /// When the person asked, such as 2026-01-31T12:00:00Z; now, if not given.
    #[arg(long, value_name = "TIME")]
    submitted_at: Option<String>,
    /// Your own name for the request, nothing personal: under one name it is made once, however often it is sent.
    #[arg(long, value_name = "NAME")]
    reference: Option<String>,
    /// Wait until the request is done.
    #[arg(long)]
    wait: bool,
    /// How long to wait for that.
    #[arg(long, value_name = "DURATION", default_value = "60s", requires = "wait")]
    timeout: duration::Duration,
    /// Send every request of a file of JSON lines. Each has `right`, `identities` (a list of objects with `kind`,
    /// `format` and `value`), and if wanted `submitted_at`, `to` (a list), `reference`, `claims` (an object),
    /// `relationships` (a list) and `regime`. What was sent is noted in FILE.sent, so that the same command goes on
    /// where it was stopped and sends nothing twice.
    #[arg(
        long, value_name = "FILE",
        conflicts_with_all = ["right", "identity", "submitted_at", "reference", "wait"]
    )]
    file: Option<PathBuf>,
}

pub(super) async fn run(args: Args, setup: &Setup, output: Output) -> Outcome {
    match args.file.clone() {
        Some(file) => {
            let client = args.server.client(setup)?;
            batch::run(batch::Batch { from: args.from, to: args.to, file, proof: args.person.proof }, client, output)
                .await
        }
        None => one::run(args, setup, output).await,
    }
}
