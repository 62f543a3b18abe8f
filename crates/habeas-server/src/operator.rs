//! The operator's JSON API: what an operator may see and do, behind a token, with its own OpenAPI document.

pub mod auth;
mod deliveries;
pub mod dto;
mod evidence;
mod faults;
mod form;
mod fulfilment;
mod legs;
mod organisations;
mod query;
mod requests;
mod send;
mod show;
mod wishes;
mod words;

use std::sync::Arc;

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use habeas_core::problem::{Code, Problem};
use habeas_engine::{Engine, metrics::Listener};
use http::{HeaderValue, header};
use tokio::time::Instant;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{health, problem, problem::Failure, protocol::known, shield::shielded};
use auth::OperatorTokens;

#[derive(OpenApi)]
#[openapi(
    info(title = "habeas operator API", description = "What an operator may see and do. Every failure is RFC 9457 problem details."),
    security(("operator" = [])),
    modifiers(&Schemes),
)]
struct Document;

/// Who may call, for the document, and the schema of what every route may answer.
struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = |words| {
            SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(words)).build())
        };
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("operator", bearer("A token of an operator."));
        components.add_security_scheme("webhook", bearer("The token that the webhook handed over, for its request."));
        let (name, schema) = problem::schema();
        components.schemas.insert(name, schema);
    }
}

/// The API below `prefix`, and health beside it.
pub(crate) fn router(engine: Arc<Engine>, tokens: OperatorTokens, prefix: &str) -> Router {
    let prefix = match prefix.trim_matches('/') {
        "" => String::new(),
        path => format!("/{path}"),
    };
    let (router, document) = at(&prefix, closed(tokens).merge(open())).merge(health::routes()).split_for_parts();
    let document: Arc<str> = document.to_json().unwrap_or_default().into();
    let serve = move || async move { ([(header::CONTENT_TYPE, "application/json")], document.to_string()) };
    unmatched(router.route(&format!("{prefix}/openapi.json"), get(serve)))
        .layer(from_fn(guard))
        .layer(from_fn_with_state(Arc::clone(&engine), measure))
        .with_state(engine)
}

/// The routes for holders of an operator's token.
fn closed(tokens: OperatorTokens) -> OpenApiRouter<Arc<Engine>> {
    OpenApiRouter::new()
        .routes(routes!(requests::list, send::send))
        .routes(routes!(requests::story))
        .routes(routes!(requests::subject))
        .routes(routes!(evidence::export))
        .routes(routes!(requests::start))
        .routes(routes!(requests::fulfill))
        .routes(routes!(requests::deny))
        .routes(routes!(requests::extend))
        .routes(routes!(requests::cancel))
        .routes(routes!(requests::poll))
        .routes(routes!(requests::verify))
        .routes(routes!(requests::verification))
        .routes(routes!(legs::list))
        .routes(routes!(legs::retry))
        .routes(routes!(legs::waive))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::retry))
        .routes(routes!(deliveries::retry_many))
        .routes(routes!(faults::list))
        .routes(routes!(organisations::list))
        .routes(routes!(organisations::capabilities))
        .layer(from_fn_with_state(Arc::new(tokens), auth::admit))
}

/// The routes that know their callers by other means.
fn open() -> OpenApiRouter<Arc<Engine>> {
    OpenApiRouter::new().routes(routes!(fulfilment::answer))
}

fn at(prefix: &str, api: OpenApiRouter<Arc<Engine>>) -> OpenApiRouter<Arc<Engine>> {
    let root = OpenApiRouter::with_openapi(Document::openapi());
    if prefix.is_empty() { root.merge(api) } else { root.nest(prefix, api) }
}

/// What is said where no route leads.
pub(crate) fn unmatched(router: Router<Arc<Engine>>) -> Router<Arc<Engine>> {
    router.fallback(absent).method_not_allowed_fallback(not_so)
}

async fn absent() -> Failure {
    Failure::of(Code::NotFound)
}

/// The same on a node that has nothing but probes.
pub(crate) async fn absent_here() -> Failure {
    Problem::new(Code::NotFound).because("this node only works; nodes that answer peers have the operators' API").into()
}

async fn not_so() -> Failure {
    Failure::of(Code::MethodNotAllowed)
}

/// Does the work whatever happens to its caller, answers a panic, and keeps answers out of caches.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    let (began, method) = (Instant::now(), known(request.method()));
    let mut response = match shielded(next.run(request)).await {
        Ok(response) => response,
        Err(broken) => broken.failure().into_response(),
    };
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(method, status = response.status().as_u16(), ms, "an operator was served");
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Counts what was asked by its route, never by its path, which holds ids. Probes and scrapes are not counted: they
/// come by the clock.
async fn measure(State(engine): State<Arc<Engine>>, request: Request, next: Next) -> Response {
    let (began, method) = (Instant::now(), known(request.method()));
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    if !health::PATHS.contains(&route) {
        let operation = format!("{method} {route}");
        engine.metrics().answered(Listener::Operator, &operation, response.status().as_u16(), began.elapsed());
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::StatusCode;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_problem_with_an_incident() {
        let router = Router::new().route("/", get(async || -> &str { panic!("canary") })).layer(from_fn(guard));
        let response: Response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 1024).await.unwrap();
        let details: dto::ProblemDetails = serde_json::from_slice(&body).unwrap();
        assert_eq!(details.incident.map(|id| id.len()), Some(12));
        assert_eq!(details.detail, None);
    }
}
