//! How do an organisation's own systems answer for the request that the webhook handed them?

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRequest, Request, State},
};
use habeas_core::id::RequestId;
use habeas_engine::Engine;

use super::{auth::Bearer, dto, form::Wished, query::Caught, show, wishes};
use crate::problem::Failure;

/// The answer of an organisation's own systems, with the token that the webhook handed over.
#[utoipa::path(
    post, path = "/fulfilment/{id}", tag = "fulfilment",
    security(("webhook" = [])),
    params(("id" = String, Path, description = "The request.")),
    request_body = wishes::Fulfilment,
    responses((status = 200, body = dto::Request), Failure),
)]
pub(super) async fn answer(
    State(engine): State<Arc<Engine>>,
    Caught(id): Caught<String>,
    Bearer(token): Bearer,
    request: Request,
) -> Result<Json<dto::Request>, Failure> {
    let id = RequestId::new(id);
    // The body of somebody without the token is not even read.
    engine.check_webhook_token(&id, &token).await?;
    let Wished(answer) = Wished::<wishes::Fulfilment>::from_request(request, &engine).await?;
    let request = engine.answer_webhook(&id, &token, answer).await?;
    Ok(Json(show::request(&request, engine.clock().now())))
}
