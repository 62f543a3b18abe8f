//! A whole world in one process: three processors that do their work by themselves, an agent that hands requests on to
//! two of them, and a controller, on one listener, told apart by host, under a certificate authority of their own. What
//! people try and tests build on.

mod announcement;
mod cast;
mod folder;
mod tenants;

use std::{net::SocketAddr, path::Path, sync::Arc};

use habeas_core::{clock::Clock as _, domain::Domain};
use habeas_engine::{Engine, ambient::SystemClock, outbound::Policy, settings::Settings};
use habeas_server::{OperatorTokens, router};
use habeas_trust::{authority::Authority, certificate::Roots, seal::MasterKey};

pub use announcement::{Announcement, Mount, Operator, Organisation, PartyCredential};

use crate::{
    database::Database,
    mail::Outbox,
    server::{self, Running},
};
use folder::{Folder, Identity};

/// Where the operator API stands below the listener.
const PREFIX: &str = "/api";

/// A sandbox that runs.
pub struct Sandbox {
    announcement: Announcement,
    engine: Arc<Engine>,
    running: Running,
    /// Keeps others out of it.
    _folder: Folder,
}

/// Starts a sandbox that keeps what it has in a folder: the same keys, tokens and requests each time. Port 0 takes a
/// free one. A crypto provider for TLS must be installed before.
///
/// # Errors
/// When the address is taken, or the folder cannot be used or is in use.
pub async fn start(listen: SocketAddr, folder: &Path) -> anyhow::Result<Sandbox> {
    let listener = server::bind(listen)?;
    let address = listener.local_addr()?;
    let path = folder.to_owned();
    let (folder, secrets) = tokio::task::spawn_blocking(move || -> anyhow::Result<_> {
        let folder = Folder::open(&path)?;
        let secrets = folder.secrets()?;
        Ok((folder, secrets))
    })
    .await??;
    let sealing = folder.sealing_keys()?;
    // Keys take longest; the database is opened meanwhile.
    let (path, database, keys) = (folder.path().to_owned(), Database::Sqlite(folder.database()), sealing.clone());
    let paper = tokio::task::spawn_blocking(move || folder::identities(&path, &keys, SystemClock.now()));
    let (identities, store) = tokio::join!(paper, database.open(&sealing));
    let (authority, identities) = identities??;
    let tenants = tenants::tenants(&identities, &secrets, address.port())?;
    let announcement = Announcement::new(address, &folder, &secrets, &tenants);
    let engine = {
        let outbox = Arc::new(Outbox::new(&folder.outbox())?);
        server::engine(tenants, store?, policy(&authority)?, outbox, Settings::default()).await?
    };
    let tokens = OperatorTokens::new([secrets.operator_token.as_str()]);
    let mut running = Running::new(&engine);
    let routes = router::together(engine.clone(), tokens, PREFIX);
    running.work();
    running.listen(|until| habeas_server::serve(listener, None, routes, until));
    Ok(Sandbox { announcement, engine, running, _folder: folder })
}

impl Sandbox {
    /// Who is in it, and how to reach them.
    pub const fn announcement(&self) -> &Announcement {
        &self.announcement
    }

    /// Its engine.
    pub const fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Waits until something ends that should not.
    ///
    /// # Errors
    /// Always: with what ended it.
    pub async fn broken(&mut self) -> anyhow::Result<()> {
        self.running.broken().await
    }

    /// Stops it.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}

fn policy(authority: &Authority) -> anyhow::Result<Policy> {
    Ok(Policy {
        sandbox: true,
        allow: Vec::new(),
        ports: vec![443],
        tls_roots_pem: None,
        trust_roots: Arc::new(Roots::from_pem(&authority.certificate_pem())?),
    })
}

/// The keys that seal what belongs to each organisation.
type Sealing = Vec<(Domain, MasterKey)>;
/// The organisations' keys and certificates.
type Identities = Vec<Identity>;
