//! How does a command talk to a server's operator API?

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, anyhow};
use habeas_core::secret::Secret;
use habeas_server::operator::dto::ProblemDetails;
use reqwest::{
    Method, StatusCode,
    dns::{Addrs, Name, Resolve, Resolving},
};
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

use super::exit::{Failure, Outcome};

/// Where the operator API stands below its listener.
const PREFIX: &str = "/api";
const WITHIN: Duration = Duration::from_secs(60);

/// A client of one server.
#[derive(Debug, Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    token: Secret,
}

/// An HTTP client that follows no redirects, uses no proxy, and takes `*.localhost` for this machine (RFC 6761).
#[allow(clippy::disallowed_methods, reason = "the commands' own client: it calls what its user names, no peer")]
pub(super) fn http() -> anyhow::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(WITHIN)
        .user_agent(concat!("habeas/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(std::sync::Arc::new(Resolver));
    builder.build().context("the HTTP client could not be set up")
}

impl Client {
    /// A client for the server behind a URL: that of its operator listener or of the API itself.
    pub(super) fn new(url: &Url, token: Secret) -> Outcome<Self> {
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(Failure::Usage(anyhow!("{url} is not the URL of a server")));
        }
        let mut base = url.clone();
        base.set_query(None);
        base.set_fragment(None);
        let path = url.path().trim_end_matches('/');
        base.set_path(&if path.ends_with(PREFIX) { path.to_owned() } else { format!("{path}{PREFIX}") });
        Ok(Self { http: http()?, base, token })
    }

    /// Asks for something.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &[&str], query: &[(&str, String)]) -> Outcome<T> {
        self.call(Method::GET, path, query, None::<&()>).await
    }

    /// Wishes for something.
    pub(super) async fn post<T: DeserializeOwned>(&self, path: &[&str], body: &impl Serialize) -> Outcome<T> {
        self.call(Method::POST, path, &[], Some(body)).await
    }

    /// Asks for a file, to be kept byte for byte.
    pub(super) async fn file(&self, path: &[&str]) -> Outcome<Vec<u8>> {
        self.exchange(Method::GET, path, &[], None::<&()>).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, String)],
        body: Option<&impl Serialize>,
    ) -> Outcome<T> {
        let bytes = self.exchange(method, path, query, body).await?;
        Ok(serde_json::from_slice(&bytes).context("the server's answer cannot be read")?)
    }

    async fn exchange(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, String)],
        body: Option<&impl Serialize>,
    ) -> Outcome<Vec<u8>> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.http.request(method, url).bearer_auth(self.token.expose());
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| self.unreachable(error))?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|error| self.unreachable(error))?;
        if status.is_success() {
            return Ok(bytes.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            return Err(Failure::Unverified(anyhow!("the server does not know this operator token")));
        }
        match serde_json::from_slice::<ProblemDetails>(&bytes) {
            Ok(problem) => Err(Failure::Refused(Box::new(problem))),
            Err(_) => Err(anyhow!("{} answers {status}: it is no operator listener of habeas", self.base).into()),
        }
    }

    fn unreachable(&self, error: reqwest::Error) -> Failure {
        let error = anyhow::Error::new(error.without_url());
        Failure::Unreachable(error.context(format!("{} cannot be reached", self.base)))
    }
}

#[derive(Debug)]
struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let name = name.as_str();
            if name == "localhost" || name.ends_with(".localhost") {
                let addresses =
                    [SocketAddr::from(([127, 0, 0, 1], 0)), SocketAddr::from(([0u16, 0, 0, 0, 0, 0, 0, 1], 0))];
                return Ok(Box::new(addresses.into_iter()) as Addrs);
            }
            let addresses: Vec<_> = tokio::net::lookup_host((name, 0)).await?.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listeners_url_and_that_of_its_api_name_the_same_server() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        for (given, base) in [
            ("http://127.0.0.1:8081", "http://127.0.0.1:8081/api"),
            ("http://127.0.0.1:8081/", "http://127.0.0.1:8081/api"),
            ("http://127.0.0.1:8081/api", "http://127.0.0.1:8081/api"),
            ("http://127.0.0.1:8081/api/", "http://127.0.0.1:8081/api"),
            ("https://ops.example.com/habeas", "https://ops.example.com/habeas/api"),
        ] {
            let client = Client::new(&given.parse().unwrap(), Secret::new("t")).unwrap();
            assert_eq!(client.base.as_str(), base, "{given}");
        }
        assert!(Client::new(&"file:///etc".parse().unwrap(), Secret::new("t")).is_err());
    }
}
