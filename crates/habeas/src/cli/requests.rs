//! `habeas requests`: an operator sees and works on requests.

mod proof;
mod show;

use habeas_core::state::Ground;
use habeas_server::operator::dto::{Deny, Extend, Fulfill, Request, Verify};
use url::Url;

use super::{
    exit::Outcome,
    output::Output,
    setup::{Server, Setup},
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List requests: open ones by the days left, then the others.
    List(List),
    /// Show a request's whole story.
    Show(Show),
    /// Say that work on a request has begun.
    Start(One),
    /// Say that a request is done.
    Fulfill(Done),
    /// Refuse a request.
    Deny(Denied),
    /// Say that a request takes longer.
    Extend(Longer),
    /// Have the person prove who they are before work begins, by a code sent to them; or say that they have.
    Verify(proof::Verify),
    /// Show where the person of a request that was sent goes to prove who they are: personal data.
    Verification(proof::Verification),
}

#[derive(Debug, clap::Args)]
pub(super) struct List {
    #[command(flatten)]
    server: Server,
    /// Only those in these states, separated by commas: received, in_progress, fulfilled, …
    #[arg(long)]
    state: Option<String>,
    /// Only those of that organisation.
    #[arg(long, value_name = "DOMAIN")]
    organisation: Option<String>,
    /// Only those that an organisation has in that role.
    #[arg(long)]
    role: Option<String>,
    /// At most so many.
    #[arg(long)]
    limit: Option<u32>,
    /// Leaving out so many.
    #[arg(long)]
    offset: Option<u32>,
}

#[derive(Debug, clap::Args)]
pub(super) struct One {
    #[command(flatten)]
    server: Server,
    /// The request.
    id: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct Show {
    #[command(flatten)]
    one: One,
    /// Show the person, too: identities, claims, relationships. The server notes that in its log.
    #[arg(long)]
    subject: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Done {
    #[command(flatten)]
    one: One,
    /// Where the results are, for rights that hand data back.
    #[arg(long, value_name = "URL")]
    results_url: Option<Url>,
    /// When they stop being there, such as 2026-01-31T12:00:00Z.
    #[arg(long, value_name = "TIME", requires = "results_url")]
    expires_at: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Denied {
    #[command(flatten)]
    one: One,
    /// Why: no_match, suspected_fraud, insufficient_verification, outside_jurisdiction, unsupported,
    /// too_many_requests, exempt or other.
    #[arg(long)]
    ground: Ground,
}

#[derive(Debug, clap::Args)]
pub(super) struct Longer {
    #[command(flatten)]
    one: One,
    /// The new date, such as 2026-01-31T12:00:00Z.
    #[arg(long, value_name = "TIME")]
    by: String,
    /// Why: told to the sender, so nothing personal.
    #[arg(long)]
    reason: String,
}

pub(super) async fn run(command: Command, setup: &Setup, output: Output) -> Outcome {
    let changed = match command {
        Command::List(args) => return list(args, setup, output).await,
        Command::Show(args) => return show(args, setup, output).await,
        Command::Start(one) => one.server.client(setup)?.start(&one.id).await?,
        Command::Fulfill(Done { one, results_url, expires_at }) => {
            let wish = Fulfill { results_url: results_url.map(Into::into), expires_at };
            one.server.client(setup)?.fulfill(&one.id, &wish).await?
        }
        Command::Deny(Denied { one, ground }) => {
            let wish = Deny { ground: ground.to_string() };
            one.server.client(setup)?.deny(&one.id, &wish).await?
        }
        Command::Verification(args) => return proof::links(args, setup, output).await,
        Command::Verify(proof::Verify { one, done }) => {
            one.server.client(setup)?.verify(&one.id, &Verify { done: Some(done) }).await?
        }
        Command::Extend(Longer { one, by, reason }) => {
            one.server.client(setup)?.extend(&one.id, &Extend { by, reason }).await?
        }
    };
    if output.is_json() {
        output.json(&changed);
    }
    output.say(&format!("request {}: {}, expected by {}", changed.request_id, changed.state, changed.expected_by));
    Ok(())
}

async fn list(args: List, setup: &Setup, output: Output) -> Outcome {
    let query: Vec<_> = [
        ("state", args.state),
        ("organisation", args.organisation),
        ("role", args.role),
        ("limit", args.limit.map(|limit| limit.to_string())),
        ("offset", args.offset.map(|offset| offset.to_string())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect();
    let listed = args.server.client(setup)?.requests(&query).await?;
    if output.is_json() {
        output.json(&listed);
    }
    let head = ["request", "organisation", "role", "from", "rights", "state", "days left", "received"];
    output.table(head, listed.requests.iter().map(row));
    Ok(())
}

fn row(request: &Request) -> [String; 8] {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    [
        request.request_id.clone(),
        request.organisation.clone(),
        request.role.clone(),
        or_dash(request.party.clone()),
        request.rights.join(", "),
        request.state.clone(),
        or_dash(request.days_left.map(|days| days.to_string())),
        request.received_at.clone(),
    ]
}

async fn show(args: Show, setup: &Setup, output: Output) -> Outcome {
    let client = args.one.server.client(setup)?;
    let story = client.story(&args.one.id).await?;
    let subject = if args.subject { Some(client.subject(&args.one.id).await?) } else { None };
    show::print(&story, subject.as_ref(), output);
    Ok(())
}
