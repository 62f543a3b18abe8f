//! Does this certificate chain prove that its key speaks for a domain, now?

mod described;
mod roots;

use rustls_pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};
use webpki::{EndEntityCert, KeyUsage};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

pub use described::Described;
pub use roots::Roots;

use crate::{
    digest, pem,
    public_key::{PublicKey, PublicKeyError},
};

/// Why a chain, or a bundle of roots, is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ChainError {
    /// Not PEM, not X.509, or beyond the limits of [`Chain::from_pem`].
    #[error("the certificates cannot be read")]
    Malformed,
    /// No certificate in the text.
    #[error("there is no certificate")]
    Empty,
    /// The certificate was issued by itself, or is itself a root.
    #[error("the certificate is self-signed")]
    SelfSigned,
    /// The certificate, or every path from it, has a member that is no longer valid.
    #[error("the certificate has expired")]
    Expired,
    /// The certificate, or every path from it, has a member that is not valid yet.
    #[error("the certificate is not valid yet")]
    NotYetValid,
    /// The certificate is for other names.
    #[error("the certificate is not for this domain")]
    WrongName,
    /// No path leads to a trusted root, for instance because an intermediate is missing.
    #[error("no path leads from the certificate to a trusted root")]
    UnknownIssuer,
    /// The key is RSA of fewer than 2048 bits.
    #[error("the key of the certificate is too short")]
    WeakKey,
    /// The certificate, its key or its issuers may not be used for this.
    #[error("the certificate cannot be used to sign messages")]
    Unusable,
}

const MAX_BYTES: usize = 64 * 1024;
const MAX_CERTIFICATES: usize = 16;

/// A certificate and what was served along with it: its issuers in whatever order, and perhaps strangers.
#[derive(Clone, PartialEq, Eq)]
pub struct Chain {
    leaf: CertificateDer<'static>,
    rest: Vec<CertificateDer<'static>>,
    facts: Facts,
}

/// What is read from the leaf once.
#[derive(Clone, PartialEq, Eq)]
struct Facts {
    not_after_ms: i64,
    self_issued: bool,
    may_sign: bool,
    spki: Vec<u8>,
}

impl Chain {
    /// Reads the certificates of a PEM text, the one to be proven first. Other blocks and the text between blocks
    /// are ignored. At most 64 KiB and 16 certificates; only the first must be well-formed X.509.
    ///
    /// # Errors
    /// [`ChainError::Malformed`] or [`ChainError::Empty`].
    pub fn from_pem(text: &str) -> Result<Self, ChainError> {
        if text.len() > MAX_BYTES {
            return Err(ChainError::Malformed);
        }
        let mut certificates = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
            certificates.push(certificate.map_err(|_| ChainError::Malformed)?);
        }
        if certificates.len() > MAX_CERTIFICATES {
            return Err(ChainError::Malformed);
        }
        let mut certificates = certificates.into_iter();
        let leaf = certificates.next().ok_or(ChainError::Empty)?;
        let facts = Facts::of(&leaf)?;
        Ok(Self { leaf, rest: certificates.collect(), facts })
    }

    /// The certificates as PEM in the order they were read, nothing else.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let all = std::iter::once(&self.leaf).chain(&self.rest);
        all.map(|certificate| pem::encode(pem::CERTIFICATE, certificate))
            .fold(String::new(), |text, block| text + &block)
    }

    /// SHA-256 of the first certificate in hexadecimal.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        digest::hex(&digest::sha256(&self.leaf))
    }

    /// What the certificates say of themselves, in the order they were read. Those that are not well-formed are left
    /// out; the first is.
    pub fn described(&self) -> impl Iterator<Item = Described> {
        std::iter::once(&self.leaf).chain(&self.rest).filter_map(|certificate| Described::of(certificate))
    }

    /// The last moment the first certificate is valid, to the second, in milliseconds since 1970.
    #[must_use]
    pub fn not_after_ms(&self) -> i64 {
        self.facts.not_after_ms
    }

    /// The key of the first certificate. Only [`Chain::verify`] says whether to believe it.
    ///
    /// # Errors
    /// [`ChainError::WeakKey`], [`ChainError::Unusable`] or [`ChainError::Malformed`].
    pub fn public_key(&self) -> Result<PublicKey, ChainError> {
        PublicKey::from_spki_der(&self.facts.spki).map_err(|error| match error {
            PublicKeyError::Malformed => ChainError::Malformed,
            PublicKeyError::Weak => ChainError::WeakKey,
            PublicKeyError::Unsupported => ChainError::Unusable,
        })
    }

    /// Whether the first certificate is for `domain` and some path through the others leads to a trusted root, all
    /// of it valid at `now_ms`. Members that are on no such path do not matter.
    ///
    /// Certificates for TLS servers, TLS clients or any purpose will do: no purpose is registered for signing
    /// messages, and peers use what they have.
    ///
    /// # Errors
    /// The first reason found; see [`ChainError`].
    pub fn verify(&self, domain: &str, roots: &Roots, now_ms: i64) -> Result<(), ChainError> {
        // An operator who trusts a self-signed certificate would trust it for every domain: it is a root.
        if self.facts.self_issued || roots.contains(&self.leaf) {
            return Err(ChainError::SelfSigned);
        }
        self.public_key()?;
        if !self.facts.may_sign {
            return Err(ChainError::Unusable);
        }
        let leaf = EndEntityCert::try_from(&self.leaf).map_err(reason)?;
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_millis(now_ms.try_into().unwrap_or(0)));
        let path = |usage| {
            let anchors = roots.anchors();
            leaf.verify_for_usage(webpki::ALL_VERIFICATION_ALGS, anchors, &self.rest, now, usage, None, None)
                .map(|_| ())
        };
        match path(KeyUsage::server_auth()) {
            Err(webpki::Error::RequiredEkuNotFoundContext(_)) => path(KeyUsage::client_auth()),
            other => other,
        }
        .map_err(reason)?;
        let name = ServerName::try_from(domain).map_err(|_| ChainError::WrongName)?;
        leaf.verify_is_valid_for_subject_name(&name).map_err(reason)
    }
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Chain({} and {} more)", self.fingerprint(), self.rest.len())
    }
}

impl Facts {
    fn of(leaf: &CertificateDer<'_>) -> Result<Self, ChainError> {
        let (after, certificate) = X509Certificate::from_der(leaf).map_err(|_| ChainError::Malformed)?;
        if !after.is_empty() {
            return Err(ChainError::Malformed);
        }
        // webpki looks at the extended key usage only.
        let usage = certificate.key_usage().map_err(|_| ChainError::Malformed)?;
        Ok(Self {
            not_after_ms: certificate.validity().not_after.timestamp().saturating_mul(1000),
            self_issued: certificate.issuer().as_raw() == certificate.subject().as_raw(),
            may_sign: usage.is_none_or(|usage| usage.value.digital_signature() || usage.value.non_repudiation()),
            spki: certificate.public_key().raw.to_vec(),
        })
    }
}

fn reason(error: webpki::Error) -> ChainError {
    use webpki::Error;
    match error {
        Error::CertExpired { .. } => ChainError::Expired,
        Error::CertNotValidYet { .. } => ChainError::NotYetValid,
        Error::CertNotValidForName(_) => ChainError::WrongName,
        // A wrong signature means that only the name of a root or an intermediate was the right one.
        Error::UnknownIssuer | Error::InvalidSignatureForPublicKey => ChainError::UnknownIssuer,
        Error::BadDer | Error::BadDerTime | Error::TrailingData(_) => ChainError::Malformed,
        _ => ChainError::Unusable,
    }
}

#[cfg(test)]
mod tests;
