//! What can be configured of a party that an organisation deals with?

use std::path::PathBuf;

use habeas_core::{domain::Domain, right::Right};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use super::text::{AlgorithmText, HashText, IdentityForm};

/// A counterparty of an organisation.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Party {
    /// What it is called here; its domain, if not given.
    pub id: Option<String>,
    /// The domain it signs as. Required.
    #[schema(value_type = Option<String>)]
    pub domain: Option<Domain>,
    /// The dialect in which it is spoken to: `opengdpr/1.0`, if not given, or `opengdpr/0.1.3`, `opengdpr/0.1.2` or
    /// `drp/0.5`.
    pub dialect: Option<String>,
    /// What that dialect does differently for it: names of knobs, which are listed at the end of this page.
    pub knobs: Vec<String>,
    /// Where it serves that dialect; not needed for a party that only calls. In `drp/0.5`, where its discovery is: if
    /// it is not given, but a credential and a key of identity tokens to call it with are, `https://` and its domain.
    #[schema(value_type = Option<String>)]
    pub base_url: Option<Url>,
    /// In `drp/0.5`, where it takes requests, in place of what its discovery says.
    #[schema(value_type = Option<String>)]
    pub api_base: Option<Url>,
    /// The name it goes by in this organisation's system (OpenGDPR's `controller_id`, and another name for the `iss` of
    /// DRP's identity tokens); its id, if not given.
    pub known_as: Option<String>,
    /// The hashes of the credentials it calls with, at most two, as `habeas keys token` and `habeas keys pair` print
    /// them.
    #[schema(value_type = Vec<String>)]
    pub credentials: Vec<HashText>,
    /// How this organisation shows it who it is: `bearer`, `basic` (the secret is `user:password`), `query` (the secret
    /// is `name=value`) or, in `drp/0.5`, `sha512` (nothing but the SHA-512 of the secret, as DRP 0.5 §3.07 has it).
    #[schema(value_type = String)]
    pub credential_scheme: Scheme,
    /// The file with the secret for that.
    #[schema(value_type = Option<String>)]
    pub credential_file: Option<PathBuf>,
    /// Or the name of the environment variable with it.
    pub credential_env: Option<String>,
    /// In place of `credential_file`: the secret itself, sealed for this organisation and party, as `habeas keys pair`
    /// prints it, `sealed:` and base64.
    pub credential: Option<String>,
    /// In `drp/0.5`, the keys of the identity tokens that it sends; several, while it changes over.
    pub identity_keys: Vec<IdentityKey>,
    /// In `drp/0.5`, the file with the secret that identity tokens for it are signed with (HS256), at least 32 bytes,
    /// which are used as they are.
    #[schema(value_type = Option<String>)]
    pub identity_secret_file: Option<PathBuf>,
    /// In place of `identity_secret_file`: the secret itself, sealed, as `habeas keys pair` prints it, `sealed:` and
    /// base64.
    pub identity_secret: Option<String>,
    /// In place of `identity_secret_file`: `own`, where identity tokens for it are signed with the organisation's own
    /// key (RS256 or ES256).
    #[schema(value_type = Option<String>)]
    pub identity_algorithm: Option<IdentitySigner>,
    /// In `drp/0.5`, the agent's own places, `https://` and a host, such as `https://agent.example`: where people may
    /// be sent back to who have proved who they are, and where callbacks show our credential. To its domain and what is
    /// below that they do so anyway; elsewhere they go without.
    #[schema(value_type = Vec<String>)]
    pub redirect_origins: Vec<Url>,
    /// In `drp/0.5`, whether answers to it show the SHA-512 of the secret that this organisation calls it with, which
    /// the letter of DRP 0.5 §3.07 demands and nobody is known to do.
    pub response_authorization: bool,
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

/// A key of the identity tokens that a party sends. A token is checked with the key of the algorithm that it names, and
/// with no other.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityKey {
    /// `HS256`, with a secret of these two alone; or `RS256`, `ES256` or `EdDSA`, with the party's public key: then
    /// every token must name this organisation in `aud`. Required.
    #[schema(value_type = Option<String>)]
    pub algorithm: Option<AlgorithmText>,
    /// With `HS256`: the file with the secret, at least 32 bytes, which are used as they are.
    #[schema(value_type = Option<String>)]
    pub secret_file: Option<PathBuf>,
    /// In place of `secret_file`: the secret itself, sealed, as `habeas keys pair` prints it, `sealed:` and base64.
    pub secret: Option<String>,
    /// With `RS256`, `ES256` and `EdDSA`: the file with the party's public key, in PEM.
    #[schema(value_type = Option<String>)]
    pub key_file: Option<PathBuf>,
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
    /// `Authorization` with nothing but the SHA-512 of the secret.
    Sha512,
}

/// With which key of ours identity tokens are signed, where it is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum IdentitySigner {
    /// The organisation's own.
    Own,
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
    /// In `drp/0.5`: people of whom its tokens say `email_verified` need not prove again who they are.
    pub verified_claims: bool,
    /// In `drp/0.5`: it may show the SHA-512 of its secret in place of the secret. Its hash must be made for that:
    /// `habeas keys pair --hashed`.
    pub hashed_secret: bool,
}
