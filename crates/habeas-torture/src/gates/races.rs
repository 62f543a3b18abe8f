//! R11: the same at once, over real connections.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    args::Args,
    client::{self, Ask, Sender},
    database::Database,
    history::Receipt,
    progress,
    protocol::Protocol,
    random::Random,
    scene::{PATIENCE, SHORT_ATTEMPT, Scene},
};

const ROUNDS: u64 = 8;
const AT_ONCE: usize = 64;
/// Wishes to take a request back, each against the beginning of the work on it.
const DELETES: u64 = 64;
/// Work begins about so soon.
const SOON: Duration = Duration::from_millis(30);

/// What came of it.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Races {
    /// The same bytes at once: answers other than the one receipt.
    pub(crate) other_receipts: u64,
    /// Other bytes under the same id at once: rounds without exactly one winner, and losers who were not told 400.
    pub(crate) rounds_without_one_winner: u64,
    pub(crate) losers_told_otherwise: u64,
    /// A DELETE against the beginning of the work: how often it won, and how often the end was not what it was told.
    pub(crate) cancelled: u64,
    pub(crate) refused: u64,
    pub(crate) told_otherwise: u64,
    pub(crate) passed: bool,
}

/// Runs it.
pub(crate) async fn run(args: &Args) -> Result<Races> {
    let folder = args.folder("races")?;
    let database = Database::make(args.database)?;
    let mut scene = Scene::set(folder.path(), database.url(), SHORT_ATTEMPT, args.without_durability).await?;
    scene.start().await?;
    let mut random = Random::new(args.seed);
    let mut races = Races::default();
    let bar = progress::bar("races", 2 * ROUNDS + DELETES);
    for _ in 0..ROUNDS {
        let urls = scene.receiver.urls(&mut random);
        let ask = Ask::new(&mut random, urls);
        let answers = at_once(&scene.sender, vec![ask; AT_ONCE]).await?;
        let receipts: BTreeSet<_> = answers.iter().map(|(status, receipt)| (*status, key(receipt.as_ref()))).collect();
        let good = receipts.len() == 1 && answers.iter().all(|(status, _)| *status == 201);
        races.other_receipts += u64::from(!good);
        bar.inc(1);
    }
    for _ in 0..ROUNDS {
        let urls = scene.receiver.urls(&mut random);
        let first = Ask::new(&mut random, urls);
        let other = |number: usize| {
            let body = first.body.replacen("@example.org", &format!("@{number}.example.org"), 1);
            Ask { body, ..first.clone() }
        };
        let answers = at_once(&scene.sender, (0..AT_ONCE).map(other).collect()).await?;
        let count = |wanted| answers.iter().filter(|(status, _)| *status == wanted).count();
        races.rounds_without_one_winner += u64::from(count(201) != 1);
        races.losers_told_otherwise += u64::try_from(AT_ONCE - count(201) - count(400))?;
        bar.inc(1);
    }
    delete(&scene, &mut random, &mut races, &bar).await?;
    bar.finish_and_clear();
    scene.kill().await?;
    let wrong =
        races.other_receipts + races.rounds_without_one_winner + races.losers_told_otherwise + races.told_otherwise;
    races.passed = wrong == 0;
    Ok(races)
}

fn key(receipt: Option<&Receipt>) -> Option<(String, String)> {
    receipt.map(|receipt| (receipt.body.clone(), receipt.signature.clone()))
}

async fn at_once(sender: &Sender, asks: Vec<Ask>) -> Result<Vec<(u16, Option<Receipt>)>> {
    let (mut tries, start) = (JoinSet::new(), Arc::new(tokio::sync::Barrier::new(asks.len())));
    for ask in asks {
        let (sender, start) = (sender.clone(), Arc::clone(&start));
        tries.spawn(async move {
            start.wait().await;
            let answer = sender.post(&ask).await?;
            let status = answer.status().as_u16();
            let receipt = if status == 201 { Some(client::receipt(answer).await?) } else { None };
            anyhow::Ok((status, receipt))
        });
    }
    let mut answers = Vec::new();
    while let Some(tried) = tries.join_next().await {
        answers.push(tried??);
    }
    Ok(answers)
}

async fn delete(scene: &Scene, random: &mut Random, races: &mut Races, bar: &indicatif::ProgressBar) -> Result<()> {
    for _ in 0..DELETES {
        let urls = scene.receiver.urls(random);
        let ask = Ask::new(random, urls);
        scene.sender.insist(&ask).await?;
        tokio::time::sleep(random.pause(SOON)).await;
        let won = scene.sender.delete(&ask).await?.status().is_success();
        races.cancelled += u64::from(won);
        races.refused += u64::from(!won);
        let end = if won { "cancelled" } else { "completed" };
        races.told_otherwise += u64::from(!ends_as(scene, &ask, end).await?);
        bar.inc(1);
    }
    let (callbacks, _) = scene.receiver.heard();
    let cancelled: BTreeSet<_> = callbacks.iter().filter(|one| one.status == "cancelled").map(|one| &one.id).collect();
    let begun = callbacks.iter().filter(|one| one.status == "in_progress" || one.status == "completed");
    races.told_otherwise += u64::try_from(begun.filter(|one| cancelled.contains(&one.id)).count())?;
    Ok(())
}

/// Whether a request comes to that end.
async fn ends_as(scene: &Scene, ask: &Ask, end: &str) -> Result<bool> {
    let status = || async {
        let answer =
            scene.sender.get(Protocol::OpenGdpr, (ask.organisation, ask.party), &ask.key).await?.error_for_status()?;
        let told: Value = answer.json().await?;
        let status = told.get("request_status").and_then(Value::as_str).context("no status")?;
        anyhow::Ok(status.to_owned())
    };
    let asked = async {
        loop {
            let now = status().await?;
            if now == end {
                return Ok(true);
            }
            if now == "completed" || now == "cancelled" {
                return Ok(false);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or(Ok(false))
}
