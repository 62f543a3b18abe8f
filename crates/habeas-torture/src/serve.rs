//! What is under fire? The product's server, put together by the product from a configuration file.
//!
//! It differs from `habeas serve` in three things. It may call this machine, as the sandbox may: receivers are here. It
//! ends when its standard input does, so that it never outlives the torture. And its store may have a fault.

use std::{
    io::{Read as _, Write as _},
    path::PathBuf,
    sync::Arc,
};

use anyhow::{Result, anyhow};
use clap::Args;
use habeas::{
    assembly, config,
    database::Opened,
    logging,
    server::{self, Running},
};
use habeas_core::clock::Clock as _;
use habeas_engine::{ambient::SystemClock, directory::Tenant, outbound::Policy};
use habeas_server::{OperatorTokens, router};
use habeas_store::Layered;
use tokio_util::sync::CancellationToken;

use crate::tamper::{Crash, Tampered};

/// The line in which a server says that it listens.
pub(crate) const READY: &str = "ready";
/// Where the operator API stands below its listener.
pub(crate) const PREFIX: &str = "/api";

/// How the server is started.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[arg(long)]
    config: PathBuf,
    /// Kill this process at a step of the store.
    #[arg(long)]
    crash: Option<Crash>,
    /// Acknowledge before the commit.
    #[arg(long)]
    without_durability: bool,
}

/// Runs until the input ends.
pub(crate) async fn run(options: Options) -> Result<()> {
    let mut loaded = config::load(&options.config)?;
    let Some(parts) = assembly::assemble(&mut loaded, SystemClock.now()) else {
        return Err(anyhow!("{:?}", loaded.problems()));
    };
    logging::begin(&loaded.config.log)?;
    let (public, operator) = (server::bind(parts.listen)?, server::bind(parts.operator)?);
    let _lock = parts.database.lock()?;
    let port = public.local_addr()?.port();
    let tenants = parts.tenants.into_iter().map(|tenant| here(tenant, port)).collect::<Result<Vec<_>>>()?;
    let policy = Policy { sandbox: true, ..parts.policy };
    let Opened { store, clock } = parts.database.open(&parts.sealing).await?;
    let store = Arc::new(Layered(Tampered::new(store, options.crash, options.without_durability)));
    let engine = server::engine(tenants, Opened { store, clock }, policy, parts.mailer, parts.settings).await?;
    let tokens = OperatorTokens::new([parts.operator_token.expose()]);
    let input = end_of_input()?;
    let mut running = Running::new(&engine);
    running.work();
    let routes = (router::public(engine.clone()), router::operator(engine.clone(), tokens, PREFIX));
    running.listen(|until| habeas_server::serve(public, parts.tls, routes.0, until));
    running.listen_to_the_last(|until| habeas_server::serve(operator, None, routes.1, until));
    writeln!(std::io::stdout(), "{READY}")?;
    let ended = tokio::select! {
        broken = running.broken() => broken,
        () = input.cancelled() => Ok(()),
    };
    running.stop().await;
    ended
}

/// Has an organisation be reached by plain http on this machine, as in the sandbox.
fn here(mut tenant: Tenant, port: u16) -> Result<Tenant> {
    tenant.organisation.policy.plain_http = true;
    for mount in &mut tenant.mounts {
        let plain = mount.base_url.as_str().replacen("https://", "http://", 1);
        mount.base_url = plain.parse()?;
        mount.base_url.set_port(Some(port)).map_err(|()| anyhow!("a URL without a host"))?;
    }
    Ok(tenant)
}

fn end_of_input() -> Result<CancellationToken> {
    let until = CancellationToken::new();
    let theirs = until.clone();
    std::thread::Builder::new().name("standard input".to_owned()).spawn(move || {
        // An error is an end, too.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        theirs.cancel();
    })?;
    Ok(until)
}
