//! What may an operator see of requests, and do to them?

use std::sync::Arc;

use axum::{Json, extract::State};
use habeas_core::{event::Actor, id::RequestId, problem::Problem, state::State as Standing};
use habeas_engine::Engine;
use habeas_store::model::RequestFilter;

use super::{
    dto,
    form::Wished,
    query::{Caught, Params},
    show, wishes,
};
use crate::problem::{Failure, invalid};

type Shown<T> = Result<Json<T>, Failure>;

/// Requests by filter.
#[utoipa::path(
    get, path = "/requests", tag = "requests",
    params(dto::RequestQuery),
    responses((status = 200, body = dto::Requests), Failure),
)]
pub(super) async fn list(State(engine): State<Arc<Engine>>, params: Params) -> Shown<dto::Requests> {
    let requests = engine.requests(&filter(params)?).await?;
    let now = engine.clock().now();
    Ok(Json(dto::Requests { requests: requests.iter().map(|request| show::request(request, now)).collect() }))
}

fn filter(mut params: Params) -> Result<RequestFilter, Problem> {
    let states: Vec<String> =
        params.take("state")?.map(|text| text.split(',').map(str::to_owned).collect()).unwrap_or_default();
    if states.iter().any(|state| !Standing::NAMES.contains(&state.as_str())) {
        return Err(invalid("state", format!("the states are {}", Standing::NAMES.join(", "))));
    }
    let filter = RequestFilter {
        organisation: params.parsed("organisation")?,
        role: params.parsed("role")?,
        states,
        limit: params.limit()?,
        offset: params.number("offset")?.unwrap_or(0),
    };
    params.finish("state, organisation, role, limit and offset").map(|()| filter)
}

/// A request with its whole story.
#[utoipa::path(
    get, path = "/requests/{id}", tag = "requests",
    params(("id" = String, Path, description = "The request.")),
    responses((status = 200, body = dto::Story), Failure),
)]
pub(super) async fn story(State(engine): State<Arc<Engine>>, Caught(id): Caught<String>) -> Shown<dto::Story> {
    let story = engine.story(&RequestId::new(id)).await?;
    Ok(Json(show::story(&story, &engine)))
}

/// The person of a request, in clear, for operators who do the work. That it was read is logged.
#[utoipa::path(
    get, path = "/requests/{id}/subject", tag = "requests",
    params(("id" = String, Path, description = "The request.")),
    responses((status = 200, body = dto::Subject), Failure),
)]
pub(super) async fn subject(State(engine): State<Arc<Engine>>, Caught(id): Caught<String>) -> Shown<dto::Subject> {
    let secrets = engine.subject(&RequestId::new(id.as_str())).await?;
    Ok(Json(show::subject(&id, &secrets)))
}

/// Work on a request begins.
#[utoipa::path(
    post, path = "/requests/{id}/start", tag = "requests",
    params(("id" = String, Path, description = "The request.")),
    responses((status = 200, body = dto::Request), Failure),
)]
pub(super) async fn start(State(engine): State<Arc<Engine>>, Caught(id): Caught<String>) -> Shown<dto::Request> {
    let request = engine.start(&RequestId::new(id), Actor::Operator).await?;
    Ok(Json(show::request(&request, engine.clock().now())))
}

/// The work is done; where it had not begun, it begins first.
#[utoipa::path(
    post, path = "/requests/{id}/fulfill", tag = "requests",
    params(("id" = String, Path, description = "The request.")),
    request_body = wishes::Fulfill,
    responses((status = 200, body = dto::Request), Failure),
)]
pub(super) async fn fulfill(
    State(engine): State<Arc<Engine>>,
    Caught(id): Caught<String>,
    Wished((results, expires_at)): Wished<wishes::Fulfill>,
) -> Shown<dto::Request> {
    let request = engine.fulfill(&RequestId::new(id), Actor::Operator, results, expires_at).await?;
    Ok(Json(show::request(&request, engine.clock().now())))
}

