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
    Engine,
    ambient::{SystemClock, SystemRandom},
    directory::Directory,
    outbound::{Outbound, Policy},
    settings::Settings,
};
use habeas_server::{OperatorTokens, router};
use habeas_store::{
    Sealers, Store,
    sqlite::{Durability, Sqlite},
};
use habeas_trust::{certificate::Roots, seal::Sealer};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::world;

/// Outside the ports that the load generator's own connections get.
const PORTS: std::ops::Range<u16> = 20_000..30_000;
/// The database's name in its folder.
pub(crate) const DATABASE: &str = "habeas.db";
/// The line in which a server says where it listens begins so.
pub(crate) const READY: &str = "ready ";

/// What the server is to be like.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Where keys and database are.
    #[arg(long)]
    pub(crate) data: PathBuf,
    #[arg(long, value_enum)]
    pub(crate) store: Kept,
    /// Sign in the header alone, not in the body, too.
    #[arg(long)]
    pub(crate) header_only: bool,
    /// Deliver callbacks.
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
    announce(port)?;
    Ok(axum::serve(listener, router).with_graceful_shutdown(async move { until.cancelled().await }).await?)
}

/// The product's server: the same parts in the same order, with both of its listeners.
pub(crate) async fn habeas(options: Options) -> Result<()> {
    // The product logs each request to standard error by default; that is part of what it costs.
    let lines = tracing_subscriber::fmt().with_env_filter(EnvFilter::builder().parse(&options.log)?);
    lines.with_writer(std::io::stderr).with_ansi(false).try_init().map_err(|error| anyhow!(error))?;
    let authorities = rustls_native_certs::load_native_certs().certs;
    let roots = Roots::from_der(authorities.into_iter().map(|certificate| certificate.to_vec()));
    let (tenant, sealing) = world::processor(&options.data, !options.header_only)?;
    let (public, operator) = (listener()?, listener()?);
    let port = public.local_addr()?.port();
    let sealers = Sealers::new([(tenant.domain().clone(), Arc::new(Sealer::new(&sealing)))]);
    let store = open(&options.data, options.store, sealers).await?;
    store.take_back_leases().await?;
    let policy = Policy {
        sandbox: true,
        allow: Vec::new(),
        ports: vec![443],
        tls_roots_pem: None,
        trust_roots: Arc::new(roots),
    };
    let engine = Engine::new(
        Directory::new([tenant], vec![habeas_opengdpr::v1_0()]),
        store,
        Arc::new(SystemClock),
        Arc::new(SystemRandom),
        Outbound::new(policy)?,
        Settings::default(),
    );
    let until = end_of_input()?;
    let worker = options.work.then(|| tokio::spawn(Arc::clone(&engine).run(until.clone())));
    let tokens = OperatorTokens::new(["a token that nobody uses in this benchmark"]);
    let peers = habeas_server::serve(public, None, router::public(Arc::clone(&engine)), until.clone());
    let people = habeas_server::serve(operator, None, router::operator(Arc::clone(&engine), tokens, "/api"), until);
    let (peers, people) = (tokio::spawn(peers), tokio::spawn(people));
    announce(port)?;
    peers.await??;
    people.await??;
    if let Some(worker) = worker {
        worker.await?;
    }
    // The last one to hold the store: its log is folded into the file.
    drop(engine);
    Ok(())
}

async fn open(folder: &Path, kept: Kept, sealers: Sealers) -> Result<Arc<dyn Store>> {
    let file = folder.join(DATABASE);
    let durability = match kept {
        Kept::Full => Durability::Full,
        Kept::Memory => Durability::Off,
    };
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

fn announce(port: u16) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{READY}{port}")?)
}
