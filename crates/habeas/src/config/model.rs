//! What can be configured of a server? One struct per section; `docs/CONFIGURATION.md` is printed from these comments.

use std::{net::SocketAddr, path::PathBuf};

use habeas_engine::settings::Settings;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use super::{duration::Duration, organisation::Organisation};

/// The whole configuration: one file in TOML, by default `habeas.toml`. Relative paths start at its folder.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where requests are kept: `sqlite:` and the path of a file, for one process; or
    /// `postgres://user:password@host:port,host:port/database`, for any number of nodes, with libpq's parameters
    /// (`target_session_attrs=read-write` passes over standbys, `sslmode=verify-full&sslrootcert=/path` speaks TLS).
    /// A password is better given in the environment: `HABEAS__DATABASE`.
    pub database: String,
    /// Where peers reach this server.
    pub listen: Listen,
    /// Where operators reach this server.
    pub operator: Operator,
    /// How other parties are told of changes.
    pub delivery: Delivery,
    /// How parties that have a request of ours are asked about it.
    pub follow: Follow,
    /// Where the operator is told of what needs attention.
    pub alert: Alert,
    /// By which server people are written to.
    pub mail: Mail,
    /// Where this server may connect to.
    pub egress: Egress,
    /// Which authorities are believed.
    pub trust: Trust,
    /// What is logged.
    pub log: Log,
    /// The legal entities that this server acts for, at least one. Nothing crosses between them.
    pub organisation: Vec<Organisation>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database: "sqlite:habeas.db".to_owned(),
            listen: Listen::default(),
            operator: Operator::default(),
            delivery: Delivery::default(),
            follow: Follow::default(),
            alert: Alert::default(),
            mail: Mail::default(),
            egress: Egress::default(),
            trust: Trust::default(),
            log: Log::default(),
            organisation: Vec::new(),
        }
    }
}

/// The listener for peers. All organisations share it and are told apart by the host they are called under; under any
/// other, load balancers find `/healthz` and `/readyz`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Listen {
    /// Address and port.
    #[schema(value_type = String)]
    pub address: SocketAddr,
    /// The certificate chain for TLS, in PEM, leaf first. Without it the listener speaks plain HTTP and a proxy in
    /// front of it must speak TLS.
    #[schema(value_type = Option<String>)]
    pub tls_certificate: Option<PathBuf>,
    /// The private key of that certificate, in PEM.
    #[schema(value_type = Option<String>)]
    pub tls_key: Option<PathBuf>,
}

impl Default for Listen {
    fn default() -> Self {
        Self { address: SocketAddr::from(([0, 0, 0, 0], 8080)), tls_certificate: None, tls_key: None }
    }
}

/// The listener for operators: JSON API, health and metrics. Plain HTTP, so keep it on this machine or behind a proxy.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Operator {
    /// Address and port.
    #[schema(value_type = String)]
    pub address: SocketAddr,
    /// The file that holds the operator's token, at least 32 characters; whoever has it may do everything.
    #[schema(value_type = String)]
    pub token_file: PathBuf,
}

impl Default for Operator {
    fn default() -> Self {
        Self { address: SocketAddr::from(([127, 0, 0, 1], 8081)), token_file: "operator.token".into() }
    }
}

/// How callbacks, webhooks and notices are delivered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Delivery {
    /// The pause before each attempt; the last one is repeated until a week after the request's legal deadline.
    #[schema(value_type = Vec<String>)]
    pub schedule: Vec<Duration>,
    /// How long one attempt may take in all, from the look-up of the name to the last byte of the answer.
    #[schema(value_type = String)]
    pub attempt_timeout: Duration,
    /// How many attempts may be under way at once.
    pub attempts_at_once: usize,
    /// How many of them to one host.
    pub attempts_per_host: usize,
    /// After so many failures in a row the affected party's `contact` is told.
    pub notice_after_attempts: u32,
}

impl Default for Delivery {
    fn default() -> Self {
        let settings = Settings::default();
        Self {
            schedule: settings.schedule.steps_ms.into_iter().map(Duration::from_ms).collect(),
            attempt_timeout: Duration::from_ms(settings.attempt_ms),
            attempts_at_once: settings.attempts_at_once,
            attempts_per_host: settings.attempts_per_host,
            notice_after_attempts: settings.notice_after_attempts,
        }
    }
}

/// How parties that have a request of ours, and say nothing, are asked how it stands.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Follow {
    /// The pause before each question, counted from the last news; the last one is repeated until the party is done.
    #[schema(value_type = Vec<String>)]
    pub schedule: Vec<Duration>,
}

impl Default for Follow {
    fn default() -> Self {
        Self { schedule: Settings::default().follow.steps_ms.into_iter().map(Duration::from_ms).collect() }
    }
}

/// Where the operator is told that something needs attention: callbacks that keep failing, parties that are late or
/// cannot be dealt with, certificates that end. Each is told once, a certificate once a day, by a message signed as
/// Standard Webhooks says. Without this section `habeas faults` still lists them.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Alert {
    /// Where the messages go.
    #[schema(value_type = Option<String>)]
    pub url: Option<Url>,
    /// The file with the secret that signs them: `whsec_` and base64, as `habeas keys webhook` makes it.
    #[schema(value_type = Option<String>)]
    pub secret_file: Option<PathBuf>,
}

/// By which mail server people are written to: codes with which they prove who they are. Never without TLS; the
/// authorities of `egress.ca_file` are believed beside the system's. Without this section nobody is written to.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// The server: `smtps://mail.example.com:465`, or `smtp://mail.example.com:587`, where TLS follows a first
    /// exchange. The ports are the usual ones and may be left out.
    #[schema(value_type = Option<String>)]
    pub url: Option<Url>,
    /// Who writes: `privacy@example.com`, or `Example <privacy@example.com>`. Required where `url` is given.
    pub from: Option<String>,
    /// Who this server is to the mail server, if it asks; with a password.
    pub user: Option<String>,
    /// The file with the password.
    #[schema(value_type = Option<String>)]
    pub password_file: Option<PathBuf>,
    /// In place of `password_file`: the name of the environment variable with the password.
    pub password_env: Option<String>,
}

/// Where this server may connect to. Addresses that a peer names (callbacks, certificates) never lead into private
/// networks, whatever is written here.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Egress {
    /// The ports that addresses named by peers may have, besides 443.
    pub ports: Vec<u16>,
    /// Private networks that destinations written in this file (webhooks, alerts, parties, contacts) may lie in, such
    /// as `10.0.0.0/8`.
    #[schema(value_type = Vec<String>)]
    pub allow: Vec<IpNet>,
    /// The authorities believed for TLS connections, in PEM; they take the place of the system's.
    #[schema(value_type = Option<String>)]
    pub ca_file: Option<PathBuf>,
}

impl Default for Egress {
    fn default() -> Self {
        Self { ports: vec![443], allow: Vec::new(), ca_file: None }
    }
}

/// Which authorities are believed when they say whose key has signed a message.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Trust {
    /// Their certificates, in PEM; they take the place of the system's.
    #[schema(value_type = Option<String>)]
    pub ca_file: Option<PathBuf>,
}

/// What is logged, on standard error. Never the body of a message.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `text` for people, `json` for machines.
    #[schema(value_type = String)]
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter such as `info,habeas_engine=debug`.
    pub level: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".to_owned() }
    }
}

/// The form of a line of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}
