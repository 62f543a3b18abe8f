//! By what is the person known, and can this organisation look them up by it? (1.0 §5; A9, A35)

use habeas_core::{
    capability::Capabilities,
    dialect::Exchange,
    identity::{Format, Identity, Kind},
    problem::{Code, Field, Problem},
    secret::Secret,
};
use habeas_wire::json::{Object, object_of};

use super::{field, words::canonical_kind};

const LIST: &str = "subject_identities";

/// The identities, every one of which must be supported: a list of which a part is dropped would be half an answer.
pub(super) fn read(body: &Object<'_>, identified_elsewhere: bool, x: &Exchange<'_>) -> Result<Vec<Identity>, Problem> {
    let listed = field::list(body, LIST)?.unwrap_or_default();
    if listed.is_empty() && !identified_elsewhere {
        return Err(Problem::at(Code::MissingField, Field::named(LIST)).because("at least one identity"));
    }
    let allowed = x.us.limits.identities;
    if listed.len() > allowed {
        return Err(Problem::at(Code::TooMany, Field::named(LIST)).because(format!("at most {allowed}")));
    }
    let entries = listed.into_iter().enumerate();
    entries.map(|(index, raw)| identity(raw, index, &x.us.capabilities)).collect()
}

fn identity(raw: &str, index: usize, supported: &Capabilities) -> Result<Identity, Problem> {
    let entry = object_of(raw).map_err(|_| field::wrong(Field::entry(LIST, index), "an object"))?;
    let kind = filled(&entry, index, "identity_type")?;
    let value = Secret::new(filled(&entry, index, "identity_value")?);
    let format = filled(&entry, index, "identity_format")?;
    let format: Format = format
        .parse()
        .map_err(|_| field::wrong(Field::member(LIST, index, "identity_format"), "one of raw, sha256, sha1, md5"))?;
    let kind = Kind::new(canonical_kind(&kind));
    is_supported(&kind, format, supported)
        .map_err(|member| Problem::at(Code::UnsupportedIdentity, Field::member(LIST, index, member)))?;
    Ok(Identity { kind, format, value })
}

/// Which member is to blame, if the pair is not in discovery.
fn is_supported(kind: &Kind, format: Format, supported: &Capabilities) -> Result<(), &'static str> {
    let same = |listed: &Kind| canonical_kind(listed.as_str()) == kind.as_str();
    let mut of_kind = supported.identities.iter().filter(|(listed, _)| same(listed)).peekable();
    if of_kind.peek().is_none() {
        return Err("identity_type");
    }
    if of_kind.any(|(_, listed)| *listed == format) { Ok(()) } else { Err("identity_format") }
}

fn filled(entry: &Object<'_>, index: usize, name: &'static str) -> Result<String, Problem> {
    let place = || Field::member(LIST, index, name);
    let text = field::string(entry, name, place)?;
    if text.is_empty() { Err(field::wrong(place(), "a string that is not empty")) } else { Ok(text) }
}
