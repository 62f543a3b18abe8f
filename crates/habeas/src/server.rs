//! How do a store, an engine and its listeners run and stop together?

use std::{
    future::Future,
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use habeas_core::domain::Domain;
use habeas_engine::{
    Engine, Outside,
    ambient::{SystemClock, SystemRandom},
    directory::{Directory, Tenant},
    mail::Mailer,
    outbound::{Outbound, Policy},
    settings::Settings,
};
use habeas_server::ServeError;
use habeas_store::{
    Sealers, Store,
    sqlite::{Durability, Sqlite},
};
use habeas_trust::seal::{MasterKey, Sealer};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::dialects;

/// What runs is given this long to come to its end.
const STOP: Duration = Duration::from_secs(20);

/// Opens the database.
///
/// # Errors
/// When it cannot be used.
pub async fn open(database: &Path, sealing: &[(Domain, MasterKey)]) -> anyhow::Result<Arc<dyn Store>> {
    let sealers = Sealers::new(sealing.iter().map(|(domain, key)| (domain.clone(), Arc::new(Sealer::new(key)))));
    let file = database.to_owned();
    let opened = tokio::task::spawn_blocking(move || Sqlite::open(&file, sealers, Durability::Full)).await?;
    Ok(Arc::new(opened.with_context(|| format!("the database {} cannot be used", database.display()))?))
}

/// Brings the engine together. No other node may share its store: it takes all leases.
///
/// # Errors
/// When the HTTP client cannot be set up or the store fails.
pub async fn engine(
    tenants: Vec<Tenant>,
    store: Arc<dyn Store>,
    policy: Policy,
    mailer: Arc<dyn Mailer>,
    settings: Settings,
) -> anyhow::Result<Arc<Engine>> {
    store.take_back_leases().await?;
    let directory = Directory::new(tenants, dialects::all());
    let outside = Outside {
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        outbound: Outbound::new(policy)?,
        mailer,
    };
    Ok(Engine::new(directory, store, outside, settings))
}

/// Listens.
///
/// # Errors
/// When the address is taken or not this machine's.
pub fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).with_context(|| format!("{address} cannot be listened on"))
}

/// What runs: the worker and the listeners.
pub struct Running {
    tasks: JoinSet<Result<(), ServeError>>,
    stop: CancellationToken,
}

impl Running {
    /// Starts the engine's worker.
    pub fn new(engine: &Arc<Engine>) -> Self {
        let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
        let (engine, until) = (Arc::clone(engine), stop.clone());
        tasks.spawn(async move {
            engine.run(until).await;
            Ok(())
        });
        Self { tasks, stop }
    }

    /// Says when to stop.
    pub fn until(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Starts a listener.
    pub fn spawn(&mut self, listener: impl Future<Output = Result<(), ServeError>> + Send + 'static) {
        self.tasks.spawn(listener);
    }

    /// Waits until something ends that should not.
    ///
    /// # Errors
    /// Always: with what ended it.
    pub async fn broken(&mut self) -> anyhow::Result<()> {
        match self.tasks.join_next().await {
            Some(Ok(Err(error))) => Err(error.into()),
            Some(Err(error)) => Err(error).context("a part of the server broke"),
            Some(Ok(Ok(()))) | None => anyhow::bail!("a part of the server ended by itself"),
        }
    }

    /// Stops: accepts nothing new, lets what runs come to its end, and cuts it off after twenty seconds.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP, ended).await.is_err() {
            tracing::warn!("stopped while something was still running");
            self.tasks.abort_all();
        }
    }
}

/// Listens for the signal to stop, Ctrl-C or SIGTERM, from now on; what is returned ends when it comes. To be called
/// before anybody is told that the server is ready: who is told may stop it at once.
pub fn signal() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let listening = {
        use tokio::signal::unix::{SignalKind, signal};
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    };
    async move {
        #[cfg(unix)]
        if let (Ok(mut interrupt), Ok(mut terminate)) = listening {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
        // Without signals there is nothing to wait for but the end of the process.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
