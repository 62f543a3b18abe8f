//! Which rights are exercised, and does this organisation serve all of them? (§2.02, §3.01; R1, R7, R23)

use habeas_core::{
    dialect::Exchange,
    problem::{Code, Field, Problem},
    right::Right,
};
use habeas_wire::json::{Object, string_of};

use super::{super::words, EXERCISE, field};

/// The rights, reads first: what is deleted can no longer be shown. All of them or none are taken.
pub(super) fn read(body: &Object<'_>, x: &Exchange<'_>) -> Result<Vec<Right>, Problem> {
    let listed = field::list(body, EXERCISE)?.ok_or(field::missing(EXERCISE))?;
    if listed.is_empty() {
        return Err(field::wrong(Field::named(EXERCISE), "at least one right"));
    }
    let mut rights = Vec::new();
    for (index, raw) in listed.into_iter().enumerate() {
        let place = || Field::entry(EXERCISE, index);
        let word = string_of(raw).map_err(|_| field::wrong(place(), "a string"))?;
        let right = words::right_of(&word).filter(|right| x.us.capabilities.serves(*right));
        let right = right.ok_or_else(|| {
            Problem::at(Code::UnsupportedRight, place()).because("Unsupported rights actions submitted.")
        })?;
        if rights.contains(&right) {
            return Err(field::wrong(place(), "each right once"));
        }
        rights.push(right);
    }
    if rights.contains(&Right::OptOutOfSale) && rights.contains(&Right::OptInToSale) {
        return Err(field::wrong(Field::named(EXERCISE), "not an opt-out together with an opt-in"));
    }
    rights.sort_unstable();
    Ok(rights)
}
