//! How is an address written for peers that take a string only? (OpenID Connect Core 1.0 section 5.1.1; R4)

use std::borrow::Cow;

use habeas_wire::json::{Object, object_of, quote};

/// In the order in which they are written.
const PARTS: [&str; 5] = ["street_address", "locality", "region", "postal_code", "country"];

/// The claim as a JSON string: as it is formatted, or else its parts; `None` where it says neither. What is no object
/// is left as it is.
pub(super) fn as_string(json: &str) -> Option<Cow<'_, str>> {
    let Ok(address) = object_of(json) else { return Some(Cow::Borrowed(json)) };
    let parts: Vec<_> = PARTS.into_iter().filter_map(|part| text(&address, part)).collect();
    let joined = (!parts.is_empty()).then(|| parts.join(", "));
    text(&address, "formatted").or(joined).map(|text| Cow::Owned(quote(&text)))
}

fn text(address: &Object<'_>, name: &str) -> Option<String> {
    address.string(name).ok().flatten().filter(|text| !text.trim().is_empty())
}
