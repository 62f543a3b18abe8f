//! `habeas backup`: a copy of the database, whether the server runs or not.

use std::{
    fs::{self, File},
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};
use habeas_store::sqlite::{Backup, back_up};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};

use super::{
    exit::{Failure, Outcome},
    output::Output,
    setup::Setup,
};
use crate::{assembly, database::Database, files::longer};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The copy. What is there already is not overwritten.
    file: PathBuf,
}

pub(super) async fn run(Args { file }: &Args, setup: &Setup, output: Output) -> Outcome {
    let mut loaded = setup.load()?;
    let Some(database) = assembly::database(&mut loaded) else {
        return Err(Failure::Configuration(Box::new(loaded.problems())));
    };
    let Database::Sqlite(database) = database else {
        let why = "PostgreSQL is backed up by its own tools: pg_basebackup, or pg_dump (docs/OPERATIONS.md)";
        return Err(Failure::Usage(anyhow!(why)));
    };
    if !database.exists() {
        return Err(anyhow!("there is no database {}", database.display()).into());
    }
    let (to, bar) = (file.clone(), bar(output));
    let copied = tokio::task::spawn_blocking(move || copy(&database, &to, &bar)).await??;
    show(file, &copied, output);
    Ok(())
}

/// Under another name until it is whole, so that nobody takes half of one for a backup.
fn copy(database: &Path, file: &Path, bar: &ProgressBar) -> anyhow::Result<Backup> {
    let name = file.display();
    refuse_if_there(file)?;
    let beside = Beside(longer(file, &format!(".{}.new", std::process::id())));
    let copied = back_up(database, &beside.0, |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let copied = copied.with_context(|| format!("{} cannot be copied to {name}", database.display()))?;
    refuse_if_there(file)?;
    fs::rename(&beside.0, file).with_context(|| format!("{name} cannot be written"))?;
    sync_folder(file).with_context(|| format!("{name} may not be on the disk yet"))?;
    Ok(copied)
}

fn refuse_if_there(file: &Path) -> anyhow::Result<()> {
    match fs::symlink_metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("{} cannot be written", file.display())),
        Ok(_) => Err(anyhow!("{} is there already", file.display())),
    }
}

/// A new name is on the disk when its folder is.
fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// A file on its way to its name; what did not get there is removed.
struct Beside(PathBuf);

impl Drop for Beside {
    fn drop(&mut self) {
        // It is not there when all went well.
        let _ = fs::remove_file(&self.0);
    }
}

/// A bar for who looks on.
pub(super) fn bar(output: Output) -> ProgressBar {
    if output.is_json() || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent} %, {eta} left") {
        bar.set_style(style);
    }
    bar
}

fn show(file: &Path, copied: &Backup, output: Output) {
    let rows: Map<String, Value> = copied.rows.iter().map(|(table, rows)| ((*table).to_owned(), json!(rows))).collect();
    if output.is_json() {
        output.json(&json!({ "file": file, "bytes": copied.bytes, "schema": copied.schema, "rows": rows }));
        return;
    }
    output.table(["table", "rows"], copied.rows.iter().map(|(table, rows)| [(*table).to_owned(), rows.to_string()]));
    output.say(&format!(
        "\n{}: {} bytes, whole. The sealing keys are not in it: without them nothing personal in it can be read.",
        file.display(),
        copied.bytes
    ));
}
