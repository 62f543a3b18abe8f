//! How does a node reach what is not in its network? Through relays, so that a cut between networks is a cut: whoever
//! waits there hears nothing any more, not even that the other side is gone.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result};
use clap::Args as ClapArgs;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};

/// So long a relay tries to reach one target before it takes the next.
const CONNECT: Duration = Duration::from_millis(500);

/// Relays in a network of its own.
#[derive(Debug, ClapArgs)]
pub(crate) struct Options {
    /// Where connections are taken and where they go: `address=address`.
    #[arg(long = "from-to", required = true)]
    from_to: Vec<String>,
}

/// Relays until it is killed.
pub(crate) async fn run(options: Options) -> Result<()> {
    for pair in &options.from_to {
        let (from, to) = pair.split_once('=').context("--from-to names two addresses")?;
        start(from.parse()?, vec![to.parse()?]).await?;
    }
    std::future::pending().await
}

/// Takes connections at an address and hands them to the targets in turn, passing over those that cannot be reached.
/// Ends with the runtime.
pub(crate) async fn start(from: SocketAddr, to: Vec<SocketAddr>) -> Result<tokio::task::JoinHandle<()>> {
    let listener = TcpListener::bind(from).await.with_context(|| format!("{from} cannot be listened on"))?;
    let (to, turn) = (Arc::new(to), Arc::new(AtomicUsize::new(0)));
    Ok(tokio::spawn(async move {
        while let Ok((taken, _)) = listener.accept().await {
            let (to, turn) = (Arc::clone(&to), Arc::clone(&turn));
            // A connection that breaks off is the sender's to try again.
            tokio::spawn(async move { relay(taken, &to, &turn).await.ok() });
        }
    }))
}

async fn relay(mut taken: TcpStream, to: &[SocketAddr], turn: &AtomicUsize) -> Result<()> {
    let first = turn.fetch_add(1, Ordering::Relaxed);
    for n in 0..to.len() {
        let Some(target) = to.get((first + n) % to.len()) else { break };
        if let Ok(Ok(mut other)) = tokio::time::timeout(CONNECT, TcpStream::connect(target)).await {
            taken.set_nodelay(true)?;
            other.set_nodelay(true)?;
            copy_bidirectional(&mut taken, &mut other).await?;
            return Ok(());
        }
    }
    Ok(())
}
