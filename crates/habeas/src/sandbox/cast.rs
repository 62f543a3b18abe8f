//! Who is in the sandbox?

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use habeas_core::{
    capability::Capabilities,
    clock::{DAY_MS, SECOND_MS},
    domain::Domain,
    id::{KeyId, PartyId},
    identity::{Format, Kind},
    organisation::{Limits, Organisation, Policy},
    party::{Party, Trust},
    regime::Regime,
    right::Right,
    role::Role,
    secret::Secret,
};
use habeas_engine::directory::{Credential, Fulfilment, Peer, Tenant};
use habeas_trust::{credential::TokenHash, signing::Algorithm};
use url::Url;

use super::{
    Identities,
    folder::{Identity, Secrets},
};
use crate::{assembly::mounts, dialects};

/// One of them.
pub(super) struct Member {
    /// Its domain.
    pub(super) domain: &'static str,
    /// Its role.
    pub(super) role: Role,
    /// How it signs: one of each kind is seen.
    pub(super) algorithm: Algorithm,
}

/// All of them.
pub(super) const CAST: [Member; 3] = [
    Member { domain: "mail.localhost", role: Role::Processor, algorithm: Algorithm::RsaPkcs1Sha256 },
    Member { domain: "ads.localhost", role: Role::Processor, algorithm: Algorithm::EcdsaP256Sha256 },
    Member { domain: "shop.localhost", role: Role::Controller, algorithm: Algorithm::EcdsaP256Sha256 },
];

/// Which party calls which organisation: every controller every processor.
pub(super) fn calls() -> impl Iterator<Item = (&'static str, &'static str)> {
    let with = |role| CAST.iter().filter(move |member| member.role == role).map(|member| member.domain);
    with(Role::Processor).flat_map(move |processor| with(Role::Controller).map(move |party| (processor, party)))
}

/// The organisations behind a listener on that port.
pub(super) fn tenants(identities: &Identities, secrets: &Secrets, port: u16) -> anyhow::Result<Vec<Tenant>> {
    let member = |member: &Member| {
        let identity = identities.iter().find(|identity| identity.domain == member.domain);
        tenant(member, identity.context("an organisation has no key")?, secrets, port)
    };
    CAST.iter().map(member).collect()
}

fn tenant(member: &Member, identity: &Identity, secrets: &Secrets, port: u16) -> anyhow::Result<Tenant> {
    let mounts = mounts::usual(&[member.role], &home(member.domain, port)?);
    Ok(Tenant {
        organisation: Organisation {
            domain: member.domain.parse()?,
            capabilities: Capabilities {
                rights: vec![Right::Access, Right::Portability, Right::Erasure],
                identities: vec![
                    (Kind::new("email"), Format::Raw),
                    (Kind::new("email"), Format::Sha256),
                    (Kind::new("controller_customer_id"), Format::Raw),
                ],
                certificate_url: mounts::certificate_url(&mounts, &dialects::all()),
            },
            limits: Limits::default(),
            policy: Policy {
                regime: Regime::Gdpr,
                hold_ms: 0,
                call_back_acceptance: true,
                signature_in_body: true,
                plain_http: true,
            },
        },
        mounts,
        key: Arc::clone(&identity.key),
        key_id: KeyId::new(identity.key.key_id()),
        chain: identity.chain.clone(),
        peers: peers(member, secrets, port)?,
        fulfilment: match member.role {
            Role::Processor => Fulfilment::Automatic { start_ms: SECOND_MS, finish_ms: SECOND_MS },
            _ => Fulfilment::Operator,
        },
        keep_ms: 30 * DAY_MS,
    })
}

/// Those whom it calls, and those who call it.
fn peers(member: &Member, secrets: &Secrets, port: u16) -> anyhow::Result<Vec<Peer>> {
    let mut peers = Vec::new();
    for call in &secrets.credentials {
        if call.organisation == member.domain {
            let hash = TokenHash::of(&call.token).ok_or_else(|| anyhow!("a token in sandbox.json is no token"))?;
            let party = party(&call.party, None)?;
            peers.push(Peer { party, incoming: vec![hash], outgoing: None, contact: None });
        }
        if call.party == member.domain {
            let base = mounts::usual(&[Role::Processor], &home(&call.organisation, port)?).into_iter().next();
            let party = party(&call.organisation, base.map(|mount| mount.base_url))?;
            let outgoing = Some(Credential::Bearer(Secret::new(call.token.as_str())));
            peers.push(Peer { party, incoming: Vec::new(), outgoing, contact: None });
        }
    }
    Ok(peers)
}

fn party(domain: &str, base: Option<Url>) -> anyhow::Result<Party> {
    Ok(Party {
        id: PartyId::new(domain),
        domain: domain.parse::<Domain>()?,
        dialect: dialects::USUAL,
        base,
        known_as: domain.to_owned(),
        trust: Trust::default(),
    })
}

fn home(domain: &str, port: u16) -> anyhow::Result<Url> {
    Ok(Url::parse(&format!("http://{domain}:{port}"))?)
}
