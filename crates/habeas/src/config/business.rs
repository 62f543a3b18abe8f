//! What can be configured of how a covered business treats what people's agents ask of it (DRP)?

use habeas_core::{business, regime::Regime, right::Right};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use super::duration::Duration;

/// How a covered business treats what people's agents ask of it (DRP), before anybody looks at its data. For the roles
/// `covered-business` and `pip`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Business {
    /// Where agents send requests, as discovery says it; the mount of the role `pip`, if not given. Required where
    /// another provider has that role for this business.
    #[schema(value_type = Option<String>)]
    pub api_base: Option<Url>,
    /// How people may stand to the business, in its own words, such as `customer`: agents may repeat them as a hint.
    pub relationships: Vec<String>,
    /// The rights for which people prove first, by a code sent to their e-mail address, that the request is theirs.
    /// Never an opt-out. Needs `[mail]`.
    #[schema(value_type = Vec<String>)]
    pub verify: Vec<Right>,
    /// How long they have for that; then the request is denied.
    #[schema(value_type = String)]
    pub verify_within: Duration,
    /// How long results can be fetched, where whoever names their address does not say.
    #[schema(value_type = String)]
    pub results_for: Duration,
    /// The regions whose people are served, by the names and abbreviations that addresses have, such as `CA` and
    /// `California`. Who claims an address elsewhere is denied; who claims none is not. All regions, if none is named.
    pub regions: Vec<String>,
    /// Where a law covers less than `rights`: the rights that are granted under it.
    pub grants: Vec<Grant>,
    /// How often the same person may ask; without this, as often as they like.
    pub at_most: Option<AtMost>,
    /// Whether the same bytes, sent again by the same agent within a day while the request is open, are the same
    /// request.
    pub repeats: bool,
}

impl Default for Business {
    fn default() -> Self {
        let usual = business::Business::default();
        Self {
            api_base: None,
            relationships: Vec::new(),
            verify: usual.verify,
            verify_within: Duration::from_ms(usual.verify_within_ms),
            results_for: Duration::from_ms(usual.results_ms),
            regions: usual.regions,
            grants: Vec::new(),
            at_most: None,
            repeats: usual.repeats,
        }
    }
}

/// What is granted under one law; under a law without such an entry, all of `rights` is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Grant {
    /// The law: `ccpa`, or `voluntary` for requests that name none. Required.
    #[schema(value_type = Option<String>)]
    pub regime: Option<Regime>,
    /// The rights, among those of the organisation; an empty list grants nothing. Required.
    #[schema(value_type = Option<Vec<String>>)]
    pub rights: Option<Vec<Right>>,
}

/// How often the same person may ask. Who asks more often is denied with `too_many_requests`. Requests count as long as
/// their personal data are kept: by the organisation's `keep`, after they have ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AtMost {
    /// So many times. Required.
    pub requests: Option<u32>,
    /// Within such a time. Required.
    #[schema(value_type = Option<String>)]
    pub within: Option<Duration>,
}
