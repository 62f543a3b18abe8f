//! `habeas serve`: the server, until it is told to stop.

use std::net::TcpListener;

use habeas_core::clock::Clock as _;
use habeas_engine::ambient::SystemClock;
use habeas_server::{OperatorTokens, router};
use serde_json::json;

use super::{
    exit::{Failure, Outcome},
    output::Output,
    setup::Setup,
};
use crate::{
    assembly,
    database::Database,
    logging,
    server::{self, NodeRole, Running},
};

/// Where the operator API stands below its listener.
const PREFIX: &str = "/api";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which part of the server this process is, where several share a PostgreSQL database.
    #[arg(long, value_enum, default_value_t)]
    role: NodeRole,
}

pub(super) async fn run(Args { role }: Args, setup: &Setup, output: Output) -> Outcome {
    let mut loaded = setup.load()?;
    let Some(parts) = assembly::assemble(&mut loaded, SystemClock.now()) else {
        return Err(Failure::Configuration(Box::new(loaded.problems())));
    };
    logging::begin(&loaded.config.log).map_err(|error| Failure::Usage(error.into()))?;
    for warning in loaded.warnings().list() {
        tracing::warn!(key = warning.place, "{}", warning.message);
    }
    alone_with_sqlite(role, &parts.database)?;
    let signal = server::signal();
    let _lock = parts.database.lock()?;
    let public = role.answers().then(|| server::bind(parts.listen)).transpose()?;
    let operator = server::bind(parts.operator)?;
    let public_at = public.as_ref().map(TcpListener::local_addr).transpose()?;
    let operator_at = operator.local_addr()?;
    let database = parts.database.open(&parts.sealing).await?;
    let engine = server::engine(parts.tenants, database, parts.policy, parts.mailer, parts.settings).await?;
    let mut running = Running::new(&engine);
    if role.works() {
        running.work();
    }
    let watched = if let Some(public) = public {
        let routes = router::public(engine.clone());
        running.listen(|until| habeas_server::serve(public, parts.tls, routes, until));
        router::operator(engine.clone(), OperatorTokens::new([parts.operator_token.expose()]), PREFIX)
    } else {
        router::probes(engine.clone())
    };
    running.listen_to_the_last(|until| habeas_server::serve(operator, None, watched, until));
    tracing::info!(role = ?role, public = ?public_at, operator = %operator_at, "ready");
    if output.is_json() {
        let api = role.answers().then(|| format!("http://{operator_at}{PREFIX}"));
        output.json(&json!({ "public": public_at, "operator": api, "health": format!("http://{operator_at}") }));
    }
    let ended = tokio::select! {
        broken = running.broken() => broken,
        () = signal => {
            tracing::info!("stopping");
            Ok(())
        }
    };
    running.stop().await;
    tracing::info!("stopped");
    Ok(ended?)
}

/// One process has the file, so it has to be everything.
fn alone_with_sqlite(role: NodeRole, database: &Database) -> Outcome {
    if role == NodeRole::All || database.file().is_none() {
        return Ok(());
    }
    let why = "with SQLite one process is the whole server: leave --role out, or let several nodes share a PostgreSQL \
               database (docs/DEPLOYING.md)";
    Err(Failure::Usage(anyhow::anyhow!(why)))
}
