//! Where does a request stand? (§2.03; R15)

use habeas_core::{
    dialect::{Answer, Asked, Back, Exchange, In, Reported, Status, Told},
    event::Standing,
    id::{RemoteId, WireId},
    problem::{Code, Field, Problem},
    right::Right,
};

use super::{
    Drp, error, field, message,
    status_object::{self, ID},
};

/// The same by the name that the machine-readable description gives it.
const ALIAS: &str = "requestId";

/// No id of ours is longer, and none longer is looked for.
const ID_CHARS: usize = 200;

impl Status for Drp {
    fn read(&self, message: In<'_>, _: &Exchange<'_>) -> Result<WireId, Problem> {
        let query = message.head().query.as_deref().unwrap_or_default();
        let mut ids = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == ID || name == ALIAS);
        match (ids.next(), ids.next()) {
            (Some((_, id)), None) => wire_id(id.into_owned()),
            (None, _) => Err(field::missing(ID)),
            (Some(_), Some(_)) => Err(field::wrong(Field::named(ID), "one id")),
        }
    }

    fn reply(&self, standing: &Standing, _: Right, _: &Exchange<'_>) -> Answer {
        status_object::answer(standing)
    }

    fn ask(&self, id: &RemoteId, x: &Exchange<'_>) -> Asked {
        let mut call = message::get(&["status"], x)?;
        call.url.query_pairs_mut().append_pair(ID, id.as_str());
        Ok(call)
    }

    fn hear(&self, answer: Back<'_>) -> Result<Told<Reported>, Problem> {
        error::hear(answer, status_object::read)
    }
}

/// The id that a peer names; ids are opaque, so it is looked for as it is.
pub(super) fn wire_id(id: String) -> Result<WireId, Problem> {
    if id.is_empty() {
        return Err(field::missing(ID));
    }
    if id.chars().count() > ID_CHARS {
        return Err(Problem::new(Code::NotFound));
    }
    Ok(WireId::new(id))
}
