//! For whom does this server act, with whom do they deal, and what do those support?

use std::sync::Arc;

use axum::{Json, extract::State};
use habeas_core::{domain::Domain, id::PartyId, problem::Code};
use habeas_engine::Engine;

use super::{dto, query::Caught, show};
use crate::problem::Failure;

/// The organisations of this server.
#[utoipa::path(
    get, path = "/organisations", tag = "organisations",
    responses((status = 200, body = dto::Organisations), Failure),
)]
pub(super) async fn list(State(engine): State<Arc<Engine>>) -> Json<dto::Organisations> {
    let mut organisations: Vec<_> = engine.organisations().map(|tenant| show::organisation(tenant)).collect();
    organisations.sort_by(|one, other| one.domain.cmp(&other.domain));
    Json(dto::Organisations { organisations })
}

/// What a party says that it supports, fresh or from a short memory.
#[utoipa::path(
    get, path = "/organisations/{domain}/parties/{party}/capabilities", tag = "organisations",
    params(
        ("domain" = String, Path, description = "The organisation."),
        ("party" = String, Path, description = "Its party."),
    ),
    responses((status = 200, body = dto::Capabilities), Failure),
)]
pub(super) async fn capabilities(
    State(engine): State<Arc<Engine>>,
    Caught((domain, party)): Caught<(String, String)>,
) -> Result<Json<dto::Capabilities>, Failure> {
    let (domain, party) = (domain.parse::<Domain>().map_err(|_| Failure::of(Code::NotFound))?, PartyId::new(party));
    // The engine would call an unknown name a wrong field; in a path it is a place that does not exist.
    let known = engine.directory().tenant(&domain).is_some_and(|tenant| tenant.peer(&party).is_some());
    if !known {
        return Err(Failure::of(Code::NotFound));
    }
    Ok(Json(show::capabilities(&engine.capabilities(&domain, &party).await?)))
}
