//! How is a request exported without its server?
//!
//! Whoever opens a database may bring it up to date, and that is the server's to do. So a copy is opened, and the
//! original stays as it is.

use std::{fs, io, path::Path};

use anyhow::{Context as _, anyhow};
use habeas_core::{clock::Clock as _, id::RequestId};
use habeas_engine::{Error, ambient::SystemClock, directory::Directory, evidence};

use crate::{
    assembly,
    cli::{
        exit::{Failure, Outcome},
        setup::Setup,
    },
    database::{Database, Opened},
    dialects,
    files::{self, Passing, longer},
};

/// What SQLite keeps a database in: the file, and beside it what was committed since a server was cut off.
const PARTS: [&str; 2] = ["", "-wal"];

/// The sealed export of a request from the database of the configuration.
pub(super) async fn export(id: &str, setup: &Setup) -> Outcome<Vec<u8>> {
    let mut loaded = setup.load()?;
    let now = SystemClock.now();
    let Some(parts) = assembly::assemble(&mut loaded, now) else {
        return Err(Failure::Configuration(Box::new(loaded.problems())));
    };
    let copied = copied(parts.database.file().context(SHARED)?)?;
    let Opened { store, .. } = Database::Sqlite(copied.path().join(NAME)).open(&parts.sealing).await?;
    let directory = Directory::new(parts.tenants, dialects::all());
    let exported = evidence::export(store.as_ref(), &directory, &RequestId::new(id), now).await;
    exported.map_err(|error| match error {
        Error::Refused(problem) => anyhow!("{}", problem.code.row().title).into(),
        error => anyhow::Error::new(error).context("the request cannot be exported").into(),
    })
}

const NAME: &str = "copy.db";
const SHARED: &str = "--offline reads a file of SQLite; a server that shares this database is asked with --server URL";

/// The database in a folder for a while, copied while no server runs.
fn copied(database: &Path) -> anyhow::Result<Passing> {
    let name = database.display();
    if !database.exists() {
        return Err(anyhow!("there is no database {name}"));
    }
    let lock = files::lock_database(database).with_context(|| format!("{name} cannot be locked"))?;
    let busy = || format!("a server uses {name}; ask it with --server URL in place of --offline, or with neither");
    let _lock = lock.with_context(busy)?;
    let folder = Passing::new().context("there is no folder for a copy")?;
    for part in PARTS {
        match fs::copy(longer(database, part), longer(&folder.path().join(NAME), part)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !part.is_empty() => {}
            other => drop(other.with_context(|| format!("{name} cannot be copied"))?),
        }
    }
    Ok(folder)
}
