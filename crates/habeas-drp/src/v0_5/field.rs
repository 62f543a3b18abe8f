//! Is a member there, and of the type it should be? Says so in words that repeat nothing of the sender.

use habeas_core::problem::{Code, Field, Problem};
use habeas_wire::json::{JsonError, Object};

/// The object that a body must be.
pub(super) fn object(body: &[u8], max_depth: usize) -> Result<Object<'_>, Problem> {
    Object::parse(body, max_depth).map_err(|error| {
        Problem::new(match error {
            JsonError::Malformed => Code::MalformedJson,
            JsonError::NotAnObject => Code::NotAnObject,
            JsonError::TooDeep => Code::TooDeep,
            JsonError::Duplicate => Code::DuplicateMember,
        })
    })
}

/// A string that must be there, and say something.
pub(super) fn string(object: &Object<'_>, name: &'static str) -> Result<String, Problem> {
    optional(object, name)?.filter(|text| !text.is_empty()).ok_or_else(|| missing(name))
}

/// A string that may be there.
pub(super) fn optional(object: &Object<'_>, name: &'static str) -> Result<Option<String>, Problem> {
    object.string(name).map_err(|_| wrong(Field::named(name), "a string"))
}

/// A list that may be there.
pub(super) fn list<'a>(object: &Object<'a>, name: &'static str) -> Result<Option<Vec<&'a str>>, Problem> {
    object.array(name).map_err(|_| wrong(Field::named(name), "an array"))
}

/// Not there.
pub(super) const fn missing(name: &'static str) -> Problem {
    Problem::at(Code::MissingField, Field::named(name))
}

/// Not what it should be.
pub(super) fn wrong(field: Field, expected: &'static str) -> Problem {
    Problem::at(Code::InvalidField, field).because(expected)
}
