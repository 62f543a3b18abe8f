//! May this address be connected to?

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use url::{Host, Url};

use super::{Destination, Policy};

/// Why a destination may not be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not https.
    #[error("only https is allowed")]
    Scheme,
    /// A user name or password in the URL.
    #[error("a URL may not carry credentials")]
    UserInfo,
    /// A port that is not allowed.
    #[error("this port is not allowed")]
    Port,
    /// No host.
    #[error("the URL names no host")]
    Host,
    /// An address that is not of the public network.
    #[error("this address is not public")]
    Address,
}

/// The filter for one class of destination.
#[derive(Clone)]
pub struct Guard {
    sandbox: bool,
    configured: bool,
    allow: Vec<IpNet>,
    allowed_only: bool,
    ports: Vec<u16>,
}

impl Guard {
    /// The filter that the policy asks for.
    pub fn new(policy: &Policy, destination: Destination) -> Self {
        Self {
            sandbox: policy.sandbox,
            configured: destination == Destination::Configured,
            allow: if destination == Destination::Configured { policy.allow.clone() } else { Vec::new() },
            allowed_only: false,
            ports: policy.ports.clone(),
        }
    }

    /// The filter for plain http to what the operator configured: permitted networks, and nothing else.
    pub fn plain(policy: &Policy) -> Self {
        Self { allowed_only: true, ..Self::new(policy, Destination::Configured) }
    }

    pub(super) const fn sandbox(&self) -> bool {
        self.sandbox
    }

    /// Checks what the URL itself tells; names are checked again when they are resolved.
    ///
    /// # Errors
    /// [`Refusal`] says what is wrong.
    pub fn check(&self, url: &Url) -> Result<(), Refusal> {
        let plain = url.scheme() == "http" && (self.sandbox || (self.configured && !self.allow.is_empty()));
        if url.scheme() != "https" && !plain {
            return Err(Refusal::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::UserInfo);
        }
        let port = url.port_or_known_default().ok_or(Refusal::Port)?;
        if !(self.sandbox || self.configured || port == 443 || self.ports.contains(&port)) {
            return Err(Refusal::Port);
        }
        // The client does not ask its resolver for address literals, so they are checked here.
        match url.host().ok_or(Refusal::Host)? {
            Host::Ipv4(ip) if !self.admits(IpAddr::V4(ip)) => Err(Refusal::Address),
            Host::Ipv6(ip) if !self.admits(IpAddr::V6(ip)) => Err(Refusal::Address),
            Host::Ipv4(_) | Host::Ipv6(_) | Host::Domain(_) => Ok(()),
        }
    }

    /// Whether an address may be connected to.
    pub fn admits(&self, ip: IpAddr) -> bool {
        let ip = unwrap(ip);
        (is_public(ip) && !self.allowed_only)
            || (self.sandbox && ip.is_loopback())
            || self.allow.iter().any(|net| net.contains(&ip))
    }
}

/// The IPv4 address within an IPv6 one that stands for it.
fn unwrap(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(ip, IpAddr::V4),
        IpAddr::V4(_) => ip,
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// Everything that IANA's registry of special-purpose addresses does not mark as globally reachable.
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !(a == 0
        || a == 10
        || a == 127
        || (a == 100 && (64..128).contains(&b))
        || (a == 169 && b == 254)
        || (a == 172 && (16..32).contains(&b))
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 192 && b == 168)
        || (a == 198 && (b == 18 || b == 19))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113)
        || a >= 224)
}

/// Global unicast only (2000::/3), less the parts of it that embed an IPv4 address or are set aside.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    let global = first & 0xe000 == 0x2000;
    let teredo_and_protocols = first == 0x2001 && second < 0x0200;
    let documentation = (first == 0x2001 && second == 0x0db8) || (first == 0x3fff && second < 0x1000);
    let six_to_four = first == 0x2002;
    global && !teredo_and_protocols && !documentation && !six_to_four
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use habeas_trust::certificate::Roots;

    use super::*;

    fn policy(sandbox: bool) -> Policy {
        Policy {
            sandbox,
            allow: vec!["10.1.0.0/16".parse().unwrap()],
            ports: vec![8443],
            tls_roots_pem: None,
            trust_roots: Arc::new(Roots::default()),
        }
    }

    fn named(url: &str) -> Result<(), Refusal> {
        Guard::new(&policy(false), Destination::Named).check(&url.parse().unwrap())
    }

    #[test]
    fn what_a_peer_names_must_be_public_https_on_an_allowed_port() {
        for url in
            ["https://example.com/x", "https://example.com:8443/", "https://93.184.216.34/", "https://[2606:4700::1]/"]
        {
            assert_eq!(named(url), Ok(()), "{url}");
        }
        for (url, refusal) in [
            ("http://example.com/", Refusal::Scheme),
            ("ftp://example.com/", Refusal::Scheme),
            ("https://u:p@example.com/", Refusal::UserInfo),
            ("https://example.com:22/", Refusal::Port),
        ] {
            assert_eq!(named(url), Err(refusal), "{url}");
        }
        for host in [
            "127.0.0.1",
            "0x7f.1",
            "2130706433",
            "0.0.0.0",
            "10.0.0.1",
            "10.1.0.1",
            "100.64.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.2.1",
            "192.0.0.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:10.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001::1]",
            "[fc00::1]",
            "[fe80::1]",
            "[ff02::1]",
            "[2001:db8::1]",
            "[100::1]",
            "[::127.0.0.1]",
        ] {
            assert_eq!(named(&format!("https://{host}/")), Err(Refusal::Address), "{host}");
        }
    }

    #[test]
    fn the_operators_own_word_may_name_permitted_networks_only() {
        let guard = Guard::new(&policy(false), Destination::Configured);
        assert_eq!(guard.check(&"http://10.1.2.3:9000/hook".parse().unwrap()), Ok(()));
        assert_eq!(guard.check(&"https://10.2.0.1/".parse().unwrap()), Err(Refusal::Address));
        assert_eq!(guard.check(&"https://127.0.0.1/".parse().unwrap()), Err(Refusal::Address));
        let plain = Guard::plain(&policy(false));
        assert!(plain.admits("10.1.2.3".parse().unwrap()));
        assert!(!plain.admits("93.184.216.34".parse().unwrap()), "no credential in the clear over the public network");
    }

    #[test]
    fn the_sandbox_may_call_loopback_and_nothing_else_private() {
        let guard = Guard::new(&policy(true), Destination::Named);
        assert_eq!(guard.check(&"http://127.0.0.1:4711/".parse().unwrap()), Ok(()));
        assert_eq!(guard.check(&"http://shop.localhost:8080/".parse().unwrap()), Ok(()));
        assert_eq!(guard.check(&"http://192.168.0.1/".parse().unwrap()), Err(Refusal::Address));
        assert_eq!(guard.check(&"http://169.254.169.254/".parse().unwrap()), Err(Refusal::Address));
    }
}
