//! What goes out: how is an answer or a call put together, and what of it is signed? (1.0 §7.3, §8.3; A1, A14, A40)

use habeas_core::{
    dialect::{Answer, Asked, Exchange, Outgoing, Unrepresentable},
    id::RemoteId,
};
use habeas_wire::{base64, json::ObjectWriter};
use http::{
    HeaderMap, HeaderValue, Method,
    header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE},
};

use super::head::Family;
use crate::version::Version;

/// The media type of every message.
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What a party that only calls us cannot be told.
pub(super) const NO_ADDRESS: Unrepresentable = Unrepresentable("a call to a party without an address");

/// Headers that every answer has. The certificate goes out with nothing but these and its type.
pub(super) fn bare(content_type: HeaderValue) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers
}

/// Adds a header; domain names and base64 are always acceptable values.
fn put(headers: &mut HeaderMap, name: &'static str, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// Names us as the processor.
pub(super) fn name_us(headers: &mut HeaderMap, family: Family, x: &Exchange<'_>) {
    put(headers, family.domain, x.us.domain.as_str().to_owned());
}

/// Names us and signs exactly these bytes.
pub(super) fn sign(headers: &mut HeaderMap, family: Family, body: &[u8], x: &Exchange<'_>) {
    name_us(headers, family, x);
    put(headers, family.signature, base64::encode(&x.signer.sign(body)));
}

/// A signed answer.
pub(super) fn signed(version: &Version, status: u16, body: Vec<u8>, x: &Exchange<'_>) -> Answer {
    let mut headers = bare(JSON);
    sign(&mut headers, version.family, &body, x);
    Answer { status, headers, body }
}

/// A signed answer to a request or a cancellation. The last member may repeat a signature: of the body without that
/// member, since nothing can sign itself (A1). The header signs what is sent.
pub(super) fn receipt(version: &Version, status: u16, mut body: Vec<u8>, x: &Exchange<'_>) -> Answer {
    if x.us.policy.signature_in_body {
        let signature = base64::encode(&x.signer.sign(&body));
        // The closing brace makes room for one more member.
        body.pop();
        body.extend_from_slice(format!(r#","processor_signature":"{signature}"}}"#).as_bytes());
    }
    signed(version, status, body, x)
}

/// The members so far as text, to stand within another object.
pub(super) fn nested(writer: &mut ObjectWriter) -> String {
    String::from_utf8_lossy(&writer.finish()).into_owned()
}

/// Writes whom the receiver knows as the other side. Only an engine's mistake leaves it unknown.
pub(super) fn controller_id(writer: &mut ObjectWriter, x: &Exchange<'_>) {
    if let Some(them) = x.them {
        writer.string("controller_id", &them.known_as);
    }
}

/// Base64 as a JSON string: its alphabet needs no escapes.
pub(super) fn base64_json(bytes: &[u8]) -> String {
    format!("\"{}\"", base64::encode(bytes))
}

/// A call about one request of the party.
pub(super) fn item(method: Method, id: &RemoteId, x: &Exchange<'_>) -> Asked {
    call(method, &["opengdpr_requests", id.as_str()], x)
}

/// The same below the singular, as 0.1 shows it and few peers have it (A3); later versions show the plural.
pub(super) fn item_elsewhere(version: &Version, method: Method, id: &RemoteId, x: &Exchange<'_>) -> Asked {
    if !version.shows_singular_path {
        return Err(Unrepresentable("another place"));
    }
    call(method, &["opengdpr_request", id.as_str()], x)
}

/// A call without a body to a path of the party.
pub(super) fn call(method: Method, path: &[&str], x: &Exchange<'_>) -> Asked {
    let base = x.them.and_then(|them| them.base.as_ref());
    let mut url = base.ok_or(NO_ADDRESS)?.clone();
    // Such a segment would be dropped, and the call go to the whole collection.
    if path.iter().any(|segment| matches!(*segment, "" | "." | "..")) {
        return Err(Unrepresentable("an id that is no segment of a path"));
    }
    match url.path_segments_mut() {
        Ok(mut segments) => segments.pop_if_empty().extend(path),
        Err(()) => return Err(Unrepresentable("a call to an address that has no path")),
    };
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, JSON);
    Ok(Outgoing { method, url, headers, body: Vec::new() })
}
