//! Which parties have which share of requests, who is late or stuck, and what may an operator do about it?

use std::sync::Arc;

use axum::{Json, extract::State};
use habeas_core::{
    id::{LegId, PartyId, RequestId},
    problem::Problem,
};
use habeas_engine::Engine;
use habeas_store::model::LegFilter;

use super::{
    dto,
    query::{Caught, Params},
    show,
};
use crate::problem::Failure;

/// Legs by filter.
#[utoipa::path(
    get, path = "/legs", tag = "legs",
    params(dto::LegQuery),
    responses((status = 200, body = dto::Legs), Failure),
)]
pub(super) async fn list(State(engine): State<Arc<Engine>>, params: Params) -> Result<Json<dto::Legs>, Failure> {
    let filter = filter(params)?;
    let rows = engine.legs(&filter).await?;
    Ok(Json(dto::Legs { legs: rows.iter().map(|row| show::leg(row, &[], &engine)).collect() }))
}

fn filter(mut params: Params) -> Result<LegFilter, Problem> {
    let filter = LegFilter {
        organisation: params.parsed("organisation")?,
        request: params.take("request")?.map(RequestId::new),
        party: params.take("party")?.map(PartyId::new),
        late: params.flag("late")?,
        stuck: params.flag("stuck")?,
        limit: params.limit()?,
    };
    params.finish("late, stuck, party, organisation, request and limit").map(|()| filter)
}

/// Makes the next step of a leg due at once: to send it once more, or to ask how it stands.
#[utoipa::path(
    post, path = "/legs/{id}/retry", tag = "legs",
    params(("id" = String, Path, description = "The leg.")),
    responses((status = 200, body = dto::Leg), Failure),
)]
pub(super) async fn retry(
    State(engine): State<Arc<Engine>>,
    Caught(id): Caught<String>,
) -> Result<Json<dto::Leg>, Failure> {
    let row = engine.retry_leg(&LegId::new(id)).await?;
    Ok(Json(show::leg(&row, &[], &engine)))
}

/// Gives a leg up that its party has not answered yet. The party may have it all the same, if it was tried before.
#[utoipa::path(
    post, path = "/legs/{id}/waive", tag = "legs",
    params(("id" = String, Path, description = "The leg.")),
    responses((status = 200, body = dto::Leg), Failure),
)]
pub(super) async fn waive(
    State(engine): State<Arc<Engine>>,
    Caught(id): Caught<String>,
) -> Result<Json<dto::Leg>, Failure> {
    let row = engine.waive_leg(&LegId::new(id)).await?;
    Ok(Json(show::leg(&row, &[], &engine)))
}
