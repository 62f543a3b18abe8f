//! What needs an operator's attention?

use std::sync::Arc;

use axum::{Json, extract::State};
use habeas_engine::Engine;
use utoipa::IntoParams;

use super::{dto, query::Params, show};
use crate::problem::Failure;

/// How many to list of each kind.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "it describes the query; the query is read one by one")]
pub(super) struct FaultQuery {
    /// At most so many of each kind: 100 if not said, 1000 at most.
    limit: Option<u32>,
}

/// Everything that needs attention: deliveries that fail, parties that are late, legs that wait for an operator,
/// certificates that end soon.
#[utoipa::path(
    get, path = "/faults", tag = "faults",
    params(FaultQuery),
    responses((status = 200, body = dto::Faults), Failure),
)]
pub(super) async fn list(State(engine): State<Arc<Engine>>, mut params: Params) -> Result<Json<dto::Faults>, Failure> {
    let limit = params.limit()?;
    params.finish("limit")?;
    let faults = engine.faults(limit).await?;
    Ok(Json(show::faults(&faults, &engine)))
}
