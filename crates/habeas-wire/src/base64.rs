//! How are bytes written as text? Base64 with the standard alphabet and padding (RFC 4648 section 4), and base64url
//! without padding (section 5), as JOSE has it.

use std::borrow::Cow;

use ::base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

/// Writes bytes as padded base64 in the standard alphabet, without line breaks.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads padded base64 in the standard alphabet; ASCII white space anywhere is skipped.
///
/// Peers fold long signatures over several lines, so white space is forgiven. The URL-safe alphabet, missing
/// padding and stray trailing bits are not: each would give one signature several spellings.
#[must_use]
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let packed: Cow<'_, [u8]> = if text.iter().any(u8::is_ascii_whitespace) {
        text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect()
    } else {
        text.into()
    };
    STANDARD.decode(packed).ok()
}

/// Writes bytes as base64url without padding (RFC 7515 section 2).
#[must_use]
pub fn encode_url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads base64url without padding.
///
/// Nothing is forgiven, white space neither: what is signed is the text, so the bytes must have one text only.
#[must_use]
pub fn decode_url(text: &[u8]) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rfc_4648_section_10_vectors_hold() {
        for (clear, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(encode(clear.as_bytes()), text);
            assert_eq!(decode(text.as_bytes()).as_deref(), Some(clear.as_bytes()));
        }
    }

    #[test]
    fn white_space_is_skipped() {
        assert_eq!(decode(b" Zm9v\r\nYm\tFy\n").as_deref(), Some(&b"foobar"[..]));
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in ["Zg", "Zg=", "Zh==", "-_8=", "Zg==Zg==", "Zg===", "=", "Zm9v\u{b}", "Zm9vé"] {
            assert_eq!(decode(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn base64url_has_one_text_for_the_same_bytes() {
        assert_eq!(encode_url(&[0xfb, 0xff]), "-_8");
        assert_eq!(decode_url(b"-_8").as_deref(), Some(&[0xfb, 0xff][..]));
        assert_eq!(decode_url(b"").as_deref(), Some(&[][..]));
        for text in ["-_8=", "+/8", "-_9", "-", "-_ 8", "-_8\n", " -_8", "-_8é"] {
            assert_eq!(decode_url(text.as_bytes()), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_itself(bytes: Vec<u8>) {
            prop_assert_eq!(decode(encode(&bytes).as_bytes()), Some(bytes.clone()));
            prop_assert_eq!(decode_url(encode_url(&bytes).as_bytes()), Some(bytes));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let _ = decode(&bytes);
            if let Some(read) = decode_url(&bytes) {
                prop_assert_eq!(encode_url(&read).into_bytes(), bytes);
            }
        }
    }
}
