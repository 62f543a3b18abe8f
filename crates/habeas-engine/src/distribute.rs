//! To which parties does a request go, and what are they known to support?

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use habeas_core::{
    capability::Capabilities,
    clock::Instant,
    dialect::{Dialect, DialectId, Operation},
    id::{LegId, PartyId, RequestId, WireId},
    identity::Identity,
    leg::{Leg, LegCancel, LegState},
    matching::matching,
    organisation::{Limits, Mount, Organisation},
    problem::{Code, Field, Problem},
    random::{hex_token, uuid_v7},
    right::Right,
};
use habeas_store::NewLeg;
use url::Url;

use crate::{
    Engine, Error, Result,
    change::host_of,
    directory::{Fulfilment, Peer, Tenant},
    outbound::OutboundError,
};

/// How long somebody waits for a party to say what it supports.
const ASK_WITHIN: Duration = Duration::from_secs(5);

/// A party that may get a share of a request.
pub(crate) struct Candidate<'t> {
    pub(crate) peer: &'t Peer,
    /// What it supports; `None` while nobody can say. Then it gets its share, and what it serves is seen when it can be
    /// reached: a person's wish does not depend on who is up at the moment.
    pub(crate) supports: Option<Capabilities>,
    dialect: Arc<dyn Dialect>,
}

impl Candidate<'_> {
    fn may_serve(&self, right: Right, identities: &[Identity]) -> bool {
        let right = self.theirs(right);
        // Without any identity it is the extensions that say who is meant (reading A35).
        let serves = |known: &Capabilities| match identities {
            [] => known.serves(right),
            _ => !matching(known, right, identities).is_empty(),
        };
        // An extension is for those who say that they have it.
        let may = !matches!(right, Right::OptOutOfSale | Right::OptInToSale);
        self.supports.as_ref().map_or(may, serves)
    }

    fn takes(&self, right: Right, identities: &[Identity], index: usize) -> bool {
        let Some(known) = &self.supports else { return false };
        matching(known, self.theirs(right), identities).iter().any(|fit| fit.index == index)
    }

    fn serves(&self, right: Right) -> bool {
        self.supports.as_ref().is_some_and(|known| known.serves(self.theirs(right)))
    }

    /// The right as its version says it.
    fn theirs(&self, right: Right) -> Right {
        self.dialect.nearest(right).unwrap_or(right)
    }
}

/// What the members that name right and identities are called, for problems that name them.
pub(crate) struct Names {
    pub(crate) right: &'static str,
    pub(crate) identities: &'static str,
}

/// What a leg is made for.
pub(crate) struct Share<'a> {
    pub(crate) request: &'a RequestId,
    pub(crate) wire_id: &'a WireId,
    pub(crate) right: Right,
    /// How many callback URLs the request came with, which are forwarded.
    pub(crate) forwarded: usize,
    pub(crate) due_at: Option<Instant>,
    /// Reads come before erasures.
    pub(crate) stage: u8,
}

