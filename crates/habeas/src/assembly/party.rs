//! How does a configured party become one that is dealt with?

use std::{collections::HashSet, sync::Arc};

use habeas_core::{
    capability::Capabilities,
    dialect::{Dialect, DialectId, Manners},
    id::PartyId,
    party::{Party, Trust},
    role::Role,
    secret::Secret,
};
use habeas_engine::directory::{Credential, Incoming, Peer};
use habeas_trust::{seal::Sealer, signing::SigningKey};
use url::{Origin, Url};

use super::{
    files,
    fulfilment::has_role,
    mounts,
    organisation::required,
    sealed::{self, Seal, alone},
    tokens,
    webhook::destination,
};
use crate::{
    config::{
        Loaded,
        organisation::Organisation,
        party::{self as configured, Scheme},
        text::HashText,
    },
    dialects,
};

/// So many credentials of a party may live at once: the old and the new one, while it changes over.
const CREDENTIALS: usize = 2;

/// With what an organisation deals with its parties.
#[derive(Clone, Copy)]
pub(super) struct Hands<'a> {
    /// The key that opens what is sealed.
    pub(super) sealer: Option<&'a Sealer>,
    /// The key it signs with.
    pub(super) key: Option<&'a Arc<SigningKey>>,
}

/// What is known of the secrets that identity tokens are signed with, of all parties of all organisations.
pub(super) type Secrets = HashSet<[u8; 32]>;

/// The parties of an organisation that have what they cannot be without.
pub(super) fn assemble(
    loaded: &mut Loaded,
    place: &str,
    us: &Organisation,
    hands: Hands<'_>,
    secrets: &mut Secrets,
) -> Vec<Peer> {
    let (mut ids, mut hashes) = (HashSet::new(), HashSet::new());
    let mut peers = Vec::new();
    for (index, from) in us.party.iter().enumerate() {
        let place = format!("{place}.party[{index}]");
        for (number, hash) in from.credentials.iter().enumerate() {
            if !hashes.insert(hash.opaque()) {
                loaded.object(&format!("{place}.credentials[{number}]"), "another party has this credential, too");
            }
        }
        let name = name(from);
        let seal = Seal { domain: us.domain.as_ref(), sealer: hands.sealer, party: name.as_deref() };
        let identity_keys = tokens::keys(loaded, &place, from, seal, secrets);
        let identity_signer = tokens::signer(loaded, &place, from, seal, hands.key);
        let Some(peer) = peer(loaded, &place, us, from, seal) else { continue };
        if !ids.insert(peer.party.id.clone()) {
            let key = if from.id.is_some() { "id" } else { "domain" };
            loaded
                .object(&format!("{place}.{key}"), format!("there are two parties {}: give one an id", peer.party.id));
        }
        peers.push(Peer { identity_keys, identity_signer, ..peer });
    }
    peers
}

/// What a party is called here.
pub fn name(from: &configured::Party) -> Option<String> {
    from.id.clone().or_else(|| from.domain.as_ref().map(ToString::to_string))
}

/// Where it can be called: who is found by its domain needs no other address, once it is agreed how it is called.
pub(super) fn base(from: &configured::Party) -> Option<Url> {
    let dialect = dialects::named(from.dialect.as_deref().unwrap_or(dialects::USUAL.as_str()));
    let found = dialect.is_some_and(|dialect| dialect.facts().base_is_discovered);
    let agreed = found && has_credential(from) && tokens::has_signer(from);
    let at_its_domain = || Url::parse(&format!("https://{}", from.domain.as_ref()?)).ok();
    from.base_url.clone().or_else(|| at_its_domain().filter(|_| agreed))
}

fn has_credential(from: &configured::Party) -> bool {
    from.credential_file.is_some() || from.credential_env.is_some() || from.credential.is_some()
}

fn peer(loaded: &mut Loaded, place: &str, us: &Organisation, from: &configured::Party, seal: Seal<'_>) -> Option<Peer> {
    let domain = required(loaded, &format!("{place}.domain"), from.domain.as_ref());
    let dialect = from.dialect.as_deref().map_or(dialects::USUAL, DialectId::named);
    match dialects::named(dialect.as_str()) {
        Some(known) => fits(loaded, place, us, from, known.as_ref()),
        None => loaded.object(&format!("{place}.dialect"), mounts::unknown(dialect.as_str())),
    }
    for (key, url) in [("base_url", &from.base_url), ("api_base", &from.api_base), ("contact", &from.contact)] {
        if let Some(url) = url {
            destination(loaded, &format!("{place}.{key}"), url);
        }
    }
    if from.credentials.len() > CREDENTIALS {
        loaded.object(&format!("{place}.credentials"), "at most two, the old and the new one");
    }
    if from.trust.hashed_secret && !from.credentials.iter().any(HashText::knows_sha512) {
        let message = "none of its credentials is known by its SHA-512: `habeas keys pair --hashed` makes one that is";
        loaded.object(&format!("{place}.trust.hashed_secret"), message);
    }
    let outgoing = outgoing(loaded, place, from, seal);
    response_authorization(loaded, place, from, outgoing.as_ref(), seal.sealer);
    let redirect_origins = redirect_origins(loaded, place, from);
    let declared = declared(loaded, place, from);
    let id = name(from)?;
    let peer = Peer::of(Party {
        known_as: from.known_as.clone().unwrap_or_else(|| id.clone()),
        id: PartyId::new(id),
        domain: domain?,
        dialect,
        base: base(from),
        trust: Trust {
            pss: from.trust.pss,
            certificate_on_another_host: from.trust.certificate_on_another_host,
            callback_without_url: from.trust.callback_without_url,
            unsigned_receipts: from.trust.unsigned_receipts,
            verified_claims: from.trust.verified_claims,
            hashed_secret: from.trust.hashed_secret,
        },
        knobs: from.knobs.clone(),
        vouches_for: from.vouches_for.clone(),
        declared,
    });
    Some(Peer {
        incoming: from.credentials.iter().map(incoming).collect(),
        outgoing,
        contact: from.contact.clone(),
        redirect_origins,
        api_base: from.api_base.clone(),
        response_authorization: from.response_authorization,
        ..peer
    })
}

