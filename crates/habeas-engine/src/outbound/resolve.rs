//! Names are resolved here, so that the address that is checked is the address that is connected to.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs},
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use super::guard::{Guard, Refusal};

/// A look-up holds a thread until the name server answers, however long nobody waits for it any more: so many may be
/// under way at once, and no more.
const LOOKUPS: usize = 64;

/// The system's resolver behind the filter.
pub(super) struct Resolver {
    guard: Guard,
    lookups: Arc<Semaphore>,
}

impl Resolver {
    pub(super) fn new(guard: Guard) -> Self {
        Self { guard, lookups: Arc::new(Semaphore::new(LOOKUPS)) }
    }
}

async fn look_up(name: String, lookups: Arc<Semaphore>) -> std::io::Result<Vec<SocketAddr>> {
    let lookup = lookups.acquire_owned().await.map_err(std::io::Error::other)?;
    let found = tokio::task::spawn_blocking(move || {
        let found = (name.as_str(), 0).to_socket_addrs().map(Iterator::collect);
        drop(lookup);
        found
    });
    found.await.map_err(std::io::Error::other)?
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, lookups) = (self.guard.clone(), Arc::clone(&self.lookups));
        Box::pin(async move {
            let name = name.as_str();
            let found: Vec<SocketAddr> = if guard.sandbox() && is_localhost(name) {
                vec![SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)]
            } else {
                look_up(name.to_owned(), lookups).await?
            };
            let vetted: Vec<SocketAddr> = found.iter().filter(|at| guard.admits(at.ip())).copied().collect();
            if vetted.is_empty() && !found.is_empty() {
                return Err(Refusal::Address.into());
            }
            Ok(Box::new(vetted.into_iter()) as Addrs)
        })
    }
}

/// RFC 6761 §6.3.
fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}
