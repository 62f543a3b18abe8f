//! Whom does the sender want told, and may they be called? (§2.02, §2.04)

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
    let url = CallbackUrl::from_peer(text, x.us);
    url.map(Some).map_err(|why| Problem::at(Code::CallbackNotAllowed, Field::named(CALLBACK)).because(why))
}
