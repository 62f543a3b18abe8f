//! A request of ours: made here, sent to the parties by the worker, followed until it is done.

pub mod cache;
mod fetch;
mod follow;
mod leg;
mod outcome;
mod poll;
pub(crate) mod speaker;
mod submit;

pub(crate) use fetch::same_place;
pub(crate) use follow::not_taken_back;
pub(crate) use outcome::cut;
pub(crate) use poll::moved;

use std::fmt::Write as _;

use habeas_core::{
    event::Standing,
    id::{PartyId, RequestId, WireId},
    leg::{LegState, Progress},
    problem::{Code, Field, Problem},
    random::uuid_v4,
    request::Request,
    role::Role,
    state::State,
    submission::{Stamp, Subject},
};
use habeas_store::{Create, NewOwn};
use url::Url;

use crate::{
    Engine, Error, Result,
    directory::{Peer, Tenant},
    distribute::{Candidate, Names, Share, chosen},
    hand::Hand,
    identities::well_formed,
    operator::{Send, Sent},
};

/// The members of the operator's wish.
const IDENTITIES: &str = "identities";
const NAMES: Names = Names { right: "right", identities: IDENTITIES };

impl Engine {
    /// Makes a request and saves it; the worker sends it. Parties that can be asked what they support are asked first.
    ///
    /// # Errors
    /// [`Code::InvalidField`] for an unknown organisation or party, [`Code::UnsupportedRight`] and
    /// [`Code::UnsupportedIdentity`] for what a named party, or all of them, say that they do not serve;
    /// [`Code::AlreadyExists`] for another request under the same reference; when the store fails.
    pub async fn send(&self, mut send: Send) -> Result<Sent> {
        let tenant = self.directory.tenant(&send.from).ok_or_else(|| {
            Problem::at(Code::InvalidField, Field::named("from")).because("no such organisation here")
        })?;
        if send.identities.is_empty() {
            return Err(Problem::at(Code::MissingField, Field::named(IDENTITIES)).into());
        }
        for (index, identity) in send.identities.iter_mut().enumerate() {
            let wrong = |why| Problem::at(Code::InvalidField, Field::entry(IDENTITIES, index)).because(why);
            *identity = well_formed(identity).map_err(wrong)?;
        }
        if let Some(existing) = self.made_before(&send).await? {
            return existing;
        }
        let peers = addressees(tenant, &send)?;
        let candidates = self.candidates(tenant, peers).await?;
        let chosen =
            chosen(&candidates, send.right, &send.identities, &NAMES).map_err(|nobody| match &*candidates {
                [one] => nobody.because(format!("{} does not serve it", one.peer.party.domain)),
                _ => nobody,
            })?;
        if !send.to.is_empty() {
            named_serve_it(&candidates, &chosen)?;
        }
        let new = self.new_own(tenant, &chosen, send);
        let id = new.request.id.clone();
        let created = self.store.create(new).await?;
        if created == Create::Created {
            self.wake();
        }
        sent(created, id)
    }

    /// A wish that was fulfilled before is so again, whatever the parties support by now.
    async fn made_before(&self, send: &Send) -> Result<Option<Result<Sent>>> {
        let Some(reference) = &send.reference else { return Ok(None) };
        let existing = self.store.by_reference(&send.from, reference, &wish(send)).await?;
        Ok(existing.map(|existing| sent(existing, RequestId::new(""))))
    }

    fn new_own(&self, tenant: &Tenant, peers: &[&Peer], send: Send) -> NewOwn {
        let now = self.clock.now();
        let id = RequestId::new(uuid_v4(self.random.as_ref()));
        let wire_id = WireId::new(id.as_str());
        let submitted_at = send.submitted_at.unwrap_or(now);
        let regime = send.regime.unwrap_or(tenant.organisation.policy.regime);
        let promised_by = regime.respond_by(&[send.right], Some(submitted_at), now);
        let sender = peers.first().and_then(|peer| self.dialect_of(peer).ok()).map(|dialect| dialect.facts().sender);
        let share =
            Share { request: &id, wire_id: &wire_id, right: send.right, forwarded: 0, due_at: Some(now), stage: 0 };
        let legs = peers.iter().map(|peer| self.new_leg(tenant, peer, &share)).collect();
        let wish = wish(&send);
        let request = Request {
            organisation: tenant.domain().clone(),
            upstream: None,
            role: sender.unwrap_or(Role::Controller),
            rights: vec![send.right],
            regime,
            standing: Standing {
                wire_id,
                seq: 0,
                state: State::Received,
                received_at: now,
                expected_by: promised_by,
                details: None,
                found: None,
            },
            submitted_at: Some(submitted_at),
            promised_by,
            hold_until: now,
            final_at: None,
            expires_at: None,
            expiry_first_set_at: None,
            id,
        };
        let submitted = Stamp { at: submitted_at, text: habeas_wire::time::format(submitted_at.ms()) };
        let subject = Subject {
            identities: send.identities,
            claims: send.claims,
            relationships: send.relationships,
            carried: Vec::new(),
        };
        NewOwn { request, subject, submitted, legs, reference: send.reference, wish }
    }

