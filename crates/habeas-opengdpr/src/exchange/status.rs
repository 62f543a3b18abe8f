//! Where does a request stand? (1.0 §8.1 to §8.4; A2, A3, A29)

use habeas_core::{
    dialect::{Answer, Asked, Back, Exchange, In, Reported, Status, Told},
    event::Standing,
    id::{RemoteId, WireId},
    message::RequestHead,
    problem::{Code, Field, Problem},
    right::Right,
};
use habeas_wire::json::ObjectWriter;
use http::Method;

use super::{answer, field, report, shown::Shown};
use crate::dialect::OpenGdpr;

const ID: &str = "subject_request_id";

impl Status for OpenGdpr {
    fn read(&self, message: In<'_>, _: &Exchange<'_>) -> Result<WireId, Problem> {
        wire_id(message.head())
    }

    fn reply(&self, standing: &Standing, right: Right, x: &Exchange<'_>) -> Answer {
        let shown = Shown::of(self.version, standing);
        let mut writer = ObjectWriter::new();
        answer::controller_id(&mut writer, x);
        writer.string("expected_completion_time", shown.expected()).string(ID, standing.wire_id.as_str());
        shown.write(self.version, right, &mut writer, x);
        answer::signed(self.version, 200, writer.finish(), x)
    }

    fn ask(&self, id: &RemoteId, x: &Exchange<'_>) -> Asked {
        answer::item(Method::GET, id, x)
    }

    fn ask_elsewhere(&self, id: &RemoteId, x: &Exchange<'_>) -> Asked {
        answer::item_elsewhere(self.version, Method::GET, id, x)
    }

    fn hear(&self, answer: Back<'_>) -> Result<Told<Reported>, Problem> {
        report::hear(answer, |body| report::reported(body, report::progress(body, answer.who())?))
    }
}

/// The request that a path or a query names. Only ids in lower case exist, but a path in upper case finds them (A29).
pub(super) fn wire_id(head: &RequestHead) -> Result<WireId, Problem> {
    let id = match (&head.params.id, &head.query) {
        (Some(id), _) => id.clone(),
        (None, Some(query)) => queried(query)?,
        (None, None) => String::new(),
    };
    if id.is_empty() {
        return Err(Problem::at(Code::MissingField, Field::named(ID)));
    }
    Ok(WireId::new(id.to_ascii_lowercase()))
}

fn queried(query: &str) -> Result<String, Problem> {
    let mut ids = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == ID);
    match (ids.next(), ids.next()) {
        (Some((_, id)), None) => Ok(id.into_owned()),
        (None, _) => Ok(String::new()),
        (Some(_), Some(_)) => Err(field::wrong(Field::named(ID), "one id")),
    }
}
