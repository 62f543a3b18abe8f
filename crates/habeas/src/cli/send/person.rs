//! What is claimed of the person beyond by what they are known, for receivers that take identity tokens (DRP)?
//!
//! Nothing is said to be verified unless it is said so on the command line, together with how it was done: a receiver
//! may act on it without asking the person again.

use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::ValueEnum;
use habeas_core::{
    identity::{Format, is_e164},
    regime::Regime,
    submission::VERIFIED,
};
use habeas_server::operator::dto::Identity;
use serde_json::{Map, Value};

use super::super::identity::Text;

/// Claims by name.
pub(super) type Claims = Map<String, Value>;

const PHONE: &str = "phone_number";
const METHOD: &str = "verification_method";

/// What was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Checked {
    /// The e-mail address.
    Email,
    /// The phone number.
    Phone,
    /// The postal address.
    Address,
}

impl Checked {
    /// The claim that was verified.
    const fn claim(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => PHONE,
            Self::Address => "address",
        }
    }

    /// The claim that says so.
    const fn flag(self) -> &'static str {
        match self {
            Self::Email => "email_verified",
            Self::Phone => "phone_number_verified",
            Self::Address => "address_verified",
        }
    }
}

/// What was verified, and how.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Proof {
    /// Say that this was verified; may be given several times. With --file: lines may claim so of themselves.
    #[arg(long, value_enum, value_name = "WHAT", requires = "method", help_heading = "Person")]
    verified: Vec<Checked>,
    /// How it was verified, such as "code by e-mail": nothing personal. The receiver is told.
    #[arg(long, value_name = "TEXT", requires = "verified", help_heading = "Person")]
    method: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Person {
    /// Their phone number, such as +14155550123; or @FILE, or - for standard input, as for all of these.
    #[arg(long, value_name = "NUMBER", conflicts_with = "file", help_heading = "Person")]
    phone: Option<Text>,
    /// Their name. This and what follows is for receivers that take identity tokens (DRP).
    #[arg(long, conflicts_with = "file", help_heading = "Person")]
    name: Option<Text>,
    /// Their postal address: text, or the JSON object of OpenID Connect with street_address, locality, region, …
    #[arg(long, conflicts_with = "file", help_heading = "Person")]
    address: Option<Text>,
    /// More claims: a file with a JSON object, such as {"power_of_attorney": "…"}.
    #[arg(long, value_name = "FILE", conflicts_with = "file", help_heading = "Person")]
    claims: Option<PathBuf>,
    #[command(flatten)]
    pub(super) proof: Proof,
    /// How they say to stand to the receiver, in its own words, such as customer; may be given several times.
    #[arg(long, value_name = "WORD", conflicts_with = "file", help_heading = "Person")]
    relationship: Vec<String>,
    /// The law under which they ask: gdpr, ccpa or voluntary; the organisation's own, if not given.
    #[arg(long, conflicts_with = "file", help_heading = "Person")]
    regime: Option<Regime>,
}

impl Person {
    /// By what else they are known.
    pub(super) fn identities(&self) -> anyhow::Result<Option<Identity>> {
        let Some(phone) = &self.phone else { return Ok(None) };
        let value = phone.read("the phone number")?;
        ensure!(
            is_e164(&value),
            "--phone: must be + and 7 to 15 digits, country code first (E.164), such as +14155550123"
        );
        Ok(Some(Identity { kind: PHONE.to_owned(), format: Format::Raw.to_string(), value }))
    }

    /// What is claimed of them, who are known by these identities.
    pub(super) fn claims(&self, identities: &[Identity]) -> anyhow::Result<Option<Claims>> {
        let mut claims = self.of_file()?;
        self.proof.admits(&claims)?;
        let name = self.name.as_ref().map(|name| name.read("the name")).transpose()?;
        let address = self.address.as_ref().map(|address| address.read("the address")).transpose()?;
        add(&mut claims, "name", name.map(Value::String))?;
        add(&mut claims, "address", address.map(structured).transpose()?)?;
        for checked in &self.proof.verified {
            let known = identities.iter().any(|one| one.kind == checked.claim() && one.format == Format::Raw.as_str());
            let claim = checked.claim();
            ensure!(known || claims.contains_key(claim), "--verified: there is no {claim} that could be verified");
            let said = claims.insert(checked.flag().to_owned(), Value::Bool(true));
            ensure!(said.is_none_or(|said| said == Value::Bool(true)), "--claims says that {claim} is not verified");
        }
        add(&mut claims, METHOD, self.proof.method.clone().map(Value::String))?;
        Ok((!claims.is_empty()).then_some(claims))
    }

