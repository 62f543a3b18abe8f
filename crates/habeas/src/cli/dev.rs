//! `habeas dev`: the sandbox, until it is told to stop.

use std::{net::SocketAddr, path::PathBuf};

use super::{exit::Outcome, output::Output};
use crate::{
    config::model::{Log, LogFormat},
    logging,
    sandbox::{self, Announcement},
    server,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Address and port; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The folder that keeps its keys, tokens and requests.
    #[arg(long, value_name = "DIR", default_value = "habeas-sandbox")]
    data: PathBuf,
    /// What is logged: error, warn, info, debug, trace, or a filter.
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    log: String,
}

pub(super) async fn run(args: Args, output: Output) -> Outcome {
    let format = if output.is_json() { LogFormat::Json } else { LogFormat::Text };
    logging::begin(&Log { format, level: args.log }).map_err(|error| super::exit::Failure::Usage(error.into()))?;
    let signal = server::signal();
    let mut sandbox = sandbox::start(args.listen, &args.data).await?;
    if output.is_json() {
        output.json(sandbox.announcement());
    } else {
        greet(sandbox.announcement(), output);
    }
    let ended = tokio::select! {
        broken = sandbox.broken() => broken,
        () = signal => Ok(()),
    };
    output.say("stopping");
    sandbox.stop().await;
    Ok(ended?)
}

fn greet(world: &Announcement, output: Output) {
    let lines = |lines: Vec<String>| lines.join("\n");
    output.table(
        ["organisation", "role", "dialect", "base url", "credentials"],
        world.organisations.iter().map(|organisation| {
            let (mounts, credentials) = (organisation.mounts.iter(), organisation.credentials.iter());
            [
                organisation.domain.clone(),
                organisation.roles.join(", "),
                lines(mounts.clone().map(|mount| mount.dialect.clone()).collect()),
                lines(mounts.map(|mount| mount.base_url.clone()).collect()),
                lines(credentials.map(|one| format!("{}: {}", one.party, one.token)).collect()),
            ]
        }),
    );
    let operator = &world.operator;
    output.say(&format!(
        "\nOperator API  {}\nIts token     {}\nAuthority     {}",
        operator.url,
        operator.token,
        world.ca.display()
    ));
    output.say(&format!(
        "\nTry, in another terminal:\n\n  \
         export HABEAS_SERVER={} HABEAS_TOKEN={}\n  \
         habeas send --from shop.localhost --to mail.localhost --right erasure \\\n    \
         --identity email:raw:ann@example.org --wait\n",
        operator.url, operator.token
    ));
    let discovery = world.organisations.iter().flat_map(|organisation| &organisation.mounts).next();
    if let Some(mount) = discovery {
        output.say(&format!("  curl -i {}/discovery\n", mount.base_url));
    }
    output.say(
        "Or through the agent, who is spoken to in 0.1.3 and hands it on to mail and ads:\n\n  \
         habeas send --from shop.localhost --to agent.localhost --right erasure \\\n    \
         --identity email:raw:ann@example.org --wait\n\n\
         Without --to, everybody who can serve it gets it. Ctrl-C stops it.",
    );
}
