//! Who is the person? The claims of a signed identity token (§3.04; R4, R5)
//!
//! Whether a signature holds, the keys say that were agreed with the party, by the algorithm that the header names. A
//! key that is bound to one algorithm there cannot be used with another.

mod address;
mod make;
mod person;
mod validity;

use std::borrow::Cow;

use habeas_core::{
    dialect::Exchange,
    identity::Identity,
    problem::{Code, Field, Problem},
    secret::Secret,
    submission::{Carried, Subject},
};
use habeas_wire::{
    json::{Object, string_of},
    jws::{Jws, JwsError},
    same::same,
};
pub(super) use make::{make, make_whole};

use super::field;

/// The member that holds it, and the parameter of the verification URL.
const IDENTITY: &str = "identity";

/// The kinds of identities that a token can carry, by the names of their claims.
pub(super) const KINDS: [&str; 2] = [EMAIL, PHONE];

const EMAIL: &str = "email";
const PHONE: &str = "phone_number";
const ADDRESS: &str = "address";

/// A token that may be believed.
pub(super) struct Token {
    /// Itself, in the serialization in which every token is one text.
    pub(super) text: Secret,
    /// By what the person is known.
    pub(super) identities: Vec<Identity>,
    /// What it claims of the person.
    pub(super) claims: Vec<Carried>,
}

/// The token of a request, which must be valid now: a string in the compact serialization, or an object in one of JSON.
pub(super) fn read(body: &Object<'_>, x: &Exchange<'_>) -> Result<Token, Problem> {
    let raw = body.get(IDENTITY).ok_or(field::missing(IDENTITY))?;
    let jws = string_of(raw).map_or_else(|_| Jws::json(raw), |text| Jws::compact(&text));
    let (token, times) = believe(jws, x)?;
    times?;
    if person::is_named(token.claims.iter().map(|claim| (claim.name.as_str(), claim.json.as_str()))) {
        return Ok(token);
    }
    Err(field::missing(IDENTITY).because("one of the claims email, phone_number, name, sub and address"))
}

/// Whether a token that comes by itself, in any serialization, claims the same of a person as the one that the request
/// came with (§3.02.1). It may be that very token, and that it has expired meanwhile is no matter: it opens nothing.
pub(super) fn is_of(token: &Secret, subject: &Subject, x: &Exchange<'_>) -> Result<bool, Problem> {
    let (Token { claims, .. }, _) = believe(Jws::parse(token.expose()), x)?;
    let claimed = |claim: &Carried| subject.claim(&claim.name).is_some_and(|json| same(json, &claim.json));
    Ok(claims.len() == subject.claims.len() && claims.iter().all(claimed))
}

/// A token whose signature holds, from its sender and for us; and whether it is valid at this moment.
fn believe(jws: Result<Jws, JwsError>, x: &Exchange<'_>) -> Result<(Token, Result<(), Problem>), Problem> {
    let jws = jws.map_err(|error| invalid(error.to_string()))?;
    let pinned = x.tokens.check(jws.algorithm(), jws.signing_input(), jws.signature());
    let pinned = pinned.ok_or_else(|| invalid("its signature does not hold with the key agreed for its algorithm"))?;
    let payload = Object::parse(jws.payload(), x.us.limits.json_depth)
        .map_err(|_| invalid("its claims are not a JSON object that names each member once"))?;
    validity::check(&payload, pinned, x)?;
    let times = validity::times(&payload, x.now);
    let (identities, claims) = person::read(&payload)?;
    Ok((Token { text: Secret::new(jws.to_compact()), identities, claims }, times))
}

/// What is wrong with a token, in words of ours.
fn invalid(why: impl Into<Cow<'static, str>>) -> Problem {
    Problem::at(Code::InvalidField, Field::named(IDENTITY)).because(why)
}

/// A claim of another type.
fn mistyped(claim: &'static str, expected: &'static str) -> Problem {
    invalid(format!("its claim {claim} must be {expected}"))
}
