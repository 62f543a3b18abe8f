//! How is a problem told, and heard? (§3.06; R14, R26, R27)
//!
//! Problems hold nothing of the sender's, so neither do these answers.

use habeas_core::{
    dialect::{Answer, Back, Told},
    problem::{Code, Problem},
};
use habeas_wire::json::{Object, ObjectWriter};
use http::{
    HeaderValue,
    header::{RETRY_AFTER, WWW_AUTHENTICATE},
};

use super::{JSON_DEPTH, field, message};

/// The answer that tells a problem. It never says `fatal`: where a request stands, its status says.
pub(super) fn refuse(problem: &Problem) -> Answer {
    let status = if problem.code == Code::NotCancellable { 409 } else { problem.status() };
    let body = ObjectWriter::new().string("code", &status.to_string()).string("message", &problem.to_string()).finish();
    let mut answer = message::answer(status, body);
    if status == 401 {
        answer.headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if status == 503 {
        answer.headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
    answer
}

/// Reads an answer, or notes that it is a refusal.
pub(super) fn hear<T>(
    answer: Back<'_>,
    said: impl FnOnce(&Object<'_>) -> Result<T, Problem>,
) -> Result<Told<T>, Problem> {
    let status = answer.head().status;
    if (200..300).contains(&status) {
        return said(&field::object(answer.body(), JSON_DEPTH)?).map(Told::Said);
    }
    let again = is_passing(status) && !is_fatal(answer.body());
    Ok(Told::Refused { status, again, exists: false })
}

/// Whether asking again may help, whatever the specification says of errors that are not fatal: what is wrong with the
/// request itself stays wrong. A credential that was changed, or a path that is gone, somebody will mend, and so it is
/// no reason to give a person's wish up.
const fn is_passing(status: u16) -> bool {
    match status {
        401 | 403 | 404 | 405 | 408 | 425 | 429 => true,
        400..500 => false,
        _ => true,
    }
}

fn is_fatal(body: &[u8]) -> bool {
    Object::parse(body, JSON_DEPTH).is_ok_and(|body| body.get("fatal") == Some("true"))
}
