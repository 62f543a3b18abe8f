//! Whom does the sender want told, and may they be called? (§2.02, §2.04)
//!
//! Says only what the text shows; where the name leads is judged when the call is made.

use habeas_core::{
    dialect::Exchange,
    problem::{Code, Field, Problem},
    submission::CallbackUrl,
};
use habeas_wire::json::Object;

use super::{CALLBACK, field};

/// The URL, if there is one.
pub(super) fn read(body: &Object<'_>, x: &Exchange<'_>) -> Result<Option<CallbackUrl>, Problem> {
    let Some(text) = field::optional(body, CALLBACK)? else { return Ok(None) };
    let url = callable(text, x);
    url.map(Some).map_err(|why| Problem::at(Code::CallbackNotAllowed, Field::named(CALLBACK)).because(why))
}

fn callable(text: String, x: &Exchange<'_>) -> Result<CallbackUrl, &'static str> {
    if text.chars().count() > x.us.limits.callback_url_chars {
        return Err("it is too long");
    }
    // The parser mends what browsers mend: spaces, line ends, backslashes, missing slashes. A peer that looked at
    // the same text might see another host.
    let mended = text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\');
    let whole = !mended && text.split_once("://").is_some_and(|(_, rest)| !rest.starts_with('/'));
    let given = CallbackUrl::parse(text).ok().filter(|_| whole).ok_or("it is not an absolute URL")?;
    let url = given.url();
    if url.scheme() != "https" && !(x.us.policy.plain_http && url.scheme() == "http") {
        return Err("it must be https");
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("it names no host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it must not hold a user name or password");
    }
    if url.fragment().is_some() {
        return Err("it must not have a fragment");
    }
    Ok(given)
}
