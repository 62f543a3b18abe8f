//! The one way out. Every connection of this program to somebody else is made here.
//!
//! There are two classes of destination: what a peer *named* gets the full address filter, what the operator
//! *configured* may also lie in networks that the configuration permits. Both have the same deadlines and size caps,
//! follow no redirects and use no proxies.

mod guard;
mod resolve;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use habeas_core::{dialect::Outgoing, message::AnswerHead};
use habeas_trust::certificate::Roots;
use http::{HeaderMap, HeaderValue, header};
use ipnet::IpNet;
use url::Url;

use crate::directory::Credential;
pub use guard::{Guard, Refusal};

/// What the operator permits.
#[derive(Clone)]
pub struct Policy {
    /// The sandbox: loopback, plain http and every port are allowed, and `*.localhost` is loopback (RFC 6761).
    pub sandbox: bool,
    /// Private networks that destinations of the configuration may lie in.
    pub allow: Vec<IpNet>,
    /// Ports that peers may name, besides 443.
    pub ports: Vec<u16>,
    /// Certificate authorities for TLS connections, in PEM; the system's if absent.
    pub tls_roots_pem: Option<String>,
    /// Certificate authorities for the certificates that messages are signed with.
    pub trust_roots: Arc<Roots>,
}

/// Who named the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// A peer.
    Named,
    /// The operator.
    Configured,
}

/// One call to be made.
pub struct Call<'a> {
    /// The message.
    pub outgoing: Outgoing,
    /// Who named where it goes.
    pub destination: Destination,
    /// How we show who we are.
    pub credential: Option<&'a Credential>,
    /// How much of the answer is read at most, in bytes.
    pub read_bytes: usize,
    /// How long it may take in all, in milliseconds.
    pub within_ms: i64,
}

/// What came back.
#[derive(Debug)]
pub struct Heard {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as far as it was read.
    pub body: Vec<u8>,
    /// Whether that is all of it.
    pub whole: bool,
}

impl Heard {
    /// Head and body, if the body is whole.
    ///
    /// # Errors
    /// [`OutboundError::TooLarge`] when it is not.
    pub fn split(self) -> Result<(AnswerHead, Vec<u8>), OutboundError> {
        if !self.whole {
            return Err(OutboundError::TooLarge);
        }
        Ok((AnswerHead { status: self.status, headers: self.headers }, self.body))
    }
}

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The destination may not be called.
    #[error("the destination may not be called: {0}")]
    Refused(#[from] Refusal),
    /// It took too long.
    #[error("the peer did not answer in time")]
    Timeout,
    /// No connection came about.
    #[error("the peer could not be connected to")]
    Connect,
    /// The answer is larger than it may be.
    #[error("the peer's answer is too large")]
    TooLarge,
    /// The exchange broke off.
    #[error("the exchange with the peer broke off")]
    Broken,
    /// It failed a moment ago and is left alone for a while.
    #[error("the peer could not be asked a moment ago")]
    Absent,
    /// It has no such thing.
    #[error("the peer has no such thing")]
    NotThere,
    /// What came back cannot be believed or understood.
    #[error("the peer's answer cannot be used: {0}")]
    Unusable(&'static str),
}

impl OutboundError {
    /// One word for lists and metrics.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Refused(_) => "destination_refused",
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::TooLarge => "too_large",
            Self::Broken => "broken",
            Self::Absent => "absent",
            Self::NotThere => "not_there",
            Self::Unusable(_) => "unusable",
        }
    }
}

/// The client could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be set up: {0}")]
pub struct NoClient(String);

/// Carries messages in place of a network, between servers that live in one process. For simulations: it decides what
/// gets lost, and how long it takes. What the guard refuses does not come to it.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// Brings a message, credential included, to its destination and the whole answer back.
    ///
    /// # Errors
    /// [`OutboundError`] when nothing came back.
    async fn carry(&self, message: Outgoing, within_ms: i64) -> Result<Heard, OutboundError>;
}

/// The one HTTP client.
pub struct Outbound {
    policy: Policy,
    way: Way,
}

enum Way {
    Network(Clients),
    Carried(Arc<dyn Carrier>),
}

struct Clients {
    named: reqwest::Client,
    configured: reqwest::Client,
    /// For plain http, which is for permitted networks only.
    plain: reqwest::Client,
}

const CONNECT: Duration = Duration::from_secs(10);

impl Outbound {
    /// Sets it up. A rustls crypto provider must be installed before.
    ///
    /// # Errors
    /// [`NoClient`] when the certificate authorities cannot be used.
    pub fn new(policy: Policy) -> Result<Self, NoClient> {
        let client = |guard| build(&policy, guard);
        let clients = Clients {
            named: client(Guard::new(&policy, Destination::Named))?,
            configured: client(Guard::new(&policy, Destination::Configured))?,
            plain: client(Guard::plain(&policy))?,
        };
        Ok(Self { policy, way: Way::Network(clients) })
    }

