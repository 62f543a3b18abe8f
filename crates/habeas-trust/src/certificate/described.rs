//! What does one certificate say of itself, in words that can be shown to people?

use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use crate::digest;

/// What a certificate says of itself. Whether to believe it is another question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Whom it is about, such as `CN=example.com, O=Example`. Letters that would steer a terminal are replaced.
    pub subject: String,
    /// Who issued it, likewise.
    pub issuer: String,
    /// The issuer's number for it in hexadecimal.
    pub serial: String,
    /// The first moment it is valid, in milliseconds since 1970.
    pub not_before_ms: i64,
    /// The last moment it is valid, to the second, in milliseconds since 1970.
    pub not_after_ms: i64,
    /// SHA-256 of it in hexadecimal.
    pub sha256: String,
}

impl Described {
    pub(super) fn of(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let validity = certificate.validity();
        Some(Self {
            subject: shown(&certificate.subject().to_string()),
            issuer: shown(&certificate.issuer().to_string()),
            serial: digest::hex(certificate.raw_serial()),
            not_before_ms: validity.not_before.timestamp().saturating_mul(1000),
            not_after_ms: validity.not_after.timestamp().saturating_mul(1000),
            sha256: digest::hex(&digest::sha256(der)),
        })
    }
}

/// Names are whatever their issuer let pass.
fn shown(name: &str) -> String {
    name.chars().map(|letter| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter }).collect()
}
