//! How is a request made, and received for? (1.0 §5, §7)

mod ask;
mod callbacks;
mod carry;
mod extensions;
mod identities;

pub(crate) use carry::{OWN_EXTENSIONS_ONLY, PROPERTY_ID_IN_EXTENSIONS, RELATIONSHIPS_IN_EXTENSIONS};
use habeas_core::{
    clock::Instant,
    dialect::{Answer, Asked, Back, Exchange, In, Reported, Submit, Told},
    event::Standing,
    id::{WireId, is_lower_uuid_v4},
    leg::Progress,
    message::RequestHead,
    problem::{Code, Field, Problem},
    right::Right,
    submission::{Carried, Dedupe, Law, Outbound, Stamp, Subject, Submission},
};
use habeas_wire::{
    json::{Object, ObjectWriter},
    time,
};
use http::header::CONTENT_TYPE;

use super::{JSON_DEPTH, answer, field, report, words};
use crate::{dialect::OpenGdpr, version::Version};

const EXTENSIONS: &str = "extensions";
const PROPERTY_ID: &str = "property_id";
/// The members that we understand ourselves; the others are handed on as they came (A32).
const UNDERSTOOD: [&str; 6] = [
    "subject_request_id",
    "subject_request_type",
    "submitted_time",
    "subject_identities",
    "api_version",
    "status_callback_urls",
];

impl Submit for OpenGdpr {
    fn read(&self, message: In<'_>, x: &Exchange<'_>) -> Result<Submission, Problem> {
        is_json(message.head())?;
        let body = field::object(message.body(), x.us.limits.json_depth)?;
        let wire_id = wire_id(&body)?;
        let right = right(&body, x)?;
        let submitted = submitted(&body)?;
        api_version(&body, self.version)?;
        property_id(&body, self.version)?;
        let callbacks = callbacks::read(&body, x)?;
        let identified_elsewhere = self.version.has_extensions && extensions::identify(&body, x)?;
        let identities = identities::read(&body, identified_elsewhere, x)?;
        Ok(Submission {
            dedupe: Some(Dedupe::Key(wire_id.clone())),
            wire_id: Some(WireId::new(wire_id)),
            rights: vec![right],
            law: Law::Unsaid,
            token: None,
            submitted: Some(submitted),
            subject: Subject { identities, carried: carried(&body), ..Subject::default() },
            callbacks,
        })
    }

    fn names(&self, message: In<'_>) -> Option<WireId> {
        let body = field::object(message.body(), JSON_DEPTH).ok()?;
        wire_id(&body).ok().map(WireId::new)
    }

    fn reply(&self, standing: &Standing, body: &[u8], x: &Exchange<'_>) -> Answer {
        let mut writer = ObjectWriter::new();
        if self.version.receipts_name_controller {
            answer::controller_id(&mut writer, x);
        }
        writer
            .string("expected_completion_time", &time::format(standing.expected_by.ms()))
            .string("received_time", &time::format(standing.received_at.ms()))
            .raw("encoded_request", &answer::base64_json(body))
            .string("subject_request_id", standing.wire_id.as_str());
        answer::receipt(self.version, 201, writer.finish(), x)
    }

    fn ask(&self, outbound: &Outbound<'_>, x: &Exchange<'_>) -> Asked {
        ask::ask(self.version, outbound, x)
    }

    fn hear(&self, answer: Back<'_>) -> Result<Told<Reported>, Problem> {
        report::hear(answer, |body| report::reported(body, Progress::Pending))
    }
}

/// The media type, with any parameters (A40).
fn is_json(head: &RequestHead) -> Result<(), Problem> {
    let named = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = named.and_then(|value| value.split(';').next()).map(str::trim);
    let is_json = essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    if is_json { Ok(()) } else { Err(Problem::new(Code::UnsupportedMediaType)) }
}

fn wire_id(body: &Object<'_>) -> Result<String, Problem> {
    let name = "subject_request_id";
    let id = field::top(body, name)?;
    if is_lower_uuid_v4(&id) { Ok(id) } else { Err(field::wrong(Field::named(name), "a version 4 UUID in lower case")) }
}

fn right(body: &Object<'_>, x: &Exchange<'_>) -> Result<Right, Problem> {
    let place = Field::named("subject_request_type");
    let word = field::top(body, "subject_request_type")?;
    match words::right_of(&word) {
        None => Err(field::wrong(place, "one of access, portability, erasure")),
        Some(right) if x.us.capabilities.serves(right) => Ok(right),
        Some(_) => Err(Problem::at(Code::UnsupportedRight, place)),
    }
}

fn submitted(body: &Object<'_>) -> Result<Stamp, Problem> {
    let text = field::top(body, "submitted_time")?;
    let ms = time::parse_strict(&text).map_err(|_| {
        field::wrong(Field::named("submitted_time"), "an RFC 3339 date and time with its offset from UTC")
    })?;
    Ok(Stamp { at: Instant::from_ms(ms), text })
}

/// Optional; but who asks for another major version would misread the answer.
fn api_version(body: &Object<'_>, version: &Version) -> Result<(), Problem> {
    let place = || Field::named("api_version");
    match field::optional(body, "api_version", place)? {
        Some(named) if !version.is_named_by(&named) => {
            let spoken = format!("this address speaks version {}", version.api_version);
            Err(Problem::at(Code::InvalidField, place()).because(spoken))
        }
        Some(_) | None => Ok(()),
    }
}

/// It narrows a request, so one that cannot be understood is not passed over.
fn property_id(body: &Object<'_>, version: &Version) -> Result<(), Problem> {
    if version.has_property_id {
        field::optional(body, PROPERTY_ID, || Field::named(PROPERTY_ID))?;
    }
    Ok(())
}

/// What is handed on as it came. A `null` says nothing (A30).
fn carried(body: &Object<'_>) -> Vec<Carried> {
    body.members()
        .filter(|(name, json)| !UNDERSTOOD.contains(name) && *json != "null")
        .map(|(name, json)| Carried { name: name.to_owned(), json: json.to_owned() })
        .collect()
}
