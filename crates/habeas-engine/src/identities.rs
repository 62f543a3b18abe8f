//! How does a raw identity become the digest that a party lists?
//!
//! The canonical form is published, so that both sides hash the same bytes: white space at the ends is cut off, an
//! e-mail address is in lower case; the digest is written in lower-case hexadecimal.

use habeas_core::{
    identity::{Format, Identity},
    matching::Match,
    secret::Secret,
};
use habeas_trust::digest;

const EMAIL: &str = "email";

/// What the party is given.
pub(crate) fn given(identities: &[Identity], matches: &[Match]) -> Vec<Identity> {
    matches.iter().filter_map(|fit| Some(in_form(identities.get(fit.index)?, fit.format))).collect()
}

/// The identity in that format; only a raw one changes.
fn in_form(identity: &Identity, format: Format) -> Identity {
    if identity.format != Format::Raw || format == Format::Raw {
        return identity.clone();
    }
    let canonical = canonical(identity);
    let bytes = canonical.expose().as_bytes();
    let hex = match format {
        Format::Raw => return identity.clone(),
        Format::Sha256 => digest::hex(&digest::sha256(bytes)),
        Format::Sha1 => digest::hex(&digest::sha1(bytes)),
        Format::Md5 => digest::hex(&digest::md5(bytes)),
    };
    Identity { kind: identity.kind.clone(), format, value: Secret::new(hex) }
}

/// A digest of ours in the form that is published; anything else said to be one is not sent, because it may be the
/// identity itself.
///
/// # Errors
/// What it would have to be.
pub(crate) fn well_formed(identity: &Identity) -> Result<Identity, &'static str> {
    let (digits, expected) = match identity.format {
        Format::Raw => return Ok(identity.clone()),
        Format::Sha256 => (64, "a SHA-256 digest is 64 hexadecimal digits"),
        Format::Sha1 => (40, "a SHA-1 digest is 40 hexadecimal digits"),
        Format::Md5 => (32, "an MD5 digest is 32 hexadecimal digits"),
    };
    let text = identity.value.expose().trim();
    if text.len() != digits || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(expected);
    }
    Ok(Identity { value: Secret::new(text.to_ascii_lowercase()), ..identity.clone() })
}

fn canonical(identity: &Identity) -> Secret {
    let trimmed = identity.value.expose().trim();
    if identity.kind.as_str() == EMAIL { Secret::new(trimmed.to_lowercase()) } else { Secret::new(trimmed) }
}

#[cfg(test)]
mod tests {
    use habeas_core::identity::Kind;

    use super::*;

    fn made(kind: &str, value: &str, format: Format) -> String {
        let raw = Identity { kind: Kind::new(kind), format: Format::Raw, value: Secret::new(value) };
        let given = given(&[raw], &[Match { index: 0, format }]);
        given.first().map(|identity| identity.value.expose().to_owned()).unwrap_or_default()
    }

    #[test]
    fn an_address_is_trimmed_and_in_lower_case_before_it_is_hashed() {
        for (format, digest) in [
            (Format::Sha256, "438c4c7afe600cdf1e455c369bec76dc970fc8ca463447c7b387a347f3c79331"),
            (Format::Sha1, "a4414de3ce1f77d2615b90c3ba16219b38193ced"),
            (Format::Md5, "8b5a6a28fc840441be692d74a81ccd1a"),
        ] {
            for written in ["ann@example.org", " Ann@Example.ORG\n"] {
                assert_eq!(made("email", written, format), digest);
            }
        }
        assert_eq!(made("email", " Ann@Example.org", Format::Raw), " Ann@Example.org");
    }

    #[test]
    fn what_is_said_to_be_a_digest_must_look_like_one() {
        let of = |format, value: &str| Identity { kind: Kind::new("email"), format, value: Secret::new(value) };
        let upper = "438C4C7AFE600CDF1E455C369BEC76DC970FC8CA463447C7B387A347F3C79331";
        let lower = well_formed(&of(Format::Sha256, upper)).unwrap();
        assert_eq!(lower.value.expose(), upper.to_ascii_lowercase());
        for (format, value) in [
            (Format::Sha256, "ann@example.org"),
            (Format::Sha256, "8b5a6a28fc840441be692d74a81ccd1a"),
            (Format::Sha1, "a4414de3ce1f77d2615b90c3ba16219b38193ceg"),
            (Format::Md5, ""),
        ] {
            assert!(well_formed(&of(format, value)).is_err(), "{format} {value}");
        }
        assert!(well_formed(&of(Format::Raw, "ann@example.org")).is_ok());
    }

    #[test]
    fn other_kinds_keep_their_case() {
        assert_ne!(made("idfa", "AB", Format::Sha256), made("idfa", "ab", Format::Sha256));
        assert_eq!(made("idfa", " AB ", Format::Sha256), made("idfa", "AB", Format::Sha256));
    }
}
