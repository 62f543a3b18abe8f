//! Whom does the sender want told, and may they be called? (1.0 §7.1, §8.5; A41, A47)

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
        let url = CallbackUrl::from_peer(text, x.us)
            .map_err(|why| Problem::at(Code::CallbackNotAllowed, Field::entry(LIST, index)).because(why))?;
        if !urls.iter().any(|other: &CallbackUrl| other.url() == url.url()) {
            urls.push(url);
        }
    }
    Ok(urls)
}
