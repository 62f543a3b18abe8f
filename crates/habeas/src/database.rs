//! Where are requests kept, and how is that opened?

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, anyhow};
use habeas_core::{clock::Clock, domain::Domain};
use habeas_engine::ambient::SystemClock;
use habeas_store::{
    Sealers, Store,
    postgres::{Place, PlaceError, Postgres, Standby},
    sqlite::{Durability, Sqlite},
};
use habeas_trust::seal::{MasterKey, Sealer};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::files;

/// A database as configured.
#[derive(Clone)]
pub enum Database {
    /// A file of this machine, for one process.
    Sqlite(PathBuf),
    /// A PostgreSQL database, for any number of nodes.
    Postgres(Box<Place>),
}

/// A database that was opened.
pub struct Opened {
    /// What is kept in it.
    pub store: Arc<dyn Store>,
    /// What time it is there.
    pub clock: Arc<dyn Clock>,
}

impl Database {
    /// Reads the setting: `sqlite:` with the path of a file, or `postgres://`. What is said of a mistake does not
    /// repeat it, because it may hold a password.
    ///
    /// # Errors
    /// What is wrong.
    pub fn parse(text: &str, rooted: impl FnOnce(&Path) -> PathBuf) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite:").filter(|path| !path.is_empty()) {
            return Ok(Self::Sqlite(rooted(path.as_ref())));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return text
                .parse()
                .map(|place| Self::Postgres(Box::new(place)))
                .map_err(|error: PlaceError| error.to_string());
        }
        Err("must be sqlite: and the path of a file, such as sqlite:habeas.db, or postgres://user@host/database"
            .to_owned())
    }

    /// The file, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(file) => Some(file),
            Self::Postgres(_) => None,
        }
    }

    /// Keeps a second process away from a file. Nodes share a PostgreSQL database.
    ///
    /// # Errors
    /// When another process has the file, or it cannot be locked.
    pub fn lock(&self) -> anyhow::Result<Option<File>> {
        let Self::Sqlite(file) = self else { return Ok(None) };
        let lock = files::lock_database(file).with_context(|| format!("{} cannot be locked", file.display()))?;
        lock.with_context(|| format!("another server uses {}", file.display())).map(Some)
    }

    /// Opens it, made and brought up to date where needed.
    ///
    /// # Errors
    /// When it cannot be used, or a key does not open what is in it.
    pub async fn open(&self, sealing: &[(Domain, MasterKey)]) -> anyhow::Result<Opened> {
        let opened = self.open_with(sealing).await?;
        // Whoever has another one would save what nobody else can read, and say that it has it.
        match opened.store.wrong_key().await.context("the database cannot be used")? {
            Some(organisation) => Err(anyhow!(
                "the sealing key of {organisation} (sealing_key_file) does not open what is in the database"
            )),
            None => Ok(opened),
        }
    }

    async fn open_with(&self, sealing: &[(Domain, MasterKey)]) -> anyhow::Result<Opened> {
        let sealers = Sealers::new(sealing.iter().map(|(domain, key)| (domain.clone(), Arc::new(Sealer::new(key)))));
        match self {
            Self::Sqlite(file) => {
                let path = file.clone();
                let opened =
                    tokio::task::spawn_blocking(move || Sqlite::open(&path, sealers, Durability::Full)).await?;
                let store = opened.with_context(|| format!("the database {} cannot be used", file.display()))?;
                Ok(Opened { store: Arc::new(store), clock: Arc::new(SystemClock) })
            }
            Self::Postgres(place) => {
                let opened = Postgres::open((**place).clone(), tls(place)?, sealers).await;
                let store = opened.context("the database cannot be used")?;
                warn(store.standby().await.context("the database cannot be used")?);
                Ok(Opened { clock: store.clock(), store: Arc::new(store) })
            }
        }
    }

    /// Says what is wrong with it, without changing anything. A file that is not there yet is made when the server
    /// starts.
    ///
    /// # Errors
    /// When it cannot be used.
    pub async fn look(&self, sealing: &[(Domain, MasterKey)]) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(file) if !file.exists() => {
                files::can_be_made(file).with_context(|| format!("the database {} cannot be made", file.display()))
            }
            Self::Sqlite(_) => self.open(sealing).await.map(drop),
            Self::Postgres(place) => {
                let looked = Postgres::look((**place).clone(), tls(place)?).await;
                match looked.context("the database cannot be used")? {
                    true => self.open(sealing).await.map(drop),
                    false => Ok(()),
                }
            }
        }
    }
}

/// Opens both ends of a move. What is sealed stays sealed, so no key is needed.
///
/// # Errors
/// When one cannot be used.
pub async fn open_to_move(file: &Path, place: &Place) -> anyhow::Result<(Sqlite, Postgres)> {
    let path = file.to_owned();
    let from = tokio::task::spawn_blocking(move || Sqlite::open(&path, Sealers::new([]), Durability::Full)).await?;
    let from = from.with_context(|| format!("the database {} cannot be used", file.display()))?;
    let to = Postgres::open_to_move(place.clone(), tls(place)?, Sealers::new([])).await;
    Ok((from, to.context("the new database cannot be used")?))
}

fn warn(standby: Standby) {
    match standby {
        Standby::Synchronous => tracing::info!("{standby}"),
        Standby::Away | Standby::None | Standby::NotEvenDisk => tracing::warn!("{standby}"),
    }
}

/// Trusts the authorities of `sslrootcert`, else those of this system.
fn tls(place: &Place) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    match place.root_certificate() {
        Some(file) => {
            let unreadable = || format!("sslrootcert of the database: {} cannot be read", file.display());
            for certificate in
                CertificateDer::pem_file_iter(file).map_err(|error| anyhow!(error)).with_context(unreadable)?
            {
                roots
                    .add(certificate.map_err(|error| anyhow!(error)).with_context(unreadable)?)
                    .with_context(unreadable)?;
            }
        }
        None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}
