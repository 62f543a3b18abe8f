//! R1 and R3: the server, and PostgreSQL under it, are killed at random instants while clients send.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;

use crate::{
    args::Args,
    book::Treatment,
    client::Load,
    clock::{ms, now},
    database::{Database, Kind},
    history::Verdict,
    progress,
    random::Random,
    scene::{PATIENCE, SHORT_ATTEMPT, Scene},
    stats::Spread,
};

/// One life in so many ends before the server is ready.
const STILLBORN: u64 = 8;
/// By then a server has begun to listen, mostly.
const BIRTH: Duration = Duration::from_millis(60);
/// PostgreSQL stays away at most so long, and is frozen at most so long.
const LONGEST_ABSENCE: Duration = Duration::from_secs(2);
const LONGEST_FREEZE: Duration = Duration::from_secs(8);
/// A restarted server answers the first client within this.
const FIRST_ANSWER_MS: u64 = 2000;

/// What came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Fire {
    #[serde(flatten)]
    pub(crate) verdict: Verdict,
    pub(crate) kills: u64,
    pub(crate) database_kills: u64,
    pub(crate) database_freezes: u64,
    pub(crate) first_201_after_restart_ms: Spread,
    /// From the instant at which PostgreSQL is there again.
    pub(crate) first_201_after_database_ms: Spread,
    pub(crate) treatment: Treatment,
    pub(crate) passed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Server,
    DatabaseKill,
    DatabaseFreeze,
}

/// Runs it.
pub(crate) async fn run(args: &Args) -> Result<Fire> {
    let folder = args.folder("fire")?;
    let mut database = Database::make(args.database)?;
    let mut scene = Scene::set(folder.path(), database.url(), SHORT_ATTEMPT, args.without_durability).await?;
    let mut random = Random::new(args.seed);
    scene.start().await?;
    let load = Load::start(&scene.sender, &scene.receiver, args.rate, &random);
    scene.book.acknowledged_in(1, PATIENCE).await?;
    let faults = faults(args, &mut random);
    let bar = progress::bar("faults", u64::try_from(faults.len())?);
    let lifetime = 2 * args.load() / u32::try_from(faults.len().max(1))?;
    let (mut after_restart, mut after_database) = (Vec::new(), Vec::new());
    for fault in &faults {
        tokio::time::sleep(random.pause(lifetime)).await;
        match fault {
            Fault::Server => after_restart.push(kill(&mut scene, &mut random).await?),
            _ => after_database.push(strike(*fault, &mut database, &scene, &mut random).await?),
        }
        bar.inc(1);
    }
    load.end(PATIENCE).await?;
    bar.finish_and_clear();
    let verdict = scene.verdict().await?;
    let treatment = scene.book.treatment();
    let count = |which| u64::try_from(faults.iter().filter(|fault| **fault == which).count()).unwrap_or(0);
    let first = Spread::of(&after_restart);
    let well_treated = treatment.without_retry_after + treatment.late == 0 && treatment.unexpected.is_empty();
    Ok(Fire {
        passed: !verdict.is_broken() && well_treated && first.max < FIRST_ANSWER_MS,
        verdict,
        kills: count(Fault::Server),
        database_kills: count(Fault::DatabaseKill),
        database_freezes: count(Fault::DatabaseFreeze),
        first_201_after_restart_ms: first,
        first_201_after_database_ms: Spread::of(&after_database),
        treatment,
    })
}

fn faults(args: &Args, random: &mut Random) -> Vec<Fault> {
    let mut faults = vec![Fault::Server; usize::try_from(args.kills).unwrap_or(0)];
    if args.database == Kind::Postgres {
        let strikes = [Fault::DatabaseKill, Fault::DatabaseFreeze].into_iter().cycle();
        faults.extend(strikes.take(usize::try_from(args.restarts).unwrap_or(0)));
    }
    random.shuffle(&mut faults);
    faults
}

/// Kills the server and starts it again; says how long the first client then waited.
async fn kill(scene: &mut Scene, random: &mut Random) -> Result<u64> {
    scene.kill().await?;
    while random.below(STILLBORN) == 0 {
        scene.spawn(None)?;
        tokio::time::sleep(random.pause(BIRTH)).await;
        scene.kill().await?;
    }
    let (life, began) = (scene.book.next_life(), now());
    scene.start().await?;
    first_answer(scene, life, began).await
}

/// Kills or freezes PostgreSQL for a while; says how long the first client waited when it was back.
async fn strike(fault: Fault, database: &mut Database, scene: &Scene, random: &mut Random) -> Result<u64> {
    let cluster = database.cluster()?;
    if fault == Fault::DatabaseKill {
        tokio::task::block_in_place(|| cluster.kill_9())?;
        tokio::time::sleep(random.pause(LONGEST_ABSENCE)).await;
        tokio::task::block_in_place(|| cluster.restart())?;
    } else {
        cluster.stop_signal();
        tokio::time::sleep(random.pause(LONGEST_FREEZE)).await;
        cluster.continue_signal();
    }
    let (life, began) = (scene.book.next_life(), now());
    first_answer(scene, life, began).await
}

async fn first_answer(scene: &Scene, life: u64, began: Instant) -> Result<u64> {
    scene.book.acknowledged_in(life, PATIENCE).await?;
    Ok(ms(began.elapsed()))
}
