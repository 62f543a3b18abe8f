//! How is a person named on the command line?

use std::{fmt, io::Read as _, str::FromStr};

use anyhow::Context as _;
use habeas_core::identity::Format;
use habeas_server::operator::dto::Identity;

/// `kind:format:value`, or `kind:value` for a raw one. The value may be `-` for standard input or `@FILE`, so that it
/// stays out of the shell's history.
#[derive(Clone)]
pub(super) struct Named {
    kind: String,
    format: Format,
    value: Text,
}

/// The text names nobody.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("not kind:format:value, such as email:raw:ann@example.org; the formats are raw, sha256, sha1 and md5")]
pub(super) struct NotAnIdentity;

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:…", self.kind, self.format)
    }
}

impl FromStr for Named {
    type Err = NotAnIdentity;

    fn from_str(text: &str) -> Result<Self, NotAnIdentity> {
        let (kind, rest) = text.split_once(':').ok_or(NotAnIdentity)?;
        let formatted = rest.split_once(':').and_then(|(format, value)| Some((format.parse().ok()?, value)));
        let (format, value) = formatted.unwrap_or((Format::Raw, rest));
        if kind.is_empty() || value.is_empty() {
            return Err(NotAnIdentity);
        }
        Ok(Self { kind: kind.to_owned(), format, value: Text(value.to_owned()) })
    }
}

/// What is said of a person: `-` for standard input, `@FILE`, or the text itself.
#[derive(Clone)]
pub(super) struct Text(String);

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl FromStr for Text {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl Text {
    /// The text, read from where it is; `what` says what it is.
    pub(super) fn read(&self, what: &str) -> anyhow::Result<String> {
        let value = match self.0.as_str() {
            "-" => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text).context("standard input cannot be read")?;
                text.trim_end_matches(['\r', '\n']).to_owned()
            }
            value => match value.strip_prefix('@') {
                Some(file) => {
                    let text = std::fs::read_to_string(file).with_context(|| format!("{file} cannot be read"))?;
                    text.trim_end_matches(['\r', '\n']).to_owned()
                }
                None => value.to_owned(),
            },
        };
        anyhow::ensure!(!value.is_empty(), "{what} is empty");
        Ok(value)
    }
}

impl Named {
    /// The identity, its value read from where it is.
    pub(super) fn read(&self) -> anyhow::Result<Identity> {
        let value = self.value.read(&format!("the value of {}", self.kind))?;
        Ok(Identity { kind: self.kind.clone(), format: self.format.to_string(), value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_read_with_and_without_a_format() {
        for (text, kind, format, value) in [
            ("email:raw:ann@example.org", "email", "raw", "ann@example.org"),
            ("email:sha256:ab01", "email", "sha256", "ab01"),
            ("email:ann@example.org", "email", "raw", "ann@example.org"),
            ("device:raw:aa:bb:cc", "device", "raw", "aa:bb:cc"),
            ("device:aa:bb:cc", "device", "raw", "aa:bb:cc"),
        ] {
            let identity = text.parse::<Named>().unwrap().read().unwrap();
            assert_eq!(
                (identity.kind.as_str(), identity.format.as_str(), identity.value.as_str()),
                (kind, format, value)
            );
        }
        for text in ["", "email", "email:", ":raw:x", "email:raw:"] {
            assert!(text.parse::<Named>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_value_is_read_from_a_file_and_never_shown() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "ann@example.org\n").unwrap();
        let named: Named = format!("email:raw:@{}", file.path().display()).parse().unwrap();
        assert_eq!(named.read().unwrap().value, "ann@example.org");
        assert_eq!(format!("{:?}", "email:raw:ann".parse::<Named>().unwrap()), "email:raw:…");
    }
}
