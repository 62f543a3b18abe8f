//! What may be wished for in the body of a request to the operator's API?
//!
//! Each wish is the JSON type that clients send, and `Wish::read` is how the server reads it: straight into the
//! words of the domain, naming the member that is wrong.

use habeas_core::{
    clock::Instant,
    domain::Domain,
    id::RequestId,
    problem::{Code, Field, Problem},
    state::Ground,
};
use habeas_engine::WebhookAnswer;
use habeas_store::model::Retry;
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use super::{form::Form, words};
use crate::problem::invalid;

mod send;

pub use send::{Send, To};

/// A JSON body that the server takes.
pub(super) trait Wish {
    /// What it means.
    type Meaning;
    /// The members it may have.
    const MEMBERS: &'static [&'static str];
    /// Reads it.
    ///
    /// # Errors
    /// [`Problem`] naming the member that is wrong, never what it holds.
    fn read(form: &Form<'_>) -> Result<Self::Meaning, Problem>;
}

/// The work is done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fulfill {
    /// Where the results are, for rights that hand data back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results_url: Option<String>,
    /// When they stop being there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

impl Wish for Fulfill {
    type Meaning = (Vec<Url>, Option<Instant>);
    const MEMBERS: &'static [&'static str] = &["results_url", "expires_at"];

    fn read(form: &Form<'_>) -> Result<Self::Meaning, Problem> {
        results(form)
    }
}

/// The request is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deny {
    /// Why.
    #[schema(schema_with = words::ground)]
    pub ground: String,
}

impl Wish for Deny {
    type Meaning = Ground;
    const MEMBERS: &'static [&'static str] = &["ground"];

    fn read(form: &Form<'_>) -> Result<Ground, Problem> {
        form.must(form.parsed("ground")?, "ground")
    }
}

/// The request takes longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Extend {
    /// The new date, later than the present one.
    #[schema(format = DateTime)]
    pub by: String,
    /// Why: told to the peer, so nothing personal.
    pub reason: String,
}

impl Wish for Extend {
    type Meaning = (Instant, String);
    const MEMBERS: &'static [&'static str] = &["by", "reason"];

    fn read(form: &Form<'_>) -> Result<Self::Meaning, Problem> {
        Ok((form.must(form.instant("by")?, "by")?, form.must(form.text("reason")?, "reason")?))
    }
}

/// The person shall prove who they are, or has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Verify {
    /// Whether the person has done so in another way. Otherwise a page of ours asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<bool>,
}

impl Wish for Verify {
    type Meaning = bool;
    const MEMBERS: &'static [&'static str] = &["done"];

    fn read(form: &Form<'_>) -> Result<bool, Problem> {
        Ok(form.flag("done")?.unwrap_or(false))
    }
}

/// Which deliveries to make due at once: exactly one of these.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RetryMany {
    /// All undelivered ones of a request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// All failing or abandoned ones of an organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// All failing or abandoned ones of this server: `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<bool>,
}

impl Wish for RetryMany {
    type Meaning = Retry;
    const MEMBERS: &'static [&'static str] = &["request", "organisation", "failing"];

    fn read(form: &Form<'_>) -> Result<Retry, Problem> {
        let request = form.text("request")?;
        let organisation = form.parsed::<Domain>("organisation")?;
        let failing = form.flag("failing")?.unwrap_or(false);
        match (request, organisation, failing) {
            (Some(id), None, false) => Ok(Retry::OfRequest(RequestId::new(id))),
            (None, Some(domain), _) => Ok(Retry::Failing { organisation: Some(domain), behind: None }),
            (None, None, true) => Ok(Retry::Failing { organisation: None, behind: None }),
            _ => Err(invalid("failing", "one of: a request, an organisation, or \"failing\": true for all")),
        }
    }
}

/// What the organisation's own systems answer to the webhook that handed them a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fulfilment {
    /// `started`, `fulfilled` or `denied`.
    #[schema(schema_with = words::answer)]
    pub answer: String,
    /// With `fulfilled`: where the results are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results_url: Option<String>,
    /// With `fulfilled`: when they stop being there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
    /// With `denied`: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = words::ground)]
    pub ground: Option<String>,
}

impl Wish for Fulfilment {
    type Meaning = WebhookAnswer;
    const MEMBERS: &'static [&'static str] = &["answer", "results_url", "expires_at", "ground"];

    fn read(form: &Form<'_>) -> Result<WebhookAnswer, Problem> {
        let answer: String = form.must(form.text("answer")?, "answer")?;
        match answer.as_str() {
            "started" => form.only(&["answer"]).map(|()| WebhookAnswer::Started),
            "fulfilled" => {
                form.only(&["answer", "results_url", "expires_at"])?;
                let (results, expires_at) = results(form)?;
                Ok(WebhookAnswer::Fulfilled { results, expires_at })
            }
            "denied" => {
                form.only(&["answer", "ground"])?;
                Ok(WebhookAnswer::Denied { ground: form.must(form.parsed("ground")?, "ground")? })
            }
            _ => Err(invalid("answer", "one of started, fulfilled and denied")),
        }
    }
}

fn results(form: &Form<'_>) -> Result<(Vec<Url>, Option<Instant>), Problem> {
    let results = Vec::from_iter(form.url("results_url")?);
    let expires_at = form.instant("expires_at")?;
    if results.is_empty() && expires_at.is_some() {
        return Err(Problem::at(Code::MissingField, Field::named("results_url")));
    }
    Ok((results, expires_at))
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    use super::*;

    fn assert_same_members<W: Wish + PartialSchema>() {
        let schema = serde_json::to_value(W::schema()).unwrap();
        let mut described: Vec<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut read = W::MEMBERS.to_vec();
        described.sort_unstable();
        read.sort_unstable();
        assert_eq!(described, read);
    }

    #[test]
    fn what_is_read_is_what_the_document_describes() {
        assert_same_members::<Fulfill>();
        assert_same_members::<Deny>();
        assert_same_members::<Extend>();
        assert_same_members::<Verify>();
        assert_same_members::<Send>();
        assert_same_members::<RetryMany>();
        assert_same_members::<Fulfilment>();
    }
}
