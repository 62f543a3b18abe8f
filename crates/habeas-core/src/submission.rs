//! What does a sender ask of a receiver?

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    capability::Capabilities,
    clock::Instant,
    id::{LegId, WireId},
    identity::Identity,
    organisation::Organisation,
    regime::Regime,
    right::Right,
    secret::Secret,
};

/// An instant together with the text it was written in, which is handed on unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The instant.
    pub at: Instant,
    /// The text as it came.
    pub text: String,
}

/// A member that we do not understand but hand on: its name and JSON text, byte for byte. Personal data, so `Debug`
/// shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Carried {
    /// The member's name.
    pub name: String,
    /// Its value as JSON text.
    pub json: String,
}

impl std::fmt::Debug for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Carried(…)")
    }
}

/// A URL as its sender wrote it. Parsing normalizes (`https://a.example` becomes `https://a.example/`), but a receiver
/// of callbacks is told the URL it gave, letter by letter. `Debug` shows the host: the rest may hold a secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CallbackUrl {
    text: String,
    url: Url,
}

impl CallbackUrl {
    /// Parses the text and keeps it.
    ///
    /// # Errors
    /// When it is no absolute URL.
    pub fn parse(text: impl Into<String>) -> Result<Self, url::ParseError> {
        let text = text.into();
        Ok(Self { url: Url::parse(&text)?, text })
    }

    /// What a peer gives. Says only what the text shows; where the name leads is judged when the call is made.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_peer(text: String, us: &Organisation) -> Result<Self, &'static str> {
        if text.chars().count() > us.limits.callback_url_chars {
            return Err("it is too long");
        }
        // The parser mends what browsers mend: spaces, line ends, backslashes, missing slashes. A peer that looked at
        // the same text might see another host.
        let mended = text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\');
        let whole = !mended && text.split_once("://").is_some_and(|(_, rest)| !rest.starts_with('/'));
        let given = Self::parse(text).ok().filter(|_| whole).ok_or("it is not an absolute URL")?;
        let url = given.url();
        if url.scheme() != "https" && !(us.policy.plain_http && url.scheme() == "http") {
            return Err("it must be https");
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err("it names no host");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it must not hold a user name or password");
        }
        if url.fragment().is_some() {
            return Err("it must not have a fragment");
        }
        Ok(given)
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The URL to call.
    pub fn url(&self) -> &Url {
        &self.url
    }
}

impl std::str::FromStr for CallbackUrl {
    type Err = url::ParseError;
    fn from_str(text: &str) -> Result<Self, url::ParseError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for CallbackUrl {
    type Error = url::ParseError;
    fn try_from(text: String) -> Result<Self, url::ParseError> {
        Self::parse(text)
    }
}

impl From<CallbackUrl> for String {
    fn from(url: CallbackUrl) -> Self {
        url.text
    }
}

impl std::fmt::Debug for CallbackUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/…", self.url.host_str().unwrap_or_default())
    }
}

/// Everything personal of a request; loaded only by who needs it, and gone with the request's key. `Debug` tells how
/// much there is.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// By what the person is known.
    pub identities: Vec<Identity>,
    /// What is claimed of the person beyond that, and what of it was verified: names and values of an identity token
    /// (DRP 0.5 §3.04).
    pub claims: Vec<Carried>,
    /// How the person says to stand to the organisation (DRP 0.5 §2.02).
    pub relationships: Vec<String>,
    /// What else came along.
    pub carried: Vec<Carried>,
}

/// Claims that say whether another one was verified end so (OpenID Connect Core 1.0 section 5.1).
pub const VERIFIED: &str = "_verified";

/// Claims about an identity token itself (RFC 7519 section 4.1); all others are about the person.
pub const TECHNICAL_CLAIMS: [&str; 6] = ["iss", "aud", "exp", "nbf", "iat", "jti"];

impl Subject {
    /// The claim of that name, as JSON text.
    pub fn claim(&self, name: &str) -> Option<&str> {
        self.claims.iter().find(|claim| claim.name == name).map(|claim| claim.json.as_str())
    }

    /// Whether a claim of that name is `true`.
    pub fn claims_true(&self, name: &str) -> bool {
        self.claim(name) == Some("true")
    }
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { identities, claims, relationships, carried } = self;
        let counts = [identities.len(), claims.len(), relationships.len(), carried.len()];
        write!(f, "Subject{counts:?}")
    }
}

/// What makes two submissions of a sender the same one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dedupe {
    /// A key that the sender made: the same one with other bytes is refused.
    Key(String),
    /// The bytes themselves: who sends them again soon, while the first request is not final, has lost the answer
    /// (reading R30).
    Bytes,
}

/// The law that a sender names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// None: the organisation's own rule holds.
    Unsaid,
    /// This one.
    Said(Regime),
    /// One that we do not know.
    Unknown,
}

/// What a peer asks of us, read from its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The id the sender made, where senders make ids.
    pub wire_id: Option<WireId>,
    /// What makes two submissions the same one; `None` where nothing does.
    pub dedupe: Option<Dedupe>,
    /// The rights used; never empty.
    pub rights: Vec<Right>,
    /// The law that the sender names.
    pub law: Law,
    /// The identity token that says who the person is, in the form in which two are the same token: it is good for one
    /// sender and one organisation only.
    pub token: Option<Secret>,
    /// When the person asked.
    pub submitted: Option<Stamp>,
    /// The person.
    pub subject: Subject,
    /// Whom to tell of changes, in the sender's order, without repetitions.
    pub callbacks: Vec<CallbackUrl>,
}

/// What we ask of a party.
#[derive(Debug, Clone, Copy)]
pub struct Outbound<'a> {
    /// The id we give it.
    pub wire_id: &'a WireId,
    /// Our own name for the leg, the same at each try.
    pub leg: &'a LegId,
    /// The right.
    pub right: Right,
    /// The law under which it is asked.
    pub regime: Option<Regime>,
    /// When the person asked.
    pub submitted: &'a Stamp,
    /// The person.
    pub subject: &'a Subject,
    /// Whom the party shall tell of changes: those that the request came with, letter by letter, and our own.
    pub callbacks: &'a [CallbackUrl],
    /// What the party says that it supports, where it says so.
    pub supports: Option<&'a Capabilities>,
}

#[cfg(test)]
mod tests {
    use super::CallbackUrl;

    #[test]
    fn a_callback_url_is_told_as_it_was_given_and_never_printed_whole() {
        let given: CallbackUrl = "https://Shop.Example:443?token=SECRET".parse().unwrap();
        assert_eq!(given.as_str(), "https://Shop.Example:443?token=SECRET");
        assert_eq!(given.url().as_str(), "https://shop.example/?token=SECRET");
        assert_eq!(format!("{given:?}"), "shop.example/…");
    }
}
