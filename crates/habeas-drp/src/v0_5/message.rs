//! How is an answer or a call put together? JSON both ways (§2.0), in answers that nobody keeps.

use habeas_core::{
    dialect::{Answer, Asked, Exchange, Outgoing, Unrepresentable},
    message::RequestHead,
    problem::{Code, Problem},
};
use habeas_wire::json::{ObjectWriter, quote};
use http::{
    HeaderMap, HeaderValue, Method,
    header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE},
};

/// The media type of every message.
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What a party that only calls us cannot be told.
pub(super) const NO_ADDRESS: Unrepresentable = Unrepresentable("a call to a party without an address");

/// An answer. What went well is 200, whatever it was (§3.06).
pub(super) fn answer(status: u16, body: Vec<u8>) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Answer { status, headers, body }
}

/// A call without a body to a path of the party.
pub(super) fn get(path: &[&str], x: &Exchange<'_>) -> Asked {
    let mut url = x.them.and_then(|them| them.base.as_ref()).ok_or(NO_ADDRESS)?.clone();
    url.set_query(None);
    url.set_fragment(None);
    match url.path_segments_mut() {
        Ok(mut segments) => segments.pop_if_empty().extend(path),
        Err(()) => return Err(Unrepresentable("a call to an address that has no path")),
    };
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, JSON);
    Ok(Outgoing { method: Method::GET, url, headers, body: Vec::new() })
}

/// A call with a body to a path of the party.
pub(super) fn post(path: &str, body: Vec<u8>, x: &Exchange<'_>) -> Asked {
    let mut call = get(&[path], x)?;
    call.method = Method::POST;
    call.headers.insert(CONTENT_TYPE, JSON);
    call.body = body;
    Ok(call)
}

/// The headers of a call that posts and does not care what is answered.
pub(super) fn posted() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, JSON);
    headers
}

/// Whether the body claims to be JSON; the media type may have parameters.
pub(super) fn is_json(head: &RequestHead) -> Result<(), Problem> {
    let named = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = named.and_then(|value| value.split(';').next()).map(str::trim);
    let is_json = essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    if is_json { Ok(()) } else { Err(Problem::new(Code::UnsupportedMediaType)) }
}

/// The members so far as text, to stand within another object.
pub(super) fn nested(writer: &mut ObjectWriter) -> String {
    String::from_utf8_lossy(&writer.finish()).into_owned()
}

/// A list of strings as JSON.
pub(super) fn strings<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", texts.map(quote).collect::<Vec<_>>().join(","))
}
