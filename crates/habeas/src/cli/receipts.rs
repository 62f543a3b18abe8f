//! `habeas receipts`: what parties signed, to be seen, and handed to somebody who checks it.

mod offline;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use habeas_evidence::{model::Receipt, open};
use habeas_server::operator::dto;
use habeas_trust::digest::{hex, sha256};
use habeas_wire::time;
use serde_json::{Value, json};

use super::{
    exit::{Failure, Outcome},
    output::{self, Output},
    setup::{Server, Setup},
};
use crate::files::{self, Readers};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List what parties signed about a request.
    List(One),
    /// Write everything that parties signed about a request into one sealed file, for `habeas verify`.
    Export(Export),
}

#[derive(Debug, clap::Args)]
pub(super) struct One {
    #[command(flatten)]
    server: Server,
    /// Read the database of the configuration while no server runs.
    #[arg(long)]
    offline: bool,
    /// The request.
    id: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct Export {
    #[command(flatten)]
    one: One,
    /// Where to; - for standard output.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file if there is one.
    #[arg(long)]
    force: bool,
}

pub(super) async fn run(command: Command, setup: &Setup, output: Output) -> Outcome {
    match command {
        Command::List(one) => list(&one, setup, output).await,
        Command::Export(export) => write(&export, setup, output).await,
    }
}

async fn list(one: &One, setup: &Setup, output: Output) -> Outcome {
    let receipts: Vec<Value> = if one.offline {
        let sealed = open(&offline::export(&one.id, setup).await?)?;
        sealed.evidence().receipts.iter().map(kept).collect()
    } else {
        one.server.client(setup)?.story(&one.id).await?.receipts.iter().map(told).collect()
    };
    let text = |receipt: &Value, name: &str| receipt.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let names = ["at", "operation", "signer", "sha256"];
    output.table(
        ["at", "of", "signer", "sha-256 of what was signed"],
        receipts.iter().map(|receipt| names.map(|name| text(receipt, name))),
    );
    if output.is_json() {
        output.json(&json!({ "receipts": receipts }));
    }
    Ok(())
}

fn told(receipt: &dto::Receipt) -> Value {
    json!({
        "at": receipt.at, "operation": receipt.operation, "leg_id": receipt.leg_id, "signer": receipt.signer,
        "sha256": receipt.sha256,
    })
}

fn kept(receipt: &Receipt) -> Value {
    json!({
        "at": time::format(receipt.at.ms()), "operation": receipt.operation, "leg_id": receipt.leg,
        "signer": receipt.signer.as_str(), "sha256": hex(&receipt.sha256),
    })
}

async fn write(export: &Export, setup: &Setup, output: Output) -> Outcome {
    let (one, to) = (&export.one, &export.out);
    let is_file = to != Path::new("-");
    if is_file && !export.force && to.exists() {
        return Err(taken(to));
    }
    let bytes = if one.offline {
        offline::export(&one.id, setup).await?
    } else {
        one.server.client(setup)?.evidence(&one.id).await?
    };
    // What was damaged on the way is noticed here and not by who needs it later.
    let sealed = open(&bytes).map_err(|error| Failure::Unverified(anyhow!(error).context("the server's answer")))?;
    let text = String::from_utf8(bytes).context("the server's answer cannot be read")?;
    if !is_file {
        output::text(&text);
        return Ok(());
    }
    let written = if export.force { files::replace } else { files::create }(to, &text, Readers::Owner);
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => taken(to),
        _ => anyhow::Error::new(error).context(format!("{} cannot be written", to.display())).into(),
    })?;
    let receipts = sealed.evidence().receipts.len();
    if output.is_json() {
        let digest = hex(&sha256(text.as_bytes()));
        output.json(&json!({ "file": to, "request_id": one.id, "receipts": receipts, "sha256": digest }));
    }
    output.say(&format!(
        "Wrote {}, {receipts} receipts. To check it: habeas verify {0} \
         (with --ca FILE, if the authority of the parties is not one that browsers know)",
        to.display()
    ));
    Ok(())
}

fn taken(file: &Path) -> Failure {
    Failure::Failed(anyhow!("{} exists already; --force replaces it", file.display()))
}
