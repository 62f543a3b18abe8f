//! A gate that needs mounts or networks of its own runs as another process, which has them and takes them with it.

use std::{ffi::OsStr, path::Path, process::Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::say;

/// A process that shares neither mounts nor what these options of `unshare` name with others.
pub(super) fn command(options: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command.args(options).args(["--mount", "--propagation", "private"]);
    command
}

/// Runs a part of this program there, and returns its last line.
pub(super) async fn run(mut apart: Command, part: &str, folder: &Path, more: &[impl AsRef<OsStr>]) -> Result<Value> {
    apart.arg(std::env::current_exe()?).arg(part).arg("--folder").arg(folder).args(more);
    let child = apart.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn();
    let output = child.context("`unshare` could not be run")?.wait_with_output().await?;
    if !output.status.success() {
        bail!("the part `{part}` failed");
    }
    let text = String::from_utf8(output.stdout)?;
    Ok(serde_json::from_str(text.lines().last().unwrap_or_default())?)
}

/// It cannot be run here.
pub(super) fn skipped(word: &str, why: &str) -> Value {
    say(&format!("  SKIPPED: {why}"));
    json!({ "skipped": word })
}
