//! How does a configured party become one that is dealt with?

use std::collections::HashSet;

use habeas_core::{
    capability::Capabilities,
    dialect::{Dialect, DialectId},
    id::PartyId,
    party::{Party, Trust},
    secret::Secret,
};
use habeas_engine::directory::{Credential, Peer};

use super::{files, mounts, organisation::required, webhook::destination};
use crate::{
    config::{
        Loaded, environment,
        organisation::{self as configured, Scheme},
    },
    dialects,
};

/// So many credentials of a party may live at once: the old and the new one, while it changes over.
const CREDENTIALS: usize = 2;

/// The parties of an organisation that have what they cannot be without.
pub(super) fn assemble(loaded: &mut Loaded, place: &str, parties: &[configured::Party]) -> Vec<Peer> {
    let (mut ids, mut hashes) = (HashSet::new(), HashSet::new());
    let mut peers = Vec::new();
    for (index, from) in parties.iter().enumerate() {
        let place = format!("{place}.party[{index}]");
        for (number, hash) in from.credentials.iter().enumerate() {
            if !hashes.insert(hash.0.clone()) {
                loaded.object(&format!("{place}.credentials[{number}]"), "another party has this credential, too");
            }
        }
        let Some(peer) = peer(loaded, &place, from) else { continue };
        if !ids.insert(peer.party.id.clone()) {
            let key = if from.id.is_some() { "id" } else { "domain" };
            loaded
                .object(&format!("{place}.{key}"), format!("there are two parties {}: give one an id", peer.party.id));
        }
        peers.push(peer);
    }
    peers
}

fn peer(loaded: &mut Loaded, place: &str, from: &configured::Party) -> Option<Peer> {
    let domain = required(loaded, &format!("{place}.domain"), from.domain.as_ref());
    let dialect = from.dialect.as_deref().map_or(dialects::USUAL, DialectId::named);
    match dialects::named(dialect.as_str()) {
        Some(known) => fits(loaded, place, from, known.as_ref()),
        None => loaded.object(&format!("{place}.dialect"), mounts::unknown(dialect.as_str())),
    }
    for (key, url) in [("base_url", &from.base_url), ("contact", &from.contact)] {
        if let Some(url) = url {
            destination(loaded, &format!("{place}.{key}"), url);
        }
    }
    if from.credentials.len() > CREDENTIALS {
        loaded.object(&format!("{place}.credentials"), "at most two, the old and the new one");
    }
    let outgoing = outgoing(loaded, place, from);
    let declared = declared(loaded, place, from);
    let id = from.id.clone().or_else(|| domain.as_ref().map(ToString::to_string));
    Some(Peer {
        party: Party {
            known_as: from.known_as.clone().or_else(|| id.clone())?,
            id: PartyId::new(id?),
            domain: domain?,
            dialect,
            base: from.base_url.clone(),
            trust: Trust {
                pss: from.trust.pss,
                certificate_on_another_host: from.trust.certificate_on_another_host,
                callback_without_url: from.trust.callback_without_url,
                unsigned_receipts: from.trust.unsigned_receipts,
            },
            knobs: from.knobs.clone(),
            vouches_for: from.vouches_for.clone(),
            declared,
        },
        incoming: from.credentials.iter().map(|hash| hash.0.clone()).collect(),
        outgoing,
        contact: from.contact.clone(),
    })
}

/// Notes knobs and rights that the party's dialect does not have.
fn fits(loaded: &mut Loaded, place: &str, from: &configured::Party, dialect: &dyn Dialect) {
    let names: Vec<_> = dialect.knobs().iter().map(|knob| knob.name).collect();
    for (index, _) in from.knobs.iter().enumerate().filter(|(_, knob)| !names.contains(&knob.as_str())) {
        let has = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let message = format!("is no knob of {}, which has {has}", dialect.id());
        loaded.object(&format!("{place}.knobs[{index}]"), message);
    }
    for (index, right) in from.rights.iter().enumerate().filter(|(_, right)| dialect.nearest(**right) != Some(**right))
    {
        loaded.object(&format!("{place}.rights[{index}]"), format!("{} has no word for {right}", dialect.id()));
    }
}

/// What it is said to support, in place of its own word.
fn declared(loaded: &mut Loaded, place: &str, from: &configured::Party) -> Option<Capabilities> {
    for (key, missing, other) in [
        ("rights", from.rights.is_empty() && !from.identities.is_empty(), "identities"),
        ("identities", from.identities.is_empty() && !from.rights.is_empty(), "rights"),
    ] {
        if missing {
            loaded.missing_because(&format!("{place}.{key}"), &format!("is required beside {other}"));
        }
    }
    let identities = from.identities.iter().map(|form| (form.0.clone(), form.1)).collect();
    let given = !from.rights.is_empty() && !from.identities.is_empty();
    given.then(|| Capabilities { rights: from.rights.clone(), identities, certificate_url: None })
}

fn outgoing(loaded: &mut Loaded, place: &str, from: &configured::Party) -> Option<Credential> {
    let (key, secret) = match (&from.credential_file, &from.credential_env) {
        (None, None) => return None,
        (Some(_), Some(_)) => {
            loaded.object(&format!("{place}.credential_env"), "stands beside credential_file: only one of them");
            return None;
        }
        (Some(file), None) => {
            let at = format!("{place}.credential_file");
            (files::secret(loaded, &at, file).map(|secret| (at, secret)))?
        }
        (None, Some(name)) => {
            let at = format!("{place}.credential_env");
            let Some(secret) = environment::secret(name) else {
                loaded.object(&at, format!("the environment has no variable {name}"));
                return None;
            };
            (at, secret)
        }
    };
    let pair = |separator, form: &str, loaded: &mut Loaded| {
        let pair = secret.expose().split_once(separator).map(|(name, value)| (name.to_owned(), Secret::new(value)));
        if pair.is_none() {
            loaded.object(&key, format!("the secret must be written {form}"));
        }
        pair
    };
    match from.credential_scheme {
        Scheme::Bearer => Some(Credential::Bearer(secret)),
        Scheme::Basic => {
            pair(':', "user:password", loaded).map(|(user, password)| Credential::Basic { user, password })
        }
        Scheme::Query => pair('=', "name=value", loaded).map(|(name, value)| Credential::Query { name, value }),
    }
}
