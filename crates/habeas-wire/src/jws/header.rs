//! Does a header leave the choice of how it is checked to us? (RFC 7515 section 4, RFC 8725 section 3)

use super::JwsError;
use crate::json::Object;

/// Parameters that bring a key, or say where to fetch one, or must be understood: none is understood here.
const REFUSED: [&str; 5] = ["crit", "jku", "jwk", "x5u", "x5c"];

/// The algorithm that the protected header names, once nothing in either header stands against it.
pub(super) fn algorithm(protected: &Object<'_>, unprotected: Option<&Object<'_>>) -> Result<String, JwsError> {
    let outside = || unprotected.into_iter().flat_map(Object::members);
    if outside().any(|(name, _)| protected.position(name).is_some()) {
        return Err(JwsError::Header);
    }
    if protected.members().chain(outside()).any(|(name, raw)| is_refused(name, raw)) {
        return Err(JwsError::Parameter);
    }
    let named = protected.string("alg").map_err(|_| JwsError::Algorithm)?.ok_or(JwsError::Algorithm)?;
    let trimmed = named.trim();
    let protects = !trimmed.is_empty() && !trimmed.eq_ignore_ascii_case("none");
    if protects { Ok(named) } else { Err(JwsError::Algorithm) }
}

/// `b64` (RFC 7797) other than `true` would sign the payload in another form.
fn is_refused(name: &str, raw: &str) -> bool {
    REFUSED.contains(&name) || (name == "b64" && raw != "true")
}
