//! R4: the first PostgreSQL dies, and its synchronous standby takes over.

use std::time::Duration;

use anyhow::Result;
use habeas_testbed::{Cluster, Options, url_across};
use serde::Serialize;
use tokio::task::block_in_place;

use crate::{
    args::Args,
    book::Treatment,
    client::Load,
    clock::{ms, now},
    history::Verdict,
    random::Random,
    scene::{PATIENCE, SHORT_ATTEMPT, Scene},
};

/// How long there is load before the failover, and after it.
const LOAD: Duration = Duration::from_secs(4);

/// What came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Failover {
    #[serde(flatten)]
    pub(crate) verdict: Verdict,
    /// From the instant at which the standby takes writes.
    pub(crate) first_201_after_promotion_ms: u64,
    pub(crate) treatment: Treatment,
    pub(crate) passed: bool,
}

/// Runs it.
pub(crate) async fn run(args: &Args) -> Result<Failover> {
    let folder = args.folder("failover")?;
    let mut first = block_in_place(|| Cluster::start(&Options::default()))?;
    first.create_database("habeas")?;
    let second = block_in_place(|| first.standby(true))?;
    let url = url_across(&[&first, &second], "habeas");
    let mut scene = Scene::set(folder.path(), &url, SHORT_ATTEMPT, args.without_durability).await?;
    let mut random = Random::new(args.seed);
    scene.start().await?;
    let load = Load::start(&scene.sender, &scene.receiver, args.rate, &random);
    scene.book.acknowledged_in(1, PATIENCE).await?;
    tokio::time::sleep(LOAD + random.pause(LOAD)).await;
    block_in_place(|| first.kill_9().and_then(|()| second.promote()))?;
    let (life, began) = (scene.book.next_life(), now());
    scene.book.acknowledged_in(life, PATIENCE).await?;
    let first_201_after_promotion_ms = ms(began.elapsed());
    tokio::time::sleep(LOAD).await;
    load.end(PATIENCE).await?;
    let verdict = scene.verdict().await?;
    let treatment = scene.book.treatment();
    let well_treated = treatment.without_retry_after + treatment.late == 0 && treatment.unexpected.is_empty();
    Ok(Failover { passed: !verdict.is_broken() && well_treated, verdict, first_201_after_promotion_ms, treatment })
}
