//! R7: a thousand hostile receivers, and what the others notice of them.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use tokio::task::JoinSet;

use crate::{
    args::Args,
    client::Ask,
    clock::now,
    database::Database,
    hosts::{HOLD, Hostile},
    progress,
    random::Random,
    scene::{PATIENCE, Scene, USUAL_ATTEMPT},
    stats::percentile,
};

/// Requests a second to the healthy ones, by so many clients.
const RATE: u32 = 100;
const CLIENTS: u32 = 8;
/// A thousand requests that come at once are work as well; it is not theirs that is measured.
const WARM_UP: Duration = Duration::from_secs(5);
const MEASURED: Duration = Duration::from_secs(12);
/// An attempt may last 30 s; a shared machine may take some more to end it.
const LONGEST_ATTEMPT_MS: u64 = 32_000;
const RATIO: f64 = 2.0;

/// What came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) hostile: u64,
    /// How many of them held an attempt when the healthy ones were measured.
    pub(crate) holding: u64,
    pub(crate) calls: u64,
    /// The server's callbacks to healthy receivers: from the request to its first callback.
    pub(crate) p99_alone_us: u64,
    pub(crate) p99_among_hostile_us: u64,
    pub(crate) p50_alone_us: u64,
    pub(crate) p50_among_hostile_us: u64,
    pub(crate) p99_ratio: f64,
    pub(crate) attempts_at_one_host: u64,
    pub(crate) longest_attempt_ms: u64,
    pub(crate) redirects_followed: u64,
    pub(crate) endless_body_bytes: u64,
    pub(crate) passed: bool,
}

/// Runs it.
pub(crate) async fn run(args: &Args) -> Result<Report> {
    let folder = args.folder("hostile")?;
    let database = Database::make(args.database)?;
    let mut scene = Scene::set(folder.path(), database.url(), USUAL_ATTEMPT, args.without_durability).await?;
    scene.start().await?;
    let random = Random::new(args.seed);
    let bar = progress::bar("hostile", 4);
    measure(&scene, &random.another(1), WARM_UP).await?;
    bar.inc(1);
    let alone = measure(&scene, &random.another(2), MEASURED).await?;
    bar.inc(1);

    let hostile = Hostile::start().await?;
    let asks =
        (0..args.receivers).map(|number| Ask::new(&mut random.another(1000 + number), vec![hostile.url(number)]));
    let sent = stream::iter(asks.map(|ask| {
        let sender = scene.sender.clone();
        async move { sender.insist(&ask).await }
    }));
    sent.buffer_unordered(16).try_collect::<()>().await?;
    let holding = until_held(&hostile, args.receivers).await?;
    bar.inc(1);
    measure(&scene, &random.another(3), WARM_UP).await?;
    let among = measure(&scene, &random.another(4), MEASURED).await?;
    until_let_go(&hostile).await;
    bar.finish_and_clear();
    scene.kill().await?;

    let (p99_alone_us, p99_among_hostile_us) = (percentile(&alone, 99), percentile(&among, 99));
    let p99_ratio = ratio(p99_among_hostile_us, p99_alone_us);
    let seen = hostile.seen();
    let (attempts_at_one_host, longest_attempt_ms) = (seen.at_one_host.load(Relaxed), seen.longest_ms.load(Relaxed));
    let redirects_followed = seen.followed.load(Relaxed);
    Ok(Report {
        hostile: args.receivers,
        holding,
        calls: seen.calls.load(Relaxed),
        p99_alone_us,
        p99_among_hostile_us,
        p50_alone_us: percentile(&alone, 50),
        p50_among_hostile_us: percentile(&among, 50),
        p99_ratio,
        attempts_at_one_host,
        longest_attempt_ms,
        redirects_followed,
        endless_body_bytes: seen.body_bytes.load(Relaxed),
        passed: p99_ratio < RATIO
            && attempts_at_one_host <= 1
            && longest_attempt_ms <= LONGEST_ATTEMPT_MS
            && redirects_followed == 0,
    })
}

#[allow(clippy::cast_precision_loss, reason = "microseconds are far below 2^53")]
fn ratio(one: u64, other: u64) -> f64 {
    (one as f64 / other.max(1) as f64 * 100.0).round() / 100.0
}

/// Sends requests with healthy receivers for a while; says in microseconds how long each waited for its callback.
async fn measure(scene: &Scene, random: &Random, lasting: Duration) -> Result<Vec<u64>> {
    let (until, mut clients) = (now() + lasting, JoinSet::new());
    for number in 0..CLIENTS {
        let (sender, receiver) = (scene.sender.clone(), Arc::clone(&scene.receiver));
        let mut random = random.another(u64::from(number));
        clients.spawn(async move {
            let mut sent = Vec::new();
            while now() < until {
                let urls = receiver.urls(&mut random);
                let ask = Ask::new(&mut random, urls);
                sent.push((ask.key.clone(), now()));
                sender.insist(&ask).await?;
                tokio::time::sleep(random.pause(Duration::from_secs(2) * CLIENTS / RATE)).await;
            }
            anyhow::Ok(sent)
        });
    }
    let mut waits = Vec::new();
    while let Some(client) = clients.join_next().await {
        for (id, began) in client?? {
            let came = came(scene, &id).await?;
            waits.push(u64::try_from(came.saturating_duration_since(began).as_micros())?);
        }
    }
    Ok(waits)
}

async fn came(scene: &Scene, id: &str) -> Result<Instant> {
    let deadline = now() + PATIENCE;
    loop {
        if let Some(at) = scene.receiver.first_of(id) {
            return Ok(at);
        }
        if now() > deadline {
            bail!("a healthy receiver was never called");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until those that hold their callers do.
async fn until_held(hostile: &Hostile, receivers: u64) -> Result<u64> {
    let (deadline, wanted) = (now() + PATIENCE, receivers * HOLD / 10);
    loop {
        let holding = hostile.seen().under_way();
        // A few may have to wait for a slot.
        if holding >= wanted * 9 / 10 {
            return Ok(holding);
        }
        if now() > deadline {
            bail!("only {holding} of {wanted} were called");
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until somebody gave up, so that it is known how long that takes.
async fn until_let_go(hostile: &Hostile) {
    let deadline = now() + Duration::from_secs(40);
    while hostile.seen().longest_ms.load(Relaxed) < 29_000 && now() < deadline {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
