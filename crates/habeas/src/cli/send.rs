//! `habeas send`: a controller sends a request and sees the receipts.

use std::time::Duration;

use habeas_core::{domain::Domain, right::Right};
use habeas_server::operator::dto::{Send, Story, To};

use super::{
    exit::{Exit, Failure, Outcome},
    identity::Named,
    legs,
    output::{Output, complain},
    setup::{Server, Setup},
    watch::Watch,
};
use crate::config::duration;

/// Submissions are answered at once, or tried again later by the server.
const ANSWER: Duration = Duration::from_secs(30);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    server: Server,
    /// The organisation that sends.
    #[arg(long, value_name = "DOMAIN")]
    from: Domain,
    /// A party that shall act; may be given several times.
    #[arg(long, value_name = "PARTY", required = true)]
    to: Vec<String>,
    /// The right used: access, portability, erasure.
    #[arg(long)]
    right: Right,
    /// By what the person is known, kind:format:value; the value may be @FILE, or - for standard input. May be given
    /// several times.
    #[arg(long, value_name = "IDENTITY", required = true)]
    identity: Vec<Named>,
    /// When the person asked, such as 2026-01-31T12:00:00Z; now, if not given.
    #[arg(long, value_name = "TIME")]
    submitted_at: Option<String>,
    /// Wait until the request is done.
    #[arg(long)]
    wait: bool,
    /// How long to wait for that.
    #[arg(long, value_name = "DURATION", default_value = "60s", requires = "wait")]
    timeout: duration::Duration,
}

pub(super) async fn run(args: Args, setup: &Setup, output: Output) -> Outcome {
    let client = args.server.client(setup)?;
    let identities = args.identity.iter().map(Named::read).collect::<anyhow::Result<_>>().map_err(Failure::Usage)?;
    let wish = Send {
        from: args.from.to_string(),
        to: To::Many(args.to),
        right: args.right.to_string(),
        identities,
        submitted_at: args.submitted_at,
    };
    let story = client.send(&wish).await?;
    let id = story.request.request_id.clone();
    output.say(&format!("request {id}: sent to {}", parties(&story)));
    let mut watch = Watch::new(&story);
    let tell = |news: super::watch::News| output.say(&news.said());
    let answered = |story: &Story| story.legs.iter().all(legs::is_answered);
    let mut story = watch.until(&client, &id, ANSWER, answered, tell).await?;
    if args.wait {
        let within = Duration::from_millis(u64::try_from(args.timeout.ms()).unwrap_or_default());
        story = watch.until(&client, &id, within, legs::is_final, tell).await?;
    }
    legs::print(&story, output);
    legs::verdict(&story)?;
    if !answered(&story) || args.wait && !legs::is_final(&story) {
        complain(&format!("not done in time; the server goes on: habeas status {id}"));
        return Err(Failure::Told(Exit::Failed));
    }
    Ok(())
}

fn parties(story: &Story) -> String {
    story.legs.iter().map(|leg| leg.party.as_str()).collect::<Vec<_>>().join(", ")
}