fn incoming(hash: &HashText) -> Incoming {
    match hash {
        HashText::Token(hash) => Incoming::Token(hash.clone()),
        HashText::Secret(hash) => Incoming::Secret(hash.clone()),
    }
}

/// Notes what the party's dialect does not have: knobs, rights, and what goes with identity tokens.
fn fits(loaded: &mut Loaded, place: &str, us: &Organisation, from: &configured::Party, dialect: &dyn Dialect) {
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
    if dialect.facts().manners == Manners::Status {
        believable(loaded, place, us, from);
        return;
    }
    let strange = [
        ("api_base", from.api_base.is_some()),
        ("credential_scheme", from.credential_scheme == Scheme::Sha512),
        ("identity_keys", !from.identity_keys.is_empty()),
        ("identity_secret_file", from.identity_secret_file.is_some()),
        ("identity_secret", from.identity_secret.is_some()),
        ("identity_algorithm", from.identity_algorithm.is_some()),
        ("redirect_origins", !from.redirect_origins.is_empty()),
        ("response_authorization", from.response_authorization),
        ("trust.verified_claims", from.trust.verified_claims),
        ("trust.hashed_secret", from.trust.hashed_secret),
    ];
    for (key, _) in strange.into_iter().filter(|(_, given)| *given) {
        let message = format!("is for parties of DRP; this one is spoken to in {}", dialect.id());
        loaded.object(&format!("{place}.{key}"), message);
    }
}

/// Warns of what was forgotten, as it seems: without keys of identity tokens no request can be made, or believed.
fn believable(loaded: &mut Loaded, place: &str, us: &Organisation, from: &configured::Party) {
    let (serves, acts) = (has_role(us, Role::Pip), has_role(us, Role::AuthorizedAgent));
    if serves && !acts && !from.credentials.is_empty() && from.identity_keys.is_empty() {
        loaded.warn(place, "has no identity_keys, so no request of this party can be believed");
    }
    let verifies = !us.business.verify.is_empty();
    if serves && !acts && verifies && !from.credentials.is_empty() && from.redirect_origins.is_empty() {
        loaded.warn(place, "has no redirect_origins, so it can send nobody here to prove who they are");
    }
    if acts && !serves && has_credential(from) && !tokens::has_signer(from) {
        loaded.warn(place, "has no identity_secret or identity_algorithm, so no request can be made to this party");
    }
}

fn redirect_origins(loaded: &mut Loaded, place: &str, from: &configured::Party) -> Vec<Origin> {
    for (index, url) in from.redirect_origins.iter().enumerate() {
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let bare = bare && url.username().is_empty() && url.password().is_none();
        if url.scheme() != "https" || !bare {
            let message = "must be https://, a host and perhaps a port, nothing else";
            loaded.object(&format!("{place}.redirect_origins[{index}]"), message);
        }
    }
    from.redirect_origins.iter().map(Url::origin).collect()
}

/// Whoever is shown the hash of a secret may show it as their own where hashes are taken.
fn response_authorization(
    loaded: &mut Loaded,
    place: &str,
    from: &configured::Party,
    outgoing: Option<&Credential>,
    sealer: Option<&Sealer>,
) {
    if !from.response_authorization {
        return;
    }
    let at = format!("{place}.response_authorization");
    let fitting = matches!(from.credential_scheme, Scheme::Bearer | Scheme::Sha512);
    if !has_credential(from) || !fitting {
        loaded.object(&at, "needs a credential of the scheme bearer or sha512, which it is the SHA-512 of");
    }
    let (Some(Credential::Bearer(secret) | Credential::Hashed(secret)), Some(sealer)) = (outgoing, sealer) else {
        return;
    };
    let same = |hash: &HashText| match hash {
        HashText::Token(hash) => hash.matches(secret.expose()),
        HashText::Secret(hash) => hash.matches(sealer, secret.expose()),
    };
    if from.trust.hashed_secret && from.credentials.iter().any(same) {
        loaded.warn(&at, "shows what this party itself may call with: better agree on two secrets");
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
    given.then(|| Capabilities { rights: from.rights.clone(), identities, ..Capabilities::default() })
}

fn outgoing(loaded: &mut Loaded, place: &str, from: &configured::Party, seal: Seal<'_>) -> Option<Credential> {
    let keys = [
        ("credential_file", from.credential_file.is_some()),
        ("credential_env", from.credential_env.is_some()),
        ("credential", from.credential.is_some()),
    ];
    if !alone(loaded, place, &keys) {
        return None;
    }
    let key = keys.iter().find(|(_, given)| *given).map(|(key, _)| format!("{place}.{key}"))?;
    let secret = match (&from.credential_file, &from.credential_env, &from.credential) {
        (Some(file), ..) => files::secret(loaded, &key, file)?,
        (_, Some(name), _) => files::variable(loaded, &key, name)?,
        (.., Some(text)) => seal.open(loaded, &key, text, sealed::CREDENTIAL)?,
        (None, None, None) => return None,
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
        Scheme::Sha512 => Some(Credential::Hashed(secret)),
        Scheme::Basic => {
            pair(':', "user:password", loaded).map(|(user, password)| Credential::Basic { user, password })
        }
        Scheme::Query => pair('=', "name=value", loaded).map(|(name, value)| Credential::Query { name, value }),
    }
}
