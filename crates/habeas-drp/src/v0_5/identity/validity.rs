//! Is a token, whose signature holds, from the party that shows it, for us, and for now? (§3.04; R4; RFC 7519 §4.1)

use habeas_core::{
    clock::{Instant, MINUTE_MS},
    dialect::{Exchange, Pinned},
    domain::Domain,
    problem::Problem,
};
use habeas_wire::json::{Object, WrongType, string_of};

use super::{super::knobs, invalid, mistyped};

/// By how much clocks may differ.
const SKEW_MS: i64 = MINUTE_MS;

/// Checks from whom and for whom it is.
pub(super) fn check(claims: &Object<'_>, pinned: Pinned, x: &Exchange<'_>) -> Result<(), Problem> {
    issuer(claims, x)?;
    audience(claims, pinned, x)
}

/// Who says that it made the token must be who shows it.
fn issuer(claims: &Object<'_>, x: &Exchange<'_>) -> Result<(), Problem> {
    let named = claims.string("iss").map_err(|WrongType| mistyped("iss", "a string"))?;
    let (Some(named), Some(them)) = (named, x.them) else { return Ok(()) };
    let is_theirs = names(&named, &them.domain) || named == them.known_as || named == them.id.as_str();
    if is_theirs || them.has_knob(knobs::ANY_ISSUER.name) {
        return Ok(());
    }
    Err(invalid("its claim iss names another than its sender"))
}

/// A token for another business proves nothing here. One that names nobody is ours only if nobody else has its key.
fn audience(claims: &Object<'_>, pinned: Pinned, x: &Exchange<'_>) -> Result<(), Problem> {
    let listed = match (claims.string("aud"), claims.array("aud")) {
        (Ok(None), _) => {
            let asked = x.them.is_some_and(|them| them.has_knob(knobs::REQUIRE_AUD.name));
            let needed = asked || pinned == Pinned::Public;
            return if needed { Err(invalid("it must have the claim aud")) } else { Ok(()) };
        }
        (Ok(Some(one)), _) => Ok(vec![one]),
        (Err(WrongType), Ok(list)) => list.unwrap_or_default().into_iter().map(string_of).collect(),
        (Err(WrongType), Err(WrongType)) => Err(WrongType),
    };
    let listed = listed.map_err(|WrongType| mistyped("aud", "a string or a list of strings"))?;
    let is_for_us = listed.iter().any(|named| names(named, &x.us.domain));
    if is_for_us { Ok(()) } else { Err(invalid("its claim aud names others")) }
}

/// Whether a text is the domain, bare or as its address.
fn names(text: &str, domain: &Domain) -> bool {
    let bare = text.strip_prefix("https://").map_or(text, |rest| rest.strip_suffix('/').unwrap_or(rest));
    bare.parse::<Domain>().is_ok_and(|named| named == *domain)
}

/// Checks that it may be used at this moment.
pub(super) fn times(claims: &Object<'_>, now: Instant) -> Result<(), Problem> {
    let (latest, earliest) = (now.plus_ms(SKEW_MS), now.plus_ms(-SKEW_MS));
    if instant(claims, "exp")?.is_some_and(|end| end <= earliest) {
        return Err(invalid("it has expired"));
    }
    if instant(claims, "nbf")?.is_some_and(|start| start > latest) {
        return Err(invalid("it is not valid yet"));
    }
    if instant(claims, "iat")?.is_some_and(|made| made > latest) {
        return Err(invalid("it was made in the future"));
    }
    Ok(())
}

/// Seconds since 1970, which may have a fraction.
fn instant(claims: &Object<'_>, name: &'static str) -> Result<Option<Instant>, Problem> {
    let Some(raw) = claims.get(name) else { return Ok(None) };
    let is_number = raw.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    let seconds = raw.parse::<f64>().ok().filter(|seconds| is_number && seconds.is_finite());
    let seconds = seconds.ok_or_else(|| mistyped(name, "a number of seconds"))?;
    // The cast stops at the ends of the range.
    Ok(Some(Instant::from_ms((seconds * 1000.0) as i64)))
}
