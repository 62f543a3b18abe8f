//! Where does a person prove who they are? On the pages below `/verify/`, which every organisation has
//! (DRP 0.5 §3.02.1; reading R28).
//!
//! An agent sends the person to `/verify/{token}`, with who they are in the query. That is checked and dropped before
//! anything is shown: the page itself is at `/verify/{token}/{ticket}`, where only POST changes anything. The pages
//! work without scripts, and nothing of an address or a form is logged.

mod form;
mod page;
mod reply;
mod verifier;

use axum::{body::Body, response::Response};
use habeas_core::problem::{Code, Problem};
use habeas_engine::{
    begin::VERIFY_PATH,
    verify::{Checked, View},
};
use http::{Method, StatusCode, header, request::Parts};

use self::{
    form::Wish,
    page::{Message, Trouble},
    verifier::Verifier,
};
use crate::{intake, problem::Failure};

const STYLE: &str = "style.css";
/// A code, and what names it.
const FORM_BYTES: usize = 4 * 1024;

/// What an address means.
enum Place<'a> {
    Style,
    Link { token: &'a str },
    Page { token: &'a str, ticket: &'a str },
}

/// Somebody comes.
struct Visit<'a, V> {
    verifier: &'a V,
    host: &'a str,
    head: &'a Parts,
}

/// Whether a path leads here.
pub(crate) fn is_page(path: &str) -> bool {
    path.starts_with(VERIFY_PATH)
}

/// Answers under a path that leads here, on the host of an organisation.
pub(crate) async fn serve(verifier: &impl Verifier, host: &str, head: &Parts, mut body: Body) -> Response {
    let served = Visit { verifier, host, head }.serve(&mut body).await;
    intake::discard(&head.headers, body);
    // Whoever sent a form still has a page to go back to, unless it is that which is gone.
    let back = (head.method == Method::POST).then(|| head.uri.path());
    served.unwrap_or_else(|failure| fail(failure, back))
}

/// What a person sees when something failed.
pub(crate) fn fail(failure: Failure, back: Option<&str>) -> Response {
    let problem = failure.into_problem();
    let status = match problem.code {
        // Here it is letters, not the entries of a list.
        Code::TooMany => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
    };
    reply::page(status, &Message::failure(&problem, back), None)
}

impl<'a, V: Verifier> Visit<'a, V> {
    async fn serve(&self, body: &mut Body) -> Result<Response, Failure> {
        let place = self.place().ok_or(Failure::of(Code::NotFound))?;
        let reads = matches!(self.head.method, Method::GET | Method::HEAD);
        match place {
            Place::Style if reads => Ok(reply::style()),
            Place::Link { token } if reads => self.open(token).await,
            Place::Page { token, ticket } if reads => {
                let view = self.verifier.view(self.host, token, ticket).await?;
                Ok(show(&view, None))
            }
            Place::Page { token, ticket } if self.head.method == Method::POST => self.post(token, ticket, body).await,
            Place::Style | Place::Link { .. } => Ok(not_allowed("GET, HEAD")),
            Place::Page { .. } => Ok(not_allowed("GET, HEAD, POST")),
        }
    }

    fn place(&self) -> Option<Place<'a>> {
        let rest = self.head.uri.path().strip_prefix(VERIFY_PATH)?;
        match rest.split_once('/') {
            None if rest == STYLE => Some(Place::Style),
            None => Some(Place::Link { token: rest }),
            Some((token, ticket)) => Some(Place::Page { token, ticket }),
        }
        .filter(|place| match place {
            Place::Style => true,
            Place::Link { token } => !token.is_empty(),
            Place::Page { token, ticket } => !token.is_empty() && !ticket.is_empty() && !ticket.contains('/'),
        })
    }

    async fn open(&self, token: &str) -> Result<Response, Failure> {
        let Some(query) = self.head.uri.query().filter(|query| !query.is_empty()) else {
            return Ok(reply::page(StatusCode::BAD_REQUEST, &Message::without_a_link(), None));
        };
        let ticket = self.verifier.open(self.host, token, Some(query)).await?;
        reply::see(&format!("{VERIFY_PATH}{token}/{ticket}"))
    }

    async fn post(&self, token: &str, ticket: &str, body: &mut Body) -> Result<Response, Failure> {
        let headers = &self.head.headers;
        if !form::is_from_here(headers, self.host) {
            return Err(Failure::of(Code::Forbidden));
        }
        if !form::is_one(headers) {
            return Err(Failure::of(Code::UnsupportedMediaType));
        }
        let bytes = intake::read(body, FORM_BYTES).await?;
        match form::read(&bytes)? {
            Wish::Send => {
                self.verifier.send(self.host, token, ticket).await?;
                // Elsewhere first, so that loading the page again sends no further letter.
                reply::see(self.head.uri.path())
            }
            Wish::Check(Some(code)) => {
                let checked = self.verifier.check(self.host, token, ticket, code.expose()).await?;
                tell(checked)
            }
            Wish::Check(None) => {
                let view = self.verifier.view(self.host, token, ticket).await?;
                Ok(show(&view, Some(Trouble::NotACode)))
            }
        }
    }
}

fn tell(checked: Checked) -> Result<Response, Failure> {
    match checked {
        Checked::Verified { redirect_to } => reply::see(redirect_to.as_str()),
        // Never to where the agent wants the person: only who succeeded is sent there.
        Checked::Wrong(view) => Ok(show(&view, Some(Trouble::of_wrong(&view)))),
        Checked::Failed(view) => Ok(reply::page(StatusCode::OK, &Message::failed(&view), None)),
    }
}

fn show(view: &View, trouble: Option<Trouble>) -> Response {
    match Message::of(view) {
        Some(message) => reply::page(StatusCode::OK, &message, None),
        None => reply::page(StatusCode::OK, &page::Ask::of(view, trouble), Some(&view.redirect_to)),
    }
}

fn not_allowed(methods: &'static str) -> Response {
    let mut response = fail(Problem::new(Code::MethodNotAllowed).into(), None);
    response.headers_mut().insert(header::ALLOW, http::HeaderValue::from_static(methods));
    response
}

#[cfg(test)]
mod tests;
