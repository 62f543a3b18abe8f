//! `habeas requests verify` and `verification`: a person proves who they are, here or at a party.

use url::Url;

use super::{
    super::{
        exit::{Exit, Failure, Outcome},
        output::{Output, complain},
        setup::Setup,
    },
    One,
};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Verify {
    #[command(flatten)]
    pub(super) one: One,
    /// They have done so in another way: work may begin.
    #[arg(long)]
    pub(super) done: bool,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Verification {
    #[command(flatten)]
    one: One,
    /// Where the party sends them back to: an https:// address of a host that it knows of.
    #[arg(long, value_name = "URL")]
    redirect_to: Url,
}

pub(super) async fn links(args: Verification, setup: &Setup, output: Output) -> Outcome {
    let Verification { one, redirect_to } = args;
    let found = one.server.client(setup)?.verification(&one.id, &redirect_to).await?;
    if output.is_json() {
        output.json(&found);
    }
    for link in &found.links {
        output.say(&format!("{}\n  {}\n", link.party, link.url));
    }
    if found.links.is_empty() {
        complain("no party asks for that at the moment");
        return Err(Failure::Told(Exit::Failed));
    }
    output.say(
        "Each address holds the identity token, and with it who the person is: give it to that person alone, once, and\n\
         keep it out of logs. That they come back to you proves nothing: habeas status says whether it worked.",
    );
    Ok(())
}