/// The request is refused.
#[utoipa::path(
    post, path = "/requests/{id}/deny", tag = "requests",
    params(("id" = String, Path, description = "The request.")),
    request_body = wishes::Deny,
    responses((status = 200, body = dto::Request), Failure),
)]
pub(super) async fn deny(
    State(engine): State<Arc<Engine>>,
    Caught(id): Caught<String>,
    Wished(ground): Wished<wishes::Deny>,
) -> Shown<dto::Request> {
    let request = engine.deny(&RequestId::new(id), Actor::Operator, ground).await?;
    Ok(Json(show::request(&request, engine.clock().now())))
}

/// The request takes longer.
#[utoipa::path(
    post, path = "/requests/{id}/extend", tag = "requests",
    params(("id" = String, Path, description = "The request.")),
    request_body = wishes::Extend,
    responses((status = 200, body = dto::Request), Failure),
)]
pub(super) async fn extend(
    State(engine): State<Arc<Engine>>,
    Caught(id): Caught<String>,
    Wished((by, reason)): Wished<wishes::Extend>,
) -> Shown<dto::Request> {
    let request = engine.extend(&RequestId::new(id), Actor::Operator, by, reason).await?;
    Ok(Json(show::request(&request, engine.clock().now())))
}

/// A request of ours is taken back.
#[utoipa::path(
    post, path = "/requests/{id}/cancel", tag = "requests",
    params(("id" = String, Path, description = "The request.")),
    responses((status = 200, body = dto::Request), Failure),
)]
pub(super) async fn cancel(State(engine): State<Arc<Engine>>, Caught(id): Caught<String>) -> Shown<dto::Request> {
    let request = engine.cancel(&RequestId::new(id)).await?;
    Ok(Json(show::request(&request, engine.clock().now())))
}

/// The person is asked to prove who they are, before anybody works on the request; or it is said that they have, in
/// another way.
#[utoipa::path(
    post, path = "/requests/{id}/verify", tag = "requests",
    params(("id" = String, Path, description = "The request.")),
    request_body = wishes::Verify,
    responses((status = 200, body = dto::Request), Failure),
)]
pub(super) async fn verify(
    State(engine): State<Arc<Engine>>,
    Caught(id): Caught<String>,
    Wished(done): Wished<wishes::Verify>,
) -> Shown<dto::Request> {
    let request = engine.verify(&RequestId::new(id), done).await?;
    Ok(Json(show::request(&request, engine.clock().now())))
}

/// Where the person of a request of ours goes to prove who they are, to each party that asks for it. Personal data:
/// that it was read is logged.
#[utoipa::path(
    get, path = "/requests/{id}/verification", tag = "requests",
    params(("id" = String, Path, description = "The request."), dto::VerificationQuery),
    responses((status = 200, body = dto::Verification), Failure),
)]
pub(super) async fn verification(
    State(engine): State<Arc<Engine>>,
    Caught(id): Caught<String>,
    mut params: Params,
) -> Shown<dto::Verification> {
    let redirect_to: Option<url::Url> = params.parsed("redirect_to")?;
    let redirect_to = redirect_to.filter(|url| matches!(url.scheme(), "https" | "http"));
    let redirect_to = redirect_to.ok_or_else(|| invalid("redirect_to", "an absolute URL of the web"))?;
    params.finish("redirect_to")?;
    let links = engine.verification_links(&RequestId::new(id), &redirect_to).await?;
    let link = |(party, url): (habeas_core::id::PartyId, url::Url)| dto::VerificationLink {
        party: party.to_string(),
        url: url.into(),
    };
    Ok(Json(dto::Verification { links: links.into_iter().map(link).collect() }))
}

/// Asks the parties that have a request of ours and are not done how it stands. They are asked in the background: a leg
/// whose `next_attempt_at` is absent or later than `asked_at` has been.
#[utoipa::path(
    post, path = "/requests/{id}/poll", tag = "requests",
    params(("id" = String, Path, description = "The request.")),
    responses((status = 200, body = dto::Polled), Failure),
)]
pub(super) async fn poll(State(engine): State<Arc<Engine>>, Caught(id): Caught<String>) -> Shown<dto::Polled> {
    let id = RequestId::new(id);
    let asked_at = show::time(engine.poll(&id).await?);
    let story = show::story(&engine.story(&id).await?, &engine);
    Ok(Json(dto::Polled { story, asked_at }))
}
