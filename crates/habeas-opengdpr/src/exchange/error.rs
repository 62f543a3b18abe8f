//! How is a problem told? An `error` object whose `code` is the HTTP status (1.0 §7.5, §7.6; A11, A31).
//!
//! Problems hold nothing of the sender's, so neither do these answers. They are not signed: anybody can ask for one.

use habeas_core::{
    dialect::{Answer, Exchange},
    problem::Problem,
};
use habeas_wire::json::ObjectWriter;
use http::{
    HeaderValue,
    header::{RETRY_AFTER, WWW_AUTHENTICATE},
};

use super::answer::{JSON, bare, name_us, nested};
use crate::version::Version;

/// The answer that tells a problem.
pub(crate) fn refuse(version: &Version, problem: &Problem, x: &Exchange<'_>) -> Answer {
    let status = problem.status();
    let message = problem.to_string();
    let detail = nested(
        ObjectWriter::new()
            .string("domain", area(status))
            .string("reason", problem.code.row().name)
            .string("message", &message),
    );
    let error = nested(
        ObjectWriter::new()
            .number("code", i64::from(status))
            .string("message", &message)
            .raw("errors", &format!("[{detail}]")),
    );
    let mut headers = bare(JSON);
    name_us(&mut headers, version.family, x);
    if status == 401 {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if status == 503 {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
    Answer { status, headers, body: ObjectWriter::new().raw("error", &error).finish() }
}

/// What kind of thing went wrong.
const fn area(status: u16) -> &'static str {
    match status {
        401 | 403 => "Authentication",
        404 | 405 | 409 | 410 => "Request",
        500.. => "Server",
        _ => "Validation",
    }
}
