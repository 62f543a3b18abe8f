//! `habeas deliveries`: what are other parties told, what fails, and how is it tried again?

use habeas_server::operator::dto::{Delivery, RetryMany};

use super::{
    exit::Outcome,
    output::Output,
    setup::{Server, Setup},
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List deliveries, oldest first.
    List(List),
    /// Try deliveries again now.
    Retry(Retry),
}

#[derive(Debug, clap::Args)]
pub(super) struct List {
    #[command(flatten)]
    server: Server,
    /// Only those tried and not delivered.
    #[arg(long)]
    failing: bool,
    /// Only those in that state: due, leased, delivered, superseded, abandoned.
    #[arg(long)]
    state: Option<String>,
    /// Only those of that kind: callback, webhook, notice, alert.
    #[arg(long)]
    kind: Option<String>,
    /// Only those of that organisation.
    #[arg(long, value_name = "DOMAIN")]
    organisation: Option<String>,
    /// Only those of that request.
    #[arg(long, value_name = "ID")]
    request: Option<String>,
    /// At most so many.
    #[arg(long)]
    limit: Option<u32>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Retry {
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// These deliveries.
    id: Vec<String>,
    /// All undelivered ones of a request.
    #[arg(long, value_name = "ID")]
    request: Option<String>,
    /// All failing or given up ones of an organisation.
    #[arg(long, value_name = "DOMAIN")]
    organisation: Option<String>,
    /// All failing or given up ones.
    #[arg(long)]
    failing: bool,
}

pub(super) async fn run(command: Command, setup: &Setup, output: Output) -> Outcome {
    match command {
        Command::List(args) => list(args, setup, output).await,
        Command::Retry(args) => retry(args, setup, output).await,
    }
}

async fn list(args: List, setup: &Setup, output: Output) -> Outcome {
    let query: Vec<_> = [
        ("failing", args.failing.then(|| "true".to_owned())),
        ("state", args.state),
        ("kind", args.kind),
        ("organisation", args.organisation),
        ("request", args.request),
        ("limit", args.limit.map(|limit| limit.to_string())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect();
    let listed = args.server.client(setup)?.deliveries(&query).await?;
    if output.is_json() {
        output.json(&listed);
    }
    table(&listed.deliveries, output);
    Ok(())
}

/// Prints deliveries as a table.
pub(super) fn table(deliveries: &[Delivery], output: Output) {
    let head = ["delivery", "request", "kind", "to", "state", "attempts", "last", "due"];
    output.table(head, deliveries.iter().map(row));
}

fn row(delivery: &Delivery) -> [String; 8] {
    let last = delivery.last.as_ref().map(|attempt| match (attempt.status, &attempt.error) {
        (Some(status), _) => format!("{status} in {} ms", attempt.took_ms),
        (None, Some(error)) => error.clone(),
        (None, None) => "no answer".to_owned(),
    });
    [
        delivery.delivery_id.clone(),
        delivery.request_id.clone(),
        delivery.kind.clone(),
        delivery.host.clone(),
        delivery.state.clone(),
        delivery.attempts.to_string(),
        last.unwrap_or_else(|| "–".to_owned()),
        delivery.due_at.clone(),
    ]
}

async fn retry(args: Retry, setup: &Setup, output: Output) -> Outcome {
    let client = args.server.client(setup)?;
    let Which { id, request, organisation, failing } = args.which;
    let mut retried = 0;
    for id in &id {
        retried += client.retry(id).await?.retried;
    }
    if id.is_empty() {
        let which = RetryMany { request, organisation, failing: failing.then_some(true) };
        retried = client.retry_many(&which).await?.retried;
    }
    if output.is_json() {
        output.json(&serde_json::json!({ "retried": retried }));
    }
    output.say(&format!("{retried} to be tried again now"));
    Ok(())
}
