//! How are bytes fingerprinted, compared without telling where they differ, and drawn at random?

use aws_lc_rs::{constant_time, digest, rand};

/// SHA-256 of the bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    into_array(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// SHA-1 of the bytes, for identities that peers name by it (OpenGDPR 1.0 §5.2). It protects nothing.
#[must_use]
pub fn sha1(bytes: &[u8]) -> [u8; 20] {
    let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes);
    digest.as_ref().first_chunk().copied().unwrap_or_default()
}

/// MD5 of the bytes, for identities that peers name by it (OpenGDPR 1.0 §5.2). It protects nothing.
#[must_use]
pub fn md5(bytes: &[u8]) -> [u8; 16] {
    md5::compute(bytes).0
}

/// Lower-case hexadecimal text.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Reads hexadecimal text of either case and even length.
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|half| u8::try_from(half).ok());
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

/// Whether the two are equal, in a time that depends on their lengths only.
#[must_use]
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(left, right).is_ok()
}

/// Bytes nobody can guess.
#[must_use]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if rand::fill(&mut bytes).is_err() {
        // Without randomness every key and nonce would be known: there is nothing safe left to do.
        std::process::abort();
    }
    bytes
}

/// The first 32 bytes, for outputs that have exactly as many.
pub(crate) fn into_array(bytes: &[u8]) -> [u8; 32] {
    debug_assert_eq!(bytes.len(), 32);
    bytes.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha_256_of_abc_is_the_published_one() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex(&sha256(b"abc")), expected);
        assert_eq!(from_hex(expected).as_deref(), Some(&sha256(b"abc")[..]));
    }

    #[test]
    fn sha_1_and_md5_give_the_published_vectors() {
        // FIPS 180-1 appendix A and B, RFC 1321 appendix A.5.
        let long = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
        for (text, expected) in [
            ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (long, "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
        ] {
            assert_eq!(hex(&sha1(text.as_bytes())), expected);
        }
        let digits = "12345678901234567890123456789012345678901234567890123456789012345678901234567890";
        for (text, expected) in [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            (digits, "57edf4a22be3c955ac49da2e2107b67a"),
        ] {
            assert_eq!(hex(&md5(text.as_bytes())), expected);
        }
    }

    #[test]
    fn hexadecimal_is_read_strictly() {
        assert_eq!(from_hex("00fFa0"), Some(vec![0, 255, 160]));
        assert_eq!(from_hex(""), Some(vec![]));
        for text in ["0", "0g", "0x00", " 00", "+1", "é0"] {
            assert_eq!(from_hex(text), None, "{text}");
        }
    }

    #[test]
    fn equal_means_same_length_and_bytes() {
        assert!(constant_time_eq(b"", b"") && constant_time_eq(b"ab", b"ab"));
        assert!(!constant_time_eq(b"ab", b"ac") && !constant_time_eq(b"ab", b"a"));
    }

    #[test]
    fn random_bytes_differ() {
        assert_ne!(random_bytes::<16>(), random_bytes::<16>());
    }
}
