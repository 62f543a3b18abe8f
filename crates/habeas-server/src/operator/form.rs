//! How is a JSON body read so that what is wrong can be named without being repeated?

use std::{fmt::Display, str::FromStr};

use axum::extract::{FromRequest, Request};
use habeas_core::{
    clock::Instant,
    problem::{Code, Field, Problem},
    submission::Carried,
};
use habeas_wire::{
    json::{JsonError, Object, object_of, string_of},
    time::parse_strict,
};
use http::{HeaderMap, header};
use url::Url;

use super::wishes::Wish;
use crate::{
    intake,
    problem::{Failure, invalid},
};

const BODY_BYTES: usize = 1024 * 1024;
const DEPTH: usize = 16;
const IDENTIFIER_CHARS: usize = 40;

/// The body of a request, read as a wish. No body is read as an empty one.
pub(super) struct Wished<W: Wish>(pub(super) W::Meaning);

impl<W: Wish, S: Sync> FromRequest<S> for Wished<W> {
    type Rejection = Failure;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Failure> {
        let (head, mut body) = request.into_parts();
        let bytes = match intake::read(&mut body, BODY_BYTES).await {
            Ok(bytes) => bytes,
            Err(problem) => {
                intake::discard(&head.headers, body);
                return Err(problem.into());
            }
        };
        if bytes.is_empty() {
            return read::<W>(b"{}").map(Self).map_err(Failure::from);
        }
        if !is_json(&head.headers) {
            return Err(Failure::of(Code::UnsupportedMediaType));
        }
        read::<W>(&bytes).map(Self).map_err(Failure::from)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn read<W: Wish>(bytes: &[u8]) -> Result<W::Meaning, Problem> {
    let form = Form::parse(bytes)?;
    form.only(W::MEMBERS)?;
    W::read(&form)
}

/// A JSON object whose members are asked for one by one. `null` counts as absent.
pub(super) struct Form<'a>(Object<'a>);

impl<'a> Form<'a> {
    /// The object that a text is.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Problem> {
        let object = Object::parse(bytes, DEPTH).map_err(|error| {
            Problem::new(match error {
                JsonError::Malformed => Code::MalformedJson,
                JsonError::NotAnObject => Code::NotAnObject,
                JsonError::TooDeep => Code::TooDeep,
                JsonError::Duplicate => Code::DuplicateMember,
            })
        })?;
        Ok(Self(object))
    }

    /// Refuses members beyond these. A name is repeated only if it looks like one: it is the sender's own text.
    pub(super) fn only(&self, known: &[&'static str]) -> Result<(), Problem> {
        let Some((name, _)) = self.0.members().find(|(name, _)| !known.contains(name)) else { return Ok(()) };
        let known = known.join(", ");
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        let detail = if name.len() <= IDENTIFIER_CHARS && !name.is_empty() && name.bytes().all(is_name) {
            format!("there is no member {name} here; the members are {known}")
        } else {
            format!("there is a member that is not known here; the members are {known}")
        };
        Err(Problem::new(Code::InvalidField).because(detail))
    }

    /// A member that must be there.
    pub(super) fn must<T>(&self, value: Option<T>, name: &'static str) -> Result<T, Problem> {
        value.ok_or_else(|| Problem::at(Code::MissingField, Field::named(name)))
    }

    /// Text that is not empty.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<String>, Problem> {
        let text = self.0.string(name).map_err(|_| invalid(name, "a string"))?;
        match text {
            Some(text) if text.is_empty() => Err(invalid(name, "a string that is not empty")),
            text => Ok(text),
        }
    }

    /// Text, or a list of texts.
    pub(super) fn texts(&self, name: &'static str) -> Result<Option<Vec<String>>, Problem> {
        let Some(raw) = self.0.get(name) else { return Ok(None) };
        let wrong = || invalid(name, "a string, or a list of strings");
        if let Ok(text) = string_of(raw) {
            return Ok(Some(vec![text]));
        }
        let entries = self.0.array(name).map_err(|_| wrong())?.unwrap_or_default();
        entries.into_iter().map(|entry| string_of(entry).map_err(|_| wrong())).collect::<Result<_, _>>().map(Some)
    }

    /// The members of an object.
    pub(super) fn members(&self, name: &'static str) -> Result<Option<Vec<Carried>>, Problem> {
        let object = self.0.object(name).map_err(|_| invalid(name, "an object"))?;
        let carried = |(name, json): (&str, &str)| Carried { name: name.to_owned(), json: json.to_owned() };
        Ok(object.map(|object| object.members().map(carried).collect()))
    }

    /// A list of objects.
    pub(super) fn objects(&self, name: &'static str) -> Result<Option<Vec<Form<'a>>>, Problem> {
        let wrong = |_| invalid(name, "a list of objects");
        let Some(entries) = self.0.array(name).map_err(wrong)? else { return Ok(None) };
        entries.into_iter().map(|entry| object_of(entry).map(Form).map_err(wrong)).collect::<Result<_, _>>().map(Some)
    }

    /// Text that names something of the domain. The domain's errors say what would be right and repeat nothing.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&self, name: &'static str) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|error: T::Err| invalid(name, error.to_string()))
    }

    /// An instant.
    pub(super) fn instant(&self, name: &'static str) -> Result<Option<Instant>, Problem> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let at = parse_strict(&text).map_err(|_| invalid(name, "a time such as 2026-01-31T12:00:00Z"))?;
        Ok(Some(Instant::from_ms(at)))
    }

    /// The address of something that can be fetched.
    pub(super) fn url(&self, name: &'static str) -> Result<Option<Url>, Problem> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match Url::parse(&text) {
            Ok(url) if matches!(url.scheme(), "https" | "http") => Ok(Some(url)),
            _ => Err(invalid(name, "an absolute URL that begins with https:// or http://")),
        }
    }

    /// Yes or no.
    pub(super) fn flag(&self, name: &'static str) -> Result<Option<bool>, Problem> {
        match self.0.get(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(invalid(name, "true or false")),
        }
    }
}
