//! The network between the organisations of this server: what they say to each other is written down, and may get lost.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use axum::{Router, body::Body, extract::Request, response::Response};
use http::{HeaderMap, StatusCode, header::HOST, request::Parts};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

/// What one said to another.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    /// The domain that was called.
    pub(crate) to: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// What the caller heard.
    pub(crate) status: u16,
}

impl Said {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no header {name}")).to_str().unwrap()
    }

    fn is_about_requests(&self) -> bool {
        self.path.contains("/opengdpr_request") || self.path.starts_with("/data-rights/")
    }
}

/// What is wrong with the way to an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing gets through.
    Down,
    /// Requests do, and the answers get lost.
    Mute,
}

/// The network.
#[derive(Default)]
pub(crate) struct Wire {
    said: Mutex<Vec<Said>>,
    faults: Mutex<HashMap<String, Fault>>,
}

impl Wire {
    /// From now on there is something wrong on the way to that organisation.
    pub(crate) fn breaks(&self, domain: &str, fault: Fault) {
        self.faults.lock().unwrap().insert(domain.to_owned(), fault);
    }

    /// And now no more.
    pub(crate) fn mend(&self, domain: &str) {
        self.faults.lock().unwrap().remove(domain);
    }

    /// What an organisation was told about requests, in order: submissions, cancellations and questions by method.
    pub(crate) fn asked(&self, method: &str, domain: &str) -> Vec<Said> {
        self.all(|said| said.is_about_requests() && said.to == domain && said.method == method)
    }

    /// Everything that fits.
    pub(crate) fn all(&self, fits: impl Fn(&Said) -> bool) -> Vec<Said> {
        self.said.lock().unwrap().iter().filter(|said| fits(said)).cloned().collect()
    }

    /// Brings a request to a router and the answer back.
    pub(super) async fn carry(&self, router: Router, request: Request) -> Response {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
        let mut said = said(&head, body);
        let fault = self.faults.lock().unwrap().get(&said.to).copied();
        let lost = || Response::builder().status(StatusCode::BAD_GATEWAY).body(Body::empty()).unwrap();
        let answer = if fault == Some(Fault::Down) {
            lost()
        } else {
            let Ok(answer) = router.oneshot(Request::from_parts(head, Body::from(said.body.clone()))).await;
            if fault == Some(Fault::Mute) && said.is_about_requests() { lost() } else { answer }
        };
        said.status = answer.status().as_u16();
        self.said.lock().unwrap_or_else(PoisonError::into_inner).push(said);
        answer
    }
}

fn said(head: &Parts, body: Vec<u8>) -> Said {
    let host = head.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    Said {
        to: host.split(':').next().unwrap_or_default().to_owned(),
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        headers: head.headers.clone(),
        body,
        status: 0,
    }
}
