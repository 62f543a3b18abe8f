//! How does an operator send a request to parties?

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use habeas_engine::Engine;
use http::StatusCode;

use super::{dto, form::Wished, show, wishes};
use crate::problem::Failure;

/// Takes a request of ours on; it is sent in the background. Ask for its story to see how far it is.
#[utoipa::path(
    post, path = "/requests", tag = "requests",
    request_body = wishes::Send,
    responses((status = 202, body = dto::Story), Failure),
)]
pub(super) async fn send(
    State(engine): State<Arc<Engine>>,
    Wished(wish): Wished<wishes::Send>,
) -> Result<Response, Failure> {
    let id = engine.send(wish).await?;
    let story = engine.story(&id).await?;
    Ok((StatusCode::ACCEPTED, Json(show::story(&story, engine.clock().now()))).into_response())
}
