//! How is a request taken back? (1.0 §9; A3, A6, A10)

use habeas_core::{
    clock::Instant,
    dialect::{Answer, Asked, Back, Cancel, Exchange, In, Reported, Told},
    event::Standing,
    id::{RemoteId, WireId},
    leg::{Progress, Report},
    problem::Problem,
};
use habeas_wire::{json::ObjectWriter, time};
use http::Method;

use super::{JSON_DEPTH, answer, field, report, status::wire_id};
use crate::dialect::OpenGdpr;

impl Cancel for OpenGdpr {
    fn read(&self, message: In<'_>, _: &Exchange<'_>) -> Result<WireId, Problem> {
        wire_id(message.head())
    }

    fn reply(&self, standing: &Standing, asked_at: Instant, original: Option<&[u8]>, x: &Exchange<'_>) -> Answer {
        let mut writer = ObjectWriter::new();
        if self.version.receipts_name_controller {
            answer::controller_id(&mut writer, x);
        }
        writer
            .string("received_time", &time::format(asked_at.ms()))
            .string("subject_request_id", standing.wire_id.as_str());
        if self.version.answers_name_version {
            writer.string("api_version", self.version.api_version);
        }
        if let Some(original) = original.filter(|_| self.version.cancel_answer_holds_original) {
            writer.raw("encoded_request", &answer::base64_json(original));
        }
        answer::receipt(self.version, 202, writer.finish(), x)
    }

    fn ask(&self, id: &RemoteId, x: &Exchange<'_>) -> Asked {
        answer::item(Method::DELETE, id, x)
    }

    fn ask_elsewhere(&self, id: &RemoteId, x: &Exchange<'_>) -> Asked {
        answer::item_elsewhere(self.version, Method::DELETE, id, x)
    }

    /// Some confirm in plain text, with nothing at all, or without naming the request. The answer to a DELETE on one
    /// request can be about no other, but it is no receipt then.
    fn hear(&self, answer: Back<'_>, asked: &RemoteId) -> Result<Told<Reported>, Problem> {
        if let Some(no) = report::refused(answer) {
            return Ok(no);
        }
        let is_object = answer.body().trim_ascii_start().first() == Some(&b'{');
        let body = if is_object { Some(field::object(answer.body(), JSON_DEPTH)?) } else { None };
        let named = body.filter(|body| body.get("subject_request_id").is_some());
        Ok(Told::Said(match named {
            Some(body) => report::reported(&body, Progress::Cancelled)?,
            None => Reported { report: confirmed(asked), secret: None, echoed: None, names_request: false },
        }))
    }
}

/// What a confirmation says that says nothing more.
fn confirmed(asked: &RemoteId) -> Report {
    Report {
        remote_id: asked.clone(),
        progress: Progress::Cancelled,
        received_at: None,
        expected_by: None,
        results: None,
        details: None,
        callback_url: None,
    }
}
