//! How is what a party says of itself fetched: discovery, then the certificate that it names?

use std::{borrow::Cow, sync::Arc};

use habeas_core::{
    capability::Capabilities,
    clock::SECOND_MS,
    dialect::{Asked, Dialect, Exchange, Outgoing, Told},
    message::{AnswerHead, Claim, Unverified, Verified},
    party::Party,
    problem::{Code, Problem},
};
use habeas_trust::certificate::{Chain, ChainError};
use url::Url;

use super::cache::Known;
use crate::{
    Engine, Error, Result,
    directory::{Peer, Tenant},
    hand::Hand,
    keyring::{Keys, PeerKey},
    outbound::{Call, Destination, OutboundError},
};

const READ_BYTES: usize = 64 * 1024;
/// Less than anybody waits for it, so that a party that hangs is known to hang.
const WITHIN_MS: i64 = 4 * SECOND_MS;

impl Engine {
    /// Asks the party where it is configured to be; whom nobody configured, where domains usually serve it.
    pub(super) async fn fetch_capabilities(&self, tenant: &Tenant, peer: &Peer) -> Result<Capabilities> {
        let discover = self.dialect_of(peer)?.discover().ok_or(Error::Bug("a dialect without discovery"))?;
        if peer.party.base.is_some() {
            return self.fetch_discovery(tenant, peer, &peer.party, Destination::Configured).await;
        }
        let mut failure = OutboundError::Unusable("nobody knows where it is").into();
        for base in discover.usual_bases(&peer.party.domain) {
            let party = Party { base: Some(base), ..peer.party.clone() };
            match self.fetch_discovery(tenant, peer, &party, Destination::Named).await {
                Err(Error::Outbound(error)) => failure = Error::Outbound(error),
                other => return other,
            }
        }
        Err(failure)
    }

    async fn fetch_discovery(
        &self,
        tenant: &Tenant,
        peer: &Peer,
        party: &Party,
        destination: Destination,
    ) -> Result<Capabilities> {
        let discover = self.dialect_of(peer)?.discover().ok_or(Error::Bug("a dialect without discovery"))?;
        let asked = self.ask(tenant, (peer, party), |x| discover.ask(x))?;
        let answer = self.fetch(tenant, peer, asked, destination).await?;
        let told = discover.hear(&answer).map_err(|_| OutboundError::Unusable("its discovery cannot be read"))?;
        match told {
            Told::Said(capabilities) => Ok(capabilities),
            // It has none. Anything else may be over in a moment, and what it lists is not to be guessed.
            Told::Refused { status: 404 | 405 | 410 | 501, .. } => Err(OutboundError::NotThere.into()),
            Told::Refused { .. } => Err(OutboundError::Unusable("it refused its discovery").into()),
        }
    }

    pub(super) async fn fetch_key(&self, tenant: &Tenant, peer: &Peer, known: &mut Known) -> Result<PeerKey> {
        let url = self
            .discover_locked(tenant, peer, known)
            .await?
            .certificate_url
            .ok_or(OutboundError::Unusable("its discovery names no certificate"))?;
        let party = &peer.party;
        let at_home = party.base.as_ref().is_some_and(|base| same_place(base, &url));
        let at_its_domain = party.base.is_none() && url.host_str() == Some(party.domain.as_str());
        if !at_home && !at_its_domain && !party.trust.certificate_on_another_host {
            return Err(OutboundError::Unusable("its certificate is on another host than its discovery").into());
        }
        let dialect = self.dialect_of(peer)?;
        let certificate = dialect.certificate().ok_or(Error::Bug("a dialect without certificates"))?;
        let destination = if at_home { Destination::Configured } else { Destination::Named };
        let answer = self.fetch(tenant, peer, certificate.ask(&url)?, destination).await?;
        let Ok(Told::Said(pem)) = certificate.hear(&answer) else {
            return Err(OutboundError::Unusable("its certificate cannot be read").into());
        };
        let distrust = |error: ChainError| {
            tracing::warn!(party = %party.id, why = %error, "a party's certificate is not trusted");
            Error::from(Problem::new(Code::Forbidden).because(error.to_string()))
        };
        let chain = Chain::from_pem(&pem).map_err(distrust)?;
        let domain = party.domain.clone();
        chain.verify(domain.as_str(), self.outbound.trust_roots(), self.clock.now().ms()).map_err(distrust)?;
        let key = chain.public_key().map_err(distrust)?;
        Ok(PeerKey { domain, key, pss: party.trust.pss, chain })
    }

    /// Makes a call of ours that anybody may make, and opens the answer.
    async fn fetch(
        &self,
        tenant: &Tenant,
        peer: &Peer,
        asked: Outgoing,
        destination: Destination,
    ) -> Result<Verified<AnswerHead>> {
        // Our credential goes to the party's own host only.
        // Where the rest is served elsewhere, discovery is for everybody, and the credential is not for its host.
        let theirs = destination == Destination::Configured && !self.dialect_of(peer)?.facts().base_is_discovered;
        let credential = peer.outgoing.as_ref().filter(|_| theirs);
        let call = Call { outgoing: asked, destination, credential, read_bytes: READ_BYTES, within_ms: WITHIN_MS };
        let (head, body) = self.outbound.call(call).await?.split()?;
        Unverified::new(head, body)
            .verify(Claim::Nobody, &Keys { tenant, signer: None })
            .map_err(|_| Error::Bug("nobody's claim was doubted"))
    }

    pub(crate) fn dialect_of(&self, peer: &Peer) -> Result<&Arc<dyn Dialect>> {
        self.directory.dialect(&peer.party.dialect).ok_or(Error::Bug("the dialect of a party is gone"))
    }

    /// Renders a call of ours to a party, as that is at the moment.
    pub(crate) fn ask(
        &self,
        tenant: &Tenant,
        (peer, party): (&Peer, &Party),
        ask: impl FnOnce(&Exchange<'_>) -> Asked,
    ) -> Result<Outgoing> {
        let hand = Hand::new(tenant).with(Some(peer));
        let outgoing = ask(&Exchange { them: Some(party), ..hand.exchange(None, self.clock.now()) })?;
        hand.done()?;
        Ok(outgoing)
    }

    /// The party where it serves what is not discovery.
    pub(crate) async fn located<'p>(&self, tenant: &Tenant, peer: &'p Peer) -> Result<Cow<'p, Party>> {
        if !self.dialect_of(peer)?.facts().base_is_discovered {
            return Ok(Cow::Borrowed(&peer.party));
        }
        let base = match &peer.api_base {
            Some(configured) => configured.clone(),
            None => {
                let said = self.discover(tenant, peer).await?.api_base;
                said.ok_or(OutboundError::Unusable("its discovery does not say where it takes requests"))?
            }
        };
        Ok(Cow::Owned(Party { base: Some(base), ..peer.party.clone() }))
    }
}

/// Whether two addresses are of one host.
pub(crate) fn same_place(base: &Url, url: &Url) -> bool {
    base.host() == url.host()
        && base.scheme() == url.scheme()
        && base.port_or_known_default() == url.port_or_known_default()
}
