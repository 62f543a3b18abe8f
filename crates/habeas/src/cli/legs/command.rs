//! `habeas legs`: which party has which share of a request, who is late or stuck, and what is done about it?

use habeas_server::operator::dto::Leg;

use super::super::{
    exit::Outcome,
    output::Output,
    setup::{Server, Setup},
};

#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Command {
    /// List the shares of open requests, those due first to be done first.
    List(List),
    /// Try a share again now: send it once more, or ask how it stands.
    Retry(One),
    /// Give up a share that its party has not answered. It may have it all the same, if it was tried before.
    Waive(One),
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct List {
    #[command(flatten)]
    server: Server,
    /// Only those whose party is past its date.
    #[arg(long)]
    late: bool,
    /// Only those that wait for you: something is wrong, and nothing is tried by itself.
    #[arg(long)]
    stuck: bool,
    /// Only those of that party.
    #[arg(long)]
    party: Option<String>,
    /// Only those of that organisation.
    #[arg(long, value_name = "DOMAIN")]
    organisation: Option<String>,
    /// Only those of that request, which may be done.
    #[arg(long, value_name = "ID")]
    request: Option<String>,
    /// At most so many.
    #[arg(long)]
    limit: Option<u32>,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct One {
    #[command(flatten)]
    server: Server,
    /// The share, as `habeas legs list` names it.
    id: String,
}

pub(in crate::cli) async fn run(command: Command, setup: &Setup, output: Output) -> Outcome {
    match command {
        Command::List(args) => list(args, setup, output).await,
        Command::Retry(one) => {
            let leg = one.server.client(setup)?.retry_leg(&one.id).await?;
            tell(&leg, "to be tried again now", output);
            Ok(())
        }
        Command::Waive(one) => {
            let leg = one.server.client(setup)?.waive_leg(&one.id).await?;
            tell(&leg, "given up", output);
            Ok(())
        }
    }
}

async fn list(args: List, setup: &Setup, output: Output) -> Outcome {
    let query: Vec<_> = [
        ("late", args.late.then(|| "true".to_owned())),
        ("stuck", args.stuck.then(|| "true".to_owned())),
        ("party", args.party),
        ("organisation", args.organisation),
        ("request", args.request),
        ("limit", args.limit.map(|limit| limit.to_string())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect();
    let listed = args.server.client(setup)?.legs(&query).await?;
    if output.is_json() {
        output.json(&listed);
    }
    super::table(&listed.legs, output);
    Ok(())
}

fn tell(leg: &Leg, what: &str, output: Output) {
    if output.is_json() {
        output.json(leg);
    }
    output.say(&format!("{} for {}, request {}: {what}", leg.right, leg.party, leg.request_id));
}
