//! How are changes of a request saved, if nothing happened to it meanwhile?

use habeas_core::{domain::Domain, event::Event, id::RequestId, state::State};

use super::{
    Backend, Database,
    convert::ms,
    inserts,
    issued::{self, SealedIssued},
    lanes, persons,
    rows::Opener,
};
use crate::{
    Result, StoreError,
    model::{Save, Waiting},
    seal::{StandingSecrets, standing_columns_of},
    sql::{Connection, OptionalExtension, Value, params},
};

impl<B: Backend> Database<B> {
    pub(super) async fn save_changes(&self, save: Save) -> Result<()> {
        let prepared = self.prepare(save).await?;
        self.backend.write(move |conn| prepared.apply(conn)).await
    }

    /// Seals what is personal in the changes. The key is only read where there is something to seal.
    pub(super) async fn prepare(&self, save: Save) -> Result<PreparedSave> {
        let Save { ref request, ref events, .. } = save;
        let keys = self.sealers.keys(&request.organisation, &request.id)?;
        let issued = SealedIssued::seal_all(&keys, &save.issued)?;
        let standings = events.iter().map(|event| &event.standing).chain([&request.standing]);
        let secrets: Vec<_> = standings.map(|standing| (standing.seq, StandingSecrets::of(standing))).collect();
        let opener = if secrets.iter().any(|(_, secrets)| secrets.is_some()) {
            self.opener(&request.organisation, &request.id).await?
        } else {
            None
        };
        // Once shredded there is no key, and what would be sealed is left out.
        let seal = |(seq, secrets): (u32, Option<StandingSecrets>)| match (&opener, secrets) {
            (Some(opener), Some(secrets)) => secrets.seal(&opener.keys, &opener.key, seq).map(Some),
            _ => Ok(None),
        };
        let sealed = secrets.into_iter().map(seal).collect::<Result<_>>()?;
        let token_mac = save.verification.as_ref().map(|token| keys.sealer.mac("verification", token.as_bytes()));
        Ok(PreparedSave { save, issued, sealed, token_mac })
    }

    /// The data key of a request; `None` once shredded.
    pub(super) async fn opener(&self, organisation: &Domain, id: &RequestId) -> Result<Option<Opener>> {
        let request = id.clone();
        let wrapped = self.backend.read(move |conn| {
            let mut query = conn.prepare_cached("SELECT wrapped_key FROM requests WHERE id = ?1")?;
            Ok(query.query_row(params![request.as_str()], |row| row.get::<Option<Vec<u8>>>(0)).optional()?.flatten())
        });
        Opener::of(&self.sealers, organisation, id, wrapped.await?.as_deref())
    }
}

/// Changes about to be saved, all that is personal sealed.
pub(super) struct PreparedSave {
    save: Save,
    issued: Vec<SealedIssued>,
    /// Of each event, and last of the request.
    sealed: Vec<Option<Vec<u8>>>,
    token_mac: Option<[u8; 32]>,
}

impl PreparedSave {
    /// Saves the changes.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when the request has moved on.
    pub(super) fn apply(&self, conn: &Connection) -> Result<()> {
        let Save { request, events, .. } = &self.save;
        conn.lock(&request.id)?;
        let (reached, ground) = state_columns(&request.standing.state);
        let updated = conn.prepare_cached(UPDATE)?.execute(params![
            request.id.as_str(),
            self.save.from_seq,
            request.standing.seq,
            request.standing.expected_by.ms(),
            request.standing.state.name(),
            reached,
            ground,
            self.sealed.last().and_then(Option::as_deref),
            request.promised_by.ms(),
            request.hold_until.ms(),
            ms(request.final_at),
            ms(self.save.errand_at),
            ms(self.save.shred_after),
            ms(request.expires_at),
            ms(request.expiry_first_set_at),
        ])?;
        if updated == 0 {
            return Err(StoreError::Stale);
        }
        for (event, sealed) in events.iter().zip(&self.sealed) {
            insert_event(conn, &request.organisation, &request.id, event, sealed.as_deref())?;
        }
        for lane in &self.save.superseded_lanes {
            lanes::supersede(conn, &request.id, *lane)?;
        }
        lanes::insert(conn, &request.organisation, &request.id, &self.save.deliveries)?;
        if let Some(waiting) = &self.save.waiting {
            waiting_legs(conn, &request.id, waiting)?;
        }
        if let Some(proved) = &self.save.proved {
            persons::save(conn, proved)?;
        }
        if let Some(token_mac) = &self.token_mac {
            conn.prepare_cached(VERIFY)?.execute(params![
                request.id.as_str(),
                request.organisation.as_str(),
                token_mac
            ])?;
        }
        issued::insert(conn, &request.organisation, &request.id, &self.issued)
    }
}

