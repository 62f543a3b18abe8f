//! What does a party tell of a request? Read leniently: peers send `null`, empty strings, other spellings, times that
//! are none and reasons of their own (R2, R12, R13).

use habeas_core::{
    clock::Instant,
    dialect::Reported,
    id::RemoteId,
    leg::{Progress, Report},
    problem::{Field, Problem},
};
use habeas_wire::{json::Object, time};
use url::{Host, Url};

use super::{
    super::{field, words},
    ID,
};

/// An id is stored, and compared with those that come later.
const ID_CHARS: usize = 200;

/// What the object says, about the request that it names.
pub(crate) fn read(body: &Object<'_>) -> Result<Reported, Problem> {
    let id = field::string(body, ID)?;
    if id.chars().count() > ID_CHARS {
        return Err(field::wrong(Field::named(ID), "an id of at most 200 characters"));
    }
    read_of(body, RemoteId::new(id), true)
}

/// What the object says, about a request that is known; `names_request` tells whether it names it itself.
pub(crate) fn read_of(body: &Object<'_>, remote_id: RemoteId, names_request: bool) -> Result<Reported, Problem> {
    let status = field::string(body, "status")?.trim().to_ascii_lowercase().replace(['-', ' '], "_");
    let reason = said(body, "reason").map(|reason| reason.trim().to_ascii_lowercase()).unwrap_or_default();
    let progress = progress(&status, &reason, body);
    let unknown = matches!(progress, Progress::Denied { ground: None });
    let report = Report {
        remote_id,
        received_at: instant(body, "received_at"),
        expected_by: instant(body, "expected_by"),
        results: web_address(body, "results_url"),
        // A ground that we have no name for is still worth showing.
        details: said(body, "processing_details").or_else(|| said(body, "reason").filter(|_| unknown)),
        progress,
        callback_url: None,
    };
    Ok(Reported { report, secret: None, echoed: None, names_request })
}

fn progress(status: &str, reason: &str, body: &Object<'_>) -> Progress {
    match status {
        "open" => Progress::Pending,
        "in_progress" => match verification_url(body).filter(|_| words::asks_verification(reason)) {
            Some(url) => Progress::NeedsVerification { url },
            None => Progress::InProgress,
        },
        "fulfilled" => Progress::Fulfilled,
        "revoked" => Progress::Cancelled,
        "denied" => Progress::Denied { ground: words::ground_of(reason) },
        "expired" => Progress::Expired,
        _ => Progress::Unknown,
    }
}

/// Where the person is sent with an identity token, so nobody may listen on the way (§3.02.1).
fn verification_url(body: &Object<'_>) -> Option<Url> {
    let url = web_address(body, "user_verification_url")?;
    let is_local = match url.host()? {
        Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let bare = url.username().is_empty() && url.password().is_none();
    (bare && (url.scheme() == "https" || is_local)).then_some(url)
}

/// An address that a browser may be sent to, or nothing.
fn web_address(body: &Object<'_>, name: &str) -> Option<Url> {
    let url = Url::parse(&said(body, name)?).ok()?;
    matches!(url.scheme(), "https" | "http").then_some(url)
}

fn instant(body: &Object<'_>, name: &str) -> Option<Instant> {
    time::parse_any(&said(body, name)?).ok().map(Instant::from_ms)
}

/// A string that says something, or nothing.
fn said(body: &Object<'_>, name: &str) -> Option<String> {
    body.string(name).ok().flatten().filter(|text| !text.trim().is_empty())
}
