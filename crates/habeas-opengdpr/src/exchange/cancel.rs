//! How is a request taken back? (1.0 §9; A6, A10)

use habeas_core::{
    clock::Instant,
    dialect::{Answer, Asked, Back, Cancel, Exchange, In, Reported, Told},
    event::Standing,
    id::{RemoteId, WireId},
    leg::Progress,
    problem::Problem,
};
use habeas_wire::{json::ObjectWriter, time};
use http::Method;

use super::{answer, report, status::wire_id};
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
        answer::call(Method::DELETE, &["opengdpr_requests", id.as_str()], x)
    }

    fn hear(&self, answer: Back<'_>) -> Result<Told<Reported>, Problem> {
        report::hear(answer, |body| report::reported(body, Progress::Cancelled))
    }
}
