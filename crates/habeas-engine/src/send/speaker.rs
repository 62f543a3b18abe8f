//! Who may speak about a leg? Its party, and those to whom that hands requests on (reading A25).

use habeas_core::{
    domain::Domain,
    id::PartyId,
    party::{Party, Trust},
};

use crate::directory::{Peer, Tenant};

/// Somebody who may speak about a leg.
pub(crate) enum Speaker<'t> {
    /// The leg's own party: what it says moves the leg.
    Party(&'t Peer),
    /// Somebody for whom that party vouches and who is a party of ours, too: what it says is evidence.
    Vouched(&'t Peer),
    /// The same, known by its domain alone.
    Stranger(Box<Peer>),
}

impl Speaker<'_> {
    /// Whose key the message must be signed with.
    pub(crate) fn peer(&self) -> &Peer {
        match self {
            Self::Party(peer) | Self::Vouched(peer) => peer,
            Self::Stranger(peer) => peer,
        }
    }

    /// Whether what it says moves the leg.
    pub(crate) const fn is_party(&self) -> bool {
        matches!(self, Self::Party(_))
    }
}

/// Who that domain is to the party of a leg; `None` when it may not speak.
pub(crate) fn speaker<'t>(tenant: &'t Tenant, party: &'t Peer, domain: &Domain) -> Option<Speaker<'t>> {
    if party.party.domain == *domain {
        return Some(Speaker::Party(party));
    }
    if !party.party.vouches_for.contains(domain) {
        return None;
    }
    let known = tenant.peers.iter().find(|peer| peer.party.domain == *domain && peer.party.base.is_some());
    Some(known.map_or_else(|| Speaker::Stranger(Box::new(stranger(party, domain))), Speaker::Vouched))
}

fn stranger(voucher: &Peer, domain: &Domain) -> Peer {
    let party = Party {
        id: PartyId::new(format!("{} by {}", domain, voucher.party.id)),
        domain: domain.clone(),
        dialect: voucher.party.dialect.clone(),
        base: None,
        known_as: String::new(),
        trust: Trust::default(),
        knobs: Vec::new(),
        vouches_for: Vec::new(),
        declared: None,
    };
    Peer::of(party)
}
