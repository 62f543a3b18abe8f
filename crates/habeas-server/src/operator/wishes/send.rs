//! May a request of ours be sent?

use habeas_core::{
    domain::Domain,
    id::PartyId,
    identity::{Format, Identity, Kind},
    problem::{Code, Field, Problem},
    right::Right,
    secret::Secret,
    submission::{Carried, TECHNICAL_CLAIMS, VERIFIED},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{dto, form::Form, words},
    Wish,
};
use crate::problem::invalid;

/// A request of ours to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Send {
    /// The domain of the organisation that sends.
    pub from: String,
    /// To which of its parties; to every one that can serve it, if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<To>,
    /// Which right.
    #[schema(schema_with = words::right)]
    pub right: String,
    /// The person.
    pub identities: Vec<dto::Identity>,
    /// What is claimed of the person beyond that, for receivers that take identity tokens (DRP): `name`, `address`,
    /// `email_verified`, `power_of_attorney`, … Only what was verified may be said to be, and `verification_method`
    /// says how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub claims: Option<serde_json::Map<String, serde_json::Value>>,
    /// How the person says to stand to the receiver, in the receiver's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relationships: Option<Vec<String>>,
    /// The law under which it is asked: `gdpr`, `ccpa` or `voluntary`; the organisation's own, if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regime: Option<String>,
    /// When the person asked; now, if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub submitted_at: Option<String>,
    /// The sender's own name for it: under one name a request is made once, however often it is asked for. Nothing
    /// personal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// One party or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum To {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// What a line of a file of requests may say: a wish without `from`, which holds for the whole file.
#[derive(Deserialize)]
struct Line {
    to: Option<To>,
    right: String,
    identities: Vec<dto::Identity>,
    claims: Option<serde_json::Map<String, serde_json::Value>>,
    relationships: Option<Vec<String>>,
    regime: Option<String>,
    submitted_at: Option<String>,
    reference: Option<String>,
}

const LINE: [&str; 8] = ["to", "right", "identities", "claims", "relationships", "regime", "submitted_at", "reference"];

impl Send {
    /// The wish that a line of a file holds, if the server would read it: judged by the server's own reading, so that
    /// what is wrong shows before anything is sent.
    ///
    /// # Errors
    /// [`Problem`] naming the member that is wrong, never what it holds.
    pub fn of_line(from: &Domain, line: &[u8]) -> Result<Self, Problem> {
        let form = Form::parse(line)?;
        form.only(&LINE)?;
        meaning(from.clone(), &form)?;
        let unreadable = |_| Problem::new(Code::InvalidField);
        let Line { to, right, identities, claims, relationships, regime, submitted_at, reference } =
            serde_json::from_slice(line).map_err(unreadable)?;
        let from = from.to_string();
        Ok(Self { from, to, right, identities, claims, relationships, regime, submitted_at, reference })
    }
}

impl Wish for Send {
    type Meaning = habeas_engine::operator::Send;
    const MEMBERS: &'static [&'static str] =
        &["from", "to", "right", "identities", "claims", "relationships", "regime", "submitted_at", "reference"];

    fn read(form: &Form<'_>) -> Result<Self::Meaning, Problem> {
        let send = meaning(form.must(form.parsed("from")?, "from")?, form)?;
        verified_somehow(&send.claims)?;
        Ok(send)
    }
}

fn meaning(from: Domain, form: &Form<'_>) -> Result<habeas_engine::operator::Send, Problem> {
    // Nobody is named by leaving it out, never by an empty list: that may be somebody's mistake.
    let to = form.texts("to")?;
    if to.as_ref().is_some_and(|to| to.is_empty() || to.iter().any(String::is_empty)) {
        return Err(invalid("to", "the name of a party, or a list of such names"));
    }
    let right = form.must(form.parsed::<Right>("right")?, "right")?;
    let persons = form.must(form.objects("identities")?, "identities")?;
    if persons.is_empty() {
        return Err(Problem::at(Code::MissingField, Field::named("identities")));
    }
    let identities =
        persons.iter().enumerate().map(|(index, person)| identity(person).map_err(|problem| of_entry(problem, index)));
    Ok(habeas_engine::operator::Send {
        from,
        to: to.unwrap_or_default().into_iter().map(PartyId::new).collect(),
        right,
        identities: identities.collect::<Result<_, _>>()?,
        claims: claims(form)?,
        relationships: form.texts("relationships")?.unwrap_or_default(),
        regime: form.parsed("regime")?,
        submitted_at: form.instant("submitted_at")?,
        reference: reference(form)?,
    })
}

/// The claim that says how the others were verified.
const METHOD: &str = "verification_method";

/// Claims that a token has for its own sake are the sender's to make.
fn claims(form: &Form<'_>) -> Result<Vec<Carried>, Problem> {
    let claims = form.members("claims")?.unwrap_or_default();
    if claims.iter().any(|claim| TECHNICAL_CLAIMS.contains(&claim.name.as_str())) {
        let names = TECHNICAL_CLAIMS.join(", ");
        return Err(invalid("claims", format!("none of {names}, which every token gets of itself")));
    }
    Ok(claims)
}

/// What is said to be verified was so in some way, and the receiver is told in which.
fn verified_somehow(claims: &[Carried]) -> Result<(), Problem> {
    let named = |name: &str| claims.iter().any(|claim| claim.name == name && !["null", "\"\""].contains(&&*claim.json));
    let said = || claims.iter().filter(|claim| claim.name.ends_with(VERIFIED));
    if said().any(|claim| !["true", "false", "null"].contains(&&*claim.json)) {
        return Err(invalid("claims", "true or false for what is said to be verified"));
    }
    let verified = said().any(|claim| claim.json == "true");
    if verified && !named(METHOD) {
        return Err(invalid("claims", format!("{METHOD} beside what is said to be verified: how was it?")));
    }
    Ok(())
}

fn reference(form: &Form<'_>) -> Result<Option<String>, Problem> {
    let reference = form.text("reference")?;
    match &reference {
        Some(text) if text.chars().count() > REFERENCE_CHARS => {
            Err(invalid("reference", format!("at most {REFERENCE_CHARS} characters")))
        }
        _ => Ok(reference),
    }
}

/// So long may a sender's own name for a request be.
const REFERENCE_CHARS: usize = 200;

const IDENTITY: [&str; 3] = ["kind", "format", "value"];

fn identity(person: &Form<'_>) -> Result<Identity, Problem> {
    person.only(&IDENTITY)?;
    Ok(Identity {
        kind: Kind::new(person.must(person.text("kind")?, "kind")?),
        format: person.must(person.parsed::<Format>("format")?, "format")?,
        value: Secret::new(person.must(person.text("value")?, "value")?),
    })
}

/// The same problem, its field named as a member of an entry of `identities`.
fn of_entry(problem: Problem, index: usize) -> Problem {
    let member = IDENTITY.into_iter().find(|name| problem.field.as_ref().is_some_and(|f| f.as_str() == *name));
    let field = match member {
        Some(member) => Field::member("identities", index, member),
        None => Field::entry("identities", index),
    };
    Problem { field: Some(field), ..problem }
}
