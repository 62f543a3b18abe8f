//! How is it saved what became of a leg?

use habeas_core::{
    clock::Instant,
    id::RemoteId,
    leg::{Leg, LegState},
    state::Ground,
};

use super::{new::SealedLeg, row};
use crate::{
    Result, StoreError,
    cases::{
        Backend, Database,
        convert::{fence_in, ms},
        lanes,
        receipts::SealedReceipt,
        save::PreparedSave,
    },
    model::{LegSave, NewDelivery},
    seal::LegColumns,
    sql::{Connection, params},
};

impl<B: Backend> Database<B> {
    pub(crate) async fn save_leg_changes(&self, save: LegSave) -> Result<()> {
        // Where it is saved it is still as it is read here, but for the freezing of a message: or the save is stale.
        let id = save.leg.id.clone();
        let stored = self.backend.read(move |conn| row::by_id(conn, id.as_str())).await?.ok_or(StoreError::Stale)?;
        let opener = stored.opener(&self.sealers)?;
        let outdates = means_another(&stored.open(&self.sealers)?.leg, &save.leg);
        let keys = self.sealers.keys(&save.leg.organisation, &save.leg.request)?;
        let receipt = save.receipt.map(|receipt| SealedReceipt::seal(receipt, &save.leg.organisation, &keys));
        let request = match save.request {
            Some(request) => Some(self.prepare(request).await?),
            None => None,
        };
        let prepared = PreparedLeg {
            leg: SealedLeg::seal(save.leg, opener.as_ref())?,
            revision: save.revision,
            fence: save.fence.map(fence_in),
            due_at: save.due_at,
            attempts: save.attempts,
            thaw: save.thaw,
            receipt: receipt.transpose()?,
            request,
            trouble: save.trouble,
            alerts: save.alerts,
            outdates,
        };
        self.backend.write(move |conn| prepared.save(conn)).await
    }
}

/// What became of a leg, about to be saved.
struct PreparedLeg {
    leg: SealedLeg,
    revision: u32,
    fence: Option<i64>,
    due_at: Option<Instant>,
    attempts: u32,
    thaw: bool,
    receipt: Option<SealedReceipt>,
    request: Option<PreparedSave>,
    trouble: Option<String>,
    alerts: Vec<NewDelivery>,
    /// Whether the other legs of the request are to be decided on anew.
    outdates: bool,
}

impl PreparedLeg {
    fn save(&self, conn: &Connection) -> Result<()> {
        let SealedLeg { leg, columns, sealed } = &self.leg;
        conn.lock(&leg.request)?;
        let saved = conn.prepare_cached(SAVE)?.execute(params![
            leg.id.as_str(),
            self.revision,
            self.fence,
            leg.remote_id.as_ref().map(RemoteId::as_str),
            ms(leg.accepted_at),
            columns.state,
            columns.progress,
            columns.ground.map(Ground::as_str),
            columns.status,
            leg.cancel.as_str(),
            ms(leg.expected_by),
            sealed,
            self.attempts,
            ms(self.due_at),
            self.thaw,
            self.trouble,
            leg.state.is_final(),
        ])?;
        if saved == 0 {
            return Err(StoreError::Stale);
        }
        if self.outdates {
            conn.prepare_cached(OUTDATE)?.execute(params![leg.id.as_str(), leg.request.as_str()])?;
        }
        if let Some(receipt) = &self.receipt {
            receipt.insert(conn)?;
        }
        if let Some(request) = &self.request {
            request.apply(conn)?;
        }
        lanes::insert_consequences(conn, &leg.organisation, &leg.request, &self.alerts)
    }
}

/// Whether a leg means something else for its request than before: all that `habeas_core::fold` looks at, and whether
/// it is to be taken back. Not its dates, nor whether its first try was made, nor what was refused.
fn means_another(before: &Leg, after: &Leg) -> bool {
    let answered = |leg: &Leg| !matches!(leg.state, LegState::Waiting | LegState::Unsent);
    let state = |leg: &Leg| {
        let LegColumns { state, progress, ground, status: _ } = LegColumns::of(&leg.state);
        answered(leg).then_some((state, progress, ground))
    };
    // These count at the end only, and coming to it is seen by itself.
    let results = |leg: &Leg| leg.state.is_final().then(|| (leg.results.clone(), leg.heard.clone()));
    state(before) != state(after)
        || before.accepted_at.is_some() != after.accepted_at.is_some()
        || before.cancel != after.cancel
        || results(before) != results(after)
}

/// A party that gives another date is late anew or not at all.
const SAVE: &str = "UPDATE legs SET remote_id = ?4, accepted_at = ?5, state = ?6, progress = ?7, ground = ?8,
        status = ?9, cancel = ?10, expected_by = ?11,
        sealed = CASE WHEN (SELECT r.wrapped_key IS NULL FROM requests r WHERE r.id = legs.request_id)
            THEN NULL ELSE ?12 END,
        attempts = ?13, due_at = ?14, frozen = CASE WHEN ?15 THEN NULL ELSE frozen END, revision = revision + 1,
        trouble = ?16, late_at = CASE WHEN ?17 OR expected_by IS DISTINCT FROM ?11 THEN NULL ELSE late_at END,
        leased_until = CASE WHEN ?3 IS NULL THEN leased_until END
    WHERE id = ?1 AND (?3 IS NULL OR (fence = ?3 AND leased_until IS NOT NULL))
        AND (revision = ?2 OR (?3 IS NOT NULL AND revision = ?2 + 1 AND frozen_revision = revision))";
/// What a leg means for its request depends on what the others mean: who decided on one of those meanwhile decides
/// anew.
const OUTDATE: &str = "UPDATE legs SET revision = revision + 1 WHERE request_id = ?2 AND id <> ?1";
