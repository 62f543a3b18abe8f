//! `habeas migrate-store`: everything in a SQLite file moves into a PostgreSQL database.

use std::path::Path;

use anyhow::anyhow;
use habeas_store::moving::{MoveError, Moved, migrate};
use serde_json::json;

use super::{
    backup::bar,
    exit::{Failure, Outcome},
    output::Output,
};
use crate::database::{self, Database};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where everything is: `sqlite:` and the path of the file. No server may be using it. It stays as it is.
    from: String,
    /// Where it goes: `postgres://…`, a database with nothing of habeas in it, or one in which a move was begun. Other
    /// users of this machine see what stands on a command line, so an address with a password is better put into the
    /// environment.
    #[arg(env = "HABEAS_MOVE_TO", hide_env_values = true)]
    to: String,
}

pub(super) async fn run(Args { from, to }: &Args, output: Output) -> Outcome {
    let read = |what: &str, text: &str| {
        Database::parse(text, Path::to_owned).map_err(|why| Failure::Usage(anyhow!("{what}: {why}")))
    };
    let (from, to) = (read("FROM", from)?, read("TO", to)?);
    let (Database::Sqlite(file), Database::Postgres(place)) = (&from, &to) else {
        return Err(Failure::Usage(anyhow!("only from sqlite: to postgres:// can be moved")));
    };
    if !file.exists() {
        return Err(Failure::Usage(anyhow!("there is no file {}", file.display())));
    }
    let _lock = from.lock()?;
    let (from, to) = database::open_to_move(file, place).await?;
    let bar = bar(output);
    let moved = migrate(&from, &to, |progress| {
        bar.set_length(progress.of);
        bar.set_position(progress.done);
    });
    let moved = moved.await;
    bar.finish_and_clear();
    show(&moved.map_err(advised)?, output);
    Ok(())
}

/// What was copied so far need not be copied again.
fn advised(error: MoveError) -> anyhow::Error {
    let goes_on = matches!(error, MoveError::Store(_));
    let error = anyhow::Error::new(error);
    if goes_on { error.context("the move was cut off; run the same command again and it goes on there") } else { error }
}

fn show(moved: &[Moved], output: Output) {
    if output.is_json() {
        let table = |one: &Moved| json!({ "table": one.table, "rows": one.rows, "sha256": one.sha256 });
        output.json(&json!({ "tables": moved.iter().map(table).collect::<Vec<_>>() }));
        return;
    }
    output.table(
        ["table", "rows", "SHA-256 on both sides"],
        moved.iter().map(|one| [one.table.to_owned(), one.rows.to_string(), one.sha256.clone()]),
    );
    output.say("\nEverything is there. Set `database` in the configuration to the new one before you start a server.");
}
