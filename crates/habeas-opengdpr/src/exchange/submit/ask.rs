//! How do we make a request of a party? (1.0 §7.1; A32, A43)

use habeas_core::{
    dialect::{Asked, Exchange, Unrepresentable},
    submission::Outbound,
};
use habeas_wire::json::{ObjectWriter, quote};
use http::{Method, header::CONTENT_TYPE};

use super::{answer, carry, words};
use crate::version::Version;

/// Our request.
pub(super) fn ask(version: &Version, outbound: &Outbound<'_>, x: &Exchange<'_>) -> Asked {
    let right = words::nearest(outbound.right).and_then(words::word_of);
    let right = right.filter(|_| is_understood(outbound)).ok_or(Unrepresentable("this right"))?;
    let them = x.them.ok_or(answer::NO_ADDRESS)?;
    let carried = carry::carry(version, outbound.subject, them, x)?;
    let mut writer = ObjectWriter::new();
    writer
        .string("subject_request_id", outbound.wire_id.as_str())
        .string("subject_request_type", right)
        .string("submitted_time", &outbound.submitted.text);
    if !outbound.subject.identities.is_empty() {
        writer.raw("subject_identities", &identities(version, outbound));
    } else if !carry::identifies(&outbound.subject.carried, &carried) {
        return Err(Unrepresentable("a request without an identity"));
    }
    writer.string("api_version", version.api_version);
    if !outbound.callbacks.is_empty() {
        let urls: Vec<_> = outbound.callbacks.iter().map(|url| quote(url.as_str())).collect();
        writer.raw("status_callback_urls", &format!("[{}]", urls.join(",")));
    }
    for (name, json) in carried {
        writer.raw(name, &json);
    }
    let mut call = answer::call(Method::POST, &["opengdpr_requests"], x)?;
    call.headers.insert(CONTENT_TYPE, answer::JSON);
    call.body = writer.finish();
    Ok(call)
}

/// Words of ours are for those who list them.
fn is_understood(outbound: &Outbound<'_>) -> bool {
    !words::is_extension(outbound.right) || outbound.supports.is_some_and(|known| known.serves(outbound.right))
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