impl Engine {
    /// The parties that do the work of requests that the organisation receives, with what they support; empty where it
    /// does it itself.
    pub(crate) async fn downstream<'t>(&self, tenant: &'t Tenant) -> Result<Vec<Candidate<'t>>> {
        let Fulfilment::Parties(ids) = &tenant.fulfilment else { return Ok(Vec::new()) };
        let peers = ids.iter().filter_map(|id| tenant.peer(id)).filter(|peer| peer.party.base.is_some());
        self.candidates(tenant, peers.collect()).await
    }

    /// Asks them all at once what they support. Who cannot be asked now is not in the way.
    pub(crate) async fn candidates<'t>(&self, tenant: &Tenant, peers: Vec<&'t Peer>) -> Result<Vec<Candidate<'t>>> {
        join_all(peers.into_iter().map(|peer| self.candidate(tenant, peer))).await.into_iter().collect()
    }

    async fn candidate<'t>(&self, tenant: &Tenant, peer: &'t Peer) -> Result<Candidate<'t>> {
        let asked = tokio::time::timeout(ASK_WITHIN, self.discover(tenant, peer)).await;
        let supports = match asked.unwrap_or(Err(OutboundError::Timeout.into())) {
            Ok(supports) => Some(supports),
            // What failed a moment ago was told then.
            Err(Error::Outbound(OutboundError::Absent)) => None,
            Err(Error::Outbound(error)) => {
                tracing::warn!(party = %peer.party.id, why = error.word(), "a party could not be asked what it supports");
                None
            }
            Err(error) => return Err(error),
        };
        Ok(Candidate { peer, supports, dialect: Arc::clone(self.dialect_of(peer)?) })
    }

    /// A leg for one party.
    pub(crate) fn new_leg(&self, tenant: &Tenant, peer: &Peer, share: &Share<'_>) -> NewLeg {
        let token = hex_token::<32>(self.random.as_ref());
        // A party takes so many URLs and no more: where the sender's fill the list, the party is asked instead.
        let room = share.forwarded < Limits::default().callback_urls;
        let right = self.directory.dialect(&peer.party.dialect).and_then(|dialect| dialect.nearest(share.right));
        let right = right.unwrap_or(share.right);
        let leg = Leg {
            id: LegId::new(uuid_v7(self.random.as_ref(), self.clock.now())),
            request: share.request.clone(),
            organisation: tenant.domain().clone(),
            party: peer.party.id.clone(),
            dialect: peer.party.dialect.clone(),
            right,
            wire_id: share.wire_id.clone(),
            remote_id: None,
            accepted_at: None,
            state: LegState::Waiting,
            cancel: LegCancel::No,
            expected_by: None,
            callback_url: if room { self.callback_url(tenant, peer, &token) } else { None },
            results: None,
            details: None,
            heard: Vec::new(),
        };
        // Counted apart from callbacks to the same host: who names it in a callback URL must not make it rest.
        let host = peer.party.base.as_ref().map(|base| format!("party {}", host_of(base))).unwrap_or_default();
        NewLeg { leg, token, host, due_at: share.due_at, stage: share.stage }
    }

    /// Where the party calls us back: on a mount of its dialect, or else on any that takes callbacks
    /// of its manner. The token says which leg is meant, and the leg in which dialect the message is
    /// read.
    fn callback_url(&self, tenant: &Tenant, peer: &Peer, token: &str) -> Option<Url> {
        let takes = |mount: &&Mount| {
            let dialect = self.directory.dialect(&mount.dialect)?;
            let row = dialect
                .endpoints()
                .iter()
                .find(|row| row.operation == Operation::Callback && row.roles.contains(&mount.role))?;
            Some(mount.url(&row.path.replace("{token}", token)))
        };
        let own = tenant.mounts.iter().filter(|mount| mount.dialect == peer.party.dialect);
        let manners = |dialect: &DialectId| self.directory.dialect(dialect).map(|dialect| dialect.facts().manners);
        let alike = |mount: &&Mount| manners(&mount.dialect) == manners(&peer.party.dialect);
        own.chain(tenant.mounts.iter().filter(alike)).find_map(|mount| takes(&mount))
    }
}

/// Those who get a share. Nothing of what is asked may be left to nobody.
///
/// # Errors
/// [`Code::UnsupportedRight`] and [`Code::UnsupportedIdentity`], naming what no party serves.
pub(crate) fn chosen<'t>(
    candidates: &[Candidate<'t>],
    right: Right,
    identities: &[Identity],
    names: &Names,
) -> std::result::Result<Vec<&'t Peer>, Problem> {
    let chosen: Vec<_> = candidates.iter().filter(|one| one.may_serve(right, identities)).map(|one| one.peer).collect();
    if candidates.iter().any(|one| one.supports.is_none()) {
        return Ok(chosen);
    }
    let nobody = || Problem::at(Code::UnsupportedRight, Field::named(names.right)).because("no party serves it");
    if !candidates.iter().any(|one| one.serves(right)) {
        return Err(nobody());
    }
    let served = |index: usize| candidates.iter().any(|one| one.takes(right, identities, index));
    match (0..identities.len()).find(|index| !served(*index)) {
        Some(index) => {
            Err(Problem::at(Code::UnsupportedIdentity, Field::entry(names.identities, index))
                .because("no party serves it"))
        }
        None if chosen.is_empty() => Err(nobody()),
        None => Ok(chosen),
    }
}

/// Those who serve any of it; nobody, where it is the organisation's own matter.
pub(crate) fn serving<'t>(candidates: &[Candidate<'t>], right: Right, identities: &[Identity]) -> Vec<&'t Peer> {
    let named = !identities.is_empty();
    candidates.iter().filter(|one| named && one.may_serve(right, identities)).map(|one| one.peer).collect()
}

/// What an organisation supports whose parties do the work: all that any of them does (reading A26). While one cannot
/// be asked, what the organisation is configured to support stands for it.
pub(crate) fn union(us: &Organisation, candidates: &[Candidate<'_>]) -> Organisation {
    let mut capabilities = Capabilities { rights: Vec::new(), identities: Vec::new(), ..us.capabilities.clone() };
    for candidate in candidates {
        let Capabilities { rights, identities, .. } = candidate.supports.as_ref().unwrap_or(&us.capabilities);
        for right in rights {
            if !capabilities.rights.contains(right) {
                capabilities.rights.push(*right);
            }
        }
        for identity in identities {
            if !capabilities.identities.contains(identity) {
                capabilities.identities.push(identity.clone());
            }
        }
    }
    Organisation { capabilities, ..us.clone() }
}

/// Leaves out the party that a request came from, under whatever entry: it has it already.
pub(crate) fn without<'t>(candidates: Vec<Candidate<'t>>, tenant: &Tenant, party: &PartyId) -> Vec<Candidate<'t>> {
    let domain = tenant.peer(party).map(|peer| &peer.party.domain);
    candidates.into_iter().filter(|one| Some(&one.peer.party.domain) != domain).collect()
}
