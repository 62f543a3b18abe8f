//! A request of ours: made here, sent to the parties by the worker, followed until it is done.

pub mod cache;
mod leg;

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;

use habeas_core::{
    capability::Capabilities,
    event::{Actor, Standing},
    fold::fold,
    id::{LegId, RequestId, WireId},
    leg::{Leg, LegCancel, LegState},
    problem::{Code, Field, Problem},
    random::{hex_token, uuid_v4, uuid_v7},
    request::Request,
    role::Role,
    state::State,
    submission::{Stamp, Subject},
};
use habeas_store::{LegRow, LegSave, NewOwn, Save, StoreError};

use crate::{
    Engine, Error, Result,
    change::TRIES,
    directory::{Peer, Tenant},
    operator::Send,
    outbound::OutboundError,
};

/// How long an operator waits for a party to say what it supports.
const ASK_WITHIN: Duration = Duration::from_secs(5);

impl Engine {
    /// Makes a request and saves it; the worker sends it. A party that can be asked what it supports is asked first.
    ///
    /// # Errors
    /// [`Code::InvalidField`] for an unknown organisation or party, [`Code::UnsupportedRight`] and
    /// [`Code::UnsupportedIdentity`] for what a party says it does not serve; when the store fails.
    pub async fn send(&self, send: Send) -> Result<RequestId> {
        let tenant = self.directory.tenant(&send.from).ok_or_else(|| {
            Problem::at(Code::InvalidField, Field::named("from")).because("no such organisation here")
        })?;
        if send.to.is_empty() {
            return Err(Problem::at(Code::MissingField, Field::named("to")).into());
        }
        if send.identities.is_empty() {
            return Err(Problem::at(Code::MissingField, Field::named("identities")).into());
        }
        let mut peers: Vec<&Peer> = Vec::new();
        for (index, id) in send.to.iter().enumerate() {
            let unknown = || Problem::at(Code::InvalidField, Field::entry("to", index)).because("no such party here");
            let peer = tenant.peer(id).filter(|peer| peer.party.base.is_some()).ok_or_else(unknown)?;
            if !peers.iter().any(|other| other.party.id == *id) {
                peers.push(peer);
            }
        }
        for supports in join_all(peers.iter().map(|peer| self.check_support(tenant, peer, &send))).await {
            supports?;
        }
        let new = self.new_own(tenant, &peers, send)?;
        let id = new.request.id.clone();
        self.store.create(new).await?;
        self.wake();
        Ok(id)
    }

