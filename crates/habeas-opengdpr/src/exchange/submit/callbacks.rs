//! Whom does the sender want told, and may they be called? (1.0 §7.1, §8.5; A41, A47)
//!
//! Says only what the text shows; where the name leads is judged when the call is made.

use habeas_core::{
    dialect::Exchange,
    problem::{Code, Field, Problem},
    submission::CallbackUrl,
};
use habeas_wire::json::{Object, string_of};

use super::field;

const LIST: &str = "status_callback_urls";

/// The URLs in the sender's order, each once.
pub(super) fn read(body: &Object<'_>, x: &Exchange<'_>) -> Result<Vec<CallbackUrl>, Problem> {
    let listed = field::list(body, LIST)?.unwrap_or_default();
    let allowed = x.us.limits.callback_urls;
    if listed.len() > allowed {
        return Err(Problem::at(Code::TooMany, Field::named(LIST)).because(format!("at most {allowed}")));
    }
    let mut urls = Vec::with_capacity(listed.len());
    for (index, raw) in listed.into_iter().enumerate() {
        let text = string_of(raw).map_err(|_| field::wrong(Field::entry(LIST, index), "a string"))?;
        let url = callable(text, x)
            .map_err(|why| Problem::at(Code::CallbackNotAllowed, Field::entry(LIST, index)).because(why))?;
        if !urls.iter().any(|other: &CallbackUrl| other.url() == url.url()) {
            urls.push(url);
        }
    }
    Ok(urls)
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
