//! How the router is called, and what it answered.

use axum::{Router, body::Body};
use http::{HeaderMap, Method, Request, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

/// A request to the router.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    method: Method,
    host: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Call {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        let method = method.parse().unwrap();
        Self { method, host: "mail.localhost".to_owned(), path: path.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::new("POST", path).body(body).header("content-type", "application/json")
    }

    pub(crate) fn delete(path: &str) -> Self {
        Self::new("DELETE", path)
    }

    pub(crate) fn host(mut self, host: &str) -> Self {
        self.host = host.to_owned();
        self
    }

    pub(crate) fn by(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Sets a header; in place of an earlier one of that name.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same header once more, beside an earlier one.
    pub(crate) fn also(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) async fn to(self, router: Router) -> Answered {
        let mut request = Request::builder().method(self.method).uri(self.path).header(header::HOST, self.host);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let (head, body) = router.oneshot(request.body(Body::from(self.body)).unwrap()).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answered { status: head.status.as_u16(), headers: head.headers, body }
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answered {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no header {name}")).to_str().unwrap()
    }

    /// The answer, if it has this status.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// The reason of an error of OpenGDPR, whose shape is checked on the way.
    #[track_caller]
    pub(crate) fn reason(&self) -> String {
        let error = &self.json()["error"];
        assert_eq!(error["code"], self.status, "{}", self.text());
        assert!(error["message"].is_string());
        let detail = &error["errors"][0];
        assert!(detail["domain"].is_string() && detail["message"].is_string(), "{detail}");
        detail["reason"].as_str().unwrap().to_owned()
    }

    /// Status, headers and body as one text, what differs between runs left out.
    pub(crate) fn shown(&self) -> String {
        shown(&self.status.to_string(), &self.headers, &self.body)
    }
}

/// First line, headers and body as one text, what differs between runs left out.
pub(crate) fn shown(first: &str, headers: &HeaderMap, body: &[u8]) -> String {
    let mut lines = vec![first.to_owned()];
    let mut names: Vec<_> = headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    for name in names {
        let value = match name {
            "x-opengdpr-signature" | "webhook-signature" | "webhook-id" | "user-agent" => "…",
            "host" | "content-length" => continue,
            _ => headers[name].to_str().unwrap(),
        };
        lines.push(format!("{name}: {value}"));
    }
    lines.push(String::new());
    lines.push(masked(&String::from_utf8_lossy(body)));
    lines.join("\n")
}

/// The text without signatures and ports.
fn masked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(r#""processor_signature":""#) {
        let (before, after) = rest.split_at(at + r#""processor_signature":""#.len());
        out.push_str(before);
        out.push('…');
        rest = &after[after.find('"').unwrap()..];
    }
    out.push_str(rest);
    let mut parts = out.split(".localhost:");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        whole.push_str(".localhost:PORT");
        whole.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    whole
}
