//! What do the parties say of themselves: what they support, and which key they sign with?
//!
//! Both are fetched from configured parties only, one fetch at a time for each, and believed for a day at most. A
//! certificate is trusted because of its chain and its name, never because of where it was found.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use habeas_core::{
    capability::Capabilities,
    clock::{Instant, MINUTE_MS, SECOND_MS},
    dialect::{Asked, Dialect, Exchange, Told},
    domain::Domain,
    id::PartyId,
    message::{AnswerHead, Claim, Unverified, Verified},
    problem::{Code, Problem},
    role::Role,
};
use habeas_trust::certificate::Chain;
use url::Url;

use crate::{
    Engine, Error, Result,
    directory::{Peer, Tenant},
    hand::Hand,
    keyring::{Keys, PeerKey},
    outbound::{Call, Destination, OutboundError},
};

/// After a failure nothing is fetched for so long.
const ABSENT_MS: i64 = 2 * SECOND_MS;
/// After a bad signature the key is fetched anew at most so often.
const REFETCH_MS: i64 = MINUTE_MS;
const READ_BYTES: usize = 64 * 1024;
const WITHIN_MS: i64 = 15 * SECOND_MS;

/// What is known of the parties.
#[derive(Default)]
pub struct PeerCache(Mutex<HashMap<(Domain, PartyId), Entry>>);

/// Locked while something is fetched, so that it is fetched once.
type Entry = Arc<tokio::sync::Mutex<Known>>;

#[derive(Default)]
struct Known {
    capabilities: Option<(Capabilities, Instant)>,
    key: Option<(PeerKey, Instant)>,
    absent_until: Option<Instant>,
    refetch_after: Option<Instant>,
}

impl PeerCache {
    fn of(&self, tenant: &Tenant, peer: &Peer) -> Entry {
        let key = (tenant.domain().clone(), peer.party.id.clone());
        Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default())
    }
}

impl Engine {
    /// What a party supports.
    pub(crate) async fn discover(&self, tenant: &Tenant, peer: &Peer) -> Result<Capabilities> {
        let entry = self.peers.of(tenant, peer);
        let mut known = entry.lock().await;
        self.discover_locked(tenant, peer, &mut known).await
    }

    async fn discover_locked(&self, tenant: &Tenant, peer: &Peer, known: &mut Known) -> Result<Capabilities> {
        let now = self.clock.now();
        if let Some((capabilities, fetched_at)) = &known.capabilities
            && now.since(*fetched_at) < self.settings.peer_fresh_ms
        {
            return Ok(capabilities.clone());
        }
        if known.absent_until.is_some_and(|until| now < until) {
            return Err(OutboundError::Unusable("it could not be asked a moment ago").into());
        }
        match self.fetch_capabilities(tenant, peer).await {
            Ok(capabilities) => {
                known.capabilities = Some((capabilities.clone(), now));
                tracing::info!(organisation = %tenant.domain(), party = %peer.party.id,
                    "discovered what a party supports");
                Ok(capabilities)
            }
            Err(error) => {
                known.absent_until = Some(self.clock.now().plus_ms(ABSENT_MS));
                Err(error)
            }
        }
    }

    async fn fetch_capabilities(&self, tenant: &Tenant, peer: &Peer) -> Result<Capabilities> {
        let dialect = self.dialect_of(peer)?;
        let discover = dialect.discover().ok_or(Error::Bug("a dialect without discovery"))?;
        let asked = self.ask(tenant, peer, |x| discover.ask(x))?;
        let answer = self.fetch(tenant, peer, asked, Destination::Configured).await?;
        let told = discover.hear(&answer).map_err(|_| OutboundError::Unusable("its discovery cannot be read"))?;
        let Told::Said(capabilities) = told else {
            return Err(OutboundError::Unusable("it refused its discovery").into());
        };
        Ok(capabilities)
    }

