//! Who knows whom, who works for whom, and by which version they talk.

use std::sync::Arc;

use anyhow::{Result, bail};
use habeas_core::{
    business::Business,
    capability::Capabilities,
    clock::{DAY_MS, MINUTE_MS},
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
use habeas_engine::directory::{Credential, Fulfilment, Incoming, Peer, Tenant, Webhook};
use habeas_trust::{
    shared_secret::SecretHash,
    token::{TokenKey, TokenSigner},
};
use url::Url;

use super::{ADS, AGENT, ALERTS, BUSINESS, HELPER, MAIL, REDIRECT, SHOP, SYSTEMS};
use crate::keys::Keys;

const V1_0: DialectId = DialectId::known("opengdpr/1.0");
const V0_1_3: DialectId = DialectId::known("opengdpr/0.1.3");
const DRP: DialectId = DialectId::known("drp/0.5");
/// Where a business serves everything but discovery.
const RIGHTS_PATH: &str = "/data-rights";
/// How long everything personal is kept after a request is final.
pub(crate) const KEEP_MS: i64 = 20 * DAY_MS;
/// How long mail.example holds a request, so that it can be taken back.
const HOLD_MS: i64 = 10 * MINUTE_MS;

/// The organisation of that domain, with everything it acts with.
pub(crate) fn tenant(name: &'static str, keys: &Keys) -> Result<Tenant> {
    let known = Known { name, keys };
    match name {
        SHOP => known.shop(),
        AGENT => known.agent(),
        MAIL | ADS => known.processor(),
        BUSINESS => known.business(),
        HELPER => known.helper(),
        _ => bail!("{name} is nobody"),
    }
}

struct Known<'k> {
    name: &'static str,
    keys: &'k Keys,
}

