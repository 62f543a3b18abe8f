//! What are the organisations like? Configured as the product is by default.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result, anyhow};
use habeas_core::{
    business::Business,
    capability::Capabilities,
    clock::DAY_MS,
    dialect::DialectId,
    id::{KeyId, PartyId},
    identity::{Format, Kind},
    organisation::{Limits, Mount, Organisation, Policy},
    party::{Party, Trust},
    regime::Regime,
    right::Right,
    role::Role,
    secret::Secret,
};
use habeas_engine::directory::{Credential, Fulfilment, Peer, Tenant};
use habeas_trust::{
    credential::TokenHash,
    seal::{MasterKey, Sealer},
    signing::SigningKey,
};

use super::{Cast, PARTIES, SHOP, TOKEN, read};

const DIALECT: DialectId = DialectId::known("opengdpr/1.0");

/// Where everybody listens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    /// This process.
    pub(crate) own: u16,
    /// That of the three processors.
    pub(crate) parties: Option<u16>,
}

/// An organisation, and the key that seals what is its.
pub(crate) type Served = (Tenant, MasterKey);

/// Whom a process serves.
pub(crate) fn served(folder: &Path, cast: Cast, ports: Ports, signature_in_body: bool) -> Result<Vec<Served>> {
    let token = read(folder, TOKEN)?;
    let role = if cast == Cast::Shop { Role::Controller } else { Role::Processor };
    let one = |domain: &&str| {
        let mut tenant = tenant(folder, domain, role, ports.own)?;
        tenant.organisation.policy.signature_in_body = signature_in_body;
        match cast {
            Cast::Shop => tenant.peers = parties(&token, ports.parties.context("where are the parties?")?)?,
            Cast::Mail | Cast::Parties => tenant.peers.push(caller(&token)?),
        }
        Ok((tenant, MasterKey::from_hex(&read(folder, &format!("{domain}.sealing"))?)?))
    };
    cast.domains().iter().map(one).collect()
}

fn tenant(folder: &Path, domain: &str, role: Role, port: u16) -> Result<Tenant> {
    let key = SigningKey::from_pem(&read(folder, &format!("{domain}.key"))?)?;
    // One of the three takes no addresses in clear.
    let formats: &[Format] = if domain == PARTIES[2] { &[Format::Sha256] } else { &[Format::Raw, Format::Sha256] };
    let mount = |path: &str| -> Result<Mount> {
        let base_url = format!("http://{domain}:{port}{path}").parse()?;
        Ok(Mount { dialect: DIALECT, role, base_url, path: path.to_owned() })
    };
    Ok(Tenant {
        organisation: Organisation {
            domain: domain.parse().map_err(|_| anyhow!("not a domain"))?,
            capabilities: Capabilities {
                rights: vec![Right::Access, Right::Portability, Right::Erasure],
                identities: formats.iter().map(|format| (Kind::new("email"), *format)).collect(),
                ..Capabilities::default()
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
        mounts: vec![mount("/v1")?, mount("")?],
        key_id: KeyId::new(key.key_id()),
        key: Arc::new(key),
        chain: read(folder, &format!("{domain}.chain"))?,
        peers: Vec::new(),
        fulfilment: Fulfilment::Operator,
        keep_ms: 30 * DAY_MS,
        beside: None,
        business: Business::default(),
        sealer: Arc::new(Sealer::new(&MasterKey::from_hex(&read(folder, &format!("{domain}.sealing"))?)?)),
        steered: false,
    })
}

/// The controller, as its processors know it.
fn caller(token: &str) -> Result<Peer> {
    let mut peer = peer(SHOP)?;
    peer.incoming.push(TokenHash::of(token).context("not a token")?.into());
    Ok(peer)
}

/// The processors, as their controller knows them.
fn parties(token: &str, port: u16) -> Result<Vec<Peer>> {
    let party = |domain: &str| {
        let mut peer = peer(domain)?;
        peer.party.base = Some(format!("http://{domain}:{port}/v1").parse()?);
        peer.outgoing = Some(Credential::Bearer(Secret::new(token)));
        Ok(peer)
    };
    PARTIES.into_iter().map(party).collect()
}

fn peer(domain: &str) -> Result<Peer> {
    let party = Party {
        id: PartyId::new(domain),
        domain: domain.parse().map_err(|_| anyhow!("not a domain"))?,
        dialect: DIALECT,
        base: None,
        known_as: domain.to_owned(),
        trust: Trust::default(),
        knobs: Vec::new(),
        vouches_for: Vec::new(),
        declared: None,
    };
    Ok(Peer::of(party))
}
