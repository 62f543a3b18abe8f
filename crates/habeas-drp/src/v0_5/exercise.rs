//! How is a right exercised, by us and with us? (§2.02; R1, R7, R19, R20, R23, R30)

mod ask;
mod callback;
mod rights;

use habeas_core::{
    dialect::{Answer, Asked, Back, Exchange, In, Reported, Submit, Told},
    event::Standing,
    message::RequestHead,
    party::Party,
    problem::{Code, Field, Problem},
    regime::Regime,
    submission::{Dedupe, Law, Outbound, Subject, Submission},
};
use habeas_wire::json::{Object, string_of};

use super::{Drp, VERSION, error, field, identity, knobs, message, status_object};

/// The member that says whom to tell of changes.
pub(super) const CALLBACK: &str = "status_callback";
const META: &str = "meta";
const REGIME: &str = "regime";
const EXERCISE: &str = "exercise";
const RELATIONSHIPS: &str = "relationships";
const VOLUNTARY: &str = "voluntary";
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The version before, whose requests are the same, and which some say to this day.
const EARLIER: &str = "0.4";

impl Submit for Drp {
    fn read(&self, message: In<'_>, x: &Exchange<'_>) -> Result<Submission, Problem> {
        message::is_json(message.head())?;
        let body = field::object(message.body(), x.us.limits.json_depth)?;
        meta(&body, x.them)?;
        let rights = rights::read(&body, x)?;
        let law = law(&body)?;
        let relationships = relationships(&body, x)?;
        let callbacks = callback::read(&body, x)?.into_iter().collect();
        let identity::Token { text, identities, claims } = identity::read(&body, x)?;
        Ok(Submission {
            wire_id: None,
            dedupe: Some(dedupe(message.head())),
            rights,
            law,
            token: Some(text),
            submitted: None,
            subject: Subject { identities, claims, relationships, carried: Vec::new() },
            callbacks,
        })
    }

    fn reply(&self, standing: &Standing, _: &[u8], _: &Exchange<'_>) -> Answer {
        status_object::answer(standing)
    }

    fn ask(&self, outbound: &Outbound<'_>, x: &Exchange<'_>) -> Asked {
        ask::ask(outbound, x)
    }

    fn hear(&self, answer: Back<'_>) -> Result<Told<Reported>, Problem> {
        match error::hear(answer, status_object::read)? {
            // Who answers in JSON has the place, and does not have the right: some say so with 404 (R23).
            Told::Refused { status: 404, exists, .. } if field::object(answer.body(), super::JSON_DEPTH).is_ok() => {
                Ok(Told::Refused { status: 404, again: false, exists })
            }
            told @ (Told::Said(_) | Told::Refused { .. }) => Ok(told),
        }
    }
}

/// For which version the request was made.
fn meta(body: &Object<'_>, them: Option<&Party>) -> Result<(), Problem> {
    const PLACE: &str = "meta.version";
    let meta = body.object(META).map_err(|_| field::wrong(Field::named(META), "an object"))?;
    let meta = meta.ok_or(field::missing(META))?;
    let version = meta.string("version").map_err(|_| field::wrong(Field::named(PLACE), "a string"))?;
    let version = version.ok_or(field::missing(PLACE))?;
    let strict = them.is_some_and(|them| them.has_knob(knobs::STRICT.name));
    if version != VERSION && (strict || version != EARLIER) {
        return Err(field::wrong(Field::named(PLACE), "this address speaks version 0.5"));
    }
    if strict && meta.members().any(|(name, _)| name != "version") {
        return Err(field::wrong(Field::named(META), "nothing but version"));
    }
    Ok(())
}

/// The law that is named. One that we do not know is denied by the business's policy, not by the reader.
fn law(body: &Object<'_>) -> Result<Law, Problem> {
    Ok(match field::optional(body, REGIME)?.as_deref() {
        None | Some(VOLUNTARY) => Law::Said(Regime::Voluntary),
        Some("ccpa") => Law::Said(Regime::Ccpa),
        Some(_) => Law::Unknown,
    })
}

fn relationships(body: &Object<'_>, x: &Exchange<'_>) -> Result<Vec<String>, Problem> {
    let listed = field::list(body, RELATIONSHIPS)?.unwrap_or_default();
    let allowed = x.us.limits.identities;
    if listed.len() > allowed {
        return Err(Problem::at(Code::TooMany, Field::named(RELATIONSHIPS)).because(format!("at most {allowed}")));
    }
    let entries = listed.into_iter().enumerate();
    let text = |(index, raw)| string_of(raw).map_err(|_| field::wrong(Field::entry(RELATIONSHIPS, index), "a string"));
    entries.map(text).collect()
}

/// The key of a sender that makes one, or the bytes.
fn dedupe(head: &RequestHead) -> Dedupe {
    let mut values = head.headers.get_all(IDEMPOTENCY_KEY).iter();
    let only = values.next().filter(|_| values.next().is_none());
    let key = only.map(|value| value.as_bytes()).filter(|key| key.iter().all(u8::is_ascii_graphic));
    match key {
        Some(key) if (1..=200).contains(&key.len()) => Dedupe::Key(String::from_utf8_lossy(key).into_owned()),
        Some(_) | None => Dedupe::Bytes,
    }
}
