//! Which token do we show for a person? (§3.04; R4)

use std::borrow::Cow;

use habeas_core::{
    dialect::{Exchange, Unrepresentable},
    id::LegId,
    identity::{Format, Identity, is_e164},
    party::Party,
    secret::Secret,
    submission::{Subject, TECHNICAL_CLAIMS},
};
use habeas_wire::{
    json::{ObjectWriter, quote, string_of},
    jws::Unsigned,
};

use super::{
    super::{knobs, message},
    ADDRESS, KINDS, PHONE, address, person,
};

/// A claim: its name and JSON text.
type Claim<'a> = (&'a str, Cow<'a, str>);

/// A token for the person.
pub(crate) fn make(subject: &Subject, leg: &LegId, x: &Exchange<'_>) -> Result<Secret, Unrepresentable> {
    let them = x.them.ok_or(message::NO_ADDRESS)?;
    sign(&claims(subject, them), leg, them, x)
}

/// A token for the person, with all by which they are known: a request without a part of it would be a narrower one.
pub(crate) fn make_whole(subject: &Subject, leg: &LegId, x: &Exchange<'_>) -> Result<Secret, Unrepresentable> {
    let them = x.them.ok_or(message::NO_ADDRESS)?;
    let claims = claims(subject, them);
    if !subject.identities.iter().all(|identity| is_claimed(identity, &claims)) {
        return Err(Unrepresentable("an identity that is not the one raw email address or E.164 phone number"));
    }
    sign(&claims, leg, them, x)
}

fn sign(claims: &[Claim<'_>], leg: &LegId, them: &Party, x: &Exchange<'_>) -> Result<Secret, Unrepresentable> {
    let unkeyed = Unrepresentable("an identity token: no identity key is agreed with the party");
    let algorithm = x.tokens.algorithm().ok_or(unkeyed)?;
    if !person::is_named(claims.iter().map(|(name, json)| (*name, json.as_ref()))) {
        return Err(Unrepresentable("an identity token that names nobody"));
    }
    let mut payload = ObjectWriter::new();
    payload.string("iss", x.us.domain.as_str());
    if !them.has_knob(knobs::OMIT_AUD.name) {
        payload.string("aud", them.domain.as_str());
    }
    payload.number("iat", x.now.ms().div_euclid(1000)).string("jti", leg.as_str());
    for (name, json) in claims {
        payload.raw(name, json);
    }
    let header = ObjectWriter::new().string("alg", algorithm).string("typ", "JWT").finish();
    let unsigned = Unsigned::new(&header, &payload.finish());
    let signature = x.tokens.sign(unsigned.signing_input());
    Ok(Secret::new(unsigned.signed(&signature)))
}

/// What is claimed of the person: the claims that were made byte for byte, and the first identity of each kind that
/// they leave out. Nothing is claimed to be verified that was not claimed so before.
fn claims<'a>(subject: &'a Subject, them: &Party) -> Vec<Claim<'a>> {
    let mut claims: Vec<Claim<'a>> = Vec::with_capacity(subject.claims.len() + KINDS.len());
    let is_new = |claims: &[Claim<'_>], name: &str| claims.iter().all(|(known, _)| *known != name);
    for claim in &subject.claims {
        if TECHNICAL_CLAIMS.contains(&claim.name.as_str()) || claim.json == "null" || !is_new(&claims, &claim.name) {
            continue;
        }
        let as_string = claim.name == ADDRESS && them.has_knob(knobs::ADDRESS_AS_STRING.name);
        let json = if as_string { address::as_string(&claim.json) } else { Some(Cow::Borrowed(claim.json.as_str())) };
        claims.extend(json.map(|json| (claim.name.as_str(), json)));
    }
    for kind in KINDS {
        let mut raw = subject.identities.iter().filter(|identity| is_sayable(identity, kind));
        if let Some(identity) = raw.next().filter(|_| is_new(&claims, kind)) {
            claims.push((kind, Cow::Owned(quote(identity.value.expose()))));
        }
    }
    claims
}

fn is_sayable(identity: &Identity, kind: &str) -> bool {
    let Identity { kind: known, format, value } = identity;
    known.as_str() == kind && *format == Format::Raw && (kind != PHONE || is_e164(value.expose()))
}

fn is_claimed(identity: &Identity, claims: &[Claim<'_>]) -> bool {
    KINDS.into_iter().any(|kind| is_sayable(identity, kind))
        && claims.iter().any(|(name, json)| {
            let says = |text: String| text.trim() == identity.value.expose().trim();
            *name == identity.kind.as_str() && string_of(json).is_ok_and(says)
        })
}
