//! What do the parties say of themselves: what they support, and which key they sign with?
//!
//! Both are fetched from configured parties and from those they vouch for only, one fetch at a time for each, and
//! believed for a day at most. A certificate is trusted because of its chain and its name, never because of where it
//! was found.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use habeas_core::{
    capability::Capabilities,
    clock::{HOUR_MS, Instant, MINUTE_MS, SECOND_MS},
    domain::Domain,
    id::PartyId,
};
use habeas_store::causes;

use crate::{
    Engine, Error, Result,
    directory::{Peer, Tenant},
    keyring::PeerKey,
    outbound::OutboundError,
};

/// After a failure nothing is fetched for so long, twice as long after each further one, and at most a minute.
const ABSENT_MS: i64 = 2 * SECOND_MS;
const DOUBLINGS: u32 = 5;
/// A party without discovery is asked again after so long.
const NOTHING_MS: i64 = HOUR_MS;
/// After a bad signature the key is fetched anew at most so often.
const REFETCH_MS: i64 = MINUTE_MS;
/// The chain of a cached key is looked at again so often.
const RECHECK_MS: i64 = MINUTE_MS;

/// What is known of the parties.
#[derive(Default)]
pub struct PeerCache(Mutex<HashMap<(Domain, PartyId), Entry>>);

/// Locked while something is fetched, so that it is fetched once.
type Entry = Arc<tokio::sync::Mutex<Known>>;

#[derive(Default)]
pub(super) struct Known {
    capabilities: Option<(Capabilities, Instant)>,
    key: Option<Cached>,
    absent_until: Option<Instant>,
    failures: u32,
    /// It has no discovery.
    nothing_until: Option<Instant>,
    refetch_after: Option<Instant>,
}

struct Cached {
    key: PeerKey,
    fetched_at: Instant,
    /// When its chain was last seen to be valid: a member of it may end before the certificate does.
    checked_at: Instant,
}

impl Known {
    fn absent(&mut self, now: Instant) {
        self.absent_until = Some(now.plus_ms(ABSENT_MS << self.failures.min(DOUBLINGS)));
        self.failures = self.failures.saturating_add(1);
    }

    fn present(&mut self) {
        self.absent_until = None;
        self.failures = 0;
    }

    /// What was fetched is asked for anew; it stays as the last that was said.
    fn outdate(&mut self) {
        if let Some((_, fetched_at)) = &mut self.capabilities {
            *fetched_at = Instant::from_ms(i64::MIN / 2);
        }
    }

    fn is_absent(&self, now: Instant) -> bool {
        // A clock that was set back does not prolong it.
        self.absent_until.is_some_and(|until| now < until && until.since(now) <= ABSENT_MS << DOUBLINGS)
    }
}

impl PeerCache {
    fn of(&self, tenant: &Tenant, peer: &Peer) -> Entry {
        let key = (tenant.domain().clone(), peer.party.id.clone());
        Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default())
    }
}

impl Engine {
    /// What a party supports: as configured, as it says, or as it last said if it cannot be asked now.
    pub(crate) async fn discover(&self, tenant: &Tenant, peer: &Peer) -> Result<Capabilities> {
        if let Some(declared) = &peer.party.declared {
            return Ok(declared.clone());
        }
        let entry = self.peers.of(tenant, peer);
        let mut known = entry.lock().await;
        match self.discover_locked(tenant, peer, &mut known).await {
            Err(Error::Outbound(error)) => match &known.capabilities {
                Some((capabilities, _)) => Ok(capabilities.clone()),
                None => Err(error.into()),
            },
            other => other,
        }
    }

    pub(super) async fn discover_locked(
        &self,
        tenant: &Tenant,
        peer: &Peer,
        known: &mut Known,
    ) -> Result<Capabilities> {
        let now = self.clock.now();
        if let Some((capabilities, fetched_at)) = &known.capabilities
            && is_within(*fetched_at, self.settings.peer_fresh_ms, now)
        {
            return Ok(capabilities.clone());
        }
        if known.nothing_until.is_some_and(|until| now < until && until.since(now) <= NOTHING_MS) {
            return Err(OutboundError::NotThere.into());
        }
        if known.is_absent(now) {
            return Err(OutboundError::Absent.into());
        }
        match self.fetch_capabilities(tenant, peer).await {
            Ok(capabilities) => {
                known.capabilities = Some((capabilities.clone(), now));
                known.present();
                tracing::info!(organisation = %tenant.domain(), party = %peer.party.id,
                    "discovered what a party supports");
                Ok(capabilities)
            }
            // Who had a discovery before has one: it is not there at the moment.
            Err(Error::Outbound(OutboundError::NotThere)) if known.capabilities.is_some() => {
                known.absent(self.clock.now());
                Err(OutboundError::Absent.into())
            }
            Err(error @ Error::Outbound(OutboundError::NotThere)) => {
                known.nothing_until = Some(self.clock.now().plus_ms(NOTHING_MS));
                Err(error)
            }
            Err(error) => {
                known.absent(self.clock.now());
                Err(error)
            }
        }
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
        let refetched = known.refetch_after.is_some_and(|after| now < after && after.since(now) <= REFETCH_MS);
        if let Some(cached) = &mut known.key {
            let fresh = self.is_fresh(cached, now);
            if fresh && (refetched || cached.key.verify(message, signature)) {
                return Ok(cached.key.clone());
            }
            if fresh {
                known.refetch_after = Some(now.plus_ms(REFETCH_MS));
            } else {
                known.key = None;
            }
            known.outdate();
        }
        if known.is_absent(now) {
            return Err(OutboundError::Unusable("its certificate could not be had a moment ago").into());
        }
        match self.fetch_key(tenant, peer, &mut known).await {
            Ok(key) => {
                known.key = Some(Cached { key: key.clone(), fetched_at: now, checked_at: now });
                known.present();
                Ok(key)
            }
            Err(error) => {
                known.absent(self.clock.now());
                tracing::warn!(organisation = %tenant.domain(), party = %peer.party.id, why = %error,
                    cause = causes(&error),
                    "a party's certificate could not be had");
                Err(error)
            }
        }
    }

    /// Whether a key may still be believed without asking for it.
    fn is_fresh(&self, cached: &mut Cached, now: Instant) -> bool {
        let Cached { key, fetched_at, checked_at } = cached;
        if !is_within(*fetched_at, self.settings.peer_fresh_ms, now) || now.ms() >= key.chain.not_after_ms() {
            return false;
        }
        if is_within(*checked_at, RECHECK_MS, now) {
            return true;
        }
        *checked_at = now;
        key.chain.verify(key.domain.as_str(), self.outbound.trust_roots(), now.ms()).is_ok()
    }
}

/// Whether so much time has not passed yet. A clock that was set back does not prolong it by more than as much again.
fn is_within(at: Instant, ms: i64, now: Instant) -> bool {
    now.since(at).abs() < ms
}
