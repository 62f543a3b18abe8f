//! What do a leg's news mean: for the leg itself when somebody else was faster, and for its request?

use habeas_core::{
    clock::DAY_MS,
    event::Actor,
    fold::fold,
    id::RequestId,
    leg::{Leg, LegCancel, LegState},
    request::Request,
    state::Change,
};
use habeas_store::{LegRow, LegSave, Save, StoreError};

use crate::{
    Engine, Error, Result,
    change::{LEG_TRIES, configured},
    directory::Tenant,
};

impl Engine {
    /// Takes every leg of a request back that can be: those that were never tried are given up, the others' parties
    /// are asked by the worker.
    pub(crate) async fn take_legs_back(&self, id: &RequestId) -> Result<()> {
        for row in self.store.legs(id).await? {
            self.move_leg(row, |leg| {
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
        change: impl Fn(&Leg) -> Option<Leg> + std::marker::Send,
    ) -> Result<()> {
        let held = self.store.request(&row.leg.request).await?.map(|request| request.hold_until);
        for _ in 0..LEG_TRIES {
            let Some(leg) = change(&row.leg) else { return Ok(()) };
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
        for other in &mut legs {
            if other.id == leg.id {
                other.clone_from(leg);
            }
        }
        let mut changes = fold(&request.standing.state, &legs);
        let tenant = self.tenant(&request)?;
        changes
            .splice(0..0, self.prolong(&request, leg, tenant).into_iter().chain(self.keep_on(&request, &legs, tenant)));
        if changes.is_empty() {
            return Ok(None);
        }
        let callbacks = self.callbacks_of(&request).await?;
        self.plan(&request, &changes, Actor::Downstream, &callbacks).map(Some)
    }

    /// A party that needs longer than the sender of a request was told is passed on to it (opengdpr.md A44), by days and
    /// not by every minute that it counts anew.
    fn prolong(&self, request: &Request, leg: &Leg, tenant: &Tenant) -> Option<Change> {
        let by = leg.expected_by?;
        let later = by.since(request.standing.expected_by) >= DAY_MS;
        if request.upstream.is_none() || request.standing.state.is_final() || leg.state.is_final() || !later {
            return None;
        }
        let domain = tenant.peer(&leg.party).map(|peer| &peer.party.domain)?;
        Some(Change::Extend { by, why: format!("{domain} needs longer") })
    }

    /// Once every party has answered whether it takes the request back, those that do not are named.
    fn keep_on(&self, request: &Request, legs: &[Leg], tenant: &Tenant) -> Option<Change> {
        let open = |leg: &&Leg| leg.cancel == LegCancel::Wanted && !leg.state.is_final();
        if request.standing.state.is_final() || legs.iter().any(|leg| open(&leg)) {
            return None;
        }
        let domain = |leg: &Leg| tenant.peer(&leg.party).map(|peer| peer.party.domain.to_string());
        let refused = legs.iter().filter(|leg| leg.cancel == LegCancel::Refused);
        let names: Vec<String> = refused.filter_map(domain).collect();
        let why = format!("could not be taken back at {}", names.join(", "));
        let told = request.standing.details.as_deref() == Some(why.as_str());
        (!names.is_empty() && !told).then_some(Change::KeepOn { why })
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
