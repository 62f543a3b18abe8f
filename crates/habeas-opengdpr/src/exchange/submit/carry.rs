//! What of a request is handed on to a party, and does it stay as narrow as it was? (1.0 §7.1.1; A32, A43)
//!
//! Members that we do not understand go on byte for byte. Two of them narrow a request and are not known to every
//! version: `property_id` is a member of its own in 0.1 and stands in a processor's extension in 1.0, and 0.1 has no
//! `extensions` at all. Where they cannot be moved, nothing is sent: an erasure without them would be a wider one.

use std::borrow::Cow;

use habeas_core::{
    dialect::{Exchange, Knob, Unrepresentable},
    domain::Domain,
    party::Party,
    submission::{Carried, Subject},
};
use habeas_wire::json::{Object, ObjectWriter, object_of, quote};

use super::{EXTENSIONS, PROPERTY_ID, UNDERSTOOD, answer::nested};
use crate::version::Version;

/// The party reads `property_id` out of its own extension.
pub(crate) const PROPERTY_ID_IN_EXTENSIONS: Knob = Knob {
    name: "property-id-in-extensions",
    doc: "Send a request's `property_id`, which OpenGDPR 1.0 does not have, within the party's own extension. Without \
          this a request that has one is not sent to the party.",
};

/// The party is not shown what is meant for others.
pub(crate) const OWN_EXTENSIONS_ONLY: Knob = Knob {
    name: "own-extensions-only",
    doc: "Hand on the extension of the party's own domain alone, instead of `extensions` as they came.",
};

/// The party is told how the person says to stand to us.
pub(crate) const RELATIONSHIPS_IN_EXTENSIONS: Knob = Knob {
    name: "relationships-in-extensions",
    doc: "Tell the party, within its own extension, how the person says to stand to the organisation: `relationships`, \
          as a request of the Data Rights Protocol names them. Only where the request came without `extensions`.",
};

/// A member as it is sent: its name and JSON text.
pub(super) type Member<'a> = (&'a str, Cow<'a, str>);

const PROPERTY: Unrepresentable = Unrepresentable(PROPERTY_ID);
const EXTENSION: Unrepresentable = Unrepresentable(EXTENSIONS);

/// The members that go on, those that narrow the request last.
pub(super) fn carry<'a>(
    version: &Version,
    subject: &'a Subject,
    them: &Party,
    x: &Exchange<'_>,
) -> Result<Vec<Member<'a>>, Unrepresentable> {
    let members = &subject.carried;
    let given = said(members, EXTENSIONS);
    let mut property = said(members, PROPERTY_ID).map(Cow::Borrowed);
    let mut extensions = given.map(Cow::Borrowed);
    let mut beside = given.is_some();
    if let Some(json) = given {
        let entries = Object::parse(json.as_bytes(), x.us.limits.json_depth).map_err(|_| EXTENSION)?;
        let ours: Vec<_> =
            of(&entries, &x.us.domain).map(|(_, json)| json).filter(|json| says_something(json)).collect();
        match meant_for_us(&ours, property.is_some())? {
            Some(id) => {
                property = Some(Cow::Borrowed(id));
                extensions = without(&entries, &x.us.domain).map(Cow::Owned);
                beside = extensions.is_some();
            }
            // It may narrow the request in a way that we do not know.
            None if !version.has_extensions && !ours.is_empty() => return Err(EXTENSION),
            None => {}
        }
        if !version.has_extensions {
            property = as_property(property, &entries, them)?;
            extensions = None;
        } else if them.has_knob(OWN_EXTENSIONS_ONLY.name) {
            extensions = own_extensions(&entries, them).map(Cow::Owned);
        }
    }
    if !version.has_property_id
        && let Some(id) = property.take()
    {
        if beside || !them.has_knob(PROPERTY_ID_IN_EXTENSIONS.name) {
            return Err(PROPERTY);
        }
        extensions = Some(Cow::Owned(as_extension(&id, them)));
    }
    if version.has_extensions && extensions.is_none() && them.has_knob(RELATIONSHIPS_IN_EXTENSIONS.name) {
        extensions = relationships(subject, them).map(Cow::Owned);
    }
    let moved = |name: &str| name == PROPERTY_ID || name == EXTENSIONS || UNDERSTOOD.contains(&name);
    let others = members.iter().filter(|member| !moved(&member.name));
    let others = others.map(|member| (member.name.as_str(), Cow::Borrowed(member.json.as_str())));
    let narrow = [(PROPERTY_ID, property), (EXTENSIONS, extensions)];
    Ok(others.chain(narrow.into_iter().filter_map(|(name, json)| Some((name, json?)))).collect())
}

