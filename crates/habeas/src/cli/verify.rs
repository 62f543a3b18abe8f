//! `habeas verify`: does what parties signed hold? Asks no server, no configuration and no database.

mod json;
mod shown;

use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};
use habeas_core::{
    clock::{Clock as _, Instant},
    domain::Domain,
};
use habeas_engine::ambient::SystemClock;
use habeas_evidence::{Finding, Grade, Message, examine, examine_message, open};
use habeas_trust::certificate::Roots;
use habeas_wire::{base64, time};

use super::{
    exit::{Exit, Failure, Outcome},
    output::Output,
};
use crate::assembly;

const EXIT_CODES: &str = "\
Exit codes:
  0  everything holds
  1  a file cannot be read
  2  the command line is wrong
  4  something does not hold";

#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Args {
    /// An export of `habeas receipts export`; - for standard input.
    #[arg(required_unless_present = "body", conflicts_with = "body")]
    file: Option<PathBuf>,
    /// The original request as it was sent, byte for byte: proves in full the receipts that repeat it. Each party may
    /// have been sent another, so it may be given several times.
    #[arg(long, value_name = "BODY", requires = "file")]
    request: Vec<PathBuf>,
    /// Check certificates as of then, such as 2026-01-31T12:00:00Z. If not said, as of the arrival of each receipt and
    /// the making of the export; of a single message, as of now.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    at: Option<Instant>,
    /// Trust these authorities in place of this system's.
    #[arg(long, value_name = "PEM")]
    ca: Option<PathBuf>,
    #[command(flatten)]
    message: Single,
}

/// One message in place of an export.
#[derive(Debug, clap::Args)]
struct Single {
    /// The body of one signed message in place of an export; - for standard input.
    #[arg(
        long, value_name = "FILE", requires_all = ["signature", "certificate", "domain"],
        help_heading = "A single message"
    )]
    body: Option<PathBuf>,
    /// Its signature, as in its header.
    #[arg(long, value_name = "BASE64", requires = "body", value_parser = signature, help_heading = "A single message")]
    signature: Option<Signature>,
    /// The signer's certificate, with the chain that vouches for it.
    #[arg(long, value_name = "PEM", requires = "body", help_heading = "A single message")]
    certificate: Option<PathBuf>,
    /// Who is said to have signed it.
    #[arg(long, value_name = "NAME", requires = "body", help_heading = "A single message")]
    domain: Option<Domain>,
}

#[derive(Debug, Clone)]
struct Signature(Vec<u8>);

pub(super) fn run(args: &Args, output: Output) -> Outcome {
    match (&args.file, &args.message) {
        (Some(file), _) => export(file, args, output),
        (
            None,
            Single {
                body: Some(body),
                signature: Some(signature),
                certificate: Some(certificate),
                domain: Some(domain),
            },
        ) => {
            let (body, chain, roots) = (read(body)?, read(certificate)?, roots(args)?);
            let message = Message {
                signer: domain.as_str(),
                body: &body,
                signature: &signature.0,
                chain: &String::from_utf8_lossy(&chain),
                at: args.at.unwrap_or_else(|| SystemClock.now()),
            };
            single(&examine_message(&message, &roots), output)
        }
        // The command line is refused before it comes to this.
        (None, _) => Err(Failure::Usage(anyhow!("name an export, or a message with --body"))),
    }
}

fn export(file: &Path, args: &Args, output: Output) -> Outcome {
    let (bytes, roots) = (read(file)?, roots(args)?);
    let requests = args.request.iter().map(|request| read(request)).collect::<anyhow::Result<Vec<_>>>()?;
    let sealed = match open(&bytes) {
        Ok(sealed) => sealed,
        Err(error) if output.is_json() => {
            output.json(&json::refused(&error));
            return Err(Failure::Told(Exit::Unverified));
        }
        Err(error) => return Err(Failure::Unverified(anyhow!(error).context(file.display().to_string()))),
    };
    let requests: Vec<&[u8]> = requests.iter().map(Vec::as_slice).collect();
    let report = examine(&sealed, &roots, args.at, &requests);
    if output.is_json() {
        output.json(&json::report(&report));
    }
    shown::report(&report, output);
    verdict(report.holds())
}

fn single(finding: &Finding, output: Output) -> Outcome {
    if output.is_json() {
        output.json(&json::message(finding));
    }
    shown::message(finding, output);
    verdict(!matches!(finding.grade, Grade::NotProved(_)))
}

const fn verdict(holds: bool) -> Outcome {
    if holds { Ok(()) } else { Err(Failure::Told(Exit::Unverified)) }
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(file)
    };
    read.with_context(|| format!("{} cannot be read", file.display()))
}

/// The authorities named, else the system's.
fn roots(args: &Args) -> Outcome<Roots> {
    let Some(file) = &args.ca else {
        let roots = assembly::system_roots();
        if roots.is_empty() {
            return Err(Failure::Failed(anyhow!("this system trusts no authorities; name some with --ca")));
        }
        return Ok(roots);
    };
    let pem = read(file)?;
    let roots = Roots::from_pem(&String::from_utf8_lossy(&pem)).with_context(|| file.display().to_string());
    roots.map_err(Failure::Usage)
}

fn instant(text: &str) -> Result<Instant, &'static str> {
    time::parse_lenient(text).map(Instant::from_ms).map_err(|_| "not a time such as 2026-01-31T12:00:00Z")
}

fn signature(text: &str) -> Result<Signature, &'static str> {
    base64::decode(text.as_bytes()).map(Signature).ok_or("not base64 with padding")
}
