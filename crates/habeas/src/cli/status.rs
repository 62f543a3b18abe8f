//! `habeas status`: where does a request that was sent stand?

use std::{collections::HashMap, time::Duration};

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
/// Asking a party saves its leg twice: when it becomes due, and when it was done.
const SAVES: u32 = 2;

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
    let before = client.story(id).await?;
    let is_asked = |leg: &&Leg| !legs::is_done(leg) && leg.next_attempt_at.is_some();
    let asked: HashMap<&str, u32> =
        before.legs.iter().filter(is_asked).map(|leg| (leg.leg_id.as_str(), leg.revision)).collect();
    client.poll(id).await?;
    let has_answered = |leg: &Leg| match asked.get(leg.leg_id.as_str()) {
        Some(revision) => legs::is_done(leg) || leg.revision >= revision + SAVES,
        None => true,
    };
    let all_have = |story: &Story| story.legs.iter().all(has_answered);
    let story = Watch::new(&before).until(client, id, ANSWER, all_have, |_| ()).await?;
    for leg in story.legs.iter().filter(|leg| !has_answered(leg)) {
        complain(&format!("{} was asked and has not answered yet", leg.party));
    }
    Ok(story)
}
