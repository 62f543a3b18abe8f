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
    fn other_kinds_keep_their_case() {
        assert_ne!(made("idfa", "AB", Format::Sha256), made("idfa", "ab", Format::Sha256));
        assert_eq!(made("idfa", " AB ", Format::Sha256), made("idfa", "AB", Format::Sha256));
    }
}
