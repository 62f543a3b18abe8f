//! How is a submission never sent with other bytes than before?

use habeas_core::{
    domain::Domain,
    id::{LegId, RequestId},
};

use crate::{
    Result, StoreError,
    cases::{
        Backend, Database,
        convert::{fence_in, parsed, text},
        rows::Opener,
    },
    model::Frozen,
    seal::{open_frozen, seal_frozen},
    sql::{Connection, OptionalExtension, params},
};

impl<B: Backend> Database<B> {
    pub(crate) async fn freeze_message(&self, leg: &LegId, fence: u64, message: &Frozen) -> Result<Frozen> {
        // Once shredded, nothing is sent any more.
        let (opener, _, request) = self.leg_opener(leg).await?.ok_or(StoreError::Stale)?;
        let sealed = seal_frozen(&opener.keys, &opener.key, leg, message)?;
        let sent_mac = opener.keys.sealer.mac("sent", &message.body);
        let id = leg.clone();
        let earlier = self.backend.write(move |conn| {
            conn.lock(&request)?;
            let held = params![id.as_str(), fence_in(fence)];
            let held = conn.prepare_cached(FROZEN)?.query_row(held, |row| row.get::<Option<Vec<u8>>>(0));
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

    pub(crate) async fn leg_sent_before(&self, leg: &LegId) -> Result<bool> {
        let id = leg.clone();
        let read = move |conn: &Connection| {
            Ok(conn.prepare_cached(SENT_BEFORE)?.query_row(params![id.as_str()], |row| row.get(0))?)
        };
        self.backend.read(read).await
    }

    pub(crate) async fn load_frozen(&self, leg: &LegId) -> Result<Option<Frozen>> {
        let Some((opener, Some(frozen), _)) = self.leg_opener(leg).await? else { return Ok(None) };
        open_frozen(&opener.keys, &opener.key, leg, &frozen).map(Some)
    }

    /// What opens what is sealed of a leg, and its frozen bytes; `None` when there is no such leg or it was shredded.
    async fn leg_opener(&self, leg: &LegId) -> Result<Option<(Opener, Option<Vec<u8>>, RequestId)>> {
        let id = leg.clone();
        let read = self.backend.read(move |conn| {
            let mut query = conn.prepare_cached(OWNER)?;
            let row = query.query_row(params![id.as_str()], |row| {
                let request = text(row, 0, RequestId::new)?;
                let wrapped = row.get::<Option<Vec<u8>>>(2)?;
                Ok((request, parsed::<Domain>(row, 1, "organisation")?, wrapped, row.get::<Option<Vec<u8>>>(3)?))
            });
            Ok(row.optional()?)
        });
        let Some((request, organisation, wrapped, frozen)) = read.await? else { return Ok(None) };
        let opener = Opener::of(&self.sealers, &organisation, &request, wrapped.as_deref())?;
        Ok(opener.map(|opener| (opener, frozen, request)))
    }
}

const OWNER: &str = "SELECT l.request_id, l.organisation, r.wrapped_key, l.frozen
    FROM legs l JOIN requests r ON r.id = l.request_id WHERE l.id = ?1";
/// A callback may overtake the answer: then the leg is sent, and what was frozen is still to be answered.
const FROZEN: &str = "SELECT frozen FROM legs
    WHERE id = ?1 AND fence = ?2 AND leased_until IS NOT NULL
        AND (state IN ('waiting', 'unsent') OR (state = 'sent' AND frozen IS NOT NULL))";
/// Whoever decided on a leg that was not sent decides anew. Who froze it goes on with the revision it leased.
const FREEZE: &str = "UPDATE legs SET frozen = ?2, sent_mac = ?3, state = 'unsent', revision = revision + 1,
        frozen_revision = revision + 1
    WHERE id = ?1";
const SENT_BEFORE: &str = "SELECT EXISTS (
    SELECT 1 FROM legs l JOIN legs o INDEXED BY legs_wire_id
        ON o.wire_id = l.wire_id AND o.party = l.party AND o.organisation = l.organisation
    WHERE l.id = ?1 AND o.n < l.n AND o.request_id <> l.request_id
        AND (o.sent_mac IS NOT NULL OR o.state IN ('waiting', 'unsent')))";
