//! How is a signed object put together? In the compact serialization (RFC 7515 section 7.1).

use crate::base64;

/// What is to be signed. `Debug` shows nothing of it: the payload may be a person's.
#[derive(Clone, PartialEq, Eq)]
pub struct Unsigned(String);

impl Unsigned {
    /// A protected header, as JSON, and a payload.
    #[must_use]
    pub fn new(header: &[u8], payload: &[u8]) -> Self {
        Self(format!("{}.{}", base64::encode_url(header), base64::encode_url(payload)))
    }

    /// The bytes to sign.
    #[must_use]
    pub fn signing_input(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The whole, with its signature.
    #[must_use]
    pub fn signed(self, signature: &[u8]) -> String {
        format!("{}.{}", self.0, base64::encode_url(signature))
    }
}

impl std::fmt::Debug for Unsigned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Unsigned(…)")
    }
}
