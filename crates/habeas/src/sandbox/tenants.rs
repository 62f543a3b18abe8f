//! How do the members of the sandbox become organisations that act?

use std::sync::Arc;

use anyhow::Context as _;
use habeas_core::{
    business::Business,
    capability::Capabilities,
    clock::{DAY_MS, SECOND_MS},
    dialect::DialectId,
    domain::Domain,
    id::{KeyId, PartyId},
    identity::Kind,
    organisation::{Limits, Mount, Organisation, Policy},
    party::{Party, Trust},
    regime::Regime,
    right::Right,
    role::Role,
    secret::Secret,
};
use habeas_engine::directory::{Credential, Fulfilment, Incoming, Peer, Tenant};
use habeas_trust::{
    credential::TokenHash,
    seal::Sealer,
    shared_secret::SecretHash,
    token::{TokenKey, TokenSigner},
};
use url::Url;

use super::{
    Identities,
    cast::{ADS, AGENT, CAST, LINES, Line, MAIL, Member, SHOP, member},
    folder::{Identity, Secrets},
};
use crate::{assembly::mounts, dialects};

/// The organisations behind a listener on that port.
pub(super) fn tenants(identities: &Identities, secrets: &Secrets, port: u16) -> anyhow::Result<Vec<Tenant>> {
    let member = |member: &Member| {
        let identity = identities.iter().find(|identity| identity.domain == member.domain);
        tenant(member, identity.context("an organisation has no key")?, secrets, port)
    };
    CAST.iter().map(member).collect()
}

fn tenant(member: &Member, identity: &Identity, secrets: &Secrets, port: u16) -> anyhow::Result<Tenant> {
    let mounts = mounts_of(member, port)?;
    let identities = member.identities.iter().map(|(kind, format)| (Kind::new(*kind), *format));
    Ok(Tenant {
        organisation: Organisation {
            domain: member.domain.parse()?,
            capabilities: Capabilities {
                rights: rights(member),
                identities: identities.collect(),
                certificate_url: mounts::certificate_url(&mounts, &dialects::all()),
                api_base: mounts::api_base(&mounts),
                relationships: ["customer", "subscriber"].map(str::to_owned).to_vec(),
                words: Vec::new(),
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
        peers: peers(member, &identity.sealer, secrets, port)?,
        fulfilment: match (member.domain, member.role) {
            (SHOP, _) => Fulfilment::Parties([MAIL, ADS].map(PartyId::new).to_vec()),
            (_, Role::Processor) => Fulfilment::Automatic { start_ms: SECOND_MS, finish_ms: SECOND_MS },
            (_, Role::Agent) => Fulfilment::Parties(called_by(member.domain).map(PartyId::new).collect()),
            _ => Fulfilment::Operator,
        },
        beside: None,
        business: Business::default(),
        sealer: Arc::clone(&identity.sealer),
        steered: true,
        keep_ms: 30 * DAY_MS,
    })
}

/// What people's agents may ask of the shop; what its parties do not do, an operator does.
fn rights(member: &Member) -> Vec<Right> {
    match member.domain {
        SHOP => vec![Right::Access, Right::Erasure, Right::OptOutOfSale, Right::OptInToSale],
        _ => vec![Right::Access, Right::Portability, Right::Erasure],
    }
}

fn mounts_of(member: &Member, port: u16) -> anyhow::Result<Vec<Mount>> {
    let pairs: Vec<_> = member.dialects.iter().map(|dialect| (dialect.clone(), member.role)).collect();
    let home = home(member.domain, port)?;
    let also = member.also.iter().map(|(dialect, role, path)| mounts::mount(dialect.clone(), *role, &home, path));
    Ok(mounts::prefixed(&pairs, &home).into_iter().chain(also).collect())
}

/// Whom somebody calls.
fn called_by(party: &str) -> impl Iterator<Item = &'static str> {
    LINES.iter().filter(move |line| line.party == party).map(|line| line.organisation)
}

/// Those whom it calls, and those who call it.
fn peers(member: &Member, sealer: &Sealer, secrets: &Secrets, port: u16) -> anyhow::Result<Vec<Peer>> {
    let mut peers = Vec::new();
    for line in &LINES {
        let call = secrets.credentials.iter().find(|call| line.is(call)).context("a token is missing")?;
        let outgoing = || Some(Credential::Bearer(Secret::new(call.token.as_str())));
        // What is agreed for identity tokens is good both ways, and so is the secret.
        let agreed = |party: Party, key: &str| -> anyhow::Result<Peer> {
            Ok(Peer {
                incoming: vec![Incoming::Secret(SecretHash::of(&call.token, sealer, true)?)],
                outgoing: outgoing(),
                identity_keys: vec![TokenKey::secret(key)?],
                identity_signer: Some(TokenSigner::secret(key)?),
                redirect_origins: vec![home(line.party, port)?.origin()],
                ..Peer::of(party)
            })
        };
        if line.organisation == member.domain {
            let mut party = party(line.party, &line.dialect, None)?;
            peers.push(match &call.identity_key {
                Some(key) => {
                    party.trust = Trust { verified_claims: true, hashed_secret: true, ..Trust::default() };
                    agreed(party, key)?
                }
                None => {
                    let hash = TokenHash::of(&call.token).context("a token in sandbox.json is no token")?;
                    Peer { incoming: vec![hash.into()], ..Peer::of(party) }
                }
            });
        }
        if line.party == member.domain {
            let party = party(line.organisation, &line.dialect, Some(base(line, port)?))?;
            peers.push(match &call.identity_key {
                Some(key) => agreed(party, key)?,
                None => Peer { outgoing: outgoing(), ..Peer::of(party) },
            });
        }
    }
    Ok(peers)
}

/// Where the called one serves the dialect in which it is called.
fn base(line: &Line, port: u16) -> anyhow::Result<Url> {
    let called = member(line.organisation).context("somebody is called who is not there")?;
    if line.has_tokens() {
        // It is found by its domain.
        return home(line.organisation, port);
    }
    let mount = mounts_of(called, port)?.into_iter().find(|mount| mount.dialect == line.dialect);
    Ok(mount.context("somebody is called in a dialect that is not served")?.base_url)
}

fn party(domain: &str, dialect: &DialectId, base: Option<Url>) -> anyhow::Result<Party> {
    // Whom the agent hands requests on to, its controller hears of them from.
    let vouches_for = match (domain, &base) {
        (AGENT, Some(_)) => vec![MAIL.parse::<Domain>()?, ADS.parse()?],
        _ => Vec::new(),
    };
    Ok(Party {
        id: PartyId::new(domain),
        domain: domain.parse::<Domain>()?,
        dialect: dialect.clone(),
        base,
        known_as: domain.to_owned(),
        trust: Trust::default(),
        knobs: Vec::new(),
        vouches_for,
        declared: None,
    })
}

fn home(domain: &str, port: u16) -> anyhow::Result<Url> {
    Ok(Url::parse(&format!("http://{domain}:{port}"))?)
}
