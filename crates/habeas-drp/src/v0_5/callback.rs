//! How is a change told to who asked? (§2.04; R11, R16)

use habeas_core::{
    dialect::{Answer, Asked, Callback, Exchange, In, Knob, Outgoing, Reported},
    event::Standing,
    problem::Problem,
    right::Right,
    submission::CallbackUrl,
};
use http::Method;

use super::{
    Drp, field, knobs, message,
    status_object::{self, NoReason},
};

impl Callback for Drp {
    fn read(&self, message: In<'_>, x: &Exchange<'_>) -> Result<Reported, Problem> {
        message::is_json(message.head())?;
        status_object::read(&field::object(message.body(), x.us.limits.json_depth)?)
    }

    /// Nobody reads it, but it is JSON like everything else.
    fn reply(&self, _: &Exchange<'_>) -> Answer {
        message::answer(200, b"{}".to_vec())
    }

    fn ask(&self, url: &CallbackUrl, standing: &Standing, _: Right, x: &Exchange<'_>) -> Asked {
        let has = |knob: Knob| x.them.is_some_and(|them| them.has_knob(knob.name));
        let no_reason = if has(knobs::REASON_EMPTY) {
            NoReason::Empty
        } else if has(knobs::REASON_ABSENT) {
            NoReason::Absent
        } else {
            NoReason::Null
        };
        let body = status_object::write(standing, no_reason);
        Ok(Outgoing { method: Method::POST, url: url.url().clone(), headers: message::posted(), body })
    }
}