/// Whoever has the lease of one that is held loses it; what is released may be due already.
fn waiting_legs(conn: &Connection, id: &RequestId, waiting: &Waiting) -> Result<()> {
    match waiting {
        Waiting::Held => {
            // Whoever decided to hold what was tried meanwhile decides anew.
            if conn.prepare_cached(TRIED)?.query_row(params![id.as_str()], |row| row.get(0))? {
                return Err(StoreError::Stale);
            }
            conn.prepare_cached(HOLD)?.execute(params![id.as_str()])?
        }
        Waiting::GivenUp => conn.prepare_cached(GIVE_UP)?.execute(params![id.as_str()])?,
        Waiting::TakenBack { at } => {
            conn.prepare_cached(GIVE_UP)?.execute(params![id.as_str()])?;
            conn.prepare_cached(TAKE_BACK)?.execute(params![id.as_str(), at.ms()])?
        }
        Waiting::Due { stage, at } => conn.prepare_cached(RELEASE)?.execute(params![id.as_str(), stage, at.ms()])?,
    };
    Ok(())
}

/// As [`LegRow::was_tried`](crate::LegRow::was_tried).
const TRIED: &str = "SELECT EXISTS (SELECT 1 FROM legs
    WHERE request_id = ?1 AND state <> 'inapplicable'
        AND (state NOT IN ('waiting', 'waived') OR sent_mac IS NOT NULL))";
const HOLD: &str = "UPDATE legs SET due_at = NULL, leased_until = NULL, fence = fence + 1
    WHERE request_id = ?1 AND state = 'waiting'";
const GIVE_UP: &str = "UPDATE legs SET state = 'waived', due_at = NULL, leased_until = NULL, fence = fence + 1,
        revision = revision + 1, late_at = NULL
    WHERE request_id = ?1 AND state = 'waiting'";
const TAKE_BACK: &str = "UPDATE legs SET cancel = 'wanted', due_at = ?2, attempts = 0, revision = revision + 1
    WHERE request_id = ?1 AND open = 1 AND cancel = 'no'";
const RELEASE: &str = "UPDATE legs SET due_at = ?3
    WHERE request_id = ?1 AND state = 'waiting' AND stage <= ?2 AND due_at IS NULL";
/// Who is asked anew begins anew, at another address.
const VERIFY: &str = "INSERT INTO verifications (request_id, organisation, token_mac) VALUES (?1, ?2, ?3)
    ON CONFLICT (request_id) DO UPDATE SET token_mac = ?3, revision = verifications.revision + 1, code_mac = NULL,
        code_until = NULL, tries = 0, sendings = 0";
const UPDATE: &str = "UPDATE requests SET seq = ?3, expected_by = ?4, state = ?5, reached = ?6, ground = ?7,
        sealed = CASE WHEN wrapped_key IS NULL THEN NULL ELSE ?8 END, promised_by = ?9, hold_until = ?10, final_at = ?11,
        errand_at = ?12, shred_after = ?13, expires_at = ?14, expiry_first_set_at = ?15
    WHERE id = ?1 AND seq = ?2";

/// Adds an event to a request's history.
pub(super) fn insert_event(
    conn: &Connection,
    organisation: &Domain,
    request: &RequestId,
    event: &Event,
    sealed: Option<&[u8]>,
) -> Result<()> {
    conn.prepare_cached(inserts::EVENTS.one)?.execute(&event_row(organisation, request, event, sealed))?;
    Ok(())
}

/// The row of an event.
pub(super) fn event_row<'a>(
    organisation: &'a Domain,
    request: &'a RequestId,
    event: &'a Event,
    sealed: Option<&'a [u8]>,
) -> Vec<Value<'a>> {
    let (reached, ground) = state_columns(&event.standing.state);
    params![
        request.as_str(),
        event.standing.seq,
        organisation.as_str(),
        event.at.ms(),
        event.change,
        event.actor.as_str(),
        event.standing.expected_by.ms(),
        event.standing.state.name(),
        reached,
        ground,
        sealed,
    ]
    .to_vec()
}

/// The columns `reached` and `ground` of a state.
pub(super) fn state_columns(state: &State) -> (Option<&'static str>, Option<&'static str>) {
    let (reached, ground) = standing_columns_of(state);
    (reached, ground.map(habeas_core::state::Ground::as_str))
}
