//! How do a store, an engine and its listeners run and stop together?

use std::{
    future::Future,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use habeas_engine::{
    Engine, Outside,
    ambient::SystemRandom,
    directory::{Directory, Tenant},
    mail::Mailer,
    outbound::{Outbound, Policy},
    settings::Settings,
};
use habeas_server::ServeError;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{database::Opened, dialects};

/// What runs is given this long to come to its end.
const STOP: Duration = Duration::from_secs(20);
/// And then the last listener so long: nobody waits there but probes and operators.
const STOP_LAST: Duration = Duration::from_secs(2);

/// Brings the engine together. Where no other node may share its store, it takes all leases.
///
/// # Errors
/// When the HTTP client cannot be set up or the store fails.
pub async fn engine(
    tenants: Vec<Tenant>,
    database: Opened,
    policy: Policy,
    mailer: Arc<dyn Mailer>,
    settings: Settings,
) -> anyhow::Result<Arc<Engine>> {
    let Opened { store, clock } = database;
    if !store.is_shared() {
        store.take_back_leases().await?;
    }
    let directory = Directory::new(tenants, dialects::all());
    let outside = Outside { clock, random: Arc::new(SystemRandom), outbound: Outbound::new(policy)?, mailer };
    Ok(Engine::new(directory, store, outside, settings))
}

/// Listens.
///
/// # Errors
/// When the address is taken or not this machine's.
pub fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).with_context(|| format!("{address} cannot be listened on"))
}

/// Which part of the server a process is, where several share a database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum NodeRole {
    /// Everything.
    #[default]
    All,
    /// Answers peers, persons and operators; what is to be done is saved and left to other nodes.
    Api,
    /// Does what is due: deliveries, parties, dates, shredding. Serves nothing but its health and metrics.
    Work,
}

impl NodeRole {
    /// Whether it answers.
    pub const fn answers(self) -> bool {
        matches!(self, Self::All | Self::Api)
    }

    /// Whether it does what is due.
    pub const fn works(self) -> bool {
        matches!(self, Self::All | Self::Work)
    }
}

/// What runs: the worker and the listeners.
pub struct Running {
    engine: Arc<Engine>,
    tasks: JoinSet<Result<(), ServeError>>,
    stop: CancellationToken,
    /// What goes on until all else has ended: it says meanwhile that this node stops.
    last: JoinSet<Result<(), ServeError>>,
    stop_last: CancellationToken,
}

impl Running {
    /// Nothing runs yet.
    pub fn new(engine: &Arc<Engine>) -> Self {
        Self {
            engine: Arc::clone(engine),
            tasks: JoinSet::new(),
            stop: CancellationToken::new(),
            last: JoinSet::new(),
            stop_last: CancellationToken::new(),
        }
    }

    /// Starts the engine's worker.
    pub fn work(&mut self) {
        let (engine, until) = (Arc::clone(&self.engine), self.stop.clone());
        self.tasks.spawn(async move {
            engine.run(until).await;
            Ok(())
        });
    }

    /// Starts a listener, which is told when to stop.
    pub fn listen<L>(&mut self, listener: impl FnOnce(CancellationToken) -> L)
    where
        L: Future<Output = Result<(), ServeError>> + Send + 'static,
    {
        self.tasks.spawn(listener(self.stop.clone()));
    }

    /// Starts the one that stops last: where probes look.
    pub fn listen_to_the_last<L>(&mut self, listener: impl FnOnce(CancellationToken) -> L)
    where
        L: Future<Output = Result<(), ServeError>> + Send + 'static,
    {
        self.last.spawn(listener(self.stop_last.clone()));
    }

    /// Waits until something ends that should not.
    ///
    /// # Errors
    /// Always: with what ended it.
    pub async fn broken(&mut self) -> anyhow::Result<()> {
        let ended = tokio::select! {
            Some(ended) = self.tasks.join_next() => Some(ended),
            Some(ended) = self.last.join_next() => Some(ended),
            else => None,
        };
        match ended {
            Some(Ok(Err(error))) => Err(error.into()),
            Some(Err(error)) => Err(error).context("a part of the server broke"),
            Some(Ok(Ok(()))) | None => anyhow::bail!("a part of the server ended by itself"),
        }
    }

    /// Stops: accepts nothing new, lets what runs come to its end, and cuts it off after twenty seconds. Until then the
    /// last listener says that this node is not ready.
    pub async fn stop(mut self) {
        self.engine.retire();
        self.stop.cancel();
        end(&mut self.tasks, STOP).await;
        self.stop_last.cancel();
        end(&mut self.last, STOP_LAST).await;
    }
}

async fn end(tasks: &mut JoinSet<Result<(), ServeError>>, within: Duration) {
    let ended = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(within, ended).await.is_err() {
        tracing::warn!("stopped while something was still running");
        tasks.abort_all();
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
