//! What do we keep of a secret that was agreed with a party?
//!
//! Either side may have chosen it, so it may be weak: a bare hash of it could be searched. What we only recognize is
//! kept as a digest under a key of the organization, what we have to say ourselves is sealed.

use std::{fmt, str::FromStr};

use aws_lc_rs::digest as hash;
use base64::{
    Engine as _,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose},
};
use zeroize::Zeroizing;

use crate::{
    digest,
    seal::{SealError, Sealer},
};

const HASH_PREFIX: &str = "hmac:";
const SEALED_PREFIX: &str = "sealed:";
/// Shorter ones are found by trying, however they are kept.
const SECRET_BYTES: usize = 16;
const SHA512_BYTES: usize = 64;

/// Names of the keys under which the two digests are made. They differ, or a party could show the SHA-512 of a secret
/// in a form that is taken for the secret.
const OF_SECRET: &str = "secret";
const OF_SHA512: &str = "secret-sha512";

/// With padding or without: whoever shows a digest is not known to do it either way.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// The SHA-512 of a secret in lower-case hexadecimal, which DRP 0.5 §3.07 has in place of the secret. It does what the
/// secret does: keep it as carefully.
#[must_use]
pub fn sha512_hex(secret: &str) -> String {
    digest::hex(sha512(secret).as_ref())
}

fn sha512(secret: &str) -> hash::Digest {
    hash::digest(&hash::SHA512, secret.as_bytes())
}

/// The secret has fewer than 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret has fewer than 16 bytes")]
pub struct TooShort;

/// The text is no hash of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the hash of a secret of the form hmac:<digest> or hmac:<digest>:<digest>")]
pub struct NotASecretHash;

/// What is stored of a secret that a party shows us: a digest under the organization's key, written
/// `hmac:<64 hexadecimal digits>`; and another after a further colon for a party that may show the SHA-512 of the
/// secret instead.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretHash {
    opaque: [u8; 32],
    hashed: Option<[u8; 32]>,
}

impl SecretHash {
    /// The hash of a secret; `hashed` when its SHA-512 is to be recognized, too.
    ///
    /// # Errors
    /// [`TooShort`].
    pub fn of(secret: &str, sealer: &Sealer, hashed: bool) -> Result<Self, TooShort> {
        if secret.len() < SECRET_BYTES {
            return Err(TooShort);
        }
        let opaque = sealer.mac(OF_SECRET, secret.as_bytes());
        Ok(Self { opaque, hashed: hashed.then(|| sealer.mac(OF_SHA512, sha512(secret).as_ref())) })
    }

    /// Whether this is the secret, in a time that does not depend on how alike they are.
    #[must_use]
    pub fn matches(&self, sealer: &Sealer, shown: &str) -> bool {
        digest::constant_time_eq(&self.opaque, &sealer.mac(OF_SECRET, shown.as_bytes()))
    }

    /// Whether the SHA-512 of the secret is recognized, too.
    #[must_use]
    pub const fn knows_sha512(&self) -> bool {
        self.hashed.is_some()
    }

    /// Whether this is the SHA-512 of the secret: in hexadecimal of either case, or in base64 of either alphabet, with
    /// padding or without. Always a no where that was not asked for.
    #[must_use]
    pub fn matches_hashed(&self, sealer: &Sealer, shown: &str) -> bool {
        let (Some(ours), Some(shown)) = (&self.hashed, read_sha512(shown)) else { return false };
        digest::constant_time_eq(ours, &sealer.mac(OF_SHA512, &shown))
    }
}

fn read_sha512(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = if text.len() == 2 * SHA512_BYTES {
        digest::from_hex(text)
    } else {
        let decode = |alphabet| GeneralPurpose::new(alphabet, LENIENT).decode(text).ok();
        decode(&STANDARD).or_else(|| decode(&URL_SAFE))
    };
    bytes.map(Zeroizing::new).filter(|bytes| bytes.len() == SHA512_BYTES)
}

impl fmt::Display for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{HASH_PREFIX}{}", digest::hex(&self.opaque))?;
        self.hashed.iter().try_for_each(|digest| write!(f, ":{}", digest::hex(digest)))
    }
}

impl FromStr for SecretHash {
    type Err = NotASecretHash;

    fn from_str(text: &str) -> Result<Self, NotASecretHash> {
        let read = |hex| digest::from_hex(hex).and_then(|bytes| bytes.try_into().ok()).ok_or(NotASecretHash);
        let digests = text.strip_prefix(HASH_PREFIX).ok_or(NotASecretHash)?;
        match digests.split_once(':') {
            None => Ok(Self { opaque: read(digests)?, hashed: None }),
            Some((opaque, hashed)) => Ok(Self { opaque: read(opaque)?, hashed: Some(read(hashed)?) }),
        }
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

/// Seals a text that stands in the configuration, as `sealed:<base64>`. It opens only as the same `what`, such as
/// `identity-key of helper.example`, so that it cannot be moved to where another party would see it.
///
/// # Errors
/// [`SealError::Failed`].
pub fn seal_text(sealer: &Sealer, what: &str, text: &str) -> Result<String, SealError> {
    let sealed = sealer.seal(what, text.as_bytes())?;
    Ok(SEALED_PREFIX.to_owned() + &general_purpose::STANDARD.encode(sealed))
}

/// Opens what [`seal_text`] wrote for the same `what`.
///
/// # Errors
/// [`SealError::Refused`], also for a text of another form.
pub fn open_text(sealer: &Sealer, what: &str, text: &str) -> Result<Zeroizing<String>, SealError> {
    let sealed = text.strip_prefix(SEALED_PREFIX).and_then(|body| general_purpose::STANDARD.decode(body).ok());
    let clear = sealer.open(what, &sealed.ok_or(SealError::Refused)?)?;
    let text = std::str::from_utf8(&clear).map_err(|_| SealError::Refused)?;
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests;
