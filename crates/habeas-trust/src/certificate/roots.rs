//! Which authorities are trusted to say who a domain is?

use std::fmt;

use rustls_pki_types::{CertificateDer, TrustAnchor, pem::PemObject};

use super::ChainError;

/// Trusted root certificates.
#[derive(Clone, Default)]
pub struct Roots(Vec<TrustAnchor<'static>>);

impl Roots {
    /// Reads an operator's bundle. Strict, since a root left out by a typing error would be missed much later.
    ///
    /// # Errors
    /// [`ChainError::Malformed`] or [`ChainError::Empty`].
    pub fn from_pem(bundle: &str) -> Result<Self, ChainError> {
        let mut anchors = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(bundle.as_bytes()) {
            let certificate = certificate.map_err(|_| ChainError::Malformed)?;
            let anchor = webpki::anchor_from_trusted_cert(&certificate).map_err(|_| ChainError::Malformed)?;
            anchors.push(anchor.to_owned());
        }
        if anchors.is_empty() { Err(ChainError::Empty) } else { Ok(Self(anchors)) }
    }

    /// Takes the certificates of a system store and leaves out those that cannot be read: every store has some.
    pub fn from_der(certificates: impl Iterator<Item = Vec<u8>>) -> Self {
        let anchor = |der| webpki::anchor_from_trusted_cert(&CertificateDer::from(der)).ok().map(|a| a.to_owned());
        Self(certificates.filter_map(anchor).collect())
    }

    /// How many roots there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn anchors(&self) -> &[TrustAnchor<'static>] {
        &self.0
    }

    /// Whether the certificate carries a root's name and key, be it signed by itself or by another root.
    pub(super) fn contains(&self, certificate: &CertificateDer<'_>) -> bool {
        webpki::anchor_from_trusted_cert(certificate).is_ok_and(|anchor| {
            let same = |root: &TrustAnchor<'_>| {
                root.subject == anchor.subject && root.subject_public_key_info == anchor.subject_public_key_info
            };
            self.0.iter().any(same)
        })
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roots({})", self.len())
    }
}
