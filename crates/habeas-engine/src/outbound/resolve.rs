//! Names are resolved here, so that the address that is checked is the address that is connected to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard::{Guard, Refusal};

/// The system's resolver behind the filter.
pub(super) struct Resolver(Guard);

impl Resolver {
    pub(super) const fn new(guard: Guard) -> Self {
        Self(guard)
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.0.clone();
        Box::pin(async move {
            let name = name.as_str();
            let found: Vec<SocketAddr> = if guard.sandbox() && is_localhost(name) {
                vec![SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)]
            } else {
                tokio::net::lookup_host((name, 0)).await?.collect()
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
