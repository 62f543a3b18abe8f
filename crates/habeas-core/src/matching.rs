//! Which of a person's identities can a party be given, and in which form?

use crate::{
    capability::Capabilities,
    identity::{Format, Identity},
    right::Right,
};

/// One of the identities at hand, and the format in which the party takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// Its place among those at hand.
    pub index: usize,
    /// The format: that of the identity itself, or a digest that is made of a raw one.
    pub format: Format,
}

/// The formats that can be made of a raw identity, the one that gives least away first.
const DIGESTS: [Format; 3] = [Format::Sha256, Format::Sha1, Format::Md5];

/// What of these identities the party can be given for this right; empty when it cannot serve the request at all. A raw
/// identity becomes a digest where the party lists only that; never the other way round.
pub fn matching(capabilities: &Capabilities, right: Right, identities: &[Identity]) -> Vec<Match> {
    if !capabilities.serves(right) {
        return Vec::new();
    }
    let form = |identity: &Identity| {
        let accepts = |format: &Format| capabilities.accepts(identity.kind.as_str(), *format);
        let digest = || DIGESTS.into_iter().find(|format| identity.format == Format::Raw && accepts(format));
        Some(identity.format).filter(accepts).or_else(digest)
    };
    let fits = |(index, identity)| form(identity).map(|format| Match { index, format });
    identities.iter().enumerate().filter_map(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{identity::Kind, secret::Secret};

    fn identity(kind: &str, format: Format) -> Identity {
        Identity { kind: Kind::new(kind), format, value: Secret::new("x") }
    }

    fn party(pairs: &[(&str, Format)]) -> Capabilities {
        Capabilities {
            rights: vec![Right::Erasure],
            identities: pairs.iter().map(|(kind, format)| (Kind::new(*kind), *format)).collect(),
            ..Capabilities::default()
        }
    }

    #[test]
    fn a_raw_identity_becomes_the_digest_that_a_party_lists_and_a_digest_never_becomes_another() {
        let raw = [identity("email", Format::Raw)];
        let fits = |pairs: &[(&str, Format)], identities: &[Identity]| {
            matching(&party(pairs), Right::Erasure, identities).first().map(|fit| fit.format)
        };
        assert_eq!(fits(&[("email", Format::Raw), ("email", Format::Sha256)], &raw), Some(Format::Raw));
        assert_eq!(fits(&[("email", Format::Md5), ("email", Format::Sha256)], &raw), Some(Format::Sha256));
        assert_eq!(fits(&[("email", Format::Raw)], &[identity("email", Format::Sha256)]), None);
        assert_eq!(fits(&[("email", Format::Sha1)], &[identity("email", Format::Sha256)]), None);
        assert_eq!(fits(&[("idfa", Format::Raw)], &raw), None);
    }

    #[test]
    fn a_party_gets_what_it_knows_and_nothing_for_a_right_it_does_not_serve() {
        let both = [identity("idfa", Format::Raw), identity("email", Format::Raw)];
        let supports = party(&[("email", Format::Raw)]);
        assert_eq!(matching(&supports, Right::Erasure, &both), [Match { index: 1, format: Format::Raw }]);
        assert!(matching(&supports, Right::Access, &both).is_empty());
    }
}
