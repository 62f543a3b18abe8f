//! How does a peer's message reach the engine, and its answer the wire?
//!
//! Bytes in, bytes out: the head decides whether the body is taken in at all, the body is handed over exactly as it
//! came, and the answer leaves exactly as it was signed. Bodies, tokens and queries are never logged.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use habeas_core::{
    dialect::{Answer, DialectId, Operation},
    problem::{Code, Field, Problem},
};
use habeas_engine::{
    Engine,
    directory::{Fulfilment, Tenant},
    metrics::Listener,
    results::RESULTS_PATH,
};
use http::{HeaderMap, Method, StatusCode, Uri, header, request::Parts};
use tokio::time::Instant;

use crate::{health, intake, problem::Failure, shield::shielded, web};

/// A message, its body aside.
struct Call {
    engine: Arc<Engine>,
    host: String,
    head: Parts,
}

/// What leaves, and what the message turned out to be.
struct Served {
    response: Response,
    what: What,
}

/// What a message turned out to be.
enum What {
    Page,
    Results,
    Operation(DialectId, Operation),
    /// Nobody knows: it was refused before that.
    Unknown,
}

impl What {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Results => "results",
            Self::Operation(_, operation) => operation.as_str(),
            Self::Unknown => "unknown",
        }
    }

    fn dialect(&self) -> Option<&str> {
        match self {
            Self::Operation(dialect, _) => Some(dialect.as_str()),
            Self::Page | Self::Results | Self::Unknown => None,
        }
    }
}

/// Serves every path and method of every organisation.
pub(crate) async fn handle(State(engine): State<Arc<Engine>>, request: Request) -> Response {
    let began = Instant::now();
    let (head, body) = request.into_parts();
    if let Some(answer) = health::probed(&engine, &head).await {
        return answer;
    }
    let Some(host) = host(&head.uri, &head.headers).map(str::to_owned) else {
        return Failure::from(Problem::at(Code::InvalidField, Field::named("Host"))).into_response();
    };
    let call = Arc::new(Call { engine, host, head });
    let served = match shielded(Arc::clone(&call).serve(body)).await {
        Ok(served) => served,
        Err(broken) => Served { response: call.refuse(broken.failure()), what: What::Unknown },
    };
    let (status, took) = (served.response.status().as_u16(), began.elapsed());
    call.engine.metrics().answered(Listener::Public, served.what.as_str(), status, took);
    call.log(&served, began);
    served.response
}

impl Call {
    async fn serve(self: Arc<Self>, body: Body) -> Served {
        let (engine, head) = (&self.engine, &self.head);
        if self.is_page() {
            let response = web::serve(engine.as_ref(), &self.host, head, body).await;
            return Served { response, what: What::Page };
        }
        if let Some(token) = self.results_token() {
            return Served { response: self.results(token).await, what: What::Results };
        }
        let (path, query) = (head.uri.path(), head.uri.query());
        let arrival = match engine.arrive(&self.host, &head.method, path, query, &head.headers).await {
            Some(Ok(arrival)) => arrival,
            refused => {
                intake::discard(&head.headers, body);
                let response = match refused {
                    Some(Err(answer)) => respond(answer),
                    _ => Failure::of(Code::NotFound).into_response(),
                };
                return Served { response, what: What::Unknown };
            }
        };
        let (dialect, operation) = (arrival.dialect(), arrival.operation());
        let response = match self.take_in(body, arrival.body_limit()).await {
            Ok(bytes) => {
                let began = Instant::now();
                let answer = engine.serve(arrival, bytes).await;
                if operation == Operation::Submit {
                    engine.metrics().taken_in(dialect.as_str(), began.elapsed());
                }
                respond(answer)
            }
            Err(problem) => respond(engine.refuse_arrival(&arrival, &problem)),
        };
        Served { response, what: What::Operation(dialect, operation) }
    }

    /// The body, where the method has one that means something.
    async fn take_in(&self, mut body: Body, limit: usize) -> Result<Vec<u8>, Problem> {
        match intake::read(&mut body, limit).await {
            Ok(_) if self.is_bodiless() => Ok(Vec::new()),
            Ok(bytes) => Ok(bytes),
            Err(problem) => {
                intake::discard(&self.head.headers, body);
                Err(problem)
            }
        }
    }

    fn is_bodiless(&self) -> bool {
        matches!(self.head.method, Method::GET | Method::HEAD | Method::DELETE)
    }

    /// In the words of the dialect that is nearest, or as problem details; in plain words on a page for persons.
    fn refuse(&self, failure: Failure) -> Response {
        if self.is_page() {
            return web::fail(failure, None);
        }
        let problem = failure.clone().into_problem();
        match self.engine.refuse(&self.host, self.head.uri.path(), &problem) {
            Some(answer) => respond(answer),
            None => failure.into_response(),
        }
    }

    /// Whether it is no peer that comes, but a person.
    fn is_page(&self) -> bool {
        web::is_page(self.head.uri.path()) && self.engine.directory().by_host(&self.host).is_some()
    }

    fn results_token(&self) -> Option<&str> {
        let token = self.head.uri.path().strip_prefix(RESULTS_PATH)?;
        let reads = matches!(self.head.method, Method::GET | Method::HEAD);
        (reads && self.engine.directory().by_host(&self.host).is_some()).then_some(token)
    }

    async fn results(&self, token: &str) -> Response {
        let authorization = self.head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let made_up = |tenant: &Arc<Tenant>| matches!(tenant.fulfilment, Fulfilment::Automatic { .. });
        let found = match self.engine.directory().by_host(&self.host).is_some_and(made_up) {
            true => self.engine.sandbox_results(&self.host, token, authorization).await,
            false => self.engine.results(&self.host, token).await,
        };
        match found {
            Ok(json) => {
                let headers = [
                    (header::CONTENT_TYPE, "application/json"),
                    (header::CACHE_CONTROL, "no-store"),
                    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
                    (header::REFERRER_POLICY, "no-referrer"),
                    (header::CONTENT_DISPOSITION, "attachment; filename=\"results.json\""),
                ];
                (headers, json).into_response()
            }
            Err(error) => self.refuse(error.into()),
        }
    }

    /// What went well stands in the history; the log has what did not.
    fn log(&self, served: &Served, began: Instant) {
        let status = served.response.status();
        if (status.is_success() || status.is_redirection()) && !tracing::enabled!(tracing::Level::DEBUG) {
            return;
        }
        tracing::info!(
            organisation = self.engine.directory().by_host(&self.host).map(|tenant| tenant.domain().as_str()),
            method = known(&self.head.method),
            dialect = served.what.dialect(),
            operation = served.what.as_str(),
            status = status.as_u16(),
            ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "served"
        );
    }
}

/// Under which name we are called: one only, or nobody knows who is meant.
pub(crate) fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    if let Some(authority) = uri.authority() {
        let authority = authority.as_str();
        return Some(authority.rsplit_once('@').map_or(authority, |(_, host)| host));
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    hosts.next().is_none().then_some(host)
}

fn respond(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = answer.headers;
    response
}

/// The method's name if it is one of HTTP's own; a sender may have invented it.
pub(crate) fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