    /// A party that cannot be asked now is not in the way: the leg is tried to the schedule, and it will say so then.
    async fn check_support(&self, tenant: &Tenant, peer: &Peer, send: &Send) -> Result<()> {
        let asked = tokio::time::timeout(ASK_WITHIN, self.discover(tenant, peer)).await;
        let supported = match asked.unwrap_or(Err(OutboundError::Timeout.into())) {
            Ok(supported) => supported,
            Err(Error::Outbound(error)) => {
                tracing::warn!(party = %peer.party.id, why = error.word(), "a party could not be asked what it supports");
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        unsupported(&supported, send)
            .map_or(Ok(()), |problem| Err(problem.because(format!("{} does not serve it", peer.party.domain)).into()))
    }

    fn new_own(&self, tenant: &Arc<Tenant>, peers: &[&Peer], send: Send) -> Result<NewOwn> {
        let now = self.clock.now();
        let random = self.random.as_ref();
        let id = RequestId::new(uuid_v4(random));
        let submitted_at = send.submitted_at.unwrap_or(now);
        let regime = tenant.organisation.policy.regime;
        let promised_by = regime.respond_by(Some(submitted_at), now);
        let legs = peers.iter().map(|peer| self.new_leg(tenant, peer, &id, send.right)).collect::<Result<Vec<_>>>()?;
        let request = Request {
            organisation: tenant.domain().clone(),
            upstream: None,
            role: Role::Controller,
            rights: vec![send.right],
            regime,
            standing: Standing {
                wire_id: WireId::new(id.as_str()),
                seq: 0,
                state: State::Received,
                received_at: now,
                expected_by: promised_by,
                details: None,
            },
            submitted_at: Some(submitted_at),
            promised_by,
            hold_until: now,
            final_at: None,
            id,
        };
        let submitted = Stamp { at: submitted_at, text: habeas_wire::time::format(submitted_at.ms()) };
        Ok(NewOwn { request, subject: Subject { identities: send.identities, carried: Vec::new() }, submitted, legs })
    }

    fn new_leg(
        &self,
        tenant: &Tenant,
        peer: &Peer,
        request: &RequestId,
        right: habeas_core::right::Right,
    ) -> Result<(Leg, String)> {
        let token = hex_token::<32>(self.random.as_ref());
        let dialect = &peer.party.dialect;
        let callback_url = tenant
            .mount(dialect, Role::Controller)
            .zip(self.directory.callback_path(dialect, &token))
            .map(|(mount, path)| mount.url(&path));
        let leg = Leg {
            id: LegId::new(uuid_v7(self.random.as_ref(), self.clock.now())),
            request: request.clone(),
            organisation: tenant.domain().clone(),
            party: peer.party.id.clone(),
            dialect: dialect.clone(),
            right,
            wire_id: WireId::new(request.as_str()),
            remote_id: None,
            accepted_at: None,
            state: LegState::Waiting,
            cancel: LegCancel::No,
            expected_by: None,
            callback_url,
            results: None,
        };
        Ok((leg, token))
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
        for row in self.store.legs(id).await? {
            self.save_leg(row, None, |leg| {
                if leg.state.is_final() || leg.cancel != LegCancel::No {
                    return None;
                }
                let mut next = leg.clone();
                if leg.state == LegState::Waiting {
                    next.state = LegState::Waived;
                    next.cancel = LegCancel::Done;
                } else {
                    next.cancel = LegCancel::Wanted;
                }
                Some(next)
            })
            .await?;
        }
        self.wake();
        self.store.request(id).await?.ok_or(Error::Bug("a request that vanished"))
    }

    /// Saves what `change` makes of a leg, and what it means for the request; again if somebody was faster.
    async fn save_leg(
        &self,
        mut row: LegRow,
        fence: Option<u64>,
        change: impl Fn(&Leg) -> Option<Leg> + std::marker::Send,
    ) -> Result<()> {
        for _ in 0..TRIES {
            let Some(leg) = change(&row.leg) else { return Ok(()) };
            let due_at = (leg.cancel == LegCancel::Wanted).then(|| self.clock.now());
            let save = LegSave {
                request: self.follow(&leg).await?,
                revision: row.revision,
                fence,
                due_at,
                attempts: 0,
                thaw: leg.state.is_final(),
                receipt: None,
                leg,
            };
            match self.store.save_leg(save).await {
                Err(StoreError::Stale) => row = self.reload(&row).await?,
                done => return Ok(done?),
            }
        }
        Err(StoreError::Stale.into())
    }

    /// What a leg's new state means for its request.
    pub(crate) async fn follow(&self, leg: &Leg) -> Result<Option<Save>> {
        let Some(request) = self.store.request(&leg.request).await? else { return Ok(None) };
        let mut legs: Vec<Leg> = self.store.legs(&leg.request).await?.into_iter().map(|row| row.leg).collect();
        for other in &mut legs {
            if other.id == leg.id {
                other.clone_from(leg);
            }
        }
        let changes = fold(&request.standing.state, &legs);
        if changes.is_empty() {
            return Ok(None);
        }
        let callbacks = self.callbacks_of(&request).await?;
        self.plan(&request, &changes, Actor::Downstream, &callbacks).map(Some)
    }
}

fn unsupported(supported: &Capabilities, send: &Send) -> Option<Problem> {
    if !supported.serves(send.right) {
        return Some(Problem::at(Code::UnsupportedRight, Field::named("right")));
    }
    let index =
        send.identities.iter().position(|identity| !supported.accepts(identity.kind.as_str(), identity.format))?;
    Some(Problem::at(Code::UnsupportedIdentity, Field::entry("identities", index)))
}
