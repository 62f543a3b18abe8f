//! How much does a newcomer have to build?

use std::{collections::BTreeSet, fs, time::Instant};

use anyhow::{Result, bail};

use crate::run;

/// The default build may have so many crates, ours included.
const CRATES: usize = 320;

/// Prints the number of crates, and on wish the time of a clean build.
pub(crate) fn report(time: bool) -> Result<()> {
    let tree = run::cargo_output(&["tree", "--package", "habeas", "--edges", "normal,build", "--prefix", "none"])?;
    let crates: BTreeSet<String> = tree
        .lines()
        .filter_map(|line| Some(line.split(" (").next()?.trim().to_owned()))
        .filter(|l| !l.is_empty())
        .collect();
    println!("crates in the default build: {} (at most {CRATES})", crates.len());
    if crates.len() > CRATES {
        bail!("the default build has grown too large");
    }
    if time {
        clean_build()?;
    }
    Ok(())
}

#[allow(clippy::disallowed_methods, reason = "this measures how long a build takes")]
fn clean_build() -> Result<()> {
    let target = run::root().join("target/footprint");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    let (before, began) = (children_cpu_seconds(), Instant::now());
    let path = target.to_string_lossy().into_owned();
    run::cargo(&["build", "--release", "--package", "habeas", "--target-dir", &path])?;
    let wall = began.elapsed().as_secs();
    match (before, children_cpu_seconds()) {
        (Some(before), Some(after)) => println!("clean release build: {:.0} s of CPU, {wall} s", after - before),
        _ => println!("clean release build: {wall} s"),
    }
    fs::remove_dir_all(&target)?;
    Ok(())
}

/// User and system time of all finished children, where /proc tells it (fields 16 and 17 of proc_pid_stat(5)).
fn children_cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks: f64 = fields.get(13)?.parse::<f64>().ok()? + fields.get(14)?.parse::<f64>().ok()?;
    Some(ticks / 100.0)
}
