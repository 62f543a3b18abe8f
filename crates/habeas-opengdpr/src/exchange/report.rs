//! What does a party's answer or callback say? Read leniently: peers send `null`, times without offset, other
//! spellings and members of their own (A7, A28, A30, A32).

use habeas_core::{
    clock::Instant,
    dialect::{Back, Reported, Told},
    domain::Domain,
    id::RemoteId,
    leg::{Progress, Report},
    message::Who,
    problem::Problem,
};
use habeas_wire::{
    base64,
    json::{Object, string_of},
    time,
};
use url::Url;

use super::{JSON_DEPTH, error, field, words};

/// Reads an answer, or notes that it is a refusal.
pub(super) fn hear<T>(
    answer: Back<'_>,
    said: impl FnOnce(&Object<'_>) -> Result<T, Problem>,
) -> Result<Told<T>, Problem> {
    match refused(answer) {
        Some(no) => Ok(no),
        None => said(&field::object(answer.body(), JSON_DEPTH)?).map(Told::Said),
    }
}

/// The refusal, where the answer is one.
pub(super) fn refused<T>(answer: Back<'_>) -> Option<Told<T>> {
    let status = answer.head().status;
    // Nobody has signed a refusal, so no more is read of it than whether it makes sense to look for the request there.
    let exists = matches!(status, 400 | 409) && error::says_it_exists(answer.body());
    match status {
        200..300 => None,
        // What is wrong with the request itself stays wrong. Anything else (a credential that was changed, a path that
        // is gone, a redirect) is a fault on the way that somebody will mend, and no reason to give a person's wish up.
        400 | 409 | 410 | 413 | 415 | 422 => Some(Told::Refused { status, again: false, exists }),
        _ => Some(Told::Refused { status, again: true, exists }),
    }
}

/// What every message about a request says of it, given where it stands.
pub(super) fn report(body: &Object<'_>, progress: Progress) -> Result<Report, Problem> {
    Ok(Report {
        remote_id: RemoteId::new(field::top(body, "subject_request_id")?),
        progress,
        received_at: instant(body, "received_time"),
        expected_by: instant(body, "expected_completion_time"),
        results: web_address(body, "results_url"),
        details: None,
        callback_url: text(body, "status_callback_url"),
    })
}

/// The report, and where in it the original request is repeated, which may not be stored (§7.3; A23).
pub(super) fn reported(body: &Object<'_>, progress: Progress) -> Result<Reported, Problem> {
    let encoded = body.get("encoded_request");
    Ok(Reported {
        report: report(body, progress)?,
        secret: encoded.and_then(|_| body.position("encoded_request")),
        echoed: encoded.and_then(|raw| string_of(raw).ok()).and_then(|text| base64::decode(text.as_bytes())),
        names_request: true,
    })
}

/// Where a request stands, as the signer says: its word, unless its own extension says that it is denied (A46).
pub(super) fn progress(body: &Object<'_>, who: &Who) -> Result<Progress, Problem> {
    let progress = words::progress_of(&field::top(body, "request_status")?);
    if matches!(progress, Progress::Fulfilled | Progress::Cancelled) {
        return Ok(progress);
    }
    Ok(denial(body, who).unwrap_or(progress))
}

fn denial(body: &Object<'_>, who: &Who) -> Option<Progress> {
    let signer = match who {
        Who::Signer { domain, .. } => domain,
        Who::Nobody | Who::Party(_) => return None,
    };
    let extensions = body.object("extensions").ok()??;
    let is_theirs = |name: &str| name.parse::<Domain>().is_ok_and(|domain| domain == *signer);
    let (name, _) = extensions.members().find(|(name, _)| is_theirs(name))?;
    let denied = extensions.object(name).ok()??.object("denied").ok()??;
    let ground = text(&denied, "reason").and_then(|reason| reason.parse().ok());
    Some(Progress::Denied { ground })
}

/// A string, or nothing.
pub(super) fn text(body: &Object<'_>, name: &str) -> Option<String> {
    body.string(name).ok().flatten()
}

/// An address that a browser may be sent to, or nothing.
pub(super) fn web_address(body: &Object<'_>, name: &str) -> Option<Url> {
    let url = Url::parse(&text(body, name)?).ok()?;
    matches!(url.scheme(), "https" | "http").then_some(url)
}

fn instant(body: &Object<'_>, name: &str) -> Option<Instant> {
    time::parse_lenient(&text(body, name)?).ok().map(Instant::from_ms)
}
