//! `habeas status`: where does a request that was sent stand?

use super::{
    exit::Outcome,
    legs,
    output::Output,
    setup::{Server, Setup},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    server: Server,
    /// The request.
    id: String,
}

pub(super) async fn run(args: Args, setup: &Setup, output: Output) -> Outcome {
    let story = args.server.client(setup)?.story(&args.id).await?;
    legs::print(&story, output);
    legs::verdict(&story)
}
