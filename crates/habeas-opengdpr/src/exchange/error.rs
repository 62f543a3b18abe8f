//! How is a problem told, and heard? An `error` object whose `code` is the HTTP status (1.0 §7.5, §7.6; A8, A11, A31).
//!
//! Problems hold nothing of the sender's, so neither do these answers. They are not signed: anybody can ask for one.

use habeas_core::{
    dialect::{Answer, Exchange},
    problem::{Code, Problem},
};
use habeas_wire::json::{Object, ObjectWriter, object_of};
use http::{
    HeaderValue,
    header::{RETRY_AFTER, WWW_AUTHENTICATE},
};

use super::{
    JSON_DEPTH,
    answer::{JSON, bare, name_us, nested},
    report::text,
};
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

/// Whether a refusal says that the id is taken (A8). Peers say it in the object of §7.6, with or without its wrapper
/// (A31), in their own words; a body that cannot be read says nothing.
pub(super) fn says_it_exists(body: &[u8]) -> bool {
    let Ok(bare) = Object::parse(body, JSON_DEPTH) else { return false };
    let wrapped = bare.object("error").ok().flatten();
    [Some(bare), wrapped].into_iter().flatten().any(|error| {
        let details = error.array("errors").ok().flatten().unwrap_or_default();
        let mut details = details.into_iter().filter_map(|raw| object_of(raw).ok());
        means_taken(&error) || details.any(|detail| means_taken(&detail))
    })
}

/// Our own reason, words to that effect, or the number that AppsFlyer gives it.
fn means_taken(error: &Object<'_>) -> bool {
    let is = |name: &str, word: &str| text(error, name).is_some_and(|said| said.eq_ignore_ascii_case(word));
    let message = text(error, "message").unwrap_or_default().to_ascii_lowercase();
    message.contains("already exist") || is("reason", Code::AlreadyExists.row().name) || is("af_gdpr_code", "e213")
}
