//! How are requests of ours sent out, each leg by one sender at a time and never with other bytes than before?

use habeas_core::{
    clock::Instant,
    domain::Domain,
    event::Actor,
    id::{LegId, RemoteId, RequestId},
    state::Ground,
};
use rusqlite::{Connection, OptionalExtension, Params, params};

use super::{
    Sqlite,
    convert::{fence_in, fence_out, ms, parsed, text},
    intake::Intake,
    leg_rows::{self, RawLeg, SealedLeg},
    receipts::SealedReceipt,
    requests,
    rows::{Opener, RawRequest},
    save::PreparedSave,
};
use crate::{
    Result, StoreError,
    model::{Frozen, LeasedLeg, LegSave, NewOwn},
    seal::{SealedSecrets, open_frozen, seal_frozen},
};

impl Sqlite {
    pub(super) async fn create_own(&self, new: NewOwn) -> Result<()> {
        let keys = self.sealers.keys(&new.request.organisation, &new.request.id)?;
        let (key, wrapped) = keys.new_data_key()?;
        let secrets = SealedSecrets::seal(&keys, &key, (&new.subject, Some(&new.submitted)), &[], None)?;
        let intake = Intake::new(new.request, Actor::Operator, &keys, &key, wrapped, secrets)?;
        let opener = Opener { keys, key };
        let seal = |(leg, token): (_, String)| {
            let mac = opener.keys.sealer.mac("token", token.as_bytes());
            Ok((SealedLeg::seal(leg, Some(&opener))?, mac))
        };
        let legs = new.legs.into_iter().map(seal).collect::<Result<Vec<_>>>()?;
        let create = move |conn: &Connection| {
            if !intake.insert(conn)? {
                return Err(StoreError::Stale);
            }
            for (leg, token_mac) in &legs {
                let due_at = (!leg.leg.state.is_final()).then_some(intake.request.standing.received_at);
                leg.insert(conn, token_mac, due_at)?;
            }
            Ok(())
        };
        self.writer.run(create).await
    }

    /// A leg that cannot be opened stays leased, with a word in the log, and is due again when the lease runs out.
    pub(super) async fn lease_due_legs(&self, now: Instant, until: Instant, limit: u32) -> Result<Vec<LeasedLeg>> {
        let taken = self.writer.run(move |conn| lease(conn, now, until, limit)).await?;
        if taken.is_empty() {
            return Ok(Vec::new());
        }
        let read = self.readers.run(move |conn| {
            let load = |(id, fence): (String, u64)| Ok((load(conn, &id)?, fence));
            taken.into_iter().map(load).collect::<Result<Vec<_>>>()
        });
        let open = |((leg, request), fence): ((RawLeg, RawRequest), u64)| {
            Ok(LeasedLeg { row: leg.open(&self.sealers)?, fence, request: request.open(&self.sealers)? })
        };
        let opened = read.await?.into_iter().map(open);
        Ok(opened.filter_map(|leg: Result<_>| leg.inspect_err(|error| tracing::error!(%error, "a leg")).ok()).collect())
    }

    pub(super) async fn freeze_message(&self, leg: &LegId, fence: u64, message: &Frozen) -> Result<Frozen> {
        let id = leg.clone();
        let read = self.readers.run(move |conn| {
            let mut query = conn.prepare_cached(OWNER)?;
            let row = query.query_row([id.as_str()], |row| {
                let request = text(row, 0, RequestId::new)?;
                Ok((request, parsed::<Domain>(row, 1, "organisation")?, row.get::<_, Option<Vec<u8>>>(2)?))
            });
            Ok(row.optional()?)
        });
        let (request, organisation, wrapped) = read.await?.ok_or(StoreError::Stale)?;
        // Once shredded, nothing is sent any more.
        let opener =
            Opener::of(&self.sealers, &organisation, &request, wrapped.as_deref())?.ok_or(StoreError::Stale)?;
        let sealed = seal_frozen(&opener.keys, &opener.key, leg, message)?;
        let sent_mac = opener.keys.sealer.mac("sent", &message.body);
        let id = leg.clone();
        let earlier = self.writer.run(move |conn| {
            let held = params![id.as_str(), fence_in(fence)];
            let held = conn.prepare_cached(FROZEN)?.query_row(held, |row| row.get::<_, Option<Vec<u8>>>(0));
            let earlier = held.optional()?.ok_or(StoreError::Stale)?;
            if earlier.is_none() {
                conn.prepare_cached(FREEZE)?.execute(params![id.as_str(), sealed, sent_mac])?;
            }
            Ok(earlier)
        });
        match earlier.await? {
            None => Ok(message.clone()),
            Some(earlier) => open_frozen(&opener.keys, &opener.key, leg, &earlier),
        }
    }

