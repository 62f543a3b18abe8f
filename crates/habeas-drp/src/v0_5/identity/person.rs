//! What does a token claim of the person? (§3.04; R4; OpenID Connect Core 1.0 section 5.1)

use habeas_core::{
    identity::{Format, Identity, Kind, is_e164},
    problem::Problem,
    secret::Secret,
    submission::{Carried, TECHNICAL_CLAIMS},
};
use habeas_wire::json::{Object, WrongType, object_of, string_of};

use super::{ADDRESS, EMAIL, PHONE, mistyped};

const TEXTS: [&str; 5] = ["sub", "name", EMAIL, PHONE, "power_of_attorney"];

/// The claims that another was verified, and which.
const FLAGS: [(&str, &str); 3] =
    [("email_verified", EMAIL), ("phone_number_verified", PHONE), ("address_verified", ADDRESS)];

/// What the person is known by, and all that is claimed, byte for byte. Claims that we do not know are carried like
/// those that we do; `null` claims nothing.
///
/// What is not written as an address or a number should be is no identity, but is kept; that it was verified is not.
pub(super) fn read(payload: &Object<'_>) -> Result<(Vec<Identity>, Vec<Carried>), Problem> {
    for claim in TEXTS {
        payload.string(claim).map_err(|WrongType| mistyped(claim, "a string"))?;
    }
    for (claim, _) in FLAGS {
        if !matches!(payload.get(claim), None | Some("true" | "false")) {
            return Err(mistyped(claim, "true or false"));
        }
    }
    if payload.string(ADDRESS).is_err() && payload.object(ADDRESS).is_err() {
        return Err(mistyped(ADDRESS, "an object or a string"));
    }
    let email = known_by(payload, EMAIL, is_email);
    let phone = known_by(payload, PHONE, is_e164);
    let stands = |claim: &str| match claim {
        EMAIL => email.is_some(),
        PHONE => phone.is_some(),
        other => payload.get(other).is_some(),
    };
    let is_kept = |name: &str| {
        let about = FLAGS.into_iter().find(|(flag, _)| *flag == name);
        !TECHNICAL_CLAIMS.contains(&name) && about.is_none_or(|(_, claim)| stands(claim))
    };
    let claims = payload
        .members()
        .filter(|(name, json)| *json != "null" && is_kept(name))
        .map(|(name, json)| Carried { name: name.to_owned(), json: json.to_owned() })
        .collect();
    Ok((email.into_iter().chain(phone).collect(), claims))
}

fn known_by(payload: &Object<'_>, claim: &'static str, is_one: fn(&str) -> bool) -> Option<Identity> {
    let text = payload.string(claim).ok()??;
    let value = text.trim();
    is_one(value).then(|| Identity { kind: Kind::new(claim), format: Format::Raw, value: Secret::new(value) })
}

/// Whether it can be one address to write to, and not a list, nor anything that could end a header line.
fn is_email(text: &str) -> bool {
    let one = !text.contains(|c: char| c.is_whitespace() || c.is_control() || ",;<>".contains(c));
    one && text.rsplit_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty())
}

/// Whether claims, by name and JSON text, say who the person is at all.
pub(super) fn is_named<'a>(mut claims: impl Iterator<Item = (&'a str, &'a str)>) -> bool {
    claims.any(|(name, json)| match name {
        EMAIL | PHONE | "name" | "sub" => says_something(json),
        ADDRESS => says_something(json) || object_of(json).is_ok_and(|address| address.members().next().is_some()),
        _ => false,
    })
}

fn says_something(json: &str) -> bool {
    string_of(json).is_ok_and(|text| !text.trim().is_empty())
}
