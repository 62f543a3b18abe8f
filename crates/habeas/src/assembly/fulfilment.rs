//! Who does the work of the requests that a configured organisation receives?

use habeas_core::{id::PartyId, role::Role};
use habeas_engine::directory::{Fulfilment, Webhook};

use super::{party, webhook};
use crate::config::{
    Loaded,
    organisation::{self as configured, FulfilmentBy},
};

/// Who does it.
pub(super) struct Assembled {
    /// Who does it; `None` where that is not said well enough.
    pub(super) by: Option<Fulfilment>,
    /// Who is told of what no party does.
    pub(super) beside: Option<Webhook>,
}

/// Who does it; what is wrong is noted.
pub(super) fn assemble(loaded: &mut Loaded, place: &str, from: &configured::Organisation) -> Assembled {
    let place = &format!("{place}.fulfilment");
    let fulfilment = &from.fulfilment;
    let told = [("url", fulfilment.url.is_some()), ("secret_file", fulfilment.secret_file.is_some())];
    // Only in DRP is anything left over that no party serves.
    let leaves_over = fulfilment.by == FulfilmentBy::Parties && has_role(from, Role::Pip);
    for (key, _) in told.iter().filter(|(_, given)| *given && fulfilment.by != FulfilmentBy::Webhook && !leaves_over) {
        loaded.object(
            &format!("{place}.{key}"),
            "is for by = \"webhook\" only, or for by = \"parties\" and the role pip",
        );
    }
    if !fulfilment.parties.is_empty() && fulfilment.by != FulfilmentBy::Parties {
        loaded.object(&format!("{place}.parties"), "is for by = \"parties\" only");
    }
    if has_role(from, Role::Agent) && fulfilment.by != FulfilmentBy::Parties {
        loaded.object(
            &format!("{place}.by"),
            "must be \"parties\" for an organisation with the role agent: an agent hands on what it receives",
        );
    }
    let webhook = |loaded: &mut Loaded| {
        webhook::assemble(loaded, place, fulfilment.url.as_ref(), fulfilment.secret_file.as_deref())
    };
    match fulfilment.by {
        FulfilmentBy::Operator => Assembled { by: Some(Fulfilment::Operator), beside: None },
        FulfilmentBy::Webhook => Assembled { by: webhook(loaded).map(Fulfilment::Webhook), beside: None },
        FulfilmentBy::Parties => {
            let beside = leaves_over && told.iter().any(|(_, given)| *given);
            Assembled {
                by: Some(Fulfilment::Parties(parties(loaded, place, from))),
                beside: if beside { webhook(loaded) } else { None },
            }
        }
    }
}

/// Whether it acts in a role, on a mount of its own choice or on the usual ones.
pub fn has_role(from: &configured::Organisation, role: Role) -> bool {
    match from.mount.as_slice() {
        [] => from.roles.contains(&role),
        mounts => mounts.iter().any(|mount| mount.role == Some(role)),
    }
}

/// Those who are named, else all that have an address: who is only found by its domain is an agent or a business, and
/// does no work unless somebody says so.
fn parties(loaded: &mut Loaded, place: &str, from: &configured::Organisation) -> Vec<PartyId> {
    if from.fulfilment.parties.is_empty() {
        let addressed = from.party.iter().filter(|party| party.base_url.is_some());
        let addressed: Vec<PartyId> = addressed.filter_map(party::name).map(PartyId::new).collect();
        if addressed.is_empty() {
            loaded.object(place, "by = \"parties\" needs a party with a base_url");
        }
        return addressed;
    }
    let callable: Vec<String> =
        from.party.iter().filter(|party| party::base(party).is_some()).filter_map(party::name).collect();
    let mut named: Vec<PartyId> = Vec::new();
    for (index, id) in from.fulfilment.parties.iter().enumerate() {
        let at = format!("{place}.parties[{index}]");
        if !callable.contains(id) {
            let known = from.party.iter().filter_map(party::name).any(|other| other == *id);
            let why = if known { "this party has no base_url" } else { "there is no party of that id" };
            loaded.object(&at, why);
        } else if named.iter().any(|other| other.as_str() == id) {
            loaded.object(&at, "is named twice");
        }
        named.push(PartyId::new(id.as_str()));
    }
    named
}
