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

/// Makes a request of ours; it is sent in the background. Ask for its story to see how far it is. Under one `reference`
/// a request is made once: who asks again is answered 200, and with 409 if it is for something else.
#[utoipa::path(
    post, path = "/requests", tag = "requests",
    request_body = wishes::Send,
    responses(
        (status = 202, description = "It was made and will be sent.", body = dto::Story),
        (status = 200, description = "It had been made before under this reference.", body = dto::Story),
        Failure,
    ),
)]
pub(super) async fn send(
    State(engine): State<Arc<Engine>>,
    Wished(wish): Wished<wishes::Send>,
) -> Result<Response, Failure> {
    let sent = engine.send(wish).await?;
    let status = if sent.existed { StatusCode::OK } else { StatusCode::ACCEPTED };
    let story = engine.story(&sent.id).await?;
    Ok((status, Json(show::story(&story, &engine))).into_response())
}
