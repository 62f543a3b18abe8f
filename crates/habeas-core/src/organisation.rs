//! For whom does this server act?

use url::Url;

use crate::{capability::Capabilities, dialect::DialectId, domain::Domain, regime::Regime, role::Role};

/// A legal entity this server acts for, as far as answers are rendered from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Its domain, which it signs as and takes requests on.
    pub domain: Domain,
    /// What it supports.
    pub capabilities: Capabilities,
    /// What it accepts at most.
    pub limits: Limits,
    /// How it treats requests.
    pub policy: Policy,
}

/// How an organisation treats the requests it receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// The law that holds when a request names none.
    pub regime: Regime,
    /// How long a request stays cancellable before anything irreversible, in milliseconds.
    pub hold_ms: i64,
    /// Whether the acceptance itself is called back (reading A20).
    pub call_back_acceptance: bool,
    /// Whether 201 and 202 bodies carry `processor_signature` beside the header (reading A1).
    pub signature_in_body: bool,
    /// Whether plain http is allowed for callbacks: in the sandbox only.
    pub plain_http: bool,
}

/// What an organisation accepts at most (reading A47).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a body.
    pub body_bytes: usize,
    /// Levels of JSON nesting.
    pub json_depth: usize,
    /// Callback URLs of a request.
    pub callback_urls: usize,
    /// Characters of a callback URL.
    pub callback_url_chars: usize,
    /// Identities of a request.
    pub identities: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_bytes: 1024 * 1024, json_depth: 64, callback_urls: 10, callback_url_chars: 2048, identities: 1000 }
    }
}

/// A place where an organisation serves one dialect in one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The dialect.
    pub dialect: DialectId,
    /// The role.
    pub role: Role,
    /// What peers see: scheme, host and path, without a slash at the end of the path.
    pub base_url: Url,
    /// The path alone: `/v1`, or empty.
    pub path: String,
}

impl Mount {
    /// The URL of a path below this mount; `path` begins without a slash.
    pub fn url(&self, path: &str) -> Url {
        let mut url = self.base_url.clone();
        url.set_path(&format!("{}/{path}", self.path));
        url
    }
}
