//! What is a domain name, as protocols name organisations by it?

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A bare host name in lower case: no scheme, no port, no path, no address literal.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Domain(String);

/// The text is not a bare host name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a bare domain name such as privacy.example.com")]
pub struct NotADomain;

impl Domain {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Domain {
    type Err = NotADomain;

    fn from_str(text: &str) -> Result<Self, NotADomain> {
        let text = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        // A last label of digits alone would make it an address, not a name.
        let named = text.rsplit('.').next().is_some_and(|last| !last.bytes().all(|b| b.is_ascii_digit()));
        if (1..=253).contains(&text.len()) && named && text.split('.').all(label) {
            Ok(Self(text))
        } else {
            Err(NotADomain)
        }
    }
}

impl TryFrom<String> for Domain {
    type Error = NotADomain;
    fn try_from(text: String) -> Result<Self, NotADomain> {
        text.parse()
    }
}

impl From<Domain> for String {
    fn from(domain: Domain) -> Self {
        domain.0
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Domain;

    #[test]
    fn a_domain_is_a_bare_host_name() {
        for (text, good) in [
            ("example.com", true),
            ("Mail.LOCALHOST", true),
            ("localhost", true),
            ("example.com.", true),
            ("https://example.com", false),
            ("example.com:443", false),
            ("example.com/x", false),
            ("127.0.0.1", false),
            ("[::1]", false),
            ("a..b", false),
            ("-a.com", false),
            ("user@example.com", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<Domain>().is_ok(), good, "{text}");
        }
        assert_eq!("Mail.LOCALHOST".parse::<Domain>().unwrap().as_str(), "mail.localhost");
    }
}
