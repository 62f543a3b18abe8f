//! A message under way, and what somebody who knows the protocols sees in it.

use axum::{Router, body::Body, extract::Request};
use habeas_core::{dialect::Outgoing, id::DeliveryId};
use habeas_engine::outbound::Heard;
use http::{HeaderMap, Method, header::HOST};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;
use url::Url;

/// A message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) from: &'static str,
    pub(crate) to: String,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A request that is made for the first or another time.
pub(crate) enum Submission {
    /// By OpenGDPR, under an id of the sender's.
    Receipts {
        /// The id.
        wire_id: String,
    },
    /// By the Data Rights Protocol: the receiver makes the id.
    Status,
}

impl Message {
    pub(crate) fn of(from: &'static str, outgoing: Outgoing) -> Self {
        let Outgoing { method, url, headers, body } = outgoing;
        Self { from, to: url.host_str().unwrap_or_default().to_owned(), method, url, headers, body }
    }

    /// In one line, with everything that differs between runs as an id of its own.
    pub(crate) fn described(&self) -> String {
        let mut text = format!("{} → {} {} {}", self.from, self.to, self.method, self.url.path());
        let body = self.json();
        for name in ["subject_request_id", "request_id"] {
            if let Some(id) = body.get(name).and_then(Value::as_str) {
                text.push_str(&format!(" {id}"));
            }
        }
        if let Some((_, id)) = self.url.query_pairs().find(|(name, _)| name == "request_id") {
            text.push_str(&format!(" {id}"));
        }
        if let Some(word) = word(&body) {
            text.push_str(&format!(" \"{word}\""));
        }
        text
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The request, if it is one.
    pub(crate) fn submission(&self) -> Option<Submission> {
        let path = self.url.path();
        if self.method != Method::POST {
            return None;
        }
        if path.ends_with("/opengdpr_requests") {
            let wire_id = self.json().get("subject_request_id")?.as_str()?.to_owned();
            return Some(Submission::Receipts { wire_id });
        }
        path.ends_with("/exercise").then_some(Submission::Status)
    }

    /// Its name, if it is a callback or another delivery.
    pub(crate) fn delivery(&self) -> Option<DeliveryId> {
        self.headers.get("webhook-id")?.to_str().ok()?.parse().ok()
    }

    /// What is told of whoever makes it may come before the answer to it. Not so what is fetched under a lock.
    pub(crate) fn can_be_overtaken(&self) -> bool {
        let path = self.url.path();
        self.method != Method::GET && !path.contains("callback") && !path.contains("/work")
    }

    /// Whether sending it once more asks for something to be done.
    pub(crate) fn can_be_replayed(&self) -> bool {
        self.method != Method::GET
    }

    /// Asks a router.
    pub(crate) async fn ask(&self, router: Router) -> Heard {
        let place = &self.url[url::Position::BeforePath..url::Position::AfterQuery];
        let mut request = Request::builder().method(self.method.clone()).uri(place).header(HOST, &self.to);
        if let Some(headers) = request.headers_mut() {
            headers.extend(self.headers.clone());
        }
        let unanswered = Heard { status: 400, headers: HeaderMap::new(), body: Vec::new(), whole: true };
        let Ok(request) = request.body(Body::from(self.body.clone())) else { return unanswered };
        let Ok(answer) = router.oneshot(request).await;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
        Heard { status: head.status.as_u16(), headers: head.headers, body, whole: true }
    }
}

/// The word for where a request stands, in either protocol.
pub(crate) fn word(body: &Value) -> Option<String> {
    let word = body.get("request_status").or_else(|| body.get("status"))?;
    word.as_str().map(str::to_owned)
}