    /// Without a network: what may be sent at all is given to the carrier. Names are not resolved.
    pub fn carried(policy: Policy, carrier: Arc<dyn Carrier>) -> Self {
        Self { policy, way: Way::Carried(carrier) }
    }

    /// Whether a URL that a peer names may be called, as far as the URL itself tells.
    ///
    /// # Errors
    /// [`Refusal`] says why not.
    pub fn may_call(&self, url: &Url) -> Result<(), Refusal> {
        Guard::new(&self.policy, Destination::Named).check(url)
    }

    /// Certificate authorities for the certificates that messages are signed with.
    pub fn trust_roots(&self) -> &Roots {
        &self.policy.trust_roots
    }

    /// Makes a call.
    ///
    /// # Errors
    /// [`OutboundError`] when nothing came back. An answer of any status is no error.
    pub async fn call(&self, call: Call<'_>) -> Result<Heard, OutboundError> {
        let Outgoing { method, mut url, mut headers, body } = call.outgoing;
        let plain = call.destination == Destination::Configured && url.scheme() == "http" && !self.policy.sandbox;
        let guard = if plain { Guard::plain(&self.policy) } else { Guard::new(&self.policy, call.destination) };
        guard.check(&url)?;
        if let Some(credential) = call.credential {
            show(credential, &mut url, &mut headers);
        }
        let outgoing = Outgoing { method, url, headers, body };
        match &self.way {
            Way::Carried(carrier) => {
                let mut heard = carrier.carry(outgoing, call.within_ms).await?;
                heard.whole &= heard.body.len() <= call.read_bytes;
                heard.body.truncate(call.read_bytes);
                Ok(heard)
            }
            Way::Network(clients) => {
                let client = match call.destination {
                    Destination::Named => &clients.named,
                    Destination::Configured if plain => &clients.plain,
                    Destination::Configured => &clients.configured,
                };
                send(client, outgoing, call.read_bytes, call.within_ms).await
            }
        }
    }
}

async fn send(
    client: &reqwest::Client,
    Outgoing { method, url, headers, body }: Outgoing,
    read_bytes: usize,
    within_ms: i64,
) -> Result<Heard, OutboundError> {
    let until = tokio::time::Instant::now() + Duration::from_millis(u64::try_from(within_ms).unwrap_or(0));
    let sent = client.request(method, url).headers(headers).body(body).send();
    let answered = tokio::time::timeout_at(until, sent).await.map_err(|_| OutboundError::Timeout)?;
    let mut response = answered.map_err(|error| why(&error))?;
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let mut body = Vec::new();
    let mut whole = true;
    loop {
        match tokio::time::timeout_at(until, response.chunk()).await {
            Ok(Ok(Some(chunk))) if body.len() + chunk.len() <= read_bytes => body.extend_from_slice(&chunk),
            Ok(Ok(None)) => break,
            // What is too much, breaks off or never ends does not undo the status that came before it.
            Ok(Ok(Some(_)) | Err(_)) | Err(_) => {
                whole = false;
                break;
            }
        }
    }
    Ok(Heard { status, headers, body, whole })
}

#[allow(clippy::disallowed_methods, reason = "the guard's own client: the only one")]
fn build(policy: &Policy, guard: Guard) -> Result<reqwest::Client, NoClient> {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(CONNECT)
        .pool_idle_timeout(Duration::from_secs(30))
        // More than the attempts that one host may have at once, or connections are closed only to be opened again.
        .pool_max_idle_per_host(64)
        .user_agent(concat!("habeas/", env!("CARGO_PKG_VERSION")))
        .https_only(!policy.sandbox && policy.allow.is_empty())
        .dns_resolver(Arc::new(resolve::Resolver::new(guard)));
    if let Some(pem) = &policy.tls_roots_pem {
        let roots = reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(|e| NoClient(e.to_string()))?;
        builder = builder.tls_certs_only(roots);
    }
    builder.build().map_err(|error| NoClient(error.to_string()))
}

fn show(credential: &Credential, url: &mut Url, headers: &mut HeaderMap) {
    let text = match credential {
        Credential::Bearer(token) => format!("Bearer {}", token.expose()),
        Credential::Hashed(secret) => habeas_trust::shared_secret::sha512_hex(secret.expose()),
        Credential::Basic { user, password } => {
            let pair = format!("{user}:{}", password.expose());
            format!("Basic {}", habeas_wire::base64::encode(pair.as_bytes()))
        }
        Credential::Query { name, value } => {
            url.query_pairs_mut().append_pair(name, value.expose());
            return;
        }
    };
    if let Ok(mut value) = HeaderValue::from_str(&text) {
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    }
}

/// The cause in our own words; the library's text may hold the URL.
fn why(error: &reqwest::Error) -> OutboundError {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(refusal) = cause.downcast_ref::<Refusal>() {
            return OutboundError::Refused(*refusal);
        }
        source = cause.source();
    }
    if error.is_timeout() {
        OutboundError::Timeout
    } else if error.is_connect() {
        OutboundError::Connect
    } else {
        OutboundError::Broken
    }
}
