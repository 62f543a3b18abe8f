//! With which certificate does an organisation sign? Leaf first, then its chain, in PEM (1.0 §4.1, §6.3; A15).

use habeas_core::{
    dialect::{Answer, Asked, Back, Certificate, Exchange, Outgoing, Told},
    problem::{Field, Problem},
};
use http::{HeaderMap, HeaderValue, Method};
use url::Url;

use super::{answer, field, report};
use crate::dialect::OpenGdpr;

impl Certificate for OpenGdpr {
    fn reply(&self, pem: &str, x: &Exchange<'_>) -> Answer {
        let mut headers = answer::bare(HeaderValue::from_static("application/x-pem-file"));
        answer::name_us(&mut headers, self.version.family, x);
        Answer { status: 200, headers, body: pem.as_bytes().to_vec() }
    }

    fn ask(&self, url: &Url) -> Asked {
        // No `Accept`: peers serve certificates under many media types.
        Ok(Outgoing { method: Method::GET, url: url.clone(), headers: HeaderMap::new(), body: Vec::new() })
    }

    fn hear(&self, answer: Back<'_>) -> Result<Told<String>, Problem> {
        if let Some(no) = report::refused(answer) {
            return Ok(no);
        }
        std::str::from_utf8(answer.body())
            .ok()
            .filter(|text| text.contains("-----BEGIN CERTIFICATE-----"))
            .map(|text| Told::Said(text.to_owned()))
            .ok_or_else(|| field::wrong(Field::named("processor_certificate"), "a certificate in PEM"))
    }
}
