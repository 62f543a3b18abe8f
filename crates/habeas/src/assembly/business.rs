//! How does what a covered business is configured to do with requests become its policy?

use std::collections::HashSet;

use habeas_core::{
    business::{AtMost, Business},
    organisation::Mount,
    regime::Regime,
    right::Right,
    role::Role,
};
use url::Url;

use super::{fulfilment::has_role, mounts};
use crate::config::{Loaded, business as configured, organisation};

/// What a covered business tells agents, and how it treats what they ask.
pub(super) struct Assembled {
    /// Where agents send requests.
    pub(super) api_base: Option<Url>,
    /// The policy.
    pub(super) policy: Business,
}

/// What follows from `[organisation.business]`; what is wrong is noted.
pub(super) fn assemble(
    loaded: &mut Loaded,
    place: &str,
    from: &organisation::Organisation,
    mounts: &[Mount],
) -> Assembled {
    let (business, at) = (&from.business, format!("{place}.business"));
    let (covered, serves) = (has_role(from, Role::CoveredBusiness), has_role(from, Role::Pip));
    if !covered && !serves && *business != configured::Business::default() {
        loaded.object(&at, "is for the roles covered-business and pip only");
    }
    let api_base = api_base(loaded, &format!("{at}.api_base"), from).or_else(|| mounts::api_base(mounts));
    if covered && !serves && business.api_base.is_none() {
        let message = "is required where the organisation has not the role pip: where do agents send requests?";
        loaded.missing_because(&format!("{at}.api_base"), message);
    }
    discovered(loaded, place, mounts);
    verification(loaded, &at, from);
    for (key, length) in [("verify_within", business.verify_within), ("results_for", business.results_for)] {
        if length.ms() == 0 {
            loaded.object(&format!("{at}.{key}"), "must be longer than nothing");
        }
    }
    for (key, list) in [("relationships", &business.relationships), ("regions", &business.regions)] {
        for (index, _) in list.iter().enumerate().filter(|(_, text)| text.trim().is_empty()) {
            loaded.object(&format!("{at}.{key}[{index}]"), "is empty");
        }
    }
    let policy = Business {
        grants: grants(loaded, &at, from),
        verify: business.verify.clone(),
        verify_within_ms: business.verify_within.ms(),
        results_ms: business.results_for.ms(),
        regions: business.regions.iter().map(|region| region.trim().to_owned()).collect(),
        at_most: business.at_most.as_ref().and_then(|at_most| self::at_most(loaded, &at, at_most)),
        repeats: business.repeats,
    };
    Assembled { api_base, policy }
}

/// The one configured, as agents may be told it. They join paths to it, and trust it because of where it stands.
fn api_base(loaded: &mut Loaded, place: &str, from: &organisation::Organisation) -> Option<Url> {
    let url = from.business.api_base.as_ref()?;
    let bare = url.query().is_none() && url.fragment().is_none();
    if url.scheme() != "https" {
        loaded.object(place, "must begin with https://");
    } else if !bare || !url.username().is_empty() || url.password().is_some() {
        loaded.object(place, "must be scheme, host and perhaps a path, nothing else");
    }
    let ours = from.domain.as_ref().map(ToString::to_string).unwrap_or_default();
    let host = url.host_str().unwrap_or_default();
    if !ours.is_empty() && host != ours && !host.ends_with(&format!(".{ours}")) {
        loaded.warn(place, format!("agents may distrust it: it is not below {ours} (DRP 0.5 §2.01)"));
    }
    Some(url.clone())
}

/// Agents know a business by its domain, and look nowhere else.
fn discovered(loaded: &mut Loaded, place: &str, mounts: &[Mount]) {
    let deeper = mounts.iter().find(|mount| mount.role == Role::CoveredBusiness && !mount.path.is_empty());
    if let Some(mount) = deeper {
        let message = format!(
            "agents ask for /.well-known/data-rights.json at the top of the domain: let a proxy pass it to {}",
            mount.path
        );
        loaded.warn(&format!("{place}.public_url"), message);
    }
}

/// Who proves who they are, and by what.
fn verification(loaded: &mut Loaded, at: &str, from: &organisation::Organisation) {
    let verify = &from.business.verify;
    for (index, right) in verify.iter().enumerate() {
        let place = format!("{at}.verify[{index}]");
        if !right.may_be_verified() {
            let why = "nobody may be made to prove who they are for this (Cal. Code Regs. tit. 11, § 7026(d))";
            loaded.object(&place, why);
        } else if !from.rights.contains(right) {
            loaded.object(&place, "is none of the organisation's rights");
        }
    }
    if !verify.is_empty() && loaded.config.mail.url.is_none() {
        loaded.object(&format!("{at}.verify"), "needs [mail]: people are sent a code to their e-mail address");
    }
}

fn grants(loaded: &mut Loaded, at: &str, from: &organisation::Organisation) -> Vec<(Regime, Vec<Right>)> {
    let (mut seen, mut granted) = (HashSet::new(), Vec::new());
    for (index, grant) in from.business.grants.iter().enumerate() {
        let place = |key: &str| format!("{at}.grants[{index}].{key}");
        for (key, missing) in [("regime", grant.regime.is_none()), ("rights", grant.rights.is_none())] {
            if missing {
                loaded.missing(&place(key));
            }
        }
        let rights = grant.rights.as_deref().unwrap_or_default();
        for (number, _) in rights.iter().enumerate().filter(|(_, right)| !from.rights.contains(right)) {
            loaded.object(&format!("{}[{number}]", place("rights")), "is none of the organisation's rights");
        }
        let Some(regime) = grant.regime else { continue };
        if regime == Regime::Gdpr {
            loaded.warn(&place("regime"), "no request names it: DRP 0.5 knows ccpa, and voluntary where none is named");
        }
        if !seen.insert(regime) {
            loaded.object(&place("regime"), format!("{regime} stands there twice"));
        }
        granted.push((regime, rights.to_vec()));
    }
    granted
}

fn at_most(loaded: &mut Loaded, at: &str, from: &configured::AtMost) -> Option<AtMost> {
    let place = |key: &str| format!("{at}.at_most.{key}");
    for (key, missing) in [("requests", from.requests.is_none()), ("within", from.within.is_none())] {
        if missing {
            loaded.missing(&place(key));
        }
    }
    if from.requests == Some(0) {
        loaded.object(&place("requests"), "must be at least 1");
    }
    if from.within.is_some_and(|within| within.ms() == 0) {
        loaded.object(&place("within"), "must be longer than nothing");
    }
    Some(AtMost { requests: from.requests?, within_ms: from.within?.ms() })
}
