//! Is the text well-formed, shallow enough and free of duplicate names at every depth?
//!
//! `serde_json` scans a container into raw values without recursion and without reading numbers; only containers
//! within are scanned again. Recursion is therefore bounded by the depth we allow, not by what arrives, and a
//! number too large for any machine type is still just text.

use std::{borrow::Cow, collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer as _,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::JsonError;

/// The members of an object: name and raw value.
pub(super) type Members<'a> = Vec<(Cow<'a, str>, &'a str)>;

/// No caller needs more, and the stack must bear it.
const DEEPEST: usize = 128;

/// Up to here comparing names one by one is cheaper than hashing; beyond, it would be quadratic.
const FEW: usize = 16;

/// The members of a text that must be one object, all of it checked.
pub(super) fn document(text: &str, max_depth: usize) -> Result<Members<'_>, JsonError> {
    let allowed = max_depth.min(DEEPEST);
    if first_byte(text.trim_start_matches(WHITE_SPACE)) != Some(b'{') {
        let other: &RawValue = serde_json::from_str(text).map_err(|_| JsonError::Malformed)?;
        return Err(value(other.get(), allowed).err().unwrap_or(JsonError::NotAnObject));
    }
    object(text, allowed)
}

/// The members of an object without checking what lies within them.
pub(super) fn members(text: &str) -> Result<Members<'_>, JsonError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let members = reader.deserialize_map(Collector).map_err(|_| JsonError::Malformed)?;
    reader.end().map_err(|_| JsonError::Malformed)?;
    Ok(members)
}

/// The elements of an array without checking what lies within them.
pub(super) fn elements(text: &str) -> Result<Vec<&str>, JsonError> {
    let elements: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| JsonError::Malformed)?;
    Ok(elements.into_iter().map(RawValue::get).collect())
}

const WHITE_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

fn first_byte(text: &str) -> Option<u8> {
    text.as_bytes().first().copied()
}

/// `allowed` is how many levels of nesting are left, this object included.
fn object(text: &str, allowed: usize) -> Result<Members<'_>, JsonError> {
    let within = allowed.checked_sub(1).ok_or(JsonError::TooDeep)?;
    let members = members(text)?;
    if has_duplicate(&members) {
        return Err(JsonError::Duplicate);
    }
    members.iter().try_for_each(|(_, raw)| value(raw, within))?;
    Ok(members)
}

fn value(raw: &str, allowed: usize) -> Result<(), JsonError> {
    match first_byte(raw) {
        Some(b'{') => object(raw, allowed).map(|_| ()),
        Some(b'[') => {
            let within = allowed.checked_sub(1).ok_or(JsonError::TooDeep)?;
            elements(raw)?.into_iter().try_for_each(|element| value(element, within))
        }
        // The raw scan accepts escapes of half a surrogate pair, which stand for no string.
        Some(b'"') if raw.contains('\\') => {
            serde_json::from_str::<String>(raw).map(|_| ()).map_err(|_| JsonError::Malformed)
        }
        _ => Ok(()),
    }
}

fn has_duplicate(members: &Members<'_>) -> bool {
    if members.len() > FEW {
        let mut seen = HashSet::with_capacity(members.len());
        return !members.iter().all(|(name, _)| seen.insert(name.as_ref()));
    }
    let mut rest = members.iter();
    while let Some((name, _)) = rest.next() {
        if rest.clone().any(|(other, _)| other == name) {
            return true;
        }
    }
    false
}

/// A member name with its escapes resolved, so that `a` and `\u0061` are the same; borrowed where it has none.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

struct Collector;

impl<'de> Visitor<'de> for Collector {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut members = Vec::with_capacity(8);
        while let Some(Name(name)) = map.next_key()? {
            let raw: &'de RawValue = map.next_value()?;
            members.push((name, raw.get()));
        }
        Ok(members)
    }
}
