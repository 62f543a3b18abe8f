//! `habeas serve`: the server, until it is told to stop.

use std::{fs::File, path::Path};

use anyhow::Context as _;
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
    assembly, files, logging,
    server::{self, Running},
};

/// Where the operator API stands below its listener.
const PREFIX: &str = "/api";

pub(super) async fn run(setup: &Setup, output: Output) -> Outcome {
    let mut loaded = setup.load()?;
    let Some(parts) = assembly::assemble(&mut loaded, SystemClock.now()) else {
        return Err(Failure::Configuration(Box::new(loaded.problems())));
    };
    logging::begin(&loaded.config.log).map_err(|error| Failure::Usage(error.into()))?;
    for warning in loaded.warnings().list() {
        tracing::warn!(key = warning.place, "{}", warning.message);
    }
    let signal = server::signal();
    let _lock = lock(&parts.database)?;
    let (public, operator) = (server::bind(parts.listen)?, server::bind(parts.operator)?);
    let (public_at, operator_at) = (public.local_addr()?, operator.local_addr()?);
    let store = server::open(&parts.database, &parts.sealing).await?;
    let engine = server::engine(parts.tenants, store, parts.policy, parts.mailer, parts.settings).await?;
    let tokens = OperatorTokens::new([parts.operator_token.expose()]);
    let mut running = Running::new(&engine);
    let until = running.until();
    running.spawn(habeas_server::serve(public, parts.tls, router::public(engine.clone()), until.clone()));
    running.spawn(habeas_server::serve(operator, None, router::operator(engine.clone(), tokens, PREFIX), until));
    tracing::info!(public = %public_at, operator = %operator_at, "ready");
    if output.is_json() {
        output.json(&json!({ "public": public_at, "operator": format!("http://{operator_at}{PREFIX}") }));
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

/// Keeps a second server away from the database.
fn lock(database: &Path) -> anyhow::Result<File> {
    let lock = files::lock_database(database).with_context(|| format!("{} cannot be locked", database.display()))?;
    lock.with_context(|| format!("another server uses {}", database.display()))
}
