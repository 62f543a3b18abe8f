//! Who may call our API, and how do we recognize a token without storing it?
//!
//! A token is `hbs_<id>_<secret>`: the id says which one it is and may be logged, the secret is 256 random bits.
//! Such a secret cannot be guessed from its SHA-256, so no slow password hash is needed.

use std::{fmt, str::FromStr};

use zeroize::Zeroizing;

use crate::digest;

const PREFIX: &str = "hbs_";
const ID_LEN: usize = 12;
const SECRET_LEN: usize = 64;

/// A new token, shown once; wiped from memory when dropped.
pub struct Credential {
    token: Zeroizing<String>,
    id: String,
}

impl Credential {
    /// Draws a new token.
    #[must_use]
    pub fn generate() -> Self {
        let id = digest::hex(&digest::random_bytes::<6>());
        let secret = Zeroizing::new(digest::hex(&*Zeroizing::new(digest::random_bytes::<32>())));
        // Reserved in full: growing would leave unwiped copies behind.
        let mut token = Zeroizing::new(String::with_capacity(PREFIX.len() + ID_LEN + 1 + SECRET_LEN));
        token.extend([PREFIX, &id, "_", &secret]);
        Self { token, id }
    }

    /// The whole token, a secret.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Which token this is; no secret.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What to store in order to recognize the token.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash { id: self.id.clone(), digest: digest::sha256(self.token.as_bytes()) }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({}, …)", self.id)
    }
}

/// Which token a text claims to be, if it has the form of one.
#[must_use]
pub fn token_id(token: &str) -> Option<&str> {
    let (id, secret) = token.strip_prefix(PREFIX)?.split_once('_')?;
    (is_hex(id, ID_LEN) && is_hex(secret, SECRET_LEN)).then_some(id)
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What is stored of a token: its id and SHA-256, written `hbs_<id>:<64 hexadecimal digits>`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TokenHash {
    id: String,
    digest: [u8; 32],
}

/// The text is no token hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a token hash of the form hbs_<id>:<digest>")]
pub struct NotATokenHash;

impl TokenHash {
    /// The hash of an existing token, if the text has the form of one.
    #[must_use]
    pub fn of(token: &str) -> Option<Self> {
        Some(Self { id: token_id(token)?.to_owned(), digest: digest::sha256(token.as_bytes()) })
    }

    /// Which token this is of.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether this is the hash of the token, in a time that does not depend on how alike they are.
    #[must_use]
    pub fn matches(&self, token: &str) -> bool {
        // The digest covers the id as well, so it need not be compared.
        digest::constant_time_eq(&self.digest, &digest::sha256(token.as_bytes()))
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}:{}", self.id, digest::hex(&self.digest))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenHash({}, …)", self.id)
    }
}

impl FromStr for TokenHash {
    type Err = NotATokenHash;

    fn from_str(text: &str) -> Result<Self, NotATokenHash> {
        let (id, hex) = text.strip_prefix(PREFIX).and_then(|rest| rest.split_once(':')).ok_or(NotATokenHash)?;
        let digest = digest::from_hex(hex).and_then(|bytes| bytes.try_into().ok()).ok_or(NotATokenHash)?;
        if is_hex(id, ID_LEN) { Ok(Self { id: id.to_owned(), digest }) } else { Err(NotATokenHash) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_is_recognized_by_its_hash_and_no_other() {
        let (ours, other) = (Credential::generate(), Credential::generate());
        let hash: TokenHash = ours.hash().to_string().parse().expect("what we wrote");
        assert_eq!((&hash, Some(&hash)), (&ours.hash(), TokenHash::of(ours.token()).as_ref()));
        assert!(hash.matches(ours.token()));
        for token in [other.token(), "", &ours.token()[1..], &format!("{} ", ours.token())] {
            assert!(!hash.matches(token));
        }
        assert_eq!(hash.id(), ours.id());
        assert_eq!(token_id(ours.token()), Some(ours.id()));
    }

    #[test]
    fn other_forms_are_no_tokens() {
        let (id, secret) = ("0123456789ab", "c".repeat(64));
        assert_eq!(token_id(&format!("hbs_{id}_{secret}")), Some(id));
        for token in [
            String::new(),
            "hbs_".into(),
            format!("hbs_{id}_"),
            format!("hbs_{id}{secret}"),
            format!("HBS_{id}_{secret}"),
            format!("hbs_{}_{secret}", id.to_uppercase()),
            format!("hbs_{id}0_{secret}"),
            format!("hbs_{id}_{secret}0"),
        ] {
            assert_eq!(token_id(&token), None, "{token}");
            assert_eq!(TokenHash::of(&token), None);
        }
        for text in
            ["", "hbs_0123456789ab:", "hbs_0123456789ab:00", &format!("hbs_x:{secret}"), &format!("{id}:{secret}")]
        {
            assert_eq!(text.parse::<TokenHash>(), Err(NotATokenHash), "{text}");
        }
    }

    #[test]
    fn debug_shows_the_id_only() {
        let credential = Credential::generate();
        assert_eq!(format!("{credential:?}"), format!("Credential({}, …)", credential.id()));
        assert_eq!(format!("{:?}", credential.hash()), format!("TokenHash({}, …)", credential.id()));
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text: String) {
            let _ = (token_id(&text), text.parse::<TokenHash>());
            prop_assert!(!Credential::generate().hash().matches(&text));
        }
    }
}
