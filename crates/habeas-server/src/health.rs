//! Is this node alive, can it take requests, and how is it doing?
//!
//! Without a token, because probes and scrapers have none. On the operator's listener the reason is told and everything
//! is measured: keep it where only operators and their tools come. On the public one, where load balancers look, there
//! is a yes or a no, and only under a host that is no organisation's (their paths are theirs): a probe calls by
//! address.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    middleware::from_fn,
    response::{IntoResponse, Response},
};
use habeas_core::problem::{Code, Problem};
use habeas_engine::Engine;
use http::{Method, header, request::Parts};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{operator, problem::Failure, protocol::host};

/// What the text of `/metrics` is: OpenMetrics, which Prometheus reads.
const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const ALIVE: &str = "alive\n";
const READY: &str = "ready\n";

/// Where they are.
pub(crate) const PATHS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// The routes of this page.
pub(crate) fn routes() -> OpenApiRouter<Arc<Engine>> {
    OpenApiRouter::new().routes(routes!(alive)).routes(routes!(ready)).routes(routes!(metrics))
}

/// Nothing but these: for a node that no operator calls.
pub(crate) fn alone(engine: Arc<Engine>) -> Router {
    let (router, _) = routes().split_for_parts();
    operator::unmatched(router).fallback(operator::absent_here).layer(from_fn(operator::guard)).with_state(engine)
}

/// Whether the process runs.
#[utoipa::path(get, path = "/healthz", tag = "health", security(()), responses((status = 200, body = String)))]
async fn alive() -> &'static str {
    ALIVE
}

/// Whether requests can be stored; if not, why.
#[utoipa::path(get, path = "/readyz", tag = "health", security(()), responses((status = 200, body = String), Failure))]
async fn ready(State(engine): State<Arc<Engine>>) -> Result<&'static str, Failure> {
    match engine.ready().await {
        Ok(()) => Ok(READY),
        Err(why) => Err(Problem::new(Code::Unavailable).because(why.to_string()).into()),
    }
}

/// Numbers for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "health", security(()), responses((status = 200, body = String), Failure))]
async fn metrics(State(engine): State<Arc<Engine>>) -> Response {
    ([(header::CONTENT_TYPE, METRICS_TYPE)], engine.numbers().await).into_response()
}

/// The answer to a probe that comes where peers do, if it is one.
pub(crate) async fn probed(engine: &Engine, head: &Parts) -> Option<Response> {
    let path = head.uri.path();
    if !matches!(head.method, Method::GET | Method::HEAD) || !["/healthz", "/readyz"].contains(&path) {
        return None;
    }
    if host(&head.uri, &head.headers).is_some_and(|host| engine.directory().by_host(host).is_some()) {
        return None;
    }
    let answer = match path {
        "/healthz" => ALIVE.into_response(),
        _ if engine.is_ready().await => READY.into_response(),
        _ => Failure::of(Code::Unavailable).into_response(),
    };
    Some(([(header::CACHE_CONTROL, "no-store")], answer).into_response())
}
