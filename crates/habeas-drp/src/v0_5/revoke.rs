//! How is a request taken back? (§2.05; R13, R14, R21)

use habeas_core::{
    clock::Instant,
    dialect::{Answer, Asked, Back, Cancel, Exchange, In, Reported, Told},
    event::Standing,
    id::{RemoteId, WireId},
    problem::Problem,
};
use habeas_wire::json::ObjectWriter;

use super::{
    Drp, error, field, message, status,
    status_object::{self, ID},
};

impl Cancel for Drp {
    /// The reason is the person's own words: it must be a string, and is not kept.
    fn read(&self, message: In<'_>, x: &Exchange<'_>) -> Result<WireId, Problem> {
        message::is_json(message.head())?;
        let body = field::object(message.body(), x.us.limits.json_depth)?;
        let id = field::string(&body, ID)?;
        field::optional(&body, "reason")?;
        status::wire_id(id)
    }

    fn reply(&self, standing: &Standing, _: Instant, _: Option<&[u8]>, _: &Exchange<'_>) -> Answer {
        status_object::answer(standing)
    }

    fn ask(&self, id: &RemoteId, x: &Exchange<'_>) -> Asked {
        message::post("revoke", ObjectWriter::new().string(ID, id.as_str()).finish(), x)
    }

    /// The answer holds the new state, which need not be `revoked`: what it says is reported. One that leaves the id
    /// out can be about no other request.
    fn hear(&self, answer: Back<'_>, asked: &RemoteId) -> Result<Told<Reported>, Problem> {
        error::hear(answer, |body| match body.get(ID) {
            Some(_) => status_object::read(body),
            None => status_object::read_of(body, asked.clone(), false),
        })
    }
}
