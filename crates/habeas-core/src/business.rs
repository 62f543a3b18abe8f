//! How does a business treat what people's agents ask of it (DRP), before anybody looks at its data?

use crate::{clock::DAY_MS, regime::Regime, right::Right, state::Ground, submission::Law};

/// The policy of a covered business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Business {
    /// Which rights it grants under which law, where that is not all that it serves.
    pub grants: Vec<(Regime, Vec<Right>)>,
    /// The rights for which people prove who they are first. Opt-outs are never among them: that is against the law
    /// (Cal. Code Regs. tit. 11, § 7026(d)).
    pub verify: Vec<Right>,
    /// How long people have for that, in milliseconds.
    pub verify_within_ms: i64,
    /// How long results stay where they are, in milliseconds.
    pub results_ms: i64,
    /// The regions whose people the law protects, by the names and abbreviations that addresses use; empty for all.
    pub regions: Vec<String>,
    /// How often the same person may ask.
    pub at_most: Option<AtMost>,
    /// Whether the same bytes, sent again within a day while the request is open, are the same request.
    pub repeats: bool,
}

/// So many requests of one person within such a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtMost {
    /// How many.
    pub requests: u32,
    /// Within how many milliseconds.
    pub within_ms: i64,
}

impl Default for Business {
    fn default() -> Self {
        Self {
            grants: Vec::new(),
            verify: Vec::new(),
            verify_within_ms: 7 * DAY_MS,
            results_ms: 30 * DAY_MS,
            regions: Vec::new(),
            at_most: None,
            repeats: true,
        }
    }
}

impl Business {
    /// Why a request is denied for what its message shows, and for the peer in words, if it is. `region` is that of the
    /// address claimed, where one is.
    pub fn objection(&self, law: Law, rights: &[Right], region: Option<&str>) -> Option<(Ground, &'static str)> {
        let granted = match law {
            Law::Unknown => {
                return Some((Ground::Unsupported, "this regime is not one under which requests are taken"));
            }
            Law::Unsaid => None,
            Law::Said(regime) => self.grants.iter().find(|(under, _)| *under == regime),
        };
        if granted.is_some_and(|(_, granted)| rights.iter().any(|right| !granted.contains(right))) {
            return Some((Ground::Unsupported, "this right is not granted under this regime"));
        }
        let elsewhere = |region: &str| !self.regions.iter().any(|ours| ours.eq_ignore_ascii_case(region.trim()));
        if !self.regions.is_empty() && region.is_some_and(elsewhere) {
            return Some((Ground::OutsideJurisdiction, "the address is outside of the regions whose law is followed"));
        }
        None
    }

    /// Whether the person must prove who they are first.
    pub fn verifies(&self, rights: &[Right]) -> bool {
        rights.iter().any(|right| right.may_be_verified() && self.verify.contains(right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_message_shows_is_denied_on_its_own_ground() {
        let business = Business {
            grants: vec![(Regime::Ccpa, vec![Right::Erasure])],
            regions: vec!["CA".into(), "California".into()],
            ..Business::default()
        };
        let ground = |law, right, region| business.objection(law, &[right], region).map(|(ground, _)| ground);
        let ccpa = Law::Said(Regime::Ccpa);
        assert_eq!(ground(ccpa, Right::Erasure, None), None);
        assert_eq!(ground(ccpa, Right::Erasure, Some(" california ")), None);
        assert_eq!(ground(ccpa, Right::Erasure, Some("NV")), Some(Ground::OutsideJurisdiction));
        assert_eq!(ground(ccpa, Right::Access, None), Some(Ground::Unsupported));
        assert_eq!(ground(Law::Unknown, Right::Erasure, None), Some(Ground::Unsupported));
        assert_eq!(ground(Law::Unsaid, Right::Access, None), None);
    }

    #[test]
    fn nobody_is_verified_to_opt_out() {
        let business = Business { verify: Right::ALL.to_vec(), ..Business::default() };
        assert!(business.verifies(&[Right::Erasure]));
        assert!(!business.verifies(&[Right::OptOutOfSale]) && !business.verifies(&[Right::OptInToSale]));
    }
}
