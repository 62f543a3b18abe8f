//! Which processes belong to a cluster? Each server process works in its data folder, whoever its parent is by now,
//! and no other process does.

use std::{fs, path::Path};

use anyhow::Result;
use rustix::process::{Pid, Signal, kill_process};

use crate::wait;

/// The processes that work in a folder or below it.
pub(crate) fn below(folder: &Path) -> Vec<Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let works_here =
        |entry: &fs::DirEntry| fs::read_link(entry.path().join("cwd")).is_ok_and(|at| at.starts_with(folder));
    let id = |entry: fs::DirEntry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?);
    entries.filter(works_here).filter_map(id).collect()
}

/// Sends a signal to each of them.
pub(crate) fn signal(folder: &Path, signal: Signal) {
    for id in below(folder) {
        // It may have ended meanwhile.
        let _ = kill_process(id, signal);
    }
}

/// Kills each of them, and those that they start meanwhile, and waits until none is left.
pub(crate) fn kill(folder: &Path) -> Result<()> {
    wait::until("all processes of a cluster are gone", || {
        signal(folder, Signal::KILL);
        Ok(below(folder).is_empty().then_some(()))
    })
}
