//! What does an organisation support?

use url::Url;

use crate::{
    identity::{Format, Identity, Kind},
    right::Right,
};

/// What discovery says: rights, identities, and where the certificate is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// The rights served.
    pub rights: Vec<Right>,
    /// The pairs of kind and format accepted.
    pub identities: Vec<(Kind, Format)>,
    /// Where the signing certificate is downloaded (OpenGDPR 1.0 §6.3).
    pub certificate_url: Option<Url>,
    /// Below which everything but discovery is served, where that is another place (DRP 0.5 §2.01).
    pub api_base: Option<Url>,
    /// How people may stand to the organisation, in its own words (DRP 0.5 §2.01).
    pub relationships: Vec<String>,
    /// The words it uses for rights, where several spellings are in use (reading R1).
    pub words: Vec<(Right, String)>,
}

impl Capabilities {
    /// Whether the right is served.
    pub fn serves(&self, right: Right) -> bool {
        self.rights.contains(&right)
    }

    /// Whether an identity of that kind and format is accepted.
    pub fn accepts(&self, kind: &str, format: Format) -> bool {
        self.identities.iter().any(|(k, f)| k.as_str() == kind && *f == format)
    }

    /// Whether every identity is accepted.
    pub fn accepts_all(&self, identities: &[Identity]) -> bool {
        identities.iter().all(|identity| self.accepts(identity.kind.as_str(), identity.format))
    }
}
