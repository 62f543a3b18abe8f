//! R5: the disk is full. A small one in memory, mounted where nobody else sees it.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, bail};
use clap::Args as ClapArgs;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::process::Command;

use super::apart;
use crate::{
    args::Args,
    book::Treatment,
    client::Load,
    clock::{ms, now},
    history::Verdict,
    random::Random,
    scene::{PATIENCE, SHORT_ATTEMPT, Scene},
};

/// The disk, and what lies on it only to be removed when it is full. What is left when it is full must be enough to
/// bring everything to its end.
const DISK: &str = "size=64m";
const BALLAST_BYTES: usize = 32 << 20;
/// As fast as clients can.
const RATE: u64 = 4000;
/// So many requests are turned away before the ballast is removed.
const TURNED_AWAY: u64 = 200;

/// The part that runs with mounts of its own.
#[derive(Debug, ClapArgs)]
pub(crate) struct Options {
    #[arg(long)]
    folder: PathBuf,
    #[arg(long)]
    seed: u64,
    #[arg(long)]
    without_durability: bool,
}

#[derive(Debug, Serialize)]
struct Full {
    #[serde(flatten)]
    verdict: Verdict,
    /// Requests that were turned away while the disk was full.
    turned_away: u64,
    /// From the removal of the ballast to the first 201.
    first_201_after_room_ms: u64,
    treatment: Treatment,
    passed: bool,
}

/// Runs it where that is possible, and says so where not.
pub(crate) async fn run(args: &Args) -> Result<Value> {
    if !rustix::process::geteuid().is_root() {
        return Ok(apart::skipped("not root", "only root can mount a small disk"));
    }
    let folder = args.folder("full")?;
    let mut tried = apart::command(&[]);
    if !tried.args(["mount", "-t", "tmpfs", "tmpfs"]).arg(folder.path()).status().await?.success() {
        return Ok(apart::skipped("no mounts", "not even root may mount anything here, as in many containers"));
    }
    let mut more = vec!["--seed".to_owned(), args.seed.to_string()];
    more.extend(args.without_durability.then(|| "--without-durability".to_owned()));
    apart::run(apart::command(&[]), "full", folder.path(), &more).await
}

/// The part inside.
pub(crate) async fn inside(options: &Options) -> Result<()> {
    let disk = options.folder.join("disk");
    fs::create_dir(&disk)?;
    mount(&disk).await?;
    let ballast = disk.join("ballast");
    fs::write(&ballast, vec![0; BALLAST_BYTES])?;
    let mut scene =
        Scene::set(&options.folder, "sqlite:disk/habeas.db", SHORT_ATTEMPT, options.without_durability).await?;
    let random = Random::new(options.seed);
    scene.start().await?;
    let load = Load::start(&scene.sender, &scene.receiver, RATE, &random);
    until_turned_away(&scene).await?;
    let turned_away = scene.book.treatment().unavailable;
    fs::remove_file(&ballast)?;
    let (life, began) = (scene.book.next_life(), now());
    scene.book.acknowledged_in(life, PATIENCE).await?;
    let first_201_after_room_ms = ms(began.elapsed());
    load.end(PATIENCE).await?;
    let verdict = scene.verdict().await?;
    let treatment = scene.book.treatment();
    let passed = !verdict.is_broken() && treatment.without_retry_after == 0 && treatment.unexpected.is_empty();
    let full = Full { verdict, turned_away, first_201_after_room_ms, treatment, passed };
    Ok(writeln!(std::io::stdout(), "{}", json!(full))?)
}

async fn mount(disk: &Path) -> Result<()> {
    let mut command = Command::new("mount");
    let status = command.args(["-t", "tmpfs", "-o", DISK, "tmpfs"]).arg(disk).status().await?;
    if !status.success() {
        bail!("a disk in memory could not be mounted");
    }
    Ok(())
}

async fn until_turned_away(scene: &Scene) -> Result<()> {
    let deadline = now() + PATIENCE;
    while scene.book.treatment().unavailable < TURNED_AWAY {
        if now() > deadline {
            bail!("the disk does not fill: {:?}", scene.book.treatment());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
