//! What the organisation does itself of a request whose parties do the rest.
//!
//! Parties cover a right when one of them has a share of it. What none covers is done by the organisation's own systems
//! or an operator, who report it like a party does: the request is fulfilled when both are done.

use habeas_core::{
    delivery::{DeliveryKind, WEBHOOK_LANE},
    dialect::Manners,
    event::Actor,
    id::RequestId,
    leg::{Leg, LegState, Progress},
    problem::{Code, Problem},
    request::Request,
    right::Right,
    state::{Change, State},
};
use habeas_store::{NewDelivery, Save, StoreError, Waiting};
use url::Url;

use crate::{
    Engine, Result,
    begin::stage,
    change::{TRIES, configured},
    directory::Tenant,
};

/// What becomes of erasures that wait for reads of the same request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Erasures {
    /// Nothing yet, or there are none.
    Wait,
    /// All was read: they may begin.
    Begin,
    /// Something could not be read: they must not begin, or the person will never see it.
    GiveUp,
}

impl Engine {
    /// The rights of a request that no party serves, and that are not done yet.
    pub(crate) fn uncovered(&self, request: &Request, legs: &[Leg]) -> Vec<Right> {
        if request.standing.found.is_some() {
            return Vec::new();
        }
        let does = |leg: &Leg, right: Right| {
            let nearest = self.directory.dialect(&leg.dialect).and_then(|dialect| dialect.nearest(right));
            leg.state != LegState::Inapplicable && nearest == Some(leg.right)
        };
        request.rights.iter().copied().filter(|right| !legs.iter().any(|leg| does(leg, *right))).collect()
    }

    /// Whether the organisation itself has something to do now. An erasure waits until the parties have read.
    pub(crate) fn is_our_turn(&self, request: &Request, legs: &[Leg]) -> bool {
        let ours = self.uncovered(request, legs);
        let reading = legs.iter().any(|leg| leg.right.has_results() && !leg.state.is_final());
        !(ours.is_empty() || ours.contains(&Right::Erasure) && reading)
    }

    /// The organisation's own systems are told of what no party does.
    pub(crate) fn hand_over(&self, tenant: &Tenant, save: &mut Save) {
        let Some(webhook) = tenant.webhook() else { return };
        save.deliveries.push(NewDelivery {
            kind: DeliveryKind::Webhook,
            lane: WEBHOOK_LANE,
            seq: save.request.standing.seq,
            host: configured(&webhook.url),
            due_at: save.request.hold_until.max(self.clock.now()),
        });
    }

    /// Erasures go after reads, the organisation's own among them.
    pub(crate) fn erasures(&self, request: &Request, legs: &[Leg]) -> Erasures {
        let waits = |leg: &Leg| leg.right == Right::Erasure && leg.state == LegState::Waiting;
        let staged = stage(Right::Erasure, &request.rights) > 0 && legs.iter().any(waits);
        let reads = || legs.iter().filter(|leg| leg.right.has_results());
        let ours_open = self.uncovered(request, legs).iter().any(|right| right.has_results());
        let done = reads().all(|leg| leg.state.is_final());
        if request.standing.state != State::InProgress || !staged || !done {
            return Erasures::Wait;
        }
        match (reads().all(is_served), ours_open) {
            (false, _) => Erasures::GiveUp,
            (true, true) => Erasures::Wait,
            (true, false) => Erasures::Begin,
        }
    }

    /// The end of a request that everybody is done with. Results of parties are handed over in one place, beside those
    /// that the organisation itself has; and who has no word for where results are is named there, too.
    pub(crate) fn everything_done(&self, tenant: &Tenant, request: &Request, legs: &[Leg]) -> Change {
        let read = legs.iter().any(|leg| leg.right.has_results());
        let place = if read { self.results_url(tenant, request) } else { None };
        let results: Vec<Url> = place.into_iter().chain(request.standing.found.iter().flatten().cloned()).collect();
        let expires_at = (!results.is_empty()).then(|| self.clock.now().plus_ms(tenant.business.results_ms));
        Change::Fulfill { results, expires_at }
    }

    /// Whether the organisation does a part of this request beside its parties.
    pub(crate) fn does_a_part(&self, request: &Request, legs: &[Leg]) -> bool {
        self.manners(request) == Some(Manners::Status) && !legs.is_empty() && !self.uncovered(request, legs).is_empty()
    }

    /// The organisation's own part is done.
    pub(crate) async fn report_own(&self, id: &RequestId, actor: Actor, results: &[Url]) -> Result<Request> {
        for _ in 0..TRIES {
            let request = self.store.request(id).await?.ok_or(Problem::new(Code::NotFound))?;
            let tenant = self.tenant(&request)?;
            let legs: Vec<Leg> = self.store.legs(id).await?.into_iter().map(|row| row.leg).collect();
            let callbacks = self.callbacks_of(&request).await?;
            let mut done = request.clone();
            done.standing.found = Some(results.to_vec());
            let last = legs.iter().all(is_served).then(|| self.everything_done(tenant, &done, &legs));
            let longer = if last.is_some() { String::new() } else { self.extended(&request).await? };
            let words = self.words(&done, &legs, tenant) + &longer;
            let mut changes = vec![Change::Note { words }, Change::Found { results: results.to_vec() }];
            changes.extend(last);
            let mut save = self.plan(&request, &changes, actor, &callbacks)?;
            if self.erasures(&done, &legs) == Erasures::Begin {
                save.waiting = Some(Waiting::Due { stage: 1, at: request.hold_until.max(self.clock.now()) });
            }
            if let Some(after) = self.saved(save).await? {
                return Ok(after);
            }
        }
        Err(StoreError::Stale.into())
    }
}

/// Whether the party has done its share, or holds nothing that this is about.
fn is_served(leg: &Leg) -> bool {
    matches!(leg.state, LegState::Sent { progress: Progress::Fulfilled } | LegState::Inapplicable)
}
