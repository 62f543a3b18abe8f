//! How are failures told where no dialect has words for them? As RFC 9457 problem details.

use axum::response::{IntoResponse, Response};
use habeas_core::problem::{Code, Field, Problem};
use habeas_store::causes;
use habeas_trust::digest;
use http::{HeaderValue, StatusCode, header};
use utoipa::{
    IntoResponses, PartialSchema, ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder},
};

use crate::operator::dto::ProblemDetails;

const MEDIA_TYPE: &str = "application/problem+json";

/// A failure on its way out, with the id under which more of it was logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    problem: Problem,
    incident: Option<String>,
}

/// A new id under which a failure is logged.
pub(crate) fn incident() -> String {
    digest::hex(&digest::random_bytes::<6>())
}

impl Failure {
    /// A failure that is this program's own and was logged.
    pub(crate) const fn incident_of(problem: Problem, incident: String) -> Self {
        Self { problem, incident: Some(incident) }
    }

    /// A failure of a code, without more words.
    pub(crate) const fn of(code: Code) -> Self {
        Self { problem: Problem::new(code), incident: None }
    }

    /// The same in the words of the domain, the incident among them: for dialects.
    pub(crate) fn into_problem(self) -> Problem {
        match self.incident {
            Some(id) => self.problem.because(format!("incident {id}")),
            None => self.problem,
        }
    }

    fn details(&self) -> ProblemDetails {
        let row = self.problem.code.row();
        ProblemDetails {
            kind: format!("urn:habeas:problem:{}", row.name),
            title: row.title.to_owned(),
            status: status(&self.problem),
            detail: self.problem.detail.as_deref().map(str::to_owned),
            field: self.problem.field.as_ref().map(|field| field.as_str().to_owned()),
            incident: self.incident.clone(),
        }
    }
}

/// The status here. The protocols answer an id that is taken with 400, because theirs says so; here it is a conflict.
const fn status(problem: &Problem) -> u16 {
    match problem.code {
        Code::AlreadyExists => StatusCode::CONFLICT.as_u16(),
        _ => problem.status(),
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem, incident: None }
    }
}

/// Only what was refused is told in words; the rest is logged here, once.
impl From<habeas_engine::Error> for Failure {
    fn from(error: habeas_engine::Error) -> Self {
        let problem = error.problem();
        if let habeas_engine::Error::Refused(_) | habeas_engine::Error::Unrepresentable(_) = error {
            return problem.into();
        }
        let incident = incident();
        let cause = causes(&error);
        tracing::error!(incident, %error, cause, "something failed");
        Self::incident_of(problem, incident)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(status(&self.problem)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.details()).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response();
        match status {
            StatusCode::UNAUTHORIZED => {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            // As the protocols say it.
            StatusCode::SERVICE_UNAVAILABLE => {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            _ => {}
        }
        response
    }
}

/// In the OpenAPI document every route has this as its default answer.
impl IntoResponses for Failure {
    fn responses() -> std::collections::BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let schema = RefOr::Ref(Ref::from_schema_name(ProblemDetails::name()));
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let response = ResponseBuilder::new().description("A failure").content(MEDIA_TYPE, content).build();
        [("default".to_owned(), RefOr::T(response))].into()
    }
}

/// The answer to a field that is not what it should be; `detail` says what it should be.
pub(crate) fn invalid(field: &'static str, detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::at(Code::InvalidField, Field::named(field)).because(detail)
}

/// The name and schema of [`ProblemDetails`], which no route names as its own body.
pub(crate) fn schema() -> (String, RefOr<utoipa::openapi::schema::Schema>) {
    (ProblemDetails::name().into_owned(), ProblemDetails::schema())
}