    /// The key that a signature must hold with. A cached one that does not verify is fetched anew, but rarely.
    pub(crate) async fn key_for(
        &self,
        tenant: &Tenant,
        peer: &Peer,
        message: &[u8],
        signature: &[u8],
    ) -> Result<PeerKey> {
        let entry = self.peers.of(tenant, peer);
        let mut known = entry.lock().await;
        let now = self.clock.now();
        if let Some((key, fetched_at)) = &known.key {
            let fresh = now.since(*fetched_at) < self.settings.peer_fresh_ms && now.ms() < key.chain.not_after_ms();
            if fresh && key.verify(message, signature) {
                return Ok(key.clone());
            }
            if fresh && known.refetch_after.is_some_and(|after| now < after) {
                return Ok(key.clone());
            }
            known.refetch_after = Some(now.plus_ms(REFETCH_MS));
            known.capabilities = None;
        }
        if known.absent_until.is_some_and(|until| now < until) {
            return Err(OutboundError::Unusable("its certificate could not be had a moment ago").into());
        }
        match self.fetch_key(tenant, peer, &mut known).await {
            Ok(key) => {
                known.key = Some((key.clone(), now));
                known.absent_until = None;
                Ok(key)
            }
            Err(error) => {
                known.absent_until = Some(self.clock.now().plus_ms(ABSENT_MS));
                tracing::warn!(organisation = %tenant.domain(), party = %peer.party.id, why = %error,
                    cause = std::error::Error::source(&error).map(ToString::to_string),
                    "a party's certificate could not be had");
                Err(error)
            }
        }
    }

    async fn fetch_key(&self, tenant: &Tenant, peer: &Peer, known: &mut Known) -> Result<PeerKey> {
        let url = self
            .discover_locked(tenant, peer, known)
            .await?
            .certificate_url
            .ok_or(OutboundError::Unusable("its discovery names no certificate"))?;
        let at_home = peer.party.base.as_ref().is_some_and(|base| same_place(base, &url));
        if !at_home && !peer.party.trust.certificate_on_another_host {
            return Err(OutboundError::Unusable("its certificate is on another host than its discovery").into());
        }
        let dialect = self.dialect_of(peer)?;
        let certificate = dialect.certificate().ok_or(Error::Bug("a dialect without certificates"))?;
        let destination = if at_home { Destination::Configured } else { Destination::Named };
        let answer = self.fetch(tenant, peer, certificate.ask(&url)?, destination).await?;
        let Ok(Told::Said(pem)) = certificate.hear(&answer) else {
            return Err(OutboundError::Unusable("its certificate cannot be read").into());
        };
        let distrust = |error: habeas_trust::certificate::ChainError| {
            tracing::warn!(party = %peer.party.id, why = %error, "a party's certificate is not trusted");
            Error::from(Problem::new(Code::Forbidden))
        };
        let chain = Chain::from_pem(&pem).map_err(distrust)?;
        let domain = peer.party.domain.clone();
        chain.verify(domain.as_str(), self.outbound.trust_roots(), self.clock.now().ms()).map_err(distrust)?;
        let key = chain.public_key().map_err(distrust)?;
        Ok(PeerKey { domain, key, pss: peer.party.trust.pss, chain })
    }

    /// Makes a call of ours that anybody may make, and opens the answer.
    async fn fetch(
        &self,
        tenant: &Tenant,
        peer: &Peer,
        asked: habeas_core::dialect::Outgoing,
        destination: Destination,
    ) -> Result<Verified<AnswerHead>> {
        // Our credential goes to the party's own host only.
        let credential = (destination == Destination::Configured).then_some(peer.outgoing.as_ref()).flatten();
        let call = Call { outgoing: asked, destination, credential, read_bytes: READ_BYTES, within_ms: WITHIN_MS };
        let (head, body) = self.outbound.call(call).await?.split()?;
        Unverified::new(head, body)
            .verify(Claim::Nobody, &Keys { tenant, signer: None })
            .map_err(|_| Error::Bug("nobody's claim was doubted"))
    }

    pub(crate) fn dialect_of(&self, peer: &Peer) -> Result<&Arc<dyn Dialect>> {
        self.directory.dialect(&peer.party.dialect).ok_or(Error::Bug("the dialect of a party is gone"))
    }

    /// Renders a call of ours to a party.
    pub(crate) fn ask(
        &self,
        tenant: &Tenant,
        peer: &Peer,
        ask: impl FnOnce(&Exchange<'_>) -> Asked,
    ) -> Result<habeas_core::dialect::Outgoing> {
        let hand = Hand::new(tenant);
        let outgoing = ask(&Exchange {
            us: &tenant.organisation,
            mount: tenant.mount(&peer.party.dialect, Role::Controller),
            them: Some(&peer.party),
            now: self.clock.now(),
            signer: &hand,
        })?;
        hand.done()?;
        Ok(outgoing)
    }
}

fn same_place(base: &Url, url: &Url) -> bool {
    base.host() == url.host()
        && base.scheme() == url.scheme()
        && base.port_or_known_default() == url.port_or_known_default()
}
