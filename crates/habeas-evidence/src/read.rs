//! What does the text of an export say? Strictly: a member that is missing or of another shape is named.
//!
//! Members that nobody knows need no look: written anew, the text would lack them.

use std::str::FromStr;

use habeas_core::{clock::Instant, domain::Domain};
use habeas_trust::digest::from_hex;
use habeas_wire::{
    base64,
    json::{Object, object_of, string_of},
    time,
};

use crate::model::{Event, Evidence, Hole, Leg, Receipt, Request};

/// The member that is missing or of another shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wrong(pub(crate) &'static str);

type Read<T> = Result<T, Wrong>;

/// Reads the member `evidence`.
pub(crate) fn evidence(members: &Object<'_>) -> Read<Evidence> {
    let evidence = Evidence {
        exported_at: instant(members, "exported_at")?,
        organisation: parsed(members, "organisation")?,
        request: request(&object(members, "request")?)?,
        history: list(members, "history", event)?,
        legs: list(members, "legs", leg)?,
        receipts: list(members, "receipts", receipt)?,
        chains: texts(members, "chains")?,
    };
    let at_home = |receipt: &Receipt| receipt.chain < evidence.chains.len() && evidence.leg(&receipt.leg).is_some();
    if evidence.receipts.iter().all(at_home) { Ok(evidence) } else { Err(Wrong("receipts")) }
}

fn request(members: &Object<'_>) -> Read<Request> {
    Ok(Request {
        id: text(members, "id")?,
        subject_request_id: text(members, "subject_request_id")?,
        role: text(members, "role")?,
        rights: texts(members, "rights")?,
        regime: text(members, "regime")?,
        state: text(members, "state")?,
        received_at: instant(members, "received_at")?,
        submitted_at: instant_if_any(members, "submitted_at")?,
        promised_by: instant(members, "promised_by")?,
        expected_by: instant(members, "expected_by")?,
        final_at: instant_if_any(members, "final_at")?,
    })
}

fn event(members: &Object<'_>) -> Read<Event> {
    Ok(Event {
        seq: number(members, "seq")?,
        at: instant(members, "at")?,
        change: text(members, "change")?,
        state: text(members, "state")?,
        actor: text(members, "actor")?,
    })
}

fn leg(members: &Object<'_>) -> Read<Leg> {
    let domain = text_if_any(members, "domain")?;
    Ok(Leg {
        id: text(members, "id")?,
        party: text(members, "party")?,
        domain: domain.map(|domain| domain.parse::<Domain>().map_err(|_| Wrong("domain"))).transpose()?,
        dialect: text(members, "dialect")?,
        right: text(members, "right")?,
        subject_request_id: text(members, "subject_request_id")?,
        party_request_id: text_if_any(members, "party_request_id")?,
        state: text(members, "state")?,
        accepted_at: instant_if_any(members, "accepted_at")?,
        expected_by: instant_if_any(members, "expected_by")?,
        cancel: text(members, "cancel")?,
    })
}

fn receipt(members: &Object<'_>) -> Read<Receipt> {
    let hole = members.object("hole").map_err(|_| Wrong("hole"))?;
    let sha256 = from_hex(&text(members, "sha256")?).and_then(|bytes| bytes.try_into().ok());
    Ok(Receipt {
        at: instant(members, "at")?,
        operation: text(members, "operation")?,
        signer: parsed(members, "signer")?,
        leg: text(members, "leg")?,
        sha256: sha256.ok_or(Wrong("sha256"))?,
        signature: bytes(members, "signature")?,
        chain: number(members, "chain")?,
        body: bytes(members, "body")?,
        hole: hole.map(|hole| Ok(Hole { at: number(&hole, "at")?, bytes: number(&hole, "bytes")? })).transpose()?,
    })
}

fn text_if_any(members: &Object<'_>, name: &'static str) -> Read<Option<String>> {
    members.string(name).map_err(|_| Wrong(name))
}

fn text(members: &Object<'_>, name: &'static str) -> Read<String> {
    text_if_any(members, name)?.ok_or(Wrong(name))
}

fn parsed<T: FromStr>(members: &Object<'_>, name: &'static str) -> Read<T> {
    text(members, name)?.parse().map_err(|_| Wrong(name))
}

fn number<T: FromStr>(members: &Object<'_>, name: &'static str) -> Read<T> {
    members.get(name).and_then(|raw| raw.parse().ok()).ok_or(Wrong(name))
}

fn instant_if_any(members: &Object<'_>, name: &'static str) -> Read<Option<Instant>> {
    let at = |text: String| time::parse_strict(&text).map(Instant::from_ms).map_err(|_| Wrong(name));
    text_if_any(members, name)?.map(at).transpose()
}

fn instant(members: &Object<'_>, name: &'static str) -> Read<Instant> {
    instant_if_any(members, name)?.ok_or(Wrong(name))
}

pub(crate) fn bytes(members: &Object<'_>, name: &'static str) -> Read<Vec<u8>> {
    base64::decode(text(members, name)?.as_bytes()).ok_or(Wrong(name))
}

fn object<'a>(members: &Object<'a>, name: &'static str) -> Read<Object<'a>> {
    members.object(name).ok().flatten().ok_or(Wrong(name))
}

fn entries<'a>(members: &Object<'a>, name: &'static str) -> Read<Vec<&'a str>> {
    members.array(name).ok().flatten().ok_or(Wrong(name))
}

fn texts(members: &Object<'_>, name: &'static str) -> Read<Vec<String>> {
    entries(members, name)?.into_iter().map(|raw| string_of(raw).map_err(|_| Wrong(name))).collect()
}

fn list<T>(members: &Object<'_>, name: &'static str, read: fn(&Object<'_>) -> Read<T>) -> Read<Vec<T>> {
    entries(members, name)?.into_iter().map(|raw| read(&object_of(raw).map_err(|_| Wrong(name))?)).collect()
}