    /// Where the person of a request of ours goes to prove who they are, to each party that asks for it, and from there
    /// to that address (DRP 0.5 §3.02.1).
    ///
    /// # Errors
    /// [`Code::NotFound`]; [`Code::Gone`] when it was shredded; when no identity key was agreed with a party; when the
    /// store fails.
    pub async fn verification_links(&self, id: &RequestId, redirect_to: &Url) -> Result<Vec<(PartyId, Url)>> {
        let secrets = self.subject(id).await?;
        let mut links = Vec::new();
        let mut refused = None;
        for row in self.store.legs(id).await? {
            let LegState::Sent { progress: Progress::NeedsVerification { url } } = &row.leg.state else { continue };
            let request = self.store.request(id).await?.ok_or(Problem::new(Code::NotFound))?;
            let tenant = self.tenant(&request)?;
            let Some(peer) = tenant.peer(&row.leg.party) else { continue };
            // The same claims as in the request that it has.
            let mut subject = secrets.subject.clone();
            if let Some((identities, _)) = self.identities_for(tenant, peer, &row.leg, &subject.identities).await? {
                subject.identities = identities;
            }
            let hand = Hand::new(tenant).with(Some(peer));
            let made = self.dialect_of(peer)?.token(&subject, &row.leg.id, &hand.exchange(None, self.clock.now()));
            hand.done()?;
            let identity = match made {
                Ok(identity) => identity,
                Err(why) => {
                    refused = Some(why);
                    continue;
                }
            };
            let mut link = url.clone();
            link.query_pairs_mut()
                .append_pair("identity", identity.expose())
                .append_pair("redirect_to", redirect_to.as_str())
                .append_pair("request_id", leg::known_as(&row.leg).as_str());
            links.push((row.leg.party, link));
        }
        match refused {
            Some(why) if links.is_empty() => Err(why.into()),
            _ => Ok(links),
        }
    }

    /// Takes a request of ours back: legs that were never tried are given up, the others' parties are asked.
    ///
    /// # Errors
    /// [`Code::NotFound`]; [`Code::NotCancellable`] when it is final or not ours; when the store fails.
    pub async fn cancel(&self, id: &RequestId) -> Result<Request> {
        let request = self.store.request(id).await?.ok_or(Problem::new(Code::NotFound))?;
        if request.upstream.is_some() {
            return Err(Problem::new(Code::NotCancellable).because("only who made a request can take it back").into());
        }
        if request.standing.state == State::Cancelled {
            return Ok(request);
        }
        if request.standing.state.is_final() {
            return Err(Problem::new(Code::NotCancellable)
                .because(format!("it is {}", request.standing.state.name()))
                .into());
        }
        self.take_legs_back(id).await?;
        self.store.request(id).await?.ok_or(Error::Bug("a request that vanished"))
    }
}

fn sent(created: Create, id: RequestId) -> Result<Sent> {
    match created {
        Create::Created => Ok(Sent { id, existed: false }),
        Create::Exists { request, same: true } => Ok(Sent { id: request, existed: true }),
        Create::Exists { same: false, .. } => Err(Problem::at(Code::AlreadyExists, Field::named("reference"))
            .because("another request was made under it")
            .into()),
    }
}

/// The parties named, or all that can be called.
fn addressees<'t>(tenant: &'t Tenant, send: &Send) -> std::result::Result<Vec<&'t Peer>, Problem> {
    if send.to.is_empty() {
        let all: Vec<_> = tenant.peers.iter().filter(|peer| peer.party.base.is_some()).collect();
        if all.is_empty() {
            return Err(Problem::at(Code::MissingField, Field::named("to"))
                .because("the organisation has no party with a base_url"));
        }
        return Ok(all);
    }
    let mut peers: Vec<&Peer> = Vec::new();
    for (index, id) in send.to.iter().enumerate() {
        let unknown = || Problem::at(Code::InvalidField, Field::entry("to", index)).because("no such party here");
        let peer = tenant.peer(id).filter(|peer| peer.party.base.is_some()).ok_or_else(unknown)?;
        if !peers.iter().any(|other| other.party.id == *id) {
            peers.push(peer);
        }
    }
    Ok(peers)
}

/// Who was named and can do nothing with it is told at once.
fn named_serve_it(candidates: &[Candidate<'_>], chosen: &[&Peer]) -> std::result::Result<(), Problem> {
    let serves = |one: &&Candidate<'_>| chosen.iter().any(|peer| peer.party.id == one.peer.party.id);
    match candidates.iter().find(|one| !serves(one)) {
        None => Ok(()),
        Some(one) => Err(Problem::at(Code::UnsupportedIdentity, Field::named(IDENTITIES))
            .because(format!("{} serves none of them for this right", one.peer.party.domain))),
    }
}

/// What was wished for, to be compared when the same reference comes again.
fn wish(send: &Send) -> Vec<u8> {
    let mut to: Vec<_> = send.to.iter().map(habeas_core::id::PartyId::as_str).collect();
    to.sort_unstable();
    let mut text = format!("{:?} {to:?} {:?}", send.right, send.submitted_at.map(habeas_core::clock::Instant::ms));
    for identity in &send.identities {
        // Writing to a string does not fail.
        let _ = write!(text, " {:?}:{}:{:?}", identity.kind, identity.format, identity.value.expose());
    }
    for claim in &send.claims {
        let _ = write!(text, " {:?}={:?}", claim.name, claim.json);
    }
    if !send.relationships.is_empty() || send.regime.is_some() {
        let _ = write!(text, " {:?} {:?}", send.relationships, send.regime);
    }
    text.into_bytes()
}
