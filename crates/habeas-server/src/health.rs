//! Is this node alive, can it take work, and how is it doing? Without a token, because probes and scrapers have none:
//! keep the operator's listener where only they and operators reach it. Nothing personal is told here.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use habeas_core::problem::Code;
use habeas_engine::Engine;
use http::header;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::problem::Failure;

/// What the text of `/metrics` is: OpenMetrics, which Prometheus reads.
const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Where they are.
pub(crate) const PATHS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// The routes of this page.
pub(crate) fn routes() -> OpenApiRouter<Arc<Engine>> {
    OpenApiRouter::new().routes(routes!(alive)).routes(routes!(ready)).routes(routes!(metrics))
}

/// Whether the process runs.
#[utoipa::path(get, path = "/healthz", tag = "health", security(()), responses((status = 200, body = String)))]
async fn alive() -> &'static str {
    "alive\n"
}

/// Whether requests can be stored.
#[utoipa::path(get, path = "/readyz", tag = "health", security(()), responses((status = 200, body = String), Failure))]
async fn ready(State(engine): State<Arc<Engine>>) -> Result<&'static str, Failure> {
    match engine.store().ping().await {
        Ok(()) => Ok("ready\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready: the store does not answer");
            Err(Failure::of(Code::Unavailable))
        }
    }
}

/// Numbers for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "health", security(()), responses((status = 200, body = String), Failure))]
async fn metrics(State(engine): State<Arc<Engine>>) -> Response {
    ([(header::CONTENT_TYPE, METRICS_TYPE)], engine.numbers().await).into_response()
}
