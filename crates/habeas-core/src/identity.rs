//! By what is the person known?

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// The kind of an identity: `email`, `android_advertising_id`, … The list is open; what an organisation accepts is
/// configuration (reading A9).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Kind(String);

impl Kind {
    /// Takes the name as it is.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How the value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The value itself.
    Raw,
    /// Its SHA-256 digest in hexadecimal.
    Sha256,
    /// Its SHA-1 digest in hexadecimal.
    Sha1,
    /// Its MD5 digest in hexadecimal.
    Md5,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 4] = [Self::Raw, Self::Sha256, Self::Sha1, Self::Md5];

    /// The name that every protocol uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Sha256 => "sha256",
            Self::Sha1 => "sha1",
            Self::Md5 => "md5",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a format; the formats are raw, sha256, sha1 and md5")]
pub struct NotAFormat;

impl FromStr for Format {
    type Err = NotAFormat;
    fn from_str(text: &str) -> Result<Self, NotAFormat> {
        Self::ALL.into_iter().find(|format| format.as_str() == text).ok_or(NotAFormat)
    }
}

/// One identifier of the subject. `Debug` shows kind and format, never the value.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// What it identifies by.
    pub kind: Kind,
    /// How the value is written.
    pub format: Format,
    /// The identifier: personal data.
    pub value: Secret,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:…", self.kind.as_str(), self.format)
    }
}

/// Whether a phone number is written as ITU-T E.164 has it: a plus, and 7 to 15 digits.
pub fn is_e164(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::is_e164;

    #[test]
    fn a_phone_number_is_a_plus_and_seven_to_fifteen_digits() {
        for number in ["+1234567", "+14155550123", "+123456789012345"] {
            assert!(is_e164(number), "{number}");
        }
        for text in
            ["", "+", "+123456", "+1234567890123456", "14155550123", "++4155550123", "+1 415 555 0123", "+1٤155550123"]
        {
            assert!(!is_e164(text), "{text}");
        }
    }
}
