//! `habeas cancel`: a controller takes a request back. Parties that have begun need not agree.

use std::time::Duration;

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
    let settled = |story: &habeas_server::operator::dto::Story| story.legs.iter().all(|leg| leg.cancel != "wanted");
    let story = Watch::new(&story).until(&client, &args.id, ANSWER, settled, |_| ()).await?;
    legs::print(&story, output);
    if settled(&story) && story.legs.iter().all(|leg| leg.cancel != "refused") {
        Ok(())
    } else {
        Err(Failure::Told(Exit::Failed))
    }
}
