//! For whom does this server act, with whom do they deal, and where?

use std::{collections::HashMap, sync::Arc};

use habeas_core::{
    business::Business,
    dialect::{Dialect, DialectId},
    domain::Domain,
    id::{KeyId, PartyId},
    organisation::{Mount, Organisation},
    party::Party,
    secret::Secret,
};
use habeas_trust::{
    credential::TokenHash,
    seal::Sealer,
    shared_secret::SecretHash,
    signing::SigningKey,
    token::{TokenKey, TokenSigner},
    webhook::WebhookSecret,
};
use url::{Origin, Url};

/// One organisation with everything it acts with.
pub struct Tenant {
    /// What answers are rendered from.
    pub organisation: Organisation,
    /// Where it serves which dialect in which role.
    pub mounts: Vec<Mount>,
    /// The key it signs with.
    pub key: Arc<SigningKey>,
    /// That key's name.
    pub key_id: KeyId,
    /// The certificate chain it serves, in PEM, leaf first.
    pub chain: String,
    /// Its counterparties.
    pub peers: Vec<Peer>,
    /// Who does the work of requests that it receives.
    pub fulfilment: Fulfilment,
    /// Where its own systems are told of what none of the parties serves who do its work; an operator, if nowhere.
    pub beside: Option<Webhook>,
    /// How it treats what people's agents ask of it.
    pub business: Business,
    /// The key of what is kept of its parties' secrets, and of the tickets it gives out.
    pub sealer: Arc<Sealer>,
    /// Whether the local part of an e-mail address steers what happens to a request. For the sandbox.
    pub steered: bool,
    /// How long everything personal is kept after a request is final, in milliseconds.
    pub keep_ms: i64,
}

/// A counterparty with its credentials.
pub struct Peer {
    /// What dialects see of it.
    pub party: Party,
    /// The credentials it calls us with: two live at once, for rotation.
    pub incoming: Vec<Incoming>,
    /// The credential that we call it with.
    pub outgoing: Option<Credential>,
    /// Where it is told when its callbacks fail.
    pub contact: Option<Url>,
    /// The keys that its identity tokens are signed with: several, for rotation.
    pub identity_keys: Vec<TokenKey>,
    /// With what we sign identity tokens for it.
    pub identity_signer: Option<TokenSigner>,
    /// Where people may be sent back to who were sent to us by it.
    pub redirect_origins: Vec<Origin>,
    /// Below which it serves everything but discovery, where discovery does not say so.
    pub api_base: Option<Url>,
    /// Whether our answers to it show the SHA-512 of our own secret (DRP 0.5 §3.07, to the letter).
    pub response_authorization: bool,
}

impl Peer {
    /// A party with whom nothing was agreed.
    pub const fn of(party: Party) -> Self {
        Self {
            party,
            incoming: Vec::new(),
            outgoing: None,
            contact: None,
            identity_keys: Vec::new(),
            identity_signer: None,
            redirect_origins: Vec::new(),
            api_base: None,
            response_authorization: false,
        }
    }
}

/// What is kept of a credential that a party calls us with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A token of ours, which nobody can guess: its digest.
    Token(TokenHash),
    /// A secret that somebody chose: keyed digests.
    Secret(SecretHash),
}

impl From<TokenHash> for Incoming {
    fn from(hash: TokenHash) -> Self {
        Self::Token(hash)
    }
}

/// How we show a party who we are.
pub enum Credential {
    /// `Authorization: Bearer`.
    Bearer(Secret),
    /// `Authorization` with nothing but the SHA-512 of the secret, in hexadecimal (DRP 0.5 §3.07, to the letter).
    Hashed(Secret),
    /// `Authorization: Basic`.
    Basic {
        /// The user name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A parameter of the query.
    Query {
        /// Its name.
        name: String,
        /// Its value.
        value: Secret,
    },
}

/// Who does the work of the requests that an organisation receives.
pub enum Fulfilment {
    /// An operator, by command line or API.
    Operator,
    /// The organisation's own systems, told by a signed webhook.
    Webhook(Webhook),
    /// Parties of the organisation: each gets its share, and what they report is what the sender is told.
    Parties(Vec<PartyId>),
    /// Nobody: requests complete by themselves. For the sandbox.
    Automatic {
        /// How long after the hold work begins, in milliseconds.
        start_ms: i64,
        /// How long it takes, in milliseconds.
        finish_ms: i64,
    },
}

/// Where the organisation's own systems are told of work.
pub struct Webhook {
    /// The address: the operator's own word, so it may name a private network.
    pub url: Url,
    /// What the message is signed with (Standard Webhooks).
    pub secret: WebhookSecret,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Webhook({}/…)", self.url.host_str().unwrap_or_default())
    }
}

