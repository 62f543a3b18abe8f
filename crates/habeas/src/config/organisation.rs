//! What can be configured of an organisation?

use std::path::PathBuf;

use habeas_core::{domain::Domain, identity::Format, organisation, regime::Regime, right::Right, role::Role};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use super::{business::Business, duration::Duration, party::Party, text::IdentityForm};

/// A legal entity that this server acts for; at least one. Nothing crosses between them.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Organisation {
    /// Its domain, which it signs as. Required.
    #[schema(value_type = Option<String>)]
    pub domain: Option<Domain>,
    /// What peers see: `https://`, host and perhaps a path, apart from the address of the listener. Required.
    #[schema(value_type = Option<String>)]
    pub public_url: Option<Url>,
    /// The private key it signs with: RSA or P-256, PKCS#8 in PEM. Required.
    #[schema(value_type = Option<String>)]
    pub key_file: Option<PathBuf>,
    /// The certificate chain of that key for the domain, in PEM, leaf first. Required.
    #[schema(value_type = Option<String>)]
    pub certificate_file: Option<PathBuf>,
    /// The key that seals what is personal in the database: 64 hexadecimal digits. Lost with it is everything
    /// personal. Required.
    #[schema(value_type = Option<String>)]
    pub sealing_key_file: Option<PathBuf>,
    /// The parts in which it acts. In OpenGDPR: `controller`, `processor`, `agent`; an agent stands between controllers
    /// and processors and hands what it receives on, so `fulfilment.by` must be `parties`. In DRP: `covered-business`,
    /// which people's agents discover; `pip`, which takes their requests, usually beside it; `authorized-agent`, which
    /// acts for people. Used where no `mount` is given.
    #[schema(value_type = Vec<String>)]
    pub roles: Vec<Role>,
    /// Where it serves which dialect. Without any: as `controller` and `processor` `opengdpr/1.0`, under `/v1`; as
    /// `agent` every version that knows agents, under its own prefix such as `/v0.1.3`; and all of them also without
    /// prefix, the newest first. `drp/0.5` as `covered-business` without prefix, as `pip` under `/data-rights`, as
    /// `authorized-agent` under `/drp`.
    pub mount: Vec<Mount>,
    /// The law that holds when a request names none: `gdpr`, `ccpa` or `voluntary`.
    #[schema(value_type = String)]
    pub regime: Regime,
    /// How long a request stays cancellable before work on it begins.
    #[schema(value_type = String)]
    pub hold: Duration,
    /// How long everything personal of a request is kept after it is final; then its key is destroyed.
    #[schema(value_type = String)]
    pub keep: Duration,
    /// Whether the acceptance of a request is called back like every later change.
    pub call_back_acceptance: bool,
    /// Whether answers carry their signature in the body beside the header.
    pub signature_in_body: bool,
    /// The rights it serves. In OpenGDPR `access`, `portability`, `erasure`, and as an extension `opt-out-of-sale` and
    /// `opt-in-to-sale`; in DRP `access`, `access-categories`, `access-specific`, `erasure`, `opt-out-of-sale` and
    /// `opt-in-to-sale`. Where parties do the work of OpenGDPR requests, this and `identities` hold only while a party
    /// cannot be asked; otherwise it serves what any of its parties serves. In DRP this is what holds: what no party
    /// serves, the organisation does itself.
    #[schema(value_type = Vec<String>)]
    pub rights: Vec<Right>,
    /// The identities it accepts, each `kind:format`; the formats are `raw`, `sha256`, `sha1` and `md5`. DRP has
    /// identity tokens in their place.
    #[schema(value_type = Vec<String>)]
    pub identities: Vec<IdentityForm>,
    /// How it treats what people's agents ask of it.
    pub business: Business,
    /// What it accepts at most.
    pub limits: Limits,
    /// Who does the work of the requests it receives.
    pub fulfilment: Fulfilment,
    /// The parties it deals with.
    pub party: Vec<Party>,
}

impl Default for Organisation {
    fn default() -> Self {
        Self {
            domain: None,
            public_url: None,
            key_file: None,
            certificate_file: None,
            sealing_key_file: None,
            roles: vec![Role::Processor],
            mount: Vec::new(),
            regime: Regime::Gdpr,
            hold: Duration::from_ms(0),
            keep: Duration::from_ms(30 * habeas_core::clock::DAY_MS),
            call_back_acceptance: true,
            signature_in_body: true,
            rights: vec![Right::Access, Right::Portability, Right::Erasure],
            identities: [Format::Raw, Format::Sha256].map(IdentityForm::email).to_vec(),
            business: Business::default(),
            limits: Limits::default(),
            fulfilment: Fulfilment::default(),
            party: Vec::new(),
        }
    }
}

/// A place where an organisation serves one dialect in one role. Several dialects may share a path: there each message
/// is taken in the dialect that its `api_version` names, and in that of the first mount if it names none.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mount {
    /// The dialect: `opengdpr/1.0`, `opengdpr/0.1.3`, `opengdpr/0.1.2` or `drp/0.5`. Required.
    pub dialect: Option<String>,
    /// The role: `controller`, `processor` or `agent`; in `drp/0.5` `covered-business`, `pip` or `authorized-agent`.
    /// Required.
    #[schema(value_type = Option<String>)]
    pub role: Option<Role>,
    /// The path below `public_url`: empty, or beginning with a slash. Required.
    pub path: Option<String>,
}

/// Who does the work of the requests an organisation receives.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Fulfilment {
    /// `operator`: a person, by command line or API. `webhook`: the organisation's own systems, told by a signed
    /// message. `parties`: parties of the organisation, each of which gets its share; what they report is what the
    /// sender is told. What people's agents ask for and no party serves is done by the organisation's own systems, if
    /// they are told of it, or else by an operator.
    #[schema(value_type = String)]
    pub by: FulfilmentBy,
    /// With `parties`: the ids of those who get a share, if they serve it; without any, every party that has a
    /// `base_url`.
    pub parties: Vec<String>,
    /// Where the webhook goes. With `parties`, it is told of what none of them serves.
    #[schema(value_type = Option<String>)]
    pub url: Option<Url>,
    /// The file with the secret that signs it: `whsec_` and base64, as Standard Webhooks says.
    #[schema(value_type = Option<String>)]
    pub secret_file: Option<PathBuf>,
}

/// Who does the work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FulfilmentBy {
    /// A person.
    #[default]
    Operator,
    /// The organisation's own systems.
    Webhook,
    /// Its parties.
    Parties,
}

/// What an organisation accepts at most.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of a body.
    pub body_bytes: usize,
    /// Levels of nested JSON.
    pub json_depth: usize,
    /// Callback URLs of a request.
    pub callback_urls: usize,
    /// Characters of a callback URL.
    pub callback_url_chars: usize,
    /// Identities of a request.
    pub identities: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let organisation::Limits { body_bytes, json_depth, callback_urls, callback_url_chars, identities } =
            organisation::Limits::default();
        Self { body_bytes, json_depth, callback_urls, callback_url_chars, identities }
    }
}

impl From<Limits> for organisation::Limits {
    fn from(limits: Limits) -> Self {
        let Limits { body_bytes, json_depth, callback_urls, callback_url_chars, identities } = limits;
        Self { body_bytes, json_depth, callback_urls, callback_url_chars, identities }
    }
}
