//! What do a leg's news mean: for the leg itself when somebody else was faster, and for its request?

use habeas_core::{
    clock::DAY_MS,
    dialect::Manners,
    event::Actor,
    fold::fold,
    id::RequestId,
    leg::{Leg, LegCancel, LegState, Progress},
    request::Request,
    state::{Change, State},
};
use habeas_store::{LegRow, LegSave, Save, StoreError, Waiting};

use crate::{
    Engine, Error, Result,
    change::{LEG_TRIES, configured},
    directory::Tenant,
    ours::Erasures,
};

/// How far beyond its promise a request is said to be done: twice the longest extension that a law knows.
const LONGEST_MS: i64 = 180 * DAY_MS;

impl Engine {
    /// Takes every leg of a request back that can be: those that were never tried are given up, the others' parties
    /// are asked by the worker.
    pub(crate) async fn take_legs_back(&self, id: &RequestId) -> Result<()> {
        for row in self.store.legs(id).await? {
            self.move_leg(row, |LegRow { leg, .. }| {
                if leg.state.is_final() || leg.cancel != LegCancel::No {
                    return None;
                }
                let (state, cancel) = match leg.state {
                    LegState::Waiting => (LegState::Waived, LegCancel::Done),
                    _ => (leg.state.clone(), LegCancel::Wanted),
                };
                Some(Leg { state, cancel, ..leg.clone() })
            })
            .await?;
        }
        self.wake();
        Ok(())
    }

