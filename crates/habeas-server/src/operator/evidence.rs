//! What may an operator hand to somebody who has to check a request?

use std::sync::Arc;

use axum::extract::State;
use habeas_core::id::RequestId;
use habeas_engine::Engine;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName};

use super::query::Caught;
use crate::problem::Failure;

type File = ([(HeaderName, &'static str); 2], Vec<u8>);

/// Everything that a request's parties signed, sealed with the organisation's key: a file for `habeas verify`. To be
/// kept byte for byte; that it was exported is logged.
#[utoipa::path(
    get, path = "/requests/{id}/evidence", tag = "requests",
    params(("id" = String, Path, description = "The request.")),
    responses((status = 200, body = serde_json::Value, description = "The sealed export"), Failure),
)]
pub(super) async fn export(State(engine): State<Arc<Engine>>, Caught(id): Caught<String>) -> Result<File, Failure> {
    let file = engine.export_evidence(&RequestId::new(id)).await?;
    let disposition = "attachment; filename=\"evidence.json\"";
    Ok(([(CONTENT_TYPE, "application/json"), (CONTENT_DISPOSITION, disposition)], file))
}
