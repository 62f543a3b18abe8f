//! `habeas status`: where does a request that was sent stand?

use std::time::Duration;

use habeas_server::operator::dto::{Leg, Story};

use super::{
    client::Client,
    exit::Outcome,
    legs,
    output::{Output, complain},
    setup::{Server, Setup},
    watch::Watch,
};

/// Parties that are asked have so long to answer.
const ANSWER: Duration = Duration::from_secs(30);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    server: Server,
    /// The request.
    id: String,
    /// Ask its parties first.
    #[arg(long)]
    refresh: bool,
}

pub(super) async fn run(args: Args, setup: &Setup, output: Output) -> Outcome {
    let client = args.server.client(setup)?;
    let story = if args.refresh { refreshed(&client, &args.id).await? } else { client.story(&args.id).await? };
    legs::print(&story, output);
    legs::verdict(&story)
}

/// How it stands after every party that has it and is not done was asked, or did not answer in time.
async fn refreshed(client: &Client, id: &str) -> Outcome<Story> {
    let asked = client.poll(id).await?;
    // Times are written alike and in UTC, so their texts sort as they do.
    let has_answered = |leg: &Leg| {
        let due = leg.next_attempt_at.as_ref().filter(|_| leg.accepted_at.is_some() && !legs::is_done(leg));
        due.is_none_or(|at| *at > asked.asked_at)
    };
    let all_have = |story: &Story| story.legs.iter().all(has_answered);
    let story = Watch::new(&asked.story).until(client, id, ANSWER, all_have, |_| ()).await?;
    for leg in story.legs.iter().filter(|leg| !has_answered(leg)) {
        complain(&format!("{} was asked and has not answered yet", leg.party));
    }
    Ok(story)
}
