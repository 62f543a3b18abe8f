//! How are single values written that are no plain TOML? Each is read and written as text.

use std::{fmt, str::FromStr};

use habeas_core::identity::{Format, Kind};
use habeas_trust::{
    credential::TokenHash,
    shared_secret::SecretHash,
    token::{TokenAlgorithm, UnknownTokenAlgorithm},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A kind of identity in one format, written `email:sha256`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityForm(pub Kind, pub Format);

impl IdentityForm {
    pub(super) fn email(format: Format) -> Self {
        Self(Kind::new("email"), format)
    }
}

/// The text names no kind and format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not kind:format, such as email:sha256; the formats are raw, sha256, sha1 and md5")]
pub struct NotAnIdentityForm;

impl FromStr for IdentityForm {
    type Err = NotAnIdentityForm;

    fn from_str(text: &str) -> Result<Self, NotAnIdentityForm> {
        let (kind, format) = text.split_once(':').filter(|(kind, _)| !kind.is_empty()).ok_or(NotAnIdentityForm)?;
        Ok(Self(Kind::new(kind), format.parse().map_err(|_| NotAnIdentityForm)?))
    }
}

impl fmt::Display for IdentityForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0.as_str(), self.1)
    }
}

/// The hash of a credential that a party calls with: of a token of ours, written `hbs_<id>:<digest>`, or of a secret
/// that was agreed, written `hmac:<digest>`.
#[derive(Debug, Clone)]
pub enum HashText {
    /// Of a token of ours.
    Token(TokenHash),
    /// Of a secret that was agreed.
    Secret(SecretHash),
}

/// The text is no hash of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not the hash of a credential: hbs_<id>:<digest> as `habeas keys token` prints it, or hmac:<digest> as `habeas keys \
     pair` does"
)]
pub struct NotAHash;

impl HashText {
    /// What two hashes of the same credential have in common.
    pub fn opaque(&self) -> String {
        let text = self.to_string();
        text.splitn(3, ':').take(2).collect::<Vec<_>>().join(":")
    }

    /// Whether the SHA-512 of the secret is recognized, too.
    pub fn knows_sha512(&self) -> bool {
        matches!(self, Self::Secret(hash) if hash.knows_sha512())
    }
}

impl FromStr for HashText {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        match text.starts_with("hmac:") {
            true => text.parse().map(Self::Secret).map_err(|_| NotAHash),
            false => text.parse().map(Self::Token).map_err(|_| NotAHash),
        }
    }
}

impl fmt::Display for HashText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(hash) => hash.fmt(f),
            Self::Secret(hash) => hash.fmt(f),
        }
    }
}

/// An algorithm of identity tokens, by its name of RFC 7518.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlgorithmText(pub TokenAlgorithm);

impl FromStr for AlgorithmText {
    type Err = UnknownTokenAlgorithm;

    fn from_str(text: &str) -> Result<Self, UnknownTokenAlgorithm> {
        text.parse().map(Self)
    }
}

impl fmt::Display for AlgorithmText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! serde_as_text {
    ($($name:ty),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}
serde_as_text!(IdentityForm, HashText, AlgorithmText);