/// Whether the sender left it to an extension to say who the person is, and it is handed on (A35).
pub(super) fn identifies(members: &[Carried], sent: &[Member<'_>]) -> bool {
    said(members, EXTENSIONS).is_some() && sent.iter().any(|(name, _)| *name == EXTENSIONS)
}

/// What a carried member says. A `null` says nothing (A30).
fn said<'a>(members: &'a [Carried], name: &str) -> Option<&'a str> {
    members.iter().find(|member| member.name == name).map(|member| member.json.as_str()).filter(|json| *json != "null")
}

/// The entries for a domain; more than one only where they differ in case.
fn of<'o, 'a>(entries: &'o Object<'a>, domain: &Domain) -> impl Iterator<Item = (&'o str, &'a str)> {
    entries.members().filter(move |(name, json)| is_of(name, domain) && *json != "null")
}

fn is_of(name: &str, domain: &Domain) -> bool {
    name.parse::<Domain>().is_ok_and(|other| other == *domain)
}

/// The `property_id` that the sender put into the entry for us: it narrows the request, for those we hand it on to as
/// well. Beside anything else in there it cannot be moved.
fn meant_for_us<'a>(ours: &[&'a str], beside: bool) -> Result<Option<&'a str>, Unrepresentable> {
    let narrows = |json: &&str| object_of(json).is_ok_and(|entry| entry.get(PROPERTY_ID).is_some());
    match ours {
        ours if !ours.iter().any(narrows) => Ok(None),
        [json] if !beside => sole_property(json).map(Some).ok_or(PROPERTY),
        _ => Err(PROPERTY),
    }
}

/// Whether an entry is more than an empty object.
fn says_something(json: &str) -> bool {
    object_of(json).map_or(true, |entry| entry.members().next().is_some())
}

/// `extensions` without the entries for a domain, if any are left.
fn without(entries: &Object<'_>, domain: &Domain) -> Option<String> {
    let mut writer = ObjectWriter::new();
    let mut left = false;
    for (name, json) in entries.members().filter(|(name, _)| !is_of(name, domain)) {
        writer.raw(name, json);
        left = true;
    }
    left.then(|| nested(&mut writer))
}

/// The same `extensions` without what is meant for others.
fn own_extensions(entries: &Object<'_>, them: &Party) -> Option<String> {
    let mut writer = ObjectWriter::new();
    for (name, json) in of(entries, &them.domain) {
        writer.raw(name, json);
    }
    of(entries, &them.domain).next().map(|_| nested(&mut writer))
}

/// `property_id` where 1.0 has it.
fn as_extension(property: &str, them: &Party) -> String {
    let extension = nested(ObjectWriter::new().raw(PROPERTY_ID, property));
    nested(ObjectWriter::new().raw(them.domain.as_str(), &extension))
}

/// What the person says of standing to us, if anything.
fn relationships(subject: &Subject, them: &Party) -> Option<String> {
    let named: Vec<_> = subject.relationships.iter().map(|name| quote(name)).collect();
    let extension = nested(ObjectWriter::new().raw("relationships", &format!("[{}]", named.join(","))));
    (!named.is_empty()).then(|| nested(ObjectWriter::new().raw(them.domain.as_str(), &extension)))
}

/// `property_id` where 0.1 has it. Entries for other domains mean nothing to this party; one of its own must say that
/// and nothing else.
fn as_property<'a>(
    property: Option<Cow<'a, str>>,
    entries: &Object<'a>,
    them: &Party,
) -> Result<Option<Cow<'a, str>>, Unrepresentable> {
    let mut own = of(entries, &them.domain).map(|(_, json)| json);
    match (own.next(), own.next(), property) {
        (None, _, property) => Ok(property),
        (Some(json), None, None) => sole_property(json).map(|id| Some(Cow::Borrowed(id))).ok_or(EXTENSION),
        (Some(_), _, _) => Err(EXTENSION),
    }
}

/// The string that an extension holds as `property_id`, if it holds nothing else.
fn sole_property(json: &str) -> Option<&str> {
    let extension = object_of(json).ok()?;
    extension.string(PROPERTY_ID).ok()??;
    (extension.members().count() == 1).then(|| extension.get(PROPERTY_ID))?
}
