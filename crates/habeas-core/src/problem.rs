//! What is wrong with a message, in words that may leave the house?

use std::{borrow::Cow, fmt};

/// What went wrong. Each code is one row of the table in [`Code::row`]; each dialect prints it in its own body and
/// the operator's API as RFC 9457 problem details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the table of rows says what each code means")]
pub enum Code {
    MalformedJson,
    DuplicateMember,
    NotAnObject,
    TooDeep,
    MissingField,
    InvalidField,
    UnsupportedIdentity,
    UnsupportedRight,
    TooMany,
    CallbackNotAllowed,
    AlreadyExists,
    NotCancellable,
    InvalidTransition,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    PayloadTooLarge,
    UnsupportedMediaType,
    Gone,
    HeadersTooLarge,
    Unavailable,
    Internal,
}

/// One row of the table of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The code's name on the wire.
    pub name: &'static str,
    /// What is wrong, as a sentence without its field.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
}

impl Code {
    /// All codes.
    pub const ALL: [Self; 24] = [
        Self::MalformedJson,
        Self::DuplicateMember,
        Self::NotAnObject,
        Self::TooDeep,
        Self::MissingField,
        Self::InvalidField,
        Self::UnsupportedIdentity,
        Self::UnsupportedRight,
        Self::TooMany,
        Self::CallbackNotAllowed,
        Self::AlreadyExists,
        Self::NotCancellable,
        Self::InvalidTransition,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::Gone,
        Self::HeadersTooLarge,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The code's row.
    pub const fn row(self) -> Row {
        let (name, status, title) = match self {
            Self::MalformedJson => ("malformed_json", 400, "The body is not valid JSON"),
            Self::DuplicateMember => ("duplicate_member", 400, "A JSON object names a member twice"),
            Self::NotAnObject => ("not_an_object", 400, "The body is not a JSON object"),
            Self::TooDeep => ("too_deep", 400, "The JSON is nested too deeply"),
            Self::MissingField => ("missing_field", 400, "A required field is missing"),
            Self::InvalidField => ("invalid_field", 400, "A field is not what it should be"),
            Self::UnsupportedIdentity => ("unsupported_identity", 400, "An identity is not supported here"),
            Self::UnsupportedRight => ("unsupported_right", 400, "This right is not served here"),
            Self::TooMany => ("too_many", 400, "A list has too many entries"),
            Self::CallbackNotAllowed => ("callback_not_allowed", 400, "A callback URL may not be called"),
            Self::AlreadyExists => ("already_exists", 400, "Subject request already exists"),
            Self::NotCancellable => ("not_cancellable", 400, "The request can no longer be cancelled"),
            Self::InvalidTransition => ("invalid_transition", 409, "The request's state does not admit this"),
            Self::Unauthorized => ("unauthorized", 401, "A valid credential is required"),
            Self::Forbidden => ("forbidden", 403, "The message could not be authenticated"),
            Self::NotFound => ("not_found", 404, "There is no such resource"),
            Self::MethodNotAllowed => ("method_not_allowed", 405, "This method is not allowed here"),
            Self::RequestTimeout => ("request_timeout", 408, "The request did not arrive in time"),
            Self::PayloadTooLarge => ("payload_too_large", 413, "The body is too large"),
            Self::UnsupportedMediaType => ("unsupported_media_type", 415, "The body must be application/json"),
            Self::Gone => ("gone", 410, "This is no longer available"),
            Self::HeadersTooLarge => ("headers_too_large", 431, "The request's headers are too large"),
            Self::Unavailable => ("unavailable", 503, "The server cannot take this now"),
            Self::Internal => ("internal", 500, "Something failed here"),
        };
        Row { name, title, status }
    }
}

/// The place in a message that a problem is about: names of the protocol and indexes, never text of the sender.
#[derive(Clone, PartialEq, Eq)]
pub struct Field(Cow<'static, str>);

impl Field {
    /// A field of the protocol.
    pub const fn named(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// An entry of a list: `name[index]`.
    pub fn entry(name: &'static str, index: usize) -> Self {
        Self(Cow::Owned(format!("{name}[{index}]")))
    }

    /// A field of an entry of a list: `name[index].member`.
    pub fn member(name: &'static str, index: usize, member: &'static str) -> Self {
        Self(Cow::Owned(format!("{name}[{index}].{member}")))
    }

    /// The place as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is wrong, where, and what would be right. Holds nothing that a sender wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What.
    pub code: Code,
    /// Where.
    pub field: Option<Field>,
    /// What would be right, or more of what is wrong.
    pub detail: Option<Cow<'static, str>>,
}

impl Problem {
    /// A problem of the whole message.
    pub const fn new(code: Code) -> Self {
        Self { code, field: None, detail: None }
    }

    /// A problem at a place.
    pub const fn at(code: Code, field: Field) -> Self {
        Self { code, field: Some(field), detail: None }
    }

    /// The same with words on what would be right.
    #[must_use]
    pub fn because(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        self.code.row().status
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(self.code.row().title)?;
        if let Some(detail) = &self.detail {
            write!(f, ": {detail}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_has_a_name_of_its_own_and_an_error_status() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.row().name).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| (400..600).contains(&code.row().status)));
    }

    #[test]
    fn a_problem_reads_as_a_sentence() {
        let problem = Problem::at(Code::MissingField, Field::member("subject_identities", 2, "identity_type"));
        assert_eq!(problem.to_string(), "subject_identities[2].identity_type: A required field is missing");
    }
}