impl Tenant {
    /// The counterparty of that name.
    pub fn peer(&self, id: &PartyId) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.party.id == *id)
    }

    /// The counterparty whose incoming credential this token is.
    pub fn holder(&self, token: &str) -> Option<&Peer> {
        self.peers.iter().find(|peer| {
            peer.incoming.iter().any(|kept| match kept {
                Incoming::Token(hash) => hash.matches(token),
                Incoming::Secret(hash) => {
                    hash.matches(&self.sealer, token)
                        || peer.party.trust.hashed_secret && hash.matches_hashed(&self.sealer, token)
                }
            })
        })
    }

    /// The counterparty that may show the SHA-512 of its secret, and shows it.
    pub fn hashed_holder(&self, shown: &str) -> Option<&Peer> {
        let is = |kept: &Incoming| matches!(kept, Incoming::Secret(hash) if hash.matches_hashed(&self.sealer, shown));
        self.peers.iter().find(|peer| peer.party.trust.hashed_secret && peer.incoming.iter().any(is))
    }

    /// Where its own systems are told of work, if they are.
    pub fn webhook(&self) -> Option<&Webhook> {
        match &self.fulfilment {
            Fulfilment::Webhook(webhook) => Some(webhook),
            Fulfilment::Parties(_) => self.beside.as_ref(),
            Fulfilment::Operator | Fulfilment::Automatic { .. } => None,
        }
    }

    /// The organisation's domain.
    pub fn domain(&self) -> &Domain {
        &self.organisation.domain
    }
}

/// All organisations of this server and all dialects it speaks.
pub struct Directory {
    tenants: HashMap<Domain, Arc<Tenant>>,
    dialects: Vec<Arc<dyn Dialect>>,
    /// Hosts under which organisations are called, where those are not their domains.
    hosts: HashMap<String, Domain>,
    /// The mounts of each organisation, the longest path first.
    mounts: HashMap<Domain, Vec<Arc<Mount>>>,
}

impl Directory {
    /// Brings them together. Every host of an organisation's mounts leads to it, and so does its domain.
    pub fn new(tenants: impl IntoIterator<Item = Tenant>, dialects: Vec<Arc<dyn Dialect>>) -> Self {
        let tenants: HashMap<Domain, Arc<Tenant>> =
            tenants.into_iter().map(|tenant| (tenant.organisation.domain.clone(), Arc::new(tenant))).collect();
        let mut hosts = HashMap::new();
        let mut mounts = HashMap::new();
        for (domain, tenant) in &tenants {
            let mut longest_first: Vec<_> = tenant.mounts.iter().cloned().map(Arc::new).collect();
            longest_first.sort_by_key(|mount| std::cmp::Reverse(mount.path.len()));
            mounts.insert(domain.clone(), longest_first);
            hosts.insert(domain.as_str().to_owned(), domain.clone());
            for host in tenant.mounts.iter().filter_map(|mount| mount.base_url.host_str()) {
                hosts.insert(host.to_owned(), domain.clone());
            }
        }
        Self { tenants, dialects, hosts, mounts }
    }

    /// The organisation of that domain.
    pub fn tenant(&self, domain: &Domain) -> Option<&Arc<Tenant>> {
        self.tenants.get(domain)
    }

    /// All organisations.
    pub fn tenants(&self) -> impl Iterator<Item = &Arc<Tenant>> {
        self.tenants.values()
    }

    /// The organisation called under a `Host` header, its port left aside.
    pub fn by_host(&self, host: &str) -> Option<&Arc<Tenant>> {
        let name =
            host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |(n, _)| n);
        self.tenants.get(self.hosts.get(&name.to_ascii_lowercase())?)
    }

    /// The mounts of an organisation, the longest path first.
    pub(crate) fn mounts(&self, domain: &Domain) -> &[Arc<Mount>] {
        self.mounts.get(domain).map(Vec::as_slice).unwrap_or_default()
    }

    /// The dialect of that name.
    pub fn dialect(&self, id: &DialectId) -> Option<&Arc<dyn Dialect>> {
        self.dialects.iter().find(|dialect| dialect.id() == *id)
    }
}
