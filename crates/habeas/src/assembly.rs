//! How does a configuration become the parts of a running server? Whatever does not fit is noted with its line.

mod business;
mod files;
mod fulfilment;
mod mail;
pub mod mounts;
pub mod organisation;
pub mod party;
pub mod sealed;
mod settings;
mod tokens;
mod webhook;

use std::{
    collections::HashSet,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use habeas_core::{clock::Instant, domain::Domain, secret::Secret};
use habeas_engine::{directory::Tenant, mail::Mailer, outbound, settings::Settings};
use habeas_server::TlsFiles;
use habeas_trust::{certificate::Roots, seal::MasterKey};
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

use crate::{config::Loaded, database::Database};

/// The parts of a server.
pub struct Parts {
    /// The database.
    pub database: Database,
    /// Where peers reach it.
    pub listen: SocketAddr,
    /// With which certificate, if it speaks TLS itself.
    pub tls: Option<TlsFiles>,
    /// Where operators reach it.
    pub operator: SocketAddr,
    /// The operator's token.
    pub operator_token: Secret,
    /// The organisations.
    pub tenants: Vec<Tenant>,
    /// The keys that seal what is theirs.
    pub sealing: Vec<(Domain, MasterKey)>,
    /// The engine's settings.
    pub settings: Settings,
    /// By which letters to people go.
    pub mailer: Arc<dyn Mailer>,
    /// Where it may connect to, and whom it believes.
    pub policy: outbound::Policy,
}

/// The shortest token an operator may have, in characters.
const TOKEN_CHARS: usize = 32;

/// Makes the parts, or says with `None` that something is wrong: see [`Loaded::problems`].
pub fn assemble(loaded: &mut Loaded, now: Instant) -> Option<Parts> {
    let database = database(loaded);
    log(loaded);
    listeners(loaded);
    let tls = tls(loaded);
    let operator_token = operator_token(loaded);
    let roots = Arc::new(roots(loaded));
    let settings = settings::assemble(loaded);
    let policy = policy(loaded, &roots);
    let mailer = mail::assemble(loaded);
    let (mut tenants, mut sealing, mut domains) = (Vec::new(), Vec::new(), HashSet::new());
    let mut secrets = party::Secrets::new();
    let organisations = loaded.config.organisation.clone();
    if organisations.is_empty() {
        loaded.missing_because("organisation", "there is none, so this server would act for nobody");
    }
    for (index, configured) in organisations.iter().enumerate() {
        let place = format!("organisation[{index}]");
        if let Some(domain) = configured.domain.as_ref().filter(|domain| !domains.insert((*domain).clone())) {
            loaded.object(&format!("{place}.domain"), format!("{domain} is configured twice"));
        }
        if let Some((tenant, key)) = organisation::assemble(loaded, &place, configured, (&roots, now), &mut secrets) {
            sealing.push((tenant.domain().clone(), key));
            tenants.push(tenant);
        }
    }
    if !loaded.is_sound() {
        return None;
    }
    Some(Parts {
        database: database?,
        listen: loaded.config.listen.address,
        tls,
        operator: loaded.config.operator.address,
        operator_token: operator_token?,
        tenants,
        sealing,
        settings,
        mailer,
        policy,
    })
}

/// The operator's token alone, for a client that reads the server's own configuration.
pub fn operator_token(loaded: &mut Loaded) -> Option<Secret> {
    let file = loaded.config.operator.token_file.clone();
    let token = files::secret(loaded, "operator.token_file", &file)?;
    if token.expose().len() < TOKEN_CHARS {
        loaded.object("operator.token_file", format!("the token in it is shorter than {TOKEN_CHARS} characters"));
        return None;
    }
    Some(token)
}

/// The database alone, for a command that needs nothing else.
pub fn database(loaded: &mut Loaded) -> Option<Database> {
    let text = loaded.config.database.clone();
    match Database::parse(&text, |path| loaded.path(path)) {
        Ok(database) => Some(database),
        Err(why) => {
            loaded.object("database", why);
            None
        }
    }
}

fn log(loaded: &mut Loaded) {
    let level = loaded.config.log.level.clone();
    // A word that is no level is taken for the name of a module. Where there is nothing else, nothing else is logged.
    let says_how_much = |part: &str| part.contains(['=', '[']) || part.trim().parse::<LevelFilter>().is_ok();
    if let Err(error) = EnvFilter::builder().parse(&level) {
        loaded.object("log.level", error.to_string());
    } else if !level.split(',').any(says_how_much) {
        loaded.object("log.level", "must say off, error, warn, info, debug or trace, for everything or for a module");
    }
}

fn listeners(loaded: &mut Loaded) {
    let (peers, operators) = (loaded.config.listen.address, loaded.config.operator.address);
    // The unspecified address of IPv6 stands for those of IPv4, too.
    let covers = |one: IpAddr, other: IpAddr| one.is_unspecified() && (one.is_ipv6() || other.is_ipv4());
    let overlap =
        peers.ip() == operators.ip() || covers(peers.ip(), operators.ip()) || covers(operators.ip(), peers.ip());
    if overlap && peers.port() == operators.port() && peers.port() != 0 {
        loaded.object("operator.address", "is that of listen.address: operators have a listener of their own");
    }
}

fn tls(loaded: &mut Loaded) -> Option<TlsFiles> {
    match (loaded.config.listen.tls_certificate.clone(), loaded.config.listen.tls_key.clone()) {
        (Some(certificate), Some(key)) => {
            files::text(loaded, "listen.tls_certificate", &certificate)?;
            files::text(loaded, "listen.tls_key", &key)?;
            Some(TlsFiles { certificate: loaded.path(&certificate), key: loaded.path(&key) })
        }
        (None, None) => None,
        _ => {
            loaded.object("listen", "tls_certificate and tls_key belong together");
            None
        }
    }
}

/// The configured authorities, else the system's.
pub fn roots(loaded: &mut Loaded) -> Roots {
    let Some(file) = loaded.config.trust.ca_file.clone() else {
        let roots = system_roots();
        if roots.is_empty() {
            loaded.warn("trust", "this system has no trusted authorities, so no signature can be verified");
        }
        return roots;
    };
    let Some(text) = files::text(loaded, "trust.ca_file", &file) else { return Roots::default() };
    Roots::from_pem(&text).unwrap_or_else(|error| {
        loaded.object("trust.ca_file", error.to_string());
        Roots::default()
    })
}

/// The authorities that this system trusts.
pub fn system_roots() -> Roots {
    let system = rustls_native_certs::load_native_certs().certs;
    Roots::from_der(system.into_iter().map(|certificate| certificate.to_vec()))
}

fn policy(loaded: &mut Loaded, roots: &Arc<Roots>) -> outbound::Policy {
    let egress = loaded.config.egress.clone();
    if egress.ports.is_empty() || egress.ports.contains(&0) {
        loaded.object("egress.ports", "must name ports from 1 to 65535, at least one");
    }
    let tls_roots_pem = egress.ca_file.as_ref().and_then(|file| {
        let text = files::text(loaded, "egress.ca_file", file)?;
        if let Err(error) = Roots::from_pem(&text) {
            loaded.object("egress.ca_file", error.to_string());
        }
        Some(text)
    });
    outbound::Policy {
        sandbox: false,
        allow: egress.allow,
        ports: egress.ports,
        tls_roots_pem,
        trust_roots: Arc::clone(roots),
    }
}
