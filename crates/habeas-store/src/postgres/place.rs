//! Where is the database?

use std::{path::PathBuf, str::FromStr};

use tokio_postgres::config::{Config, Host, SslMode};
use url::Url;

/// Where a PostgreSQL database is, and how it is reached: `postgres://user:password@host:port,host:port/database`, with
/// libpq's parameters. Several hosts are tried in order; `target_session_attrs=read-write` passes over standbys.
#[derive(Clone)]
pub struct Place {
    config: Config,
    root_certificate: Option<PathBuf>,
}

/// What is wrong with the address of a database.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PlaceError(String);

impl Place {
    /// The file with the certificate authorities to trust instead of the system's: `sslrootcert`.
    pub fn root_certificate(&self) -> Option<&std::path::Path> {
        self.root_certificate.as_deref()
    }

    /// The places to try, one host each, in order.
    pub(super) fn each(&self) -> Vec<Config> {
        let ports = self.config.get_ports();
        let hosts = self.config.get_hosts().iter().enumerate();
        hosts.map(|(n, host)| self.at(host, ports.get(n).or(ports.first()).copied().unwrap_or(5432))).collect()
    }

    fn at(&self, host: &Host, port: u16) -> Config {
        let all = &self.config;
        let mut one = Config::new();
        match host {
            Host::Tcp(name) => one.host(name),
            #[cfg(unix)]
            Host::Unix(path) => one.host_path(path),
        };
        one.port(port)
            .application_name(all.get_application_name().unwrap_or("habeas"))
            .ssl_mode(all.get_ssl_mode())
            .ssl_negotiation(all.get_ssl_negotiation())
            .channel_binding(all.get_channel_binding())
            .target_session_attrs(all.get_target_session_attrs());
        if let Some(user) = all.get_user() {
            one.user(user);
        }
        if let Some(password) = all.get_password() {
            one.password(password);
        }
        if let Some(name) = all.get_dbname() {
            one.dbname(name);
        }
        if let Some(options) = all.get_options() {
            one.options(options);
        }
        one
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    /// The errors name the parameter, never its value: the address may hold a password.
    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let wrong = |what: &str| PlaceError(what.to_owned());
        let (mut root_certificate, mut verifies) = (None, false);
        // Those that the client does not know are taken out: it verifies whatever certificate it is shown.
        let (base, query) = text.split_once('?').unwrap_or((text, ""));
        let mut rest = Vec::new();
        for (name, value) in
            Url::parse(&format!("http://query/?{query}")).map_err(|_| wrong("cannot be read"))?.query_pairs()
        {
            match (&*name, &*value) {
                ("sslrootcert", path) => root_certificate = Some(PathBuf::from(path)),
                ("sslmode", "verify-full") => verifies = true,
                ("sslmode", "verify-ca" | "allow") => {
                    return Err(wrong("sslmode must be disable, prefer, require or verify-full"));
                }
                _ => rest.push((name.into_owned(), value.into_owned())),
            }
        }
        let mut config: Config =
            rejoined(base, &rest).parse().map_err(|error: tokio_postgres::Error| PlaceError(without_values(&error)))?;
        if verifies {
            config.ssl_mode(SslMode::Require);
        }
        if config.get_hosts().is_empty() {
            return Err(wrong("names no host"));
        }
        Ok(Self { config, root_certificate })
    }
}

fn rejoined(base: &str, pairs: &[(String, String)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let query = query.extend_pairs(pairs).finish().replace('+', "%20");
    if query.is_empty() { base.to_owned() } else { format!("{base}?{query}") }
}

/// The client's errors quote parameters that it does not know, but not the values of those that it does.
fn without_values(error: &tokio_postgres::Error) -> String {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    cause.unwrap_or_else(|| "cannot be read".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        text.parse::<Place>().err().unwrap().to_string()
    }

    #[test]
    fn every_host_is_tried_with_its_own_port_and_all_the_rest() {
        let place: Place =
            "postgres://me:s3cret@one:1,two:2/habeas?target_session_attrs=read-write&sslmode=verify-full&sslrootcert=/ca"
                .parse()
                .unwrap();
        let each = place.each();
        let hosts: Vec<_> = each.iter().map(|one| (one.get_hosts()[0].clone(), one.get_ports()[0])).collect();
        assert_eq!(hosts, [(Host::Tcp("one".to_owned()), 1), (Host::Tcp("two".to_owned()), 2)]);
        for one in &each {
            assert_eq!((one.get_user(), one.get_password()), (Some("me"), Some(&b"s3cret"[..])));
            assert_eq!((one.get_dbname(), one.get_ssl_mode()), (Some("habeas"), SslMode::Require));
            assert_eq!(one.get_target_session_attrs(), tokio_postgres::config::TargetSessionAttrs::ReadWrite);
        }
        assert_eq!(place.root_certificate(), Some(std::path::Path::new("/ca")));
    }

    #[test]
    fn what_is_wrong_is_told_without_the_password() {
        for text in ["postgres://me:s3cret@one/db?port=s3cret", "postgres://me:s3cret@one/db?sslmode=s3cret"] {
            assert!(!refused(text).contains("s3cret"), "{}", refused(text));
        }
        assert_eq!(refused("postgres:///db"), "names no host");
    }
}
