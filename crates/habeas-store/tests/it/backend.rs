//! On which databases does the suite run?

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use habeas_store::{
    Sealers, Store,
    postgres::Postgres,
    sqlite::{Durability, InMemory, Sqlite},
};
use habeas_testbed::PgBouncer;
use habeas_trust::seal::{MasterKey, Sealer};
use tempfile::TempDir;

use crate::fixtures::{OTHER, US};

/// An empty database of a test's own.
pub(crate) struct Backend {
    store: Arc<dyn Store>,
    _home: Option<TempDir>,
}

impl Backend {
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }
}

pub(crate) async fn sqlite() -> Backend {
    let home = TempDir::new().unwrap();
    let store = open(&file(home.path())).unwrap();
    Backend { store: Arc::new(store), _home: Some(home) }
}

pub(crate) async fn memory() -> Backend {
    Backend { store: Arc::new(InMemory::in_memory(sealers()).unwrap()), _home: None }
}

pub(crate) async fn postgres() -> Backend {
    Backend { store: Arc::new(reach(&fresh()).await), _home: None }
}

/// The same behind a pooler that gives out connections by the transaction.
pub(crate) async fn pgbouncer() -> Backend {
    static POOLER: std::sync::OnceLock<PgBouncer> = std::sync::OnceLock::new();
    let pooler = POOLER.get_or_init(|| habeas_testbed::shared().unwrap().pgbouncer().unwrap());
    let direct = fresh();
    let name = direct.rsplit('/').next().unwrap();
    Backend { store: Arc::new(reach(&pooler.url(name)).await), _home: None }
}

/// The address of a database that nobody has used.
pub(crate) fn fresh() -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let name = format!("store_{}", MADE.fetch_add(1, Ordering::Relaxed));
    habeas_testbed::shared().unwrap().create_database(&name).unwrap()
}

pub(crate) async fn reach(url: &str) -> Postgres {
    Postgres::open(url.parse().unwrap(), tls(), sealers()).await.unwrap()
}

/// Nobody is trusted: the tests' servers speak without TLS.
pub(crate) fn tls() -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    versions.unwrap().with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
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
