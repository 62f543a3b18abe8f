//! R2: the server dies right before and right after each durable step.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::{
    args::Args,
    client::Load,
    database::{Database, Kind},
    history::Verdict,
    progress,
    random::Random,
    scene::{PATIENCE, SHORT_ATTEMPT, Scene},
    tamper::Crash,
};

/// The steps of a processor's server that write. Each is one transaction.
const STEPS: [&str; 4] = ["receive", "lease_deliveries", "settle", "apply"];
/// Taken once in a life, where no other node may hold a lease.
const FIRST_STEP: &str = "take_back_leases";
/// By then a step was taken, under load.
const SOON: Duration = Duration::from_secs(20);
/// The crash comes at a call of the step up to this one.
const CALLS: u64 = 8;

/// What came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Steps {
    #[serde(flatten)]
    pub(crate) verdict: Verdict,
    /// Places at which the server died.
    pub(crate) places: u64,
    /// Places at which it should have died and was never.
    pub(crate) never_reached: Vec<String>,
    pub(crate) passed: bool,
}

/// Runs it.
pub(crate) async fn run(args: &Args) -> Result<Steps> {
    let folder = args.folder("steps")?;
    let database = Database::make(args.database)?;
    let mut scene = Scene::set(folder.path(), database.url(), SHORT_ATTEMPT, args.without_durability).await?;
    let mut random = Random::new(args.seed);
    scene.start().await?;
    let load = Load::start(&scene.sender, &scene.receiver, args.rate, &random);
    scene.book.acknowledged_in(1, PATIENCE).await?;
    let crashes = crashes(args.database, &mut random);
    let bar = progress::bar("steps", u64::try_from(crashes.len())?);
    let (mut places, mut never_reached) = (0, Vec::new());
    for crash in crashes {
        scene.kill().await?;
        scene.spawn(Some(&crash))?;
        if scene.kills_itself(SOON).await? {
            places += 1;
        } else {
            never_reached.push(crash.to_string());
            scene.kill().await?;
        }
        let life = scene.book.next_life();
        scene.start().await?;
        scene.book.acknowledged_in(life, PATIENCE).await?;
        bar.inc(1);
    }
    load.end(PATIENCE).await?;
    bar.finish_and_clear();
    let verdict = scene.verdict().await?;
    Ok(Steps { passed: !verdict.is_broken() && never_reached.is_empty(), verdict, places, never_reached })
}

fn crashes(database: Kind, random: &mut Random) -> Vec<Crash> {
    let first = (database == Kind::Sqlite).then_some(FIRST_STEP);
    let places = STEPS.into_iter().chain(first).flat_map(|step| [false, true].map(|after| (step, after)));
    let mut crashes: Vec<Crash> = places
        .map(|(step, after)| {
            let call = if step == FIRST_STEP { 1 } else { 1 + random.below(CALLS) };
            Crash { step: step.to_owned(), after, call }
        })
        .collect();
    random.shuffle(&mut crashes);
    crashes
}
