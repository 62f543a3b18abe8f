//! How does a page leave, so that nothing of it leaks and nothing foreign gets in?

use askama::Template;
use axum::response::{IntoResponse, Response};
use habeas_core::problem::Code;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use url::Url;

use crate::problem::Failure;

const STYLE: &str = include_str!("../../templates/style.css");

/// What every answer has, the stylesheet aside. The address of a page is as good as a key to it: no referrer, no copy.
const GUARDS: [(HeaderName, HeaderValue); 4] = [
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
];

/// A page. `then` is where its form may lead in the end.
pub(super) fn page(status: StatusCode, template: &impl Template, then: Option<&Url>) -> Response {
    let Ok(html) = template.render() else { return Failure::of(Code::Internal).into_response() };
    let mut headers = guarded(then);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    (status, headers, html).into_response()
}

/// The way to another address, to be read there.
///
/// # Errors
/// [`Code::Internal`] where the address cannot stand in a header.
pub(super) fn see(address: &str) -> Result<Response, Failure> {
    let mut headers = guarded(None);
    let location = HeaderValue::from_str(address).map_err(|_| Failure::of(Code::Internal))?;
    headers.insert(header::LOCATION, location);
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}

/// The stylesheet, the only thing here that may be kept: it tells nothing about anybody.
pub(super) fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, STYLE).into_response()
}

fn guarded(then: Option<&Url>) -> HeaderMap {
    let mut headers: HeaderMap = GUARDS.into_iter().collect();
    // Browsers of one large family hold a redirection after a form against `form-action`, too.
    let further = then.and_then(source).map(|origin| format!(" {origin}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'self'; form-action 'self'{further}; base-uri 'none'; frame-ancestors 'none'"
    );
    // Holds nothing but what the next function lets through.
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers
}

/// The origin as a policy may name it. A host may hold a semicolon, which would begin another rule.
fn source(url: &Url) -> Option<String> {
    let origin = url.origin().ascii_serialization();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'/');
    (origin != "null" && origin.bytes().all(plain)).then_some(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_an_origin_and_nothing_more() {
        for (url, expected) in [
            ("https://agent.example/done?x=1#y", Some("https://agent.example")),
            ("http://agent.localhost:8080/", Some("http://agent.localhost:8080")),
            ("https://a;script-src.example/", None),
            ("https://[::1]/", None),
            ("data:text/html,x", None),
        ] {
            assert_eq!(source(&url.parse().unwrap()).as_deref(), expected, "{url}");
        }
    }
}
