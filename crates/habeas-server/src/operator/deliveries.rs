//! What is owed to others, what fails, and how is it tried again?

use std::sync::Arc;

use axum::{Json, extract::State};
use habeas_core::{
    delivery::{DeliveryKind, DeliveryState},
    id::{DeliveryId, RequestId},
    problem::{Code, Problem},
};
use habeas_engine::Engine;
use habeas_store::model::{DeliveryFilter, Retry};

use super::{
    dto,
    form::Wished,
    query::{Caught, Params},
    show, wishes,
};
use crate::problem::{Failure, invalid};

/// Deliveries by filter.
#[utoipa::path(
    get, path = "/deliveries", tag = "deliveries",
    params(dto::DeliveryQuery),
    responses((status = 200, body = dto::Deliveries), Failure),
)]
pub(super) async fn list(State(engine): State<Arc<Engine>>, params: Params) -> Result<Json<dto::Deliveries>, Failure> {
    let rows = engine.deliveries(&filter(params)?).await?;
    Ok(Json(dto::Deliveries { deliveries: rows.iter().map(show::delivery).collect() }))
}

fn filter(mut params: Params) -> Result<DeliveryFilter, Problem> {
    let (state, kind) = (params.take("state")?, params.take("kind")?);
    let filter = DeliveryFilter {
        organisation: params.parsed("organisation")?,
        request: params.take("request")?.map(RequestId::new),
        kind: named("kind", kind, DeliveryKind::named, &DeliveryKind::ALL.map(DeliveryKind::as_str))?,
        state: named("state", state, DeliveryState::named, &DeliveryState::ALL.map(DeliveryState::as_str))?,
        failing: params.flag("failing")?,
        limit: params.limit()?,
    };
    params.finish("state, kind, failing, organisation, request and limit").map(|()| filter)
}

fn named<T>(
    field: &'static str,
    text: Option<String>,
    read: fn(&str) -> Option<T>,
    all: &[&'static str],
) -> Result<Option<T>, Problem> {
    let Some(text) = text else { return Ok(None) };
    read(&text).map(Some).ok_or_else(|| invalid(field, format!("one of {}", all.join(", "))))
}

/// Makes one delivery due at once.
#[utoipa::path(
    post, path = "/deliveries/{id}/retry", tag = "deliveries",
    params(("id" = String, Path, description = "The delivery.")),
    responses((status = 200, body = dto::Retried), Failure),
)]
pub(super) async fn retry(
    State(engine): State<Arc<Engine>>,
    Caught(id): Caught<String>,
) -> Result<Json<dto::Retried>, Failure> {
    let id: DeliveryId = id.parse().map_err(|_| Problem::new(Code::NotFound))?;
    match engine.retry(&Retry::One(id)).await? {
        0 => Err(Problem::new(Code::NotFound).because("no such delivery, or nothing is left to be delivered").into()),
        retried => Ok(Json(dto::Retried { retried })),
    }
}

/// Makes many deliveries due at once.
#[utoipa::path(
    post, path = "/deliveries/retry", tag = "deliveries",
    request_body = wishes::RetryMany,
    responses((status = 200, body = dto::Retried), Failure),
)]
pub(super) async fn retry_many(
    State(engine): State<Arc<Engine>>,
    Wished(which): Wished<wishes::RetryMany>,
) -> Result<Json<dto::Retried>, Failure> {
    Ok(Json(dto::Retried { retried: engine.retry(&which).await? }))
}
