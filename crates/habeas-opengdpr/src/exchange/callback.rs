//! How is a change told to who asked? (1.0 §8.5 to §8.8; A5, A7, A22, A46)

use habeas_core::{
    dialect::{Answer, Asked, Callback, Exchange, In, Outgoing, Reported, Unrepresentable},
    event::Standing,
    problem::Problem,
    right::Right,
    submission::CallbackUrl,
};
use habeas_wire::json::ObjectWriter;
use http::{
    HeaderMap, HeaderValue, Method,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};

use super::{answer, field, report, shown::Shown};
use crate::dialect::OpenGdpr;

impl Callback for OpenGdpr {
    fn read(&self, message: In<'_>, x: &Exchange<'_>) -> Result<Reported, Problem> {
        let body = field::object(message.body(), x.us.limits.json_depth)?;
        report::reported(&body, report::progress(&body, message.who())?)
    }

    fn reply(&self, _: &Exchange<'_>) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Answer { status: 202, headers, body: Vec::new() }
    }

    fn ask(&self, url: &CallbackUrl, standing: &Standing, right: Right, x: &Exchange<'_>) -> Asked {
        if x.them.is_none() {
            return Err(Unrepresentable("a callback to a party without a name"));
        }
        let shown = Shown::of(self.version, standing);
        let mut writer = ObjectWriter::new();
        answer::controller_id(&mut writer, x);
        writer
            .string("expected_completion_time", shown.expected())
            .string("status_callback_url", url.as_str())
            .string("subject_request_id", standing.wire_id.as_str());
        shown.write(self.version, right, &mut writer, x);
        let body = writer.finish();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, answer::JSON);
        answer::sign(&mut headers, self.version.family, &body, x);
        Ok(Outgoing { method: Method::POST, url: url.url().clone(), headers, body })
    }
}
