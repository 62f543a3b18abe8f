//! How is a query read so that what is wrong can be named without being repeated?

use std::{fmt::Display, str::FromStr};

use axum::extract::{FromRequestParts, Path, Query};
use habeas_core::problem::{Code, Problem};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::{Failure, invalid};

const LIMIT: u32 = 100;
const MOST: u32 = 1000;

/// The parameters of a query, taken one by one.
pub(super) struct Params(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        let unreadable = |_| Problem::new(Code::InvalidField).because("the query cannot be read");
        Ok(Self(Query::try_from_uri(&parts.uri).map_err(unreadable)?.0))
    }
}

impl Params {
    /// Takes a parameter out. An empty one counts as absent, one given twice is refused.
    pub(super) fn take(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        let (mine, others) = std::mem::take(&mut self.0).into_iter().partition(|(given, _)| given == name);
        self.0 = others;
        let mut mine: Vec<(String, String)> = mine;
        let value = mine.pop().map(|(_, value)| value).filter(|value| !value.is_empty());
        if mine.is_empty() { Ok(value) } else { Err(invalid(name, "once only")) }
    }

    /// The same, read as a word of the domain, whose errors repeat nothing.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Result<Option<T>, Problem> {
        let Some(text) = self.take(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|error: T::Err| invalid(name, error.to_string()))
    }

    /// The same, read as a number.
    pub(super) fn number(&mut self, name: &'static str) -> Result<Option<u32>, Problem> {
        let Some(text) = self.take(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| invalid(name, "a whole number"))
    }

    /// The same, read as yes or no; no, if it is not there.
    pub(super) fn flag(&mut self, name: &'static str) -> Result<bool, Problem> {
        match self.take(name)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(invalid(name, "true or false")),
        }
    }

    /// How many to list at most.
    pub(super) fn limit(&mut self) -> Result<u32, Problem> {
        match self.number("limit")?.unwrap_or(LIMIT) {
            limit @ 1..=MOST => Ok(limit),
            _ => Err(invalid("limit", "from 1 to 1000")),
        }
    }

    /// Refuses whatever was not taken.
    pub(super) fn finish(self, known: &'static str) -> Result<(), Problem> {
        if self.0.is_empty() {
            return Ok(());
        }
        let detail = format!("there is a parameter that is not known here; the parameters are {known}");
        Err(Problem::new(Code::InvalidField).because(detail))
    }
}

/// What the route's pattern caught of the path. What is not even text names nothing.
pub(super) struct Caught<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Caught<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(caught)) => Ok(Self(caught)),
            Err(_) => Err(Failure::of(Code::NotFound)),
        }
    }
}
