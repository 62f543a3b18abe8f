//! How does the receiver of a webhook know that it came from us? The symmetric scheme of Standard Webhooks.
//!
//! Signed is `id.timestamp.body`, and the header `webhook-signature` holds `v1,<base64>`; several, separated by
//! spaces, while a secret is being replaced. Whether the timestamp is recent is the receiver's to check.

use std::{fmt, str::FromStr};

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::digest;

const PREFIX: &str = "whsec_";
const VERSION: &str = "v1,";

/// A secret shared with one receiver, written `whsec_<base64>`; wiped from memory when dropped.
#[derive(Clone)]
pub struct WebhookSecret(Zeroizing<Vec<u8>>);

/// The text is no webhook secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a webhook secret: whsec_ and the base64 of 24 to 64 bytes")]
pub struct NotAWebhookSecret;

impl WebhookSecret {
    /// A new random secret of 256 bits.
    #[must_use]
    pub fn generate() -> Self {
        Self(Zeroizing::new(Zeroizing::new(digest::random_bytes::<32>()).to_vec()))
    }

    /// The secret as text, to give to the receiver.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        let body = Zeroizing::new(STANDARD.encode(&*self.0));
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + body.len()));
        text.extend([PREFIX, &body]);
        text
    }

    /// The value of the header `webhook-signature`; the timestamp is in seconds since 1970.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp_secs: i64, body: &[u8]) -> String {
        VERSION.to_owned() + &STANDARD.encode(self.tag(id, timestamp_secs, body))
    }

    /// Whether one of the signatures in the header is ours. Those of other versions are passed over.
    #[must_use]
    pub fn verify(&self, id: &str, timestamp_secs: i64, body: &[u8], header: &str) -> bool {
        let expected = self.tag(id, timestamp_secs, body);
        let ours = |signature: &str| {
            let signature = signature.strip_prefix(VERSION).and_then(|text| STANDARD.decode(text).ok());
            signature.is_some_and(|signature| digest::constant_time_eq(expected.as_ref(), &signature))
        };
        header.split_ascii_whitespace().any(ours)
    }

    fn tag(&self, id: &str, timestamp_secs: i64, body: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        for part in [id.as_bytes(), b".", timestamp_secs.to_string().as_bytes(), b".", body] {
            context.update(part);
        }
        context.sign()
    }
}

impl FromStr for WebhookSecret {
    type Err = NotAWebhookSecret;

    fn from_str(text: &str) -> Result<Self, NotAWebhookSecret> {
        let body = text.strip_prefix(PREFIX).ok_or(NotAWebhookSecret)?;
        let secret = Zeroizing::new(STANDARD.decode(body).map_err(|_| NotAWebhookSecret)?);
        if (24..=64).contains(&secret.len()) { Ok(Self(secret)) } else { Err(NotAWebhookSecret) }
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const AT: i64 = 1_614_265_330;

    /// Published with the scheme's reference libraries.
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn secret() -> WebhookSecret {
        SECRET.parse().expect("a secret")
    }

    #[test]
    fn the_published_vector_holds() {
        assert_eq!(secret().sign(ID, AT, BODY), SIGNATURE);
        assert_eq!(*secret().expose(), SECRET);
    }

    #[test]
    fn signing_is_hmac_as_rfc_2104_writes_it() {
        let secret = WebhookSecret::generate();
        let pad = |with: u8| {
            let mut block = [with; 64];
            block.iter_mut().zip(secret.0.iter()).for_each(|(byte, key)| *byte ^= key);
            block
        };
        let inner = digest::sha256(&[&pad(0x36)[..], format!("{ID}.{AT}.").as_bytes(), BODY].concat());
        let outer = digest::sha256(&[&pad(0x5c)[..], &inner].concat());
        assert_eq!(secret.sign(ID, AT, BODY), format!("v1,{}", STANDARD.encode(outer)));
    }

    #[test]
    fn one_right_signature_among_several_is_enough() {
        for header in [SIGNATURE.to_owned(), format!("v1,AAAA v1a,xyz  {SIGNATURE} v1,")] {
            assert!(secret().verify(ID, AT, BODY, &header));
        }
        for header in ["", "v1,", &SIGNATURE[3..], &SIGNATURE.replace("v1", "v2"), &SIGNATURE[..SIGNATURE.len() - 1]] {
            assert!(!secret().verify(ID, AT, BODY, header), "{header}");
        }
        assert!(!secret().verify("other", AT, BODY, SIGNATURE));
        assert!(!secret().verify(ID, AT + 1, BODY, SIGNATURE));
        assert!(!secret().verify(ID, AT, b"other", SIGNATURE));
        assert!(!WebhookSecret::generate().verify(ID, AT, BODY, SIGNATURE));
    }

    #[test]
    fn other_texts_are_no_secrets_and_debug_shows_none() {
        for text in
            ["", "whsec_", "whsec_AAAA", &SECRET[6..], &format!("{SECRET}!"), &format!("whsec_{}", "AAAA".repeat(22))]
        {
            assert_eq!(text.parse::<WebhookSecret>().err(), Some(NotAWebhookSecret), "{text}");
        }
        assert_eq!(format!("{:?}", secret()), "WebhookSecret(…)");
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(header: String, text: String) {
            let _ = text.parse::<WebhookSecret>();
            prop_assert!(!secret().verify(ID, AT, BODY, &header));
        }
    }
}
