//! Is this text one JSON object that every reader understands alike, and what did its members say, byte for byte?
//!
//! Values stay raw text: numbers keep their digits, and the bytes that were signed can be found again. Duplicate
//! names are refused at every depth because two parsers pick different ones (RFC 8259 section 4).

mod check;
mod write;

use std::{borrow::Cow, ops::Range};

pub use write::{ObjectWriter, quote};

/// Why a text is not an acceptable JSON object. Never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not JSON, not UTF-8, or something follows the value.
    #[error("not well-formed JSON")]
    Malformed,
    /// JSON, but not an object.
    #[error("not a JSON object")]
    NotAnObject,
    /// Objects and arrays are nested deeper than allowed.
    #[error("nested too deeply")]
    TooDeep,
    /// An object, at whatever depth, names a member twice.
    #[error("a member is named twice")]
    Duplicate,
}

/// The member is there but holds a value of another type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a value of another type")]
pub struct WrongType;

/// The members of a JSON object in the order they were written, their values as raw text.
#[derive(Clone)]
pub struct Object<'a> {
    /// What positions count from: the text that was parsed, also for objects nested in it.
    source: &'a str,
    members: Vec<(Cow<'a, str>, &'a str)>,
}

impl<'a> Object<'a> {
    /// Parses a text that is one JSON object with nothing but white space around it.
    ///
    /// Depth counts this object as 1; more than `max_depth` (at most 128) is [`JsonError::TooDeep`].
    ///
    /// # Errors
    /// See [`JsonError`].
    pub fn parse(bytes: &'a [u8], max_depth: usize) -> Result<Self, JsonError> {
        let source = std::str::from_utf8(bytes).map_err(|_| JsonError::Malformed)?;
        Ok(Self { source, members: check::document(source, max_depth)? })
    }

    /// The members in order: the name with escapes resolved, the value as raw text.
    pub fn members(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.members.iter().map(|(name, raw)| (name.as_ref(), *raw))
    }

    /// The raw text of a member; `null` counts as absent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.raw(name).filter(|raw| *raw != "null")
    }

    /// A member that must be a string if present, decoded.
    ///
    /// # Errors
    /// [`WrongType`] if it is something else.
    pub fn string(&self, name: &str) -> Result<Option<String>, WrongType> {
        self.get(name).map(string_of).transpose()
    }

    /// A member that must be an array if present, as the raw text of its elements.
    ///
    /// # Errors
    /// [`WrongType`] if it is something else.
    pub fn array(&self, name: &str) -> Result<Option<Vec<&'a str>>, WrongType> {
        self.get(name).map(|raw| check::elements(raw).map_err(|_| WrongType)).transpose()
    }

    /// A member that must be an object if present.
    ///
    /// # Errors
    /// [`WrongType`] if it is something else.
    pub fn object(&self, name: &str) -> Result<Option<Object<'a>>, WrongType> {
        let nested = |raw| Ok(Object { source: self.source, ..object_of(raw)? });
        self.get(name).map(nested).transpose()
    }

    /// Where a member's raw value (`null` included) lies in the bytes given to [`Object::parse`], also when this
    /// object is nested in them; or in the text given to [`object_of`].
    #[must_use]
    pub fn position(&self, name: &str) -> Option<Range<usize>> {
        let raw = self.raw(name)?;
        // Raw values are slices of the source, so the distance of their addresses is their offset.
        let start = raw.as_ptr().addr().checked_sub(self.source.as_ptr().addr())?;
        Some(start..start + raw.len())
    }

    fn raw(&self, name: &str) -> Option<&'a str> {
        self.members.iter().find(|(member, _)| member == name).map(|(_, raw)| *raw)
    }
}

/// Prints names only: values may be a person's.
impl std::fmt::Debug for Object<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.members.iter().map(|(name, _)| (name, "…"))).finish()
    }
}

/// The string that raw text from a parsed [`Object`] stands for.
///
/// # Errors
/// [`WrongType`] if the text is not a JSON string.
pub fn string_of(raw: &str) -> Result<String, WrongType> {
    serde_json::from_str(raw).map_err(|_| WrongType)
}

/// The object that raw text from a parsed [`Object`] stands for. The text was validated with its parent and is
/// not validated again.
///
/// # Errors
/// [`WrongType`] if the text is not a JSON object.
pub fn object_of(raw: &str) -> Result<Object<'_>, WrongType> {
    Ok(Object { source: raw, members: check::members(raw).map_err(|_| WrongType)? })
}

#[cfg(test)]
mod tests;
