//! On which databases does the suite run?

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use habeas_store::{
    Sealers, Store,
    sqlite::{Durability, Sqlite},
};
use habeas_trust::seal::{MasterKey, Sealer};
use tempfile::TempDir;

use crate::fixtures::{OTHER, US};

/// An empty database of a test's own.
pub(crate) struct Backend {
    store: Arc<dyn Store>,
    _home: TempDir,
}

impl Backend {
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }
}

pub(crate) fn sqlite() -> Backend {
    let home = TempDir::new().unwrap();
    let store = open(&file(home.path())).unwrap();
    Backend { store: Arc::new(store), _home: home }
}

pub(crate) fn file(home: &Path) -> PathBuf {
    home.join("data").join("habeas.db")
}

pub(crate) fn open(file: &Path) -> habeas_store::Result<Sqlite> {
    Sqlite::open(file, sealers(), Durability::Full)
}

/// The same keys each time.
pub(crate) fn sealers() -> Sealers {
    let sealer = |digits: &str| Arc::new(Sealer::new(&MasterKey::from_hex(&digits.repeat(32)).unwrap()));
    Sealers::new([(US.parse().unwrap(), sealer("0a")), (OTHER.parse().unwrap(), sealer("0b"))])
}
