//! What does a person get to see, and what does nobody get out of it?

use std::sync::Mutex;

use habeas_core::{problem::Field, right::Right};
use habeas_engine::{Error, Result, verify::Stage};
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;

use super::*;

const HOST: &str = "shop.example:8443";
const LINK: &str = "/verify/t0ken";
const PAGE: &str = "/verify/t0ken/t1cket";
const FORM: [(&str, &str); 2] = [("content-type", "application/x-www-form-urlencoded"), ("origin", "null")];

/// Answers as it is told to, and remembers what it was asked.
struct Stub {
    view: View,
    checked: Option<Checked>,
    problem: Option<Problem>,
    asked: Mutex<Vec<String>>,
}

impl Stub {
    fn new(view: View) -> Self {
        Self { view, checked: None, problem: None, asked: Mutex::default() }
    }

    fn checking(checked: Checked) -> Self {
        Self { checked: Some(checked), ..Self::new(view()) }
    }

    fn failing(problem: Problem) -> Self {
        Self { problem: Some(problem), ..Self::new(view()) }
    }

    fn note<T>(&self, what: &[&str], answer: T) -> Result<T> {
        self.asked.lock().unwrap().push(what.join(" "));
        self.problem.clone().map_or(Ok(answer), |problem| Err(Error::Refused(problem)))
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Verifier for Stub {
    async fn open(&self, host: &str, token: &str, query: Option<&str>) -> Result<String> {
        self.note(&["open", host, token, query.unwrap_or("-")], "t1cket".to_owned())
    }

    async fn view(&self, host: &str, token: &str, ticket: &str) -> Result<View> {
        self.note(&["view", host, token, ticket], self.view.clone())
    }

    async fn send(&self, host: &str, token: &str, ticket: &str) -> Result<View> {
        self.note(&["send", host, token, ticket], self.view.clone())
    }

    async fn check(&self, host: &str, token: &str, ticket: &str, code: &str) -> Result<Checked> {
        let checked = self.checked.clone().unwrap_or(Checked::Wrong(self.view.clone()));
        self.note(&["check", host, token, ticket, code], checked)
    }
}

fn view() -> View {
    View {
        business: "shop.example".parse().unwrap(),
        agent: "helper.example".parse().unwrap(),
        rights: vec![Right::Access, Right::Erasure],
        address_hint: "a…@example.org".into(),
        code_sent: false,
        code_good_ms: 0,
        tries_left: 3,
        sendings_left: 3,
        stage: Stage::Asked,
        redirect_to: "https://helper.example/done?of=1".parse().unwrap(),
    }
}

fn sent() -> View {
    View { code_sent: true, code_good_ms: 10 * 60_000 - 1, sendings_left: 2, ..view() }
}

struct Seen {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Seen {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What is on the page, without what is around it.
    fn main(&self) -> &str {
        let (_, rest) = self.body.split_once("<main>").expect("a page");
        rest.split_once("</main>").expect("all of it").0.trim_ascii()
    }

    fn has_form(&self) -> bool {
        self.body.contains("<form")
    }
}

async fn ask(stub: &Stub, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Seen {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (head, body) = request.body(Body::from(body.to_owned())).unwrap().into_parts();
    let (head, body) = serve(stub, HOST, &head, body).await.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes().to_vec();
    Seen { status: head.status.as_u16(), headers: head.headers, body: String::from_utf8(bytes).unwrap() }
}

async fn get(stub: &Stub, path: &str) -> Seen {
    ask(stub, "GET", path, &[], "").await
}

async fn post(stub: &Stub, body: &str) -> Seen {
    ask(stub, "POST", PAGE, &FORM, body).await
}

mod pages;
mod ways;
