//! What is measured? The echo that everything is compared with, and the server put together as the product does it.
//!
//! Both run in processes of their own, end when their standard input does, and so never outlive the harness.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, anyhow, bail};
use axum::{Router, body::Bytes, serve::ListenerExt as _};
use clap::{Args, ValueEnum};
use habeas_core::clock::Clock;
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
    postgres::Postgres,
    sqlite::{Durability, Sqlite},
};
use habeas_trust::seal::Sealer;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::{
    place::Place,
    world::{self, Cast, Ports, Served},
};

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
    /// Where the database is, if that is no file.
    #[arg(long)]
    pub(crate) url: Option<String>,
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

/// Where requests are kept, and what a commit promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kept {
    /// A SQLite file, each commit on the disk.
    Full,
    /// A SQLite file, nothing promised.
    Memory,
    /// A PostgreSQL database, each commit on its disk.
    Postgres,
}

/// A database that was opened.
pub(crate) struct Opened {
    pub(crate) store: Arc<dyn Store>,
    /// What time it is there.
    pub(crate) clock: Arc<dyn Clock>,
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
    let Opened { store, clock } = match (&options.url, options.store) {
        (Some(url), Kept::Postgres) => open_postgres(url, &served).await?,
        (_, kept) => open_sqlite(&options.data.join(options.cast.database()), kept, &served).await?,
    };
    if !store.is_shared() {
        store.take_back_leases().await?;
    }
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
        Outside { clock, random: Arc::new(SystemRandom), outbound: Outbound::new(policy)?, mailer: Arc::new(NoMailer) },
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
pub(crate) async fn open(place: &Place, cast: Cast, served: &[Served]) -> Result<Opened> {
    match place.url(cast) {
        Some(url) => open_postgres(&url, served).await,
        None => open_sqlite(&place.file(cast), Kept::Full, served).await,
    }
}

/// Opens the file of those who are served.
async fn open_sqlite(file: &Path, kept: Kept, served: &[Served]) -> Result<Opened> {
    let sealers = sealers(served);
    let durability = match kept {
        Kept::Full => Durability::Full,
        Kept::Memory => Durability::Off,
        Kept::Postgres => bail!("PostgreSQL is no file"),
    };
    let file = file.to_owned();
    let opened = tokio::task::spawn_blocking(move || Sqlite::open(&file, sealers, durability)).await?;
    Ok(Opened { store: Arc::new(opened?), clock: Arc::new(SystemClock) })
}

/// Opens the database of those who are served. It is one of this machine, so nobody's certificate is trusted.
async fn open_postgres(url: &str, served: &[Served]) -> Result<Opened> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let tls = versions.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    let store = Postgres::open(url.parse()?, tls, sealers(served)).await?;
    Ok(Opened { clock: store.clock(), store: Arc::new(store) })
}

fn sealers(served: &[Served]) -> Sealers {
    let seals = |(tenant, sealing): &Served| (tenant.domain().clone(), Arc::new(Sealer::new(sealing)));
    Sealers::new(served.iter().map(seals))
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