    /// How they stand to the receiver.
    pub(super) fn relationships(&self) -> Option<Vec<String>> {
        (!self.relationship.is_empty()).then(|| self.relationship.clone())
    }

    /// The law under which they ask.
    pub(super) fn regime(&self) -> Option<String> {
        self.regime.map(|regime| regime.to_string())
    }

    fn of_file(&self) -> anyhow::Result<Claims> {
        let Some(file) = &self.claims else { return Ok(Claims::new()) };
        let text = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
        // What the parser says of it may repeat it.
        match serde_json::from_slice(&text) {
            Ok(claims) => Ok(claims),
            Err(error) => bail!("{} is no JSON object (line {})", file.display(), error.line()),
        }
    }
}

impl Proof {
    /// Whether nothing else is claimed to be verified than what the command line says.
    pub(super) fn admits(&self, claims: &Claims) -> anyhow::Result<()> {
        for (name, value) in claims.iter().filter(|(name, _)| name.ends_with(VERIFIED)) {
            let said = self.verified.iter().any(|checked| checked.flag() == name) && *value == Value::Bool(true);
            if said || matches!(value, Value::Null | Value::Bool(false)) {
                continue;
            }
            bail!("{name} is claimed: say with --verified what was verified, and with --method how");
        }
        Ok(())
    }

    /// The same for a line of a file, which is told how it was done if it does not say so itself.
    pub(super) fn complete(&self, claims: &mut Claims) -> anyhow::Result<()> {
        self.admits(claims)?;
        let verified = claims.iter().any(|(name, value)| name.ends_with(VERIFIED) && *value == Value::Bool(true));
        if let Some(method) = self.method.as_ref().filter(|_| verified && !claims.contains_key(METHOD)) {
            claims.insert(METHOD.to_owned(), Value::String(method.clone()));
        }
        Ok(())
    }
}

fn add(claims: &mut Claims, name: &str, value: Option<Value>) -> anyhow::Result<()> {
    let Some(value) = value else { return Ok(()) };
    let said = claims.insert(name.to_owned(), value);
    ensure!(said.is_none(), "--claims says {name}, and so does the command line: only one of them");
    Ok(())
}

/// An address that begins like an object is meant to be one.
fn structured(text: String) -> anyhow::Result<Value> {
    if !text.trim_start().starts_with('{') {
        return Ok(Value::String(text));
    }
    match serde_json::from_str::<Claims>(&text) {
        Ok(address) => Ok(Value::Object(address)),
        Err(_) => bail!("--address: begins like a JSON object and is none"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: Value) -> Claims {
        value.as_object().unwrap().clone()
    }

    fn proof(verified: &[Checked]) -> Proof {
        let method = (!verified.is_empty()).then(|| "code by e-mail".to_owned());
        Proof { verified: verified.to_vec(), method }
    }

    #[test]
    fn only_what_the_command_line_says_may_be_claimed_to_be_verified() {
        for (claimed, verified, admitted) in [
            (json!({ "email_verified": true }), &[][..], false),
            (json!({ "email_verified": true }), &[Checked::Phone], false),
            (json!({ "email_verified": true }), &[Checked::Email], true),
            (json!({ "email_verified": "true" }), &[Checked::Email], false),
            (json!({ "email_verified": 1 }), &[], false),
            (json!({ "age_verified": true }), &[Checked::Email], false),
            (json!({ "email_verified": false, "phone_number_verified": null, "name": "Ann" }), &[], true),
        ] {
            let claims = claims(claimed);
            assert_eq!(proof(verified).admits(&claims).is_ok(), admitted, "{claims:?}");
        }
    }

    #[test]
    fn a_line_that_says_that_something_was_verified_is_told_how() {
        let mut verified = claims(json!({ "email_verified": true }));
        proof(&[Checked::Email]).complete(&mut verified).unwrap();
        assert_eq!(verified["verification_method"], "code by e-mail");
        let mut own = claims(json!({ "email_verified": true, "verification_method": "in person" }));
        proof(&[Checked::Email]).complete(&mut own).unwrap();
        assert_eq!(own["verification_method"], "in person");
        let mut none = claims(json!({ "name": "Ann" }));
        proof(&[Checked::Email]).complete(&mut none).unwrap();
        assert_eq!(none.len(), 1);
    }
}
