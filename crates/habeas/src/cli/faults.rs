//! `habeas faults`: everything that needs attention, on one screen.

use habeas_server::operator::dto::Faults;

use super::{
    deliveries,
    exit::Outcome,
    legs,
    output::Output,
    setup::{Server, Setup},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    server: Server,
    /// At most so many of each kind.
    #[arg(long)]
    limit: Option<u32>,
}

pub(super) async fn run(args: Args, setup: &Setup, output: Output) -> Outcome {
    let query: Vec<_> = args.limit.iter().map(|limit| ("limit", limit.to_string())).collect();
    let faults = args.server.client(setup)?.faults(&query).await?;
    if output.is_json() {
        output.json(&faults);
        return Ok(());
    }
    print(&faults, output);
    Ok(())
}

fn print(faults: &Faults, output: Output) {
    let Faults { deliveries, late, stuck, certificates } = faults;
    if deliveries.is_empty() && late.is_empty() && stuck.is_empty() && certificates.is_empty() {
        output.say("nothing needs attention");
        return;
    }
    if !stuck.is_empty() {
        output.say("Waiting for you: `habeas legs retry` or `habeas legs waive`");
        legs::table(stuck, output);
        output.say("");
    }
    if !late.is_empty() {
        output.say("Parties past their date");
        legs::table(late, output);
        output.say("");
    }
    if !deliveries.is_empty() {
        output.say("Others cannot be told: they are tried again by themselves, or now by `habeas deliveries retry`");
        deliveries::table(deliveries, output);
        output.say("");
    }
    if !certificates.is_empty() {
        output.say("Certificates that end: `habeas keys csr`, then `habeas keys install`");
        let rows = certificates.iter().map(|end| [end.organisation.clone(), end.not_after.clone()]);
        output.table(["organisation", "ends"], rows);
    }
}
