//! How does a configured organisation become one that acts?

use std::sync::Arc;

use habeas_core::{
    capability::Capabilities,
    clock::{DAY_MS, Instant},
    dialect::{Dialect, Manners},
    domain::Domain,
    id::KeyId,
    organisation::{Organisation, Policy},
    role::Role,
};
use habeas_engine::directory::Tenant;
use habeas_trust::{
    certificate::{Chain, Roots},
    public_key::Leniency,
    seal::{MasterKey, Sealer},
    signing::SigningKey,
};
use url::Url;

pub use super::fulfilment::has_role;
use super::{business, files, fulfilment, mounts, party};
use crate::{
    config::{Loaded, organisation as configured},
    dialects,
};

/// Certificates that end sooner are warned of.
const SOON_MS: i64 = 14 * DAY_MS;

/// The organisation and the key that seals what is its; `None` when it lacks what it cannot be without.
pub(super) fn assemble(
    loaded: &mut Loaded,
    place: &str,
    from: &configured::Organisation,
    (roots, now): (&Roots, Instant),
    secrets: &mut party::Secrets,
) -> Option<(Tenant, MasterKey)> {
    let domain = required(loaded, &format!("{place}.domain"), from.domain.as_ref());
    let public_url = public_url(loaded, &format!("{place}.public_url"), from.public_url.as_ref());
    let key = signing_key(loaded, place, from).map(Arc::new);
    let chain = chain(loaded, place, from);
    let sealing = sealing_key(loaded, place, from);
    let sealer = sealing.as_ref().map(|key| Arc::new(Sealer::new(key)));
    let mounts = public_url.as_ref().map(|url| mounts::assemble(loaded, place, from, url)).unwrap_or_default();
    capabilities_fit(loaded, place, from);
    let business::Assembled { api_base, policy } = business::assemble(loaded, place, from, &mounts);
    let fulfilment::Assembled { by, beside } = fulfilment::assemble(loaded, place, from);
    let hands = party::Hands { sealer: sealer.as_deref(), key: key.as_ref() };
    let peers = party::assemble(loaded, place, from, hands, secrets);
    if let (Some(domain), Some(key), Some(chain)) = (&domain, &key, &chain) {
        chain_fits(loaded, &format!("{place}.certificate_file"), key, chain, (domain, roots, now));
    }
    let (key, sealing) = (key?, sealing?);
    let tenant = Tenant {
        organisation: Organisation {
            domain: domain?,
            capabilities: Capabilities {
                rights: from.rights.clone(),
                identities: from.identities.iter().map(|form| (form.0.clone(), form.1)).collect(),
                certificate_url: mounts::certificate_url(&mounts, &dialects::all()),
                api_base,
                relationships: from.business.relationships.clone(),
                words: Vec::new(),
            },
            limits: from.limits.into(),
            policy: Policy {
                regime: from.regime,
                hold_ms: from.hold.ms(),
                call_back_acceptance: from.call_back_acceptance,
                signature_in_body: from.signature_in_body,
                plain_http: false,
            },
        },
        mounts,
        key_id: KeyId::new(key.key_id()),
        key,
        chain: chain?.to_pem(),
        peers,
        fulfilment: by?,
        beside,
        business: policy,
        keep_ms: from.keep.ms(),
        sealer: sealer?,
        steered: false,
    };
    Some((tenant, sealing))
}

/// The value of a key that must be there.
pub(super) fn required<T: Clone>(loaded: &mut Loaded, place: &str, value: Option<&T>) -> Option<T> {
    if value.is_none() {
        loaded.missing(place);
    }
    value.cloned()
}

fn public_url(loaded: &mut Loaded, place: &str, url: Option<&Url>) -> Option<Url> {
    let url = required(loaded, place, url)?;
    let bare =
        url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    if url.scheme() != "https" {
        loaded.object(place, "must begin with https://, since that is what peers see");
    } else if !bare {
        loaded.object(place, "must be scheme, host and perhaps a path, nothing else");
    }
    Some(url)
}

fn signing_key(loaded: &mut Loaded, place: &str, from: &configured::Organisation) -> Option<SigningKey> {
    let place = format!("{place}.key_file");
    let file = required(loaded, &place, from.key_file.as_ref())?;
    let text = files::secret(loaded, &place, &file)?;
    SigningKey::from_pem(text.expose()).map_err(|error| loaded.object(&place, error.to_string())).ok()
}