impl Known<'_> {
    fn shop(&self) -> Result<Tenant> {
        let mut tenant = self.tenant(Role::Controller, &[(V1_0, "/v1"), (V0_1_3, "/v0.1.3")])?;
        tenant.peers = vec![self.called(MAIL)?, self.called(ADS)?, self.called(AGENT)?];
        Ok(tenant)
    }

    fn agent(&self) -> Result<Tenant> {
        let mut tenant = self.tenant(Role::Agent, &[(V1_0, "/v1"), (V0_1_3, "/v0.1.3")])?;
        tenant.peers = vec![self.caller(SHOP)?, self.called(MAIL)?, self.called(ADS)?];
        tenant.fulfilment = Fulfilment::Parties(vec![PartyId::new(MAIL), PartyId::new(ADS)]);
        Ok(tenant)
    }

    /// mail.example speaks 1.0 and an operator does its work; ads.example speaks 0.1.3 and its systems do.
    fn processor(&self) -> Result<Tenant> {
        let mut tenant = self.tenant(Role::Processor, &[(V1_0, "/v1"), (V0_1_3, "/v0.1.3")])?;
        tenant.peers = vec![self.caller(SHOP)?, self.caller(AGENT)?, self.caller(BUSINESS)?];
        match self.name {
            MAIL => tenant.organisation.policy.hold_ms = HOLD_MS,
            _ => {
                // It does not hand data over, so that some of what the business is asked for is done by one party only.
                tenant.organisation.capabilities.rights = vec![Right::Access, Right::Erasure];
                let url = format!("https://{SYSTEMS}/work").parse()?;
                tenant.fulfilment = Fulfilment::Webhook(Webhook { url, secret: self.keys.webhook.clone() });
            }
        }
        Ok(tenant)
    }

    /// People prove who they are before anything is erased or shown. What no party does, an operator does.
    fn business(&self) -> Result<Tenant> {
        let mut tenant = self.tenant(Role::Controller, &[(V1_0, "/v1"), (V0_1_3, "/v0.1.3")])?;
        tenant.peers = vec![self.called(MAIL)?, self.called(ADS)?];
        tenant.fulfilment = Fulfilment::Parties(vec![PartyId::new(MAIL), PartyId::new(ADS)]);
        tenant.business.verify = vec![Right::Erasure, Right::Access];
        tenant.organisation.policy.regime = Regime::Ccpa;
        tenant.mounts.extend([self.mount(&DRP, Role::CoveredBusiness, "")?, self.mount(&DRP, Role::Pip, RIGHTS_PATH)?]);
        let capabilities = &mut tenant.organisation.capabilities;
        capabilities.rights = vec![Right::Access, Right::AccessCategories, Right::Erasure, Right::OptOutOfSale];
        capabilities.api_base = Some(format!("https://{}{RIGHTS_PATH}", self.name).parse()?);
        let mut agent = party(HELPER, DRP, None)?;
        agent.incoming = vec![self.shared(HELPER)?];
        agent.outgoing = Some(secret(self.name, HELPER));
        agent.identity_keys = vec![TokenKey::secret(&identity_key())?];
        agent.redirect_origins = vec![REDIRECT.parse::<Url>()?.origin()];
        tenant.peers.push(agent);
        Ok(tenant)
    }

    fn helper(&self) -> Result<Tenant> {
        let mut tenant = self.tenant(Role::AuthorizedAgent, &[])?;
        tenant.mounts.push(self.mount(&DRP, Role::AuthorizedAgent, "/drp")?);
        let mut business = party(BUSINESS, DRP, Some(format!("https://{BUSINESS}").parse()?))?;
        business.incoming = vec![self.shared(BUSINESS)?];
        business.outgoing = Some(secret(self.name, BUSINESS));
        business.identity_signer = Some(TokenSigner::secret(&identity_key())?);
        tenant.peers.push(business);
        Ok(tenant)
    }

    /// A party that we call, in its own version.
    fn called(&self, other: &'static str) -> Result<Peer> {
        let (dialect, path) = if other == ADS { (V0_1_3, "/v0.1.3") } else { (V1_0, "/v1") };
        let mut peer = party(other, dialect, Some(format!("https://{other}{path}").parse()?))?;
        peer.outgoing = Some(Credential::Bearer(Secret::new(self.keys.of(self.name)?.credential.token())));
        if other == AGENT {
            peer.party.vouches_for = vec![MAIL.parse()?, ADS.parse()?];
        }
        Ok(peer)
    }

    /// A party that calls us.
    fn caller(&self, other: &'static str) -> Result<Peer> {
        let mut peer = party(other, V1_0, None)?;
        peer.incoming = vec![self.keys.of(other)?.credential.hash().into()];
        peer.contact = Some(format!("https://{ALERTS}/contact/{other}").parse()?);
        Ok(peer)
    }

    /// What is kept of the secret with which another calls us.
    fn shared(&self, caller: &str) -> Result<Incoming> {
        let hash = SecretHash::of(&secret_text(caller, self.name), &self.keys.of(self.name)?.sealer, true)?;
        Ok(Incoming::Secret(hash))
    }

    fn mount(&self, dialect: &DialectId, role: Role, path: &str) -> Result<Mount> {
        let base_url = format!("https://{}{path}", self.name).parse()?;
        Ok(Mount { dialect: dialect.clone(), role, base_url, path: path.to_owned() })
    }

    fn tenant(&self, role: Role, mounts: &[(DialectId, &str)]) -> Result<Tenant> {
        let owned = self.keys.of(self.name)?;
        let email = |format| (Kind::new("email"), format);
        Ok(Tenant {
            organisation: Organisation {
                domain: self.name.parse()?,
                capabilities: Capabilities {
                    rights: vec![Right::Access, Right::Portability, Right::Erasure],
                    identities: vec![email(Format::Raw), email(Format::Sha256)],
                    ..Capabilities::default()
                },
                limits: Limits::default(),
                policy: Policy {
                    regime: Regime::Gdpr,
                    hold_ms: 0,
                    call_back_acceptance: true,
                    signature_in_body: true,
                    plain_http: false,
                },
            },
            mounts: mounts.iter().map(|(dialect, path)| self.mount(dialect, role, path)).collect::<Result<_>>()?,
            key: Arc::clone(&owned.key),
            key_id: KeyId::new(owned.key.key_id()),
            chain: owned.chain.clone(),
            peers: Vec::new(),
            fulfilment: Fulfilment::Operator,
            keep_ms: KEEP_MS,
            beside: None,
            business: Business::default(),
            sealer: Arc::clone(&owned.sealer),
            steered: false,
        })
    }
}

fn party(name: &str, dialect: DialectId, base: Option<Url>) -> Result<Peer> {
    Ok(Peer::of(Party {
        id: PartyId::new(name),
        domain: name.parse()?,
        dialect,
        base,
        known_as: name.to_owned(),
        trust: Trust::default(),
        knobs: Vec::new(),
        vouches_for: Vec::new(),
        declared: None,
    }))
}

fn secret(caller: &str, called: &str) -> Credential {
    Credential::Bearer(Secret::new(secret_text(caller, called)))
}

fn secret_text(caller: &str, called: &str) -> String {
    format!("the secret of {caller} at {called}, of this simulation")
}

fn identity_key() -> String {
    format!("the identity key of {HELPER} for {BUSINESS}, and nobody else")
}
