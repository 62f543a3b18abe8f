//! Who does the work of the requests that a configured organisation receives?

use habeas_core::{id::PartyId, role::Role};
use habeas_engine::directory::Fulfilment;

use super::webhook;
use crate::config::{
    Loaded,
    organisation::{self as configured, FulfilmentBy},
};

/// Who does it; `None` where that is not said well enough.
pub(super) fn assemble(loaded: &mut Loaded, place: &str, from: &configured::Organisation) -> Option<Fulfilment> {
    let place = &format!("{place}.fulfilment");
    let fulfilment = &from.fulfilment;
    let strangers = [
        ("url", fulfilment.url.is_some(), FulfilmentBy::Webhook, "webhook"),
        ("secret_file", fulfilment.secret_file.is_some(), FulfilmentBy::Webhook, "webhook"),
        ("parties", !fulfilment.parties.is_empty(), FulfilmentBy::Parties, "parties"),
    ];
    for (key, given, by, name) in strangers {
        if given && fulfilment.by != by {
            loaded.object(&format!("{place}.{key}"), format!("is for by = \"{name}\" only"));
        }
    }
    if has_role(from, Role::Agent) && fulfilment.by != FulfilmentBy::Parties {
        loaded.object(
            &format!("{place}.by"),
            "must be \"parties\" for an organisation with the role agent: an agent hands on what it receives",
        );
    }
    match fulfilment.by {
        FulfilmentBy::Operator => Some(Fulfilment::Operator),
        FulfilmentBy::Webhook => {
            let secret_file = fulfilment.secret_file.as_deref();
            webhook::assemble(loaded, place, fulfilment.url.as_ref(), secret_file).map(Fulfilment::Webhook)
        }
        FulfilmentBy::Parties => Some(Fulfilment::Parties(parties(loaded, place, from))),
    }
}

/// Whether it acts in a role, on a mount of its own choice or on the usual ones.
pub(super) fn has_role(from: &configured::Organisation, role: Role) -> bool {
    match from.mount.as_slice() {
        [] => from.roles.contains(&role),
        mounts => mounts.iter().any(|mount| mount.role == Some(role)),
    }
}

/// Those who are named, else all who can be called.
fn parties(loaded: &mut Loaded, place: &str, from: &configured::Organisation) -> Vec<PartyId> {
    let name = |party: &configured::Party| party.id.clone().or_else(|| party.domain.as_ref().map(ToString::to_string));
    let callable: Vec<String> = from.party.iter().filter(|party| party.base_url.is_some()).filter_map(name).collect();
    if from.fulfilment.parties.is_empty() {
        if callable.is_empty() {
            loaded.object(place, "by = \"parties\" needs a party with a base_url");
        }
        return callable.into_iter().map(PartyId::new).collect();
    }
    let mut named: Vec<PartyId> = Vec::new();
    for (index, id) in from.fulfilment.parties.iter().enumerate() {
        let at = format!("{place}.parties[{index}]");
        if !callable.contains(id) {
            let known = from.party.iter().filter_map(name).any(|other| other == *id);
            let why = if known { "this party has no base_url" } else { "there is no party of that id" };
            loaded.object(&at, why);
        } else if named.iter().any(|other| other.as_str() == id) {
            loaded.object(&at, "is named twice");
        }
        named.push(PartyId::new(id.as_str()));
    }
    named
}
