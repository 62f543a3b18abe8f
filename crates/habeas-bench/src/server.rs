//! What is measured? The echo that everything is compared with, and the server put together as the product does it.
//!
//! Both run in processes of their own, end when their standard input does, and so never outlive the harness.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, anyhow};
use axum::{Router, body::Bytes, serve::ListenerExt as _};
use clap::{Args, ValueEnum};
use habeas_engine::{
    Engine, Outside,
    ambient::{SystemClock, SystemRandom},
    directory::Directory,
    mail::NoMailer,
    outbound::{Outbound, Policy},
    settings::Settings,
};
use habeas_server::{OperatorTokens, router};
use habeas_store::{
    Sealers, Store,
    sqlite::{Durability, Sqlite},
};
use habeas_trust::seal::Sealer;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::world::{self, Cast, Ports, Served};

/// Outside the ports that the load generator's own connections get.
const PORTS: std::ops::Range<u16> = 20_000..30_000;
/// The token of the operators.
pub(crate) const OPERATOR: &str = "the token of the operators in this benchmark";
/// The line in which a server says where it listens begins so; the ports for peers and for operators follow.
pub(crate) const READY: &str = "ready ";

/// What the server is to be like.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Where keys and database are.
    #[arg(long)]
    pub(crate) data: PathBuf,
    #[arg(long, value_enum)]
    pub(crate) store: Kept,
    /// Who is served.
    #[arg(long, value_enum, default_value = "mail")]
    pub(crate) cast: Cast,
    /// Where the controller's parties listen.
    #[arg(long)]
    pub(crate) parties: Option<u16>,
    /// Sign in the header alone, not in the body, too.
    #[arg(long)]
    pub(crate) header_only: bool,
    /// Deliver callbacks, and send requests.
    #[arg(long)]
    pub(crate) work: bool,
    #[arg(long, default_value = "info")]
    pub(crate) log: String,
}

/// What a commit promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kept {
    Full,
    Memory,
}

/// Answers a POST with its own body.
pub(crate) async fn echo() -> Result<()> {
    let listener = listener()?;
    let port = listener.local_addr()?.port();
    listener.set_nonblocking(true)?;
    // The harness reads errors of its own connections; a socket without this option merely waits longer.
    let listener = tokio::net::TcpListener::from_std(listener)?.tap_io(|stream| drop(stream.set_nodelay(true)));
    let router: Router = Router::new().fallback(async |body: Bytes| body);
    let until = end_of_input()?;
    announce((port, port))?;
    Ok(axum::serve(listener, router).with_graceful_shutdown(async move { until.cancelled().await }).await?)
}

/// The product's server: the same parts in the same order, with both of its listeners.
pub(crate) async fn habeas(options: Options) -> Result<()> {
    // The product logs each request to standard error by default; that is part of what it costs.
    let lines = tracing_subscriber::fmt().with_env_filter(EnvFilter::builder().parse(&options.log)?);
    lines.with_writer(std::io::stderr).with_ansi(false).try_init().map_err(|error| anyhow!(error))?;
    let roots = world::roots(&options.data)?;
    let (public, operator) = (listener()?, listener()?);
    let ports = (public.local_addr()?.port(), operator.local_addr()?.port());
    let places = Ports { own: ports.0, parties: options.parties };
    let served = world::served(&options.data, options.cast, places, !options.header_only)?;
    let store = open(&options.data.join(options.cast.database()), options.store, &served).await?;
    store.take_back_leases().await?;
    let policy = Policy {
        sandbox: true,
        allow: Vec::new(),
        ports: vec![443],
        tls_roots_pem: None,
        trust_roots: Arc::new(roots),
    };
    let engine = Engine::new(
        Directory::new(served.into_iter().map(|(tenant, _)| tenant), vec![habeas_opengdpr::v1_0()]),
        store,
        Outside {
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            outbound: Outbound::new(policy)?,
            mailer: Arc::new(NoMailer),
        },
        Settings::default(),
    );
    let until = end_of_input()?;
    let worker = options.work.then(|| tokio::spawn(Arc::clone(&engine).run(until.clone())));
    let tokens = OperatorTokens::new([OPERATOR]);
    let peers = habeas_server::serve(public, None, router::public(Arc::clone(&engine)), until.clone());
    let people = habeas_server::serve(operator, None, router::operator(Arc::clone(&engine), tokens, "/api"), until);
    let (peers, people) = (tokio::spawn(peers), tokio::spawn(people));
    announce(ports)?;
    peers.await??;
    people.await??;
    if let Some(worker) = worker {
        worker.await?;
    }
    // The last one to hold the store: its log is folded into the file.
    drop(engine);
    Ok(())
}

/// Opens the database of those who are served.
pub(crate) async fn open(file: &Path, kept: Kept, served: &[Served]) -> Result<Arc<dyn Store>> {
    let seals = |(tenant, sealing): &Served| (tenant.domain().clone(), Arc::new(Sealer::new(sealing)));
    let sealers = Sealers::new(served.iter().map(seals));
    let durability = match kept {
        Kept::Full => Durability::Full,
        Kept::Memory => Durability::Off,
    };
    let file = file.to_owned();
    let opened = tokio::task::spawn_blocking(move || Sqlite::open(&file, sealers, durability)).await?;
    Ok(Arc::new(opened?))
}

/// On the first free port, beginning elsewhere in each process.
pub(crate) fn listener() -> Result<TcpListener> {
    let offset = u16::try_from(std::process::id() % u32::from(PORTS.end - PORTS.start))?;
    let middle = PORTS.start + offset;
    let mut ports = (middle..PORTS.end).chain(PORTS.start..middle);
    ports.find_map(|port| TcpListener::bind(("127.0.0.1", port)).ok()).context("no port is free")
}

fn end_of_input() -> Result<CancellationToken> {
    let until = CancellationToken::new();
    let theirs = until.clone();
    std::thread::Builder::new().name("standard input".to_owned()).spawn(move || {
        // An error is an end, too.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        theirs.cancel();
    })?;
    Ok(until)
}

fn announce((public, operator): (u16, u16)) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{READY}{public} {operator}")?)
}
