//! How are bytes written as text? Base64 with the standard alphabet and padding (RFC 4648 section 4).

use std::borrow::Cow;

use ::base64::{Engine, engine::general_purpose::STANDARD};

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

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_itself(bytes: Vec<u8>) {
            prop_assert_eq!(decode(encode(&bytes).as_bytes()), Some(bytes));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let _ = decode(&bytes);
        }
    }
}
