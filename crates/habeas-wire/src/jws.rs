//! What was signed, with which algorithm, and by which signature? JSON Web Signature (RFC 7515), taken apart and put
//! together; whether a signature holds is for others to say.
//!
//! One signature, all of whose say is protected. Whatever lets a sender choose how it is checked is refused: `none`,
//! keys and addresses of keys in a header, extensions that must be understood, and an algorithm that is not signed.

mod header;
mod write;

pub use write::Unsigned;

use crate::{
    base64,
    json::{Object, object_of},
};

/// Longer ones are not looked at, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;

/// How deeply the headers and the JSON serialization may be nested.
const MAX_DEPTH: usize = 16;

/// Why a text is not an acceptable signed object. Never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// More than [`MAX_BYTES`].
    #[error("it is too large")]
    TooLarge,
    /// Not the compact, the flattened or the general serialization (section 7).
    #[error("it is not a JSON Web Signature")]
    Shape,
    /// General serialization with none, or several.
    #[error("it must have exactly one signature")]
    Signatures,
    /// A part that is not base64url without padding (section 2).
    #[error("a part of it is not unpadded base64url")]
    Encoding,
    /// A header that is no strict JSON object, or shares a name with the other header (section 4).
    #[error("its header is not a JSON object that names each member once")]
    Header,
    /// No algorithm in the protected header, or `none` (section 4.1.1).
    #[error("its protected header names no algorithm that protects it")]
    Algorithm,
    /// A header parameter that chooses how the signature is checked: `crit`, `b64`, `jku`, `jwk`, `x5u`, `x5c`.
    #[error("its header says how it is to be checked")]
    Parameter,
}

/// One signed object, taken apart. `Debug` shows nothing of it: the payload may be a person's.
#[derive(Clone, PartialEq, Eq)]
pub struct Jws {
    header: String,
    algorithm: String,
    payload: Vec<u8>,
    signing_input: String,
    signature: Vec<u8>,
}

impl Jws {
    /// Takes any serialization: the JSON ones begin with a brace.
    ///
    /// # Errors
    /// See [`JwsError`].
    pub fn parse(text: &str) -> Result<Self, JwsError> {
        if text.trim_ascii_start().starts_with('{') { Self::json(text) } else { Self::compact(text) }
    }

    /// Takes the compact serialization (section 7.1).
    ///
    /// # Errors
    /// See [`JwsError`].
    pub fn compact(text: &str) -> Result<Self, JwsError> {
        fits(text)?;
        let mut parts = text.split('.');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(protected), Some(payload), Some(signature), None) => Self::of(protected, payload, signature, None),
            _ => Err(JwsError::Shape),
        }
    }

    /// Takes the flattened or the general JSON serialization (section 7.2), the latter with one signature. Members that
    /// neither knows are passed over.
    ///
    /// # Errors
    /// See [`JwsError`].
    pub fn json(text: &str) -> Result<Self, JwsError> {
        fits(text)?;
        let outer = Object::parse(text.as_bytes(), MAX_DEPTH).map_err(|_| JwsError::Shape)?;
        let listed = outer.array("signatures").map_err(|_| JwsError::Shape)?;
        let signed = match listed.as_deref() {
            None => outer.clone(),
            // What stands outside of the list would be one reader's signature and nothing to another.
            Some(_) if ["protected", "header", "signature"].iter().any(|name| outer.position(name).is_some()) => {
                return Err(JwsError::Shape);
            }
            Some([only]) => object_of(only).map_err(|_| JwsError::Shape)?,
            Some(_) => return Err(JwsError::Signatures),
        };
        let payload = part(&outer, "payload")?.ok_or(JwsError::Shape)?;
        let signature = part(&signed, "signature")?.ok_or(JwsError::Shape)?;
        let protected = part(&signed, "protected")?.ok_or(JwsError::Algorithm)?;
        let unprotected = signed.object("header").map_err(|_| JwsError::Header)?;
        Self::of(&protected, &payload, &signature, unprotected.as_ref())
    }

    fn of(protected: &str, payload: &str, signature: &str, unprotected: Option<&Object<'_>>) -> Result<Self, JwsError> {
        let decoded = |part: &str| base64::decode_url(part.as_bytes()).ok_or(JwsError::Encoding);
        let header = String::from_utf8(decoded(protected)?).map_err(|_| JwsError::Header)?;
        let object = Object::parse(header.as_bytes(), MAX_DEPTH).map_err(|_| JwsError::Header)?;
        let algorithm = header::algorithm(&object, unprotected)?;
        let (payload, signing_input) = (decoded(payload)?, format!("{protected}.{payload}"));
        let signature = decoded(signature)?;
        if signature.is_empty() {
            return Err(JwsError::Shape);
        }
        Ok(Self { header, algorithm, payload, signing_input, signature })
    }

    /// The protected header, as the JSON text that it came as.
    #[must_use]
    pub fn header(&self) -> &str {
        &self.header
    }

    /// The name of the algorithm (section 4.1.1), exactly as the protected header has it.
    #[must_use]
    pub fn algorithm(&self) -> &str {
        &self.algorithm
    }

    /// The bytes that were to be protected.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The bytes that were signed: protected header and payload, as base64url, with a dot between (section 5.1).
    #[must_use]
    pub fn signing_input(&self) -> &[u8] {
        self.signing_input.as_bytes()
    }

    /// The signature.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The same in the compact serialization, in which whatever it came as is one text. An unprotected header is lost.
    #[must_use]
    pub fn to_compact(&self) -> String {
        format!("{}.{}", self.signing_input, base64::encode_url(&self.signature))
    }
}

impl std::fmt::Debug for Jws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Jws(…)")
    }
}

fn fits(text: &str) -> Result<(), JwsError> {
    if text.len() > MAX_BYTES { Err(JwsError::TooLarge) } else { Ok(()) }
}

fn part(object: &Object<'_>, name: &str) -> Result<Option<String>, JwsError> {
    object.string(name).map_err(|_| JwsError::Shape)
}

#[cfg(test)]
mod tests;
