//! How are other programs run?

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// Runs cargo and fails if it fails.
pub(crate) fn cargo(words: &[&str]) -> Result<()> {
    cargo_with(words, &[])
}

/// The same with additions to the environment.
pub(crate) fn cargo_with(words: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    eprintln!("$ cargo {}", words.join(" "));
    let status = command(words).envs(environment.iter().copied()).status().context("cargo could not be run")?;
    if !status.success() {
        bail!("cargo {} failed", words.first().unwrap_or(&""));
    }
    Ok(())
}

/// Runs cargo and returns what it prints.
pub(crate) fn cargo_output(words: &[&str]) -> Result<String> {
    let output = command(words).stderr(Stdio::inherit()).output().context("cargo could not be run")?;
    if !output.status.success() {
        bail!("cargo {} failed", words.join(" "));
    }
    String::from_utf8(output.stdout).context("cargo printed something that is not UTF-8")
}

fn command(words: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(words).current_dir(root());
    command
}

/// The project's root.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Fails with a hint when a program is missing.
pub(crate) fn present(program: &str, hint: &str) -> Result<()> {
    match Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status() {
        Ok(_) => Ok(()),
        Err(_) => bail!("`{program}` is missing: {hint}"),
    }
}
