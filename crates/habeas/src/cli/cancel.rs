//! `habeas cancel`: a controller takes a request back. Parties that have begun need not agree.

use std::time::Duration;

use habeas_server::operator::dto::Story;

use super::{
    exit::{Exit, Failure, Outcome},
    legs,
    output::Output,
    setup::{Server, Setup},
    watch::Watch,
};

const ANSWER: Duration = Duration::from_secs(30);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    server: Server,
    /// The request.
    id: String,
}

pub(super) async fn run(args: Args, setup: &Setup, output: Output) -> Outcome {
    let client = args.server.client(setup)?;
    client.cancel(&args.id).await?;
    let story = client.story(&args.id).await?;
    let settled = |story: &Story| story.legs.iter().all(|leg| leg.cancel != "wanted");
    let story = Watch::new(&story).until(&client, &args.id, ANSWER, settled, |_| ()).await?;
    legs::print(&story, output);
    let with = |cancel: &str| {
        let legs = story.legs.iter().filter(|leg| leg.cancel == cancel);
        legs.map(|leg| leg.party.as_str()).collect::<Vec<_>>().join(", ")
    };
    let (refused, open) = (with("refused"), with("wanted"));
    if !refused.is_empty() {
        output.say(&format!("could not be taken back by {refused}: they go on with it"));
    }
    if !open.is_empty() {
        output.say(&format!("not answered yet by {open}; the server goes on: habeas status {}", args.id));
    }
    if refused.is_empty() && open.is_empty() { Ok(()) } else { Err(Failure::Told(Exit::Failed)) }
}
