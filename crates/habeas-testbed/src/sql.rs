//! How is a cluster told what to do? By the client that comes with it, which needs no library.

use std::{path::Path, process::Command};

use anyhow::{Context as _, Result, bail};

use crate::cluster::USER;

/// Runs statements, each in a transaction of its own, and returns the rows, columns parted by `|`.
pub(crate) fn run(programs: &Path, port: u16, database: &str, statement: &str) -> Result<String> {
    let mut command = Command::new(programs.join("psql"));
    command.env_clear().env("LC_ALL", "C").current_dir("/");
    command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", USER, "-d", database]);
    let output = command.args(["-p", &port.to_string(), "-c", statement]).output().context("psql could not be run")?;
    if !output.status.success() {
        bail!("`{statement}` failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}

/// A name that needs no quotes: what stands in a statement must not be able to end it.
pub(crate) fn plain(name: &str) -> Result<&str> {
    let is_plain = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !is_plain || name.len() > 63 {
        bail!("a database is named by small letters, digits and _: {name:?}");
    }
    Ok(name)
}
