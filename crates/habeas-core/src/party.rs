//! Who stands on the other side?

use url::Url;

use crate::{capability::Capabilities, dialect::DialectId, domain::Domain, id::PartyId};

/// A counterparty of one organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Its name in the organisation's configuration.
    pub id: PartyId,
    /// The domain it signs as.
    pub domain: Domain,
    /// The dialect in which we speak to it.
    pub dialect: DialectId,
    /// Where it serves that dialect; `None` for a party that only calls us.
    pub base: Option<Url>,
    /// The name it goes by in our system: OpenGDPR's `controller_id`.
    pub known_as: String,
    /// What is forgiven it in matters of trust.
    pub trust: Trust,
    /// What its dialect does differently for it: names out of [`Dialect::knobs`](crate::dialect::Dialect::knobs).
    pub knobs: Vec<String>,
    /// The domains to which it hands requests on, and which may therefore report about them (reading A25).
    pub vouches_for: Vec<Domain>,
    /// What it supports, where that is known without asking: its discovery is then left alone.
    pub declared: Option<Capabilities>,
}

impl Party {
    /// Whether a knob of that name is set for it.
    pub fn has_knob(&self, name: &str) -> bool {
        self.knobs.iter().any(|knob| knob == name)
    }
}

/// What is forgiven a party in matters of trust; nothing by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trust {
    /// RSASSA-PSS signatures are accepted beside PKCS#1 v1.5.
    pub pss: bool,
    /// The certificate may be served by another host than discovery (reading A15).
    pub certificate_on_another_host: bool,
    /// Callbacks may come without `status_callback_url` (reading A5).
    pub callback_without_url: bool,
    /// Its receipts and statuses may come without a signature. They prove nothing then and are not kept as receipts.
    pub unsigned_receipts: bool,
    /// What its identity tokens say to be verified (`email_verified`, …) needs no verification of ours (DRP 0.5 §3.04).
    pub verified_claims: bool,
    /// It may show the SHA-512 of its secret in place of the secret (DRP 0.5 §3.07).
    pub hashed_secret: bool,
}
