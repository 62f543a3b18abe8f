//! What is meant for one processor alone, and does it say who the person is? (1.0 §7.1.1, §7.1.2; A35)

use habeas_core::{
    dialect::Exchange,
    domain::Domain,
    problem::{Field, Problem},
};
use habeas_wire::json::{Object, object_of};

use super::{EXTENSIONS, field};

const SHAPE: &str = "an object of objects, keyed by domain";

/// Checks the shape and says whether our own extension says anything. What it means is the organisation's matter;
/// those for other domains are carried and not looked at.
pub(super) fn identify(body: &Object<'_>, x: &Exchange<'_>) -> Result<bool, Problem> {
    let wrong = || field::wrong(Field::named(EXTENSIONS), SHAPE);
    let Some(extensions) = body.object(EXTENSIONS).map_err(|_| wrong())? else { return Ok(false) };
    let mut ours = false;
    for (name, raw) in extensions.members().filter(|(_, raw)| *raw != "null") {
        let extension = object_of(raw).map_err(|_| wrong())?;
        let is_ours = name.parse::<Domain>().is_ok_and(|domain| domain == x.us.domain);
        ours |= is_ours && extension.members().next().is_some();
    }
    Ok(ours)
}
