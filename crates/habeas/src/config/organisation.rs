//! What can be configured of an organisation and of the parties it deals with?

use std::{fmt, path::PathBuf, str::FromStr};

use habeas_core::{
    domain::Domain,
    identity::{Format, Kind},
    organisation,
    regime::Regime,
    right::Right,
    role::Role,
};
use habeas_trust::credential::TokenHash;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use url::Url;
use utoipa::ToSchema;

use super::duration::Duration;

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
    /// The parts in which it acts: `controller`, `processor`, `agent`. Used where no `mount` is given. An agent stands
    /// between controllers and processors: it hands what it receives on, so `fulfilment.by` must be `parties`.
    #[schema(value_type = Vec<String>)]
    pub roles: Vec<Role>,
    /// Where it serves which dialect. Without any: as `controller` and `processor` `opengdpr/1.0`, under `/v1`; as
    /// `agent` every version that knows agents, under its own prefix such as `/v0.1.3`; and all of them also without
    /// prefix, the newest first.
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
    /// The rights it serves: `access`, `portability`, `erasure`. Where parties do the work, this and `identities` hold
    /// only while a party cannot be asked; otherwise it serves what any of its parties serves.
    #[schema(value_type = Vec<String>)]
    pub rights: Vec<Right>,
    /// The identities it accepts, each `kind:format`; the formats are `raw`, `sha256`, `sha1` and `md5`.
    #[schema(value_type = Vec<String>)]
    pub identities: Vec<IdentityForm>,
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
    /// The dialect: `opengdpr/1.0`, `opengdpr/0.1.3` or `opengdpr/0.1.2`. Required.
    pub dialect: Option<String>,
    /// The role: `controller`, `processor` or `agent`. Required.
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
    /// sender is told.
    #[schema(value_type = String)]
    pub by: FulfilmentBy,
    /// With `parties`: the ids of those who get a share, if they serve it; without any, every party that has a
    /// `base_url`.
    pub parties: Vec<String>,
    /// Where the webhook goes.
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

/// A counterparty of an organisation.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Party {
    /// What it is called here; its domain, if not given.
    pub id: Option<String>,
    /// The domain it signs as. Required.
    #[schema(value_type = Option<String>)]
    pub domain: Option<Domain>,
    /// The dialect in which it is spoken to: `opengdpr/1.0`, if not given, or `opengdpr/0.1.3` or `opengdpr/0.1.2`.
    pub dialect: Option<String>,
    /// What that dialect does differently for it: names of knobs, which are listed at the end of this page.
    pub knobs: Vec<String>,
    /// Where it serves that dialect; not needed for a party that only calls.
    #[schema(value_type = Option<String>)]
    pub base_url: Option<Url>,
    /// The name it goes by in this organisation's system (OpenGDPR's `controller_id`); its id, if not given.
    pub known_as: Option<String>,
    /// The hashes of the credentials it calls with, at most two, as `habeas keys token` prints them.
    #[schema(value_type = Vec<String>)]
    pub credentials: Vec<HashText>,
    /// How this organisation shows it who it is: `bearer`, `basic` (the secret is `user:password`) or `query` (the
    /// secret is `name=value`).
    #[schema(value_type = String)]
    pub credential_scheme: Scheme,
    /// The file with the secret for that.
    #[schema(value_type = Option<String>)]
    pub credential_file: Option<PathBuf>,
    /// Or the name of the environment variable with it.
    pub credential_env: Option<String>,
    /// The domains of those to whom it hands requests on, and who may therefore report about them.
    #[schema(value_type = Vec<String>)]
    pub vouches_for: Vec<Domain>,
    /// The rights it serves, for a party that cannot be asked: with `identities`, in place of its discovery.
    #[schema(value_type = Vec<String>)]
    pub rights: Vec<Right>,
    /// The identities it accepts, each `kind:format`, for a party that cannot be asked: with `rights`.
    #[schema(value_type = Vec<String>)]
    pub identities: Vec<IdentityForm>,
    /// Where it is told when callbacks to it keep failing.
    #[schema(value_type = Option<String>)]
    pub contact: Option<Url>,
    /// What it is forgiven.
    pub trust: Leniency,
}

/// How a credential is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// `Authorization: Bearer`.
    #[default]
    Bearer,
    /// `Authorization: Basic`.
    Basic,
    /// A parameter of the query.
    Query,
}

/// What a party is forgiven in matters of trust. Each line weakens a check; leave them out unless a peer needs one.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Leniency {
    /// RSASSA-PSS signatures are accepted beside PKCS#1 v1.5.
    pub pss: bool,
    /// Its certificate may be served by another host than its discovery.
    pub certificate_on_another_host: bool,
    /// Its callbacks may come without `status_callback_url`.
    pub callback_without_url: bool,
    /// Its receipts and statuses may come without a signature. They prove nothing then and are not kept as receipts.
    pub unsigned_receipts: bool,
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

/// A kind of identity in one format, written `email:sha256`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityForm(pub Kind, pub Format);

impl IdentityForm {
    fn email(format: Format) -> Self {
        Self(Kind::new("email"), format)
    }
}

/// The text names no kind and format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not kind:format, such as email:sha256; the formats are raw, sha256, sha1 and md5")]
pub struct NotAnIdentityForm;

impl FromStr for IdentityForm {
    type Err = NotAnIdentityForm;

    fn from_str(text: &str) -> Result<Self, NotAnIdentityForm> {
        let (kind, format) = text.split_once(':').filter(|(kind, _)| !kind.is_empty()).ok_or(NotAnIdentityForm)?;
        Ok(Self(Kind::new(kind), format.parse().map_err(|_| NotAnIdentityForm)?))
    }
}

impl fmt::Display for IdentityForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0.as_str(), self.1)
    }
}

/// The hash of a credential, written `hbs_<id>:<digest>`.
#[derive(Debug, Clone)]
pub struct HashText(pub TokenHash);

impl FromStr for HashText {
    type Err = habeas_trust::credential::NotATokenHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for HashText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! serde_as_text {
    ($($name:ty),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}
serde_as_text!(IdentityForm, HashText);