fn chain(loaded: &mut Loaded, place: &str, from: &configured::Organisation) -> Option<Chain> {
    let place = format!("{place}.certificate_file");
    let file = required(loaded, &place, from.certificate_file.as_ref())?;
    if !loaded.path(&file).exists() {
        let domain = from.domain.as_ref().map_or("DOMAIN", Domain::as_str);
        loaded.object(
            &place,
            format!(
                "there is no {}: let an authority certify `habeas keys csr --domain {domain}`, then `habeas keys \
                 install --domain {domain} CHAIN.pem`",
                file.display()
            ),
        );
        return None;
    }
    let text = files::text(loaded, &place, &file)?;
    Chain::from_pem(&text).map_err(|error| loaded.object(&place, error.to_string())).ok()
}

/// A chain of another key is a mistake. One that peers may not believe is not ours to judge for good: they may know
/// other authorities, so it is only warned of.
fn chain_fits(
    loaded: &mut Loaded,
    place: &str,
    key: &SigningKey,
    chain: &Chain,
    (domain, roots, now): (&Domain, &Roots, Instant),
) {
    if !is_of(chain, key) {
        loaded.object(place, "the first certificate is not of the key in key_file");
        return;
    }
    if let Err(error) = chain.verify(domain.as_str(), roots, now.ms()) {
        loaded.warn(place, format!("peers will not believe signatures of {domain}: {error}"));
    } else if chain.not_after_ms() < now.plus_ms(SOON_MS).ms() {
        loaded.warn(place, "the certificate ends in less than two weeks");
    }
}

/// Whether the chain's first certificate is of this key: it verifies what the key signs.
pub fn is_of(chain: &Chain, key: &SigningKey) -> bool {
    const PROBE: &[u8] = b"does this certificate belong to this key?";
    match (chain.public_key(), key.sign(PROBE)) {
        (Ok(public), Ok(signature)) => public.verify(PROBE, &signature, Leniency::default()),
        _ => false,
    }
}

/// The key that seals what is personal, and what stands sealed in the configuration.
pub fn sealing_key(loaded: &mut Loaded, place: &str, from: &configured::Organisation) -> Option<MasterKey> {
    let place = format!("{place}.sealing_key_file");
    let file = required(loaded, &place, from.sealing_key_file.as_ref())?;
    let text = files::secret(loaded, &place, &file)?;
    MasterKey::from_hex(text.expose()).map_err(|error| loaded.object(&place, error.to_string())).ok()
}

/// What an organisation says it supports must have a word in a dialect in which it takes requests.
fn capabilities_fit(loaded: &mut Loaded, place: &str, from: &configured::Organisation) {
    let served = taken_in(from);
    if served.is_empty() {
        return;
    }
    let ids: Vec<_> = served.iter().map(|dialect| dialect.id().to_string()).collect();
    let wordless = if ids.len() == 1 { "has no word for" } else { "have no word for" };
    for (index, right) in from.rights.iter().enumerate() {
        if served.iter().all(|dialect| dialect.nearest(*right) != Some(*right)) {
            loaded.object(&format!("{place}.rights[{index}]"), format!("{} {wordless} {right}", ids.join(" and ")));
        }
    }
    let lists = served.iter().any(|dialect| dialect.facts().manners == Manners::Receipts);
    let empty = [("rights", from.rights.is_empty()), ("identities", lists && from.identities.is_empty())];
    for (key, _) in empty.into_iter().filter(|(_, empty)| *empty) {
        loaded.object(&format!("{place}.{key}"), "must name one, or no request can be accepted");
    }
}

/// The dialects in which it takes requests.
fn taken_in(from: &configured::Organisation) -> Vec<Arc<dyn Dialect>> {
    let takes = |role: Role| match role {
        Role::Processor | Role::Agent | Role::CoveredBusiness | Role::Pip => true,
        Role::Controller | Role::AuthorizedAgent => false,
    };
    let mut ids: Vec<String> = match from.mount.as_slice() {
        [] => {
            let usual = from.roles.iter().filter(|role| takes(**role)).flat_map(|role| mounts::usual_dialects(*role));
            usual.map(|id| id.to_string()).collect()
        }
        mounts => {
            let taking = mounts.iter().filter(|mount| mount.role.is_some_and(takes));
            taking.filter_map(|mount| mount.dialect.clone()).collect()
        }
    };
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    ids.iter().filter_map(|id| dialects::named(id)).collect()
}
