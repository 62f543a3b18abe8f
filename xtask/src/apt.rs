//! May packages of the system be installed? As root, where there is `apt-get`.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run;

/// Installs packages where that is ours to do; does nothing elsewhere.
pub(crate) fn install(packages: &[&str], hint: &str) -> Result<()> {
    if !is_root() || run::present("apt-get", hint).is_err() {
        return Ok(());
    }
    // The lists of packages may be old, or not there at all.
    apt_get(&["update"], hint)?;
    apt_get(&[&["install", "--yes", "--no-install-recommends"], packages].concat(), hint)
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn apt_get(words: &[&str], hint: &str) -> Result<()> {
    eprintln!("$ apt-get {}", words.join(" "));
    let mut command = Command::new("apt-get");
    let status = command.args(words).env("DEBIAN_FRONTEND", "noninteractive").status();
    if !status.context("apt-get could not be run")?.success() {
        bail!("apt-get {} failed: {hint}", words.first().unwrap_or(&""));
    }
    Ok(())
}