    /// Saves what somebody makes of a leg, due at once if anything is left to be done, and what it means for the
    /// request; again if somebody else was faster.
    pub(crate) async fn move_leg(
        &self,
        mut row: LegRow,
        change: impl Fn(&LegRow) -> Option<Leg> + std::marker::Send,
    ) -> Result<()> {
        let held = self.store.request(&row.leg.request).await?.map(|request| request.hold_until);
        for _ in 0..LEG_TRIES {
            let Some(leg) = change(&row) else { return Ok(()) };
            // Nobody sends what is held, not even sooner.
            let from = held.filter(|_| leg.state == LegState::Waiting).unwrap_or(self.clock.now());
            let save = LegSave {
                request: self.follow(&leg).await?,
                revision: row.revision,
                fence: None,
                due_at: (!leg.state.is_final()).then(|| from.max(self.clock.now())),
                attempts: 0,
                thaw: leg.state.is_final(),
                receipt: None,
                trouble: None,
                alerts: Vec::new(),
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
        let tenant = self.tenant(&request)?;
        let told = not_taken_back(&legs, tenant);
        let ours_before = self.is_our_turn(&request, &legs);
        for other in &mut legs {
            if other.id == leg.id {
                other.clone_from(leg);
            }
        }
        let why = not_taken_back(&legs, tenant).filter(|why| told.as_ref() != Some(why));
        let erasures = self.erasures(&request, &legs);
        if erasures == Erasures::GiveUp {
            for leg in legs.iter_mut().filter(|leg| leg.state == LegState::Waiting) {
                leg.state = LegState::Waived;
            }
        }
        let mut changes = fold(&request.standing.state, &legs);
        if self.manners(&request) == Some(Manners::Status) {
            changes = self.told_in_words(&request, &legs, tenant, changes, why).await?;
        } else {
            let keep_on = why.filter(|_| !request.standing.state.is_final()).map(|why| Change::KeepOn { why });
            changes.splice(0..0, keep_on);
        }
        // Last, so that its reason is what is told.
        changes.extend(self.prolong(&request, leg, tenant));
        if changes.is_empty() && erasures == Erasures::Wait {
            return Ok(None);
        }
        let callbacks = self.callbacks_of(&request).await?;
        let mut save = self.plan(&request, &changes, Actor::Downstream, &callbacks)?;
        let begun = save.request.standing.state == State::InProgress;
        if begun && self.manners(&request) == Some(Manners::Status) && !ours_before && self.is_our_turn(&request, &legs)
        {
            self.hand_over(tenant, &mut save);
        }
        if erasures == Erasures::Begin && !save.request.standing.state.is_final() {
            save.waiting = Some(Waiting::Due { stage: 1, at: request.hold_until.max(self.clock.now()) });
        }
        Ok(Some(save))
    }

    /// What who asked is told beside what was reached: where the request stands at each party, and which of them did
    /// not take it back. It is fulfilled when what no party does is done as well, and its results are in one place.
    async fn told_in_words(
        &self,
        request: &Request,
        legs: &[Leg],
        tenant: &Tenant,
        changes: Vec<Change>,
        not_taken_back: Option<String>,
    ) -> Result<Vec<Change>> {
        let covered = self.uncovered(request, legs).is_empty();
        let nobody = legs.iter().all(|leg| leg.state == LegState::Inapplicable);
        let mut told: Vec<Change> = changes
            .into_iter()
            .filter_map(|change| match change {
                Change::Deny(_) if !nobody => Some(change),
                // Nobody serves it after all: then it is the organisation's own matter, as if that had been known at
                // once.
                Change::Fulfill { .. } | Change::Deny(_) => {
                    covered.then(|| self.everything_done(tenant, request, legs))
                }
                _ => Some(change),
            })
            .collect();
        let last = told.iter().any(Change::ends);
        let words = match request.standing.state {
            State::Cancelled => not_taken_back,
            _ if request.standing.state.is_final() => None,
            _ if last => Some(self.words(request, legs, tenant)),
            _ => Some(self.words(request, legs, tenant) + &self.extended(request).await?),
        };
        let words = words.filter(|words| last || request.standing.details.as_ref() != Some(words));
        told.splice(0..0, words.map(|words| Change::Note { words }));
        Ok(told)
    }

    /// Why a request takes longer than was promised, as long as it does (DRP 0.5 §3.03).
    pub(crate) async fn extended(&self, request: &Request) -> Result<String> {
        if request.standing.expected_by <= request.promised_by {
            return Ok(String::new());
        }
        let history = self.store.history(&request.id).await?;
        let extension = history.into_iter().rev().find(|event| event.change == "extend");
        let why = extension.and_then(|event| event.standing.details);
        Ok(why.map(|why| format!("; takes longer: {why}")).unwrap_or_default())
    }

    /// A party that needs longer than the sender of a request was told is passed on to it (reading A44), by days and
    /// not by every minute that it counts anew.
    fn prolong(&self, request: &Request, leg: &Leg, tenant: &Tenant) -> Option<Change> {
        let by = leg.expected_by?;
        // A date beyond what any law allows is not repeated as ours.
        let later = by.since(request.standing.expected_by) >= DAY_MS && by.since(request.promised_by) <= LONGEST_MS;
        if request.upstream.is_none() || request.standing.state.is_final() || leg.state.is_final() || !later {
            return None;
        }
        // What a party promises by its own law moves no deadline of this one.
        if self.manners(request) == Some(Manners::Status) && request.may_extend(by, self.clock.now()).is_err() {
            return None;
        }
        let domain = tenant.peer(&leg.party).map(|peer| &peer.party.domain)?;
        Some(Change::Extend { by, why: format!("{domain} needs longer") })
    }

    pub(crate) async fn reload(&self, row: &LegRow) -> Result<LegRow> {
        self.store.leg(&row.leg.id).await?.ok_or(Error::Bug("a leg that vanished"))
    }

    /// An alert about a request, if the operator wants any.
    pub(crate) fn alert(&self, lane: i32, seq: u32) -> Option<habeas_store::NewDelivery> {
        let url = &self.settings.alert.as_ref()?.url;
        Some(habeas_store::NewDelivery {
            kind: habeas_core::delivery::DeliveryKind::Alert,
            lane,
            seq,
            host: configured(url),
            due_at: self.clock.now(),
        })
    }
}

/// Once every party has answered whether it takes the request back: which ones did not.
pub(crate) fn not_taken_back(legs: &[Leg], tenant: &Tenant) -> Option<String> {
    let taken = LegState::Sent { progress: Progress::Cancelled };
    if legs.iter().any(|leg| leg.cancel == LegCancel::Wanted && !leg.state.is_final()) {
        return None;
    }
    let refused = legs.iter().filter(|leg| leg.cancel == LegCancel::Refused && leg.state != taken);
    let names: Vec<_> = refused.filter_map(|leg| Some(tenant.peer(&leg.party)?.party.domain.as_str())).collect();
    (!names.is_empty()).then(|| format!("could not be taken back at {}", names.join(", ")))
}
