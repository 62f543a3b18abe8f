//! Which configuration is meant, and which server?

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Args;
use habeas_core::secret::Secret;
use url::Url;

use super::{
    client::Client,
    exit::{Failure, Outcome},
};
use crate::{
    assembly,
    config::{self, Loaded},
};

/// Where the configuration is.
#[derive(Debug)]
pub(super) struct Setup {
    named: Option<PathBuf>,
}

impl Setup {
    pub(super) const fn new(named: Option<PathBuf>) -> Self {
        Self { named }
    }

    /// The file, whether it exists or not.
    pub(super) fn file(&self) -> &Path {
        self.named.as_deref().unwrap_or(Path::new(config::FILE))
    }

    /// Reads the configuration. What is wrong inside is noted in the result.
    pub(super) fn load(&self) -> Outcome<Loaded> {
        let file = self.file();
        let hint = || format!("{} cannot be read; `habeas init` writes one", file.display());
        config::load(file).with_context(hint).map_err(Failure::Usage)
    }

    /// The configuration if there is one.
    pub(super) fn load_if_any(&self) -> Outcome<Option<Loaded>> {
        if self.named.is_none() && !self.file().exists() { Ok(None) } else { self.load().map(Some) }
    }
}

/// Which server a command talks to.
#[derive(Debug, Args)]
pub(super) struct Server {
    /// The server's operator listener, such as http://127.0.0.1:8081.
    #[arg(long, env = "HABEAS_SERVER", value_name = "URL", help_heading = "Server")]
    server: Option<Url>,
    /// The operator's token. Better given in the environment, which other users do not see.
    #[arg(
        long, env = "HABEAS_TOKEN", hide_env_values = true, value_parser = secret, value_name = "TOKEN",
        help_heading = "Server"
    )]
    token: Option<Secret>,
}

impl Server {
    /// A client for it: the one named, else that of the configuration.
    pub(super) fn client(&self, setup: &Setup) -> Outcome<Client> {
        let (url, token) = match (&self.server, &self.token) {
            (Some(url), Some(token)) => (url.clone(), token.clone()),
            (named, token) => {
                let Some(mut loaded) = setup.load_if_any()? else {
                    let message = "which server? Give --server and --token, or run this beside habeas.toml";
                    return Err(Failure::Usage(anyhow!(message)));
                };
                let url = match named {
                    Some(url) => url.clone(),
                    None => listener(&loaded)?,
                };
                let token = token.clone().or_else(|| assembly::operator_token(&mut loaded));
                (url, token.ok_or_else(|| Failure::Configuration(Box::new(loaded.problems())))?)
            }
        };
        Client::new(&url, token)
    }
}

fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text.trim()))
}

/// Where the configured server's operator listener is, as seen from this machine.
fn listener(loaded: &Loaded) -> anyhow::Result<Url> {
    let mut address = loaded.config.operator.address;
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            std::net::SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            std::net::SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    Ok(Url::parse(&format!("http://{address}"))?)
}
