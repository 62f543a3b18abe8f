//! How do we make a request of a party? (1.0 §7.1; A32, A43)

use habeas_core::{
    dialect::{Asked, Exchange, Unrepresentable},
    submission::{Carried, Outbound},
};
use habeas_wire::json::{ObjectWriter, quote};
use http::{Method, header::CONTENT_TYPE};

use super::{EXTENSIONS, PROPERTY_ID, UNDERSTOOD, answer, words};
use crate::version::Version;

/// Our request.
pub(super) fn ask(version: &Version, outbound: &Outbound<'_>, x: &Exchange<'_>) -> Asked {
    let right = words::nearest(outbound.right).and_then(words::word_of);
    let right = right.ok_or(Unrepresentable("this right"))?;
    let carried = carried(version, &outbound.subject.carried)?;
    let mut writer = ObjectWriter::new();
    writer
        .string("subject_request_id", outbound.wire_id.as_str())
        .string("subject_request_type", right)
        .string("submitted_time", &outbound.submitted.text);
    if !outbound.subject.identities.is_empty() {
        writer.raw("subject_identities", &identities(version, outbound));
    } else if !carried.iter().any(|member| member.name == EXTENSIONS) {
        return Err(Unrepresentable("a request without an identity"));
    }
    writer.string("api_version", version.api_version);
    if !outbound.callbacks.is_empty() {
        let urls: Vec<_> = outbound.callbacks.iter().map(|url| quote(url.as_str())).collect();
        writer.raw("status_callback_urls", &format!("[{}]", urls.join(",")));
    }
    for member in carried {
        writer.raw(&member.name, &member.json);
    }
    let mut call = answer::call(Method::POST, &["opengdpr_requests"], x)?;
    call.headers.insert(CONTENT_TYPE, answer::JSON);
    call.body = writer.finish();
    Ok(call)
}

fn identities(version: &Version, outbound: &Outbound<'_>) -> String {
    let entries = outbound.subject.identities.iter().map(|identity| {
        answer::nested(
            ObjectWriter::new()
                .string("identity_type", version.kind_word(identity.kind.as_str()))
                .string("identity_value", identity.value.expose())
                .string("identity_format", identity.format.as_str()),
        )
    });
    format!("[{}]", entries.collect::<Vec<_>>().join(","))
}

/// What is handed on byte for byte. What narrows a request is not dropped silently: an erasure would become wider.
fn carried<'a>(version: &Version, members: &'a [Carried]) -> Result<Vec<&'a Carried>, Unrepresentable> {
    let holds = |name| members.iter().any(|member| member.name == name);
    if !version.has_extensions && holds(EXTENSIONS) {
        return Err(Unrepresentable("extensions"));
    }
    if !version.has_property_id && holds(PROPERTY_ID) {
        return Err(Unrepresentable("property_id"));
    }
    Ok(members.iter().filter(|member| !UNDERSTOOD.contains(&member.name.as_str())).collect())
}
