//! How do we exercise a right for a person? (§2.02; R1, R7, R19, R30)

use std::borrow::Cow;

use habeas_core::{
    dialect::{Asked, Exchange, Unrepresentable},
    party::Party,
    regime::Regime,
    submission::Outbound,
};
use habeas_wire::json::ObjectWriter;
use http::HeaderValue;

use super::{
    super::words, CALLBACK, EXERCISE, IDEMPOTENCY_KEY, META, REGIME, RELATIONSHIPS, VERSION, VOLUNTARY, identity,
    knobs, message,
};

/// Our request. Its key is the same at each try, for a party that looks at it.
pub(super) fn ask(outbound: &Outbound<'_>, x: &Exchange<'_>) -> Asked {
    let them = x.them.ok_or(message::NO_ADDRESS)?;
    let word = word(outbound, them)?;
    let token = identity::make_whole(outbound.subject, outbound.leg, x)?;
    let mut writer = ObjectWriter::new();
    writer.raw(META, &message::nested(ObjectWriter::new().string("version", VERSION)));
    if let Some(regime) = regime(outbound.regime, them) {
        writer.string(REGIME, regime);
    }
    writer.raw(EXERCISE, &message::strings([word.as_ref()].into_iter()));
    let relationships = &outbound.subject.relationships;
    if !relationships.is_empty() {
        writer.raw(RELATIONSHIPS, &message::strings(relationships.iter().map(String::as_str)));
    }
    writer.string("identity", token.expose());
    // There is room for one; our own stands behind those that the request came with.
    if let Some(own) = outbound.callbacks.last() {
        writer.string(CALLBACK, own.as_str());
    }
    let mut call = message::post("exercise", writer.finish(), x)?;
    if let Ok(key) = HeaderValue::from_str(outbound.leg.as_str()) {
        call.headers.insert(IDEMPOTENCY_KEY, key);
    }
    Ok(call)
}

/// The right as the party spells it.
fn word<'a>(outbound: &Outbound<'a>, them: &Party) -> Result<Cow<'a, str>, Unrepresentable> {
    let word = words::word_of(outbound.right).ok_or(Unrepresentable("this right"))?;
    let spelled = outbound.supports.into_iter().flat_map(|supports| &supports.words);
    let spelled = spelled.into_iter().find(|(right, _)| *right == outbound.right);
    Ok(match spelled {
        Some((_, theirs)) => Cow::Borrowed(theirs),
        None if them.has_knob(knobs::UNDERSCORES.name) => words::underscored(word),
        None => Cow::Borrowed(word),
    })
}

/// The law as this version can name it: the CCPA, or none.
fn regime(regime: Option<Regime>, them: &Party) -> Option<&'static str> {
    match regime {
        Some(Regime::Ccpa) => Some(Regime::Ccpa.as_str()),
        Some(Regime::Voluntary) => them.has_knob(knobs::SAY_VOLUNTARY.name).then_some(VOLUNTARY),
        Some(Regime::Gdpr) | None => None,
    }
}