    pub(super) async fn save_leg_changes(&self, save: LegSave) -> Result<()> {
        let opener = self.opener(&save.leg.organisation, &save.leg.request).await?;
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
        };
        self.writer.run(move |conn| prepared.save(conn)).await
    }
}

fn lease(conn: &Connection, now: Instant, until: Instant, limit: u32) -> Result<Vec<(String, u64)>> {
    let mut ids = ids_of(conn, RAN_OUT, params![now.ms(), limit])?;
    let rest = limit.saturating_sub(u32::try_from(ids.len()).unwrap_or(u32::MAX));
    ids.extend(ids_of(conn, DUE, params![now.ms(), rest])?);
    let mut take = conn.prepare_cached(TAKE)?;
    let mut taken = Vec::with_capacity(ids.len());
    for id in ids {
        let fence = take.query_row(params![id, until.ms()], |row| fence_out(row, 0))?;
        taken.push((id, fence));
    }
    Ok(taken)
}

fn ids_of(conn: &Connection, sql: &str, params: impl Params) -> Result<Vec<String>> {
    let mut query = conn.prepare_cached(sql)?;
    let rows = query.query_map(params, |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn load(conn: &Connection, id: &str) -> Result<(RawLeg, RawRequest)> {
    let leg = leg_rows::by_id(conn, id)?.ok_or(StoreError::Corrupt("legs.id"))?;
    let request = requests::by_id(conn, leg.request())?.ok_or(StoreError::Corrupt("legs.request_id"))?;
    Ok((leg, request))
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
}

impl PreparedLeg {
    fn save(&self, conn: &Connection) -> Result<()> {
        let SealedLeg { leg, columns, sealed } = &self.leg;
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
        ])?;
        if saved == 0 {
            return Err(StoreError::Stale);
        }
        conn.prepare_cached(OUTDATE)?.execute([leg.id.as_str(), leg.request.as_str()])?;
        if let Some(receipt) = &self.receipt {
            receipt.insert(conn)?;
        }
        self.request.as_ref().map_or(Ok(()), |request| request.apply(conn))
    }
}

const DUE: &str = "SELECT id FROM legs INDEXED BY legs_due
    WHERE due_at IS NOT NULL AND leased_until IS NULL AND due_at <= ?1 ORDER BY due_at LIMIT ?2";
const RAN_OUT: &str = "SELECT id FROM legs INDEXED BY legs_leased
    WHERE due_at IS NOT NULL AND leased_until IS NOT NULL AND leased_until <= ?1 AND due_at <= ?1
    ORDER BY leased_until LIMIT ?2";
const TAKE: &str = "UPDATE legs SET fence = fence + 1, leased_until = ?2 WHERE id = ?1 RETURNING fence";
const OWNER: &str = "SELECT l.request_id, l.organisation, r.wrapped_key
    FROM legs l JOIN requests r ON r.id = l.request_id WHERE l.id = ?1";
/// A callback may overtake the answer: then the leg is sent, and what was frozen is still to be answered.
const FROZEN: &str = "SELECT frozen FROM legs
    WHERE id = ?1 AND fence = ?2 AND leased_until IS NOT NULL
        AND (state IN ('waiting', 'unsent') OR (state = 'sent' AND frozen IS NOT NULL))";
/// Whoever decided on a leg that was not sent decides anew. Who froze it goes on with the revision it leased.
const FREEZE: &str = "UPDATE legs SET frozen = ?2, sent_mac = ?3, state = 'unsent', revision = revision + 1,
        frozen_revision = revision + 1
    WHERE id = ?1";
const SAVE: &str = "UPDATE legs SET remote_id = ?4, accepted_at = ?5, state = ?6, progress = ?7, ground = ?8,
        status = ?9, cancel = ?10, expected_by = ?11,
        sealed = iif((SELECT r.wrapped_key IS NULL FROM requests r WHERE r.id = legs.request_id), NULL, ?12),
        attempts = ?13, due_at = ?14, frozen = iif(?15, NULL, frozen), revision = revision + 1,
        leased_until = iif(?3 IS NULL, leased_until, NULL)
    WHERE id = ?1 AND (?3 IS NULL OR (fence = ?3 AND leased_until IS NOT NULL))
        AND (revision = ?2 OR (?3 IS NOT NULL AND revision = ?2 + 1 AND frozen_revision = revision))";
/// What a leg means for its request depends on the others: who decided on one of those meanwhile decides anew.
const OUTDATE: &str = "UPDATE legs SET revision = revision + 1 WHERE request_id = ?2 AND id <> ?1";
