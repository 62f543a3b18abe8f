//! How are changes of a request saved, if nothing happened to it meanwhile?

use habeas_core::{domain::Domain, event::Event, id::RequestId, state::State};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    Sqlite,
    convert::ms,
    issued::{self, SealedIssued},
    lanes,
    rows::Opener,
};
use crate::{
    Result, StoreError,
    model::Save,
    seal::{StandingSecrets, standing_columns_of},
};

impl Sqlite {
    pub(super) async fn save_changes(&self, save: Save) -> Result<()> {
        let prepared = self.prepare(save).await?;
        self.writer.run(move |conn| prepared.apply(conn)).await
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
        Ok(PreparedSave { save, issued, sealed })
    }

    /// The data key of a request; `None` once shredded.
    pub(super) async fn opener(&self, organisation: &Domain, id: &RequestId) -> Result<Option<Opener>> {
        let request = id.clone();
        let wrapped = self.readers.run(move |conn| {
            let mut query = conn.prepare_cached("SELECT wrapped_key FROM requests WHERE id = ?1")?;
            Ok(query.query_row([request.as_str()], |row| row.get::<_, Option<Vec<u8>>>(0)).optional()?.flatten())
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
}

impl PreparedSave {
    /// Saves the changes.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when the request has moved on.
    pub(super) fn apply(&self, conn: &Connection) -> Result<()> {
        let Save { request, events, .. } = &self.save;
        let (reached, ground) = state_columns(&request.standing.state);
        let updated = conn.prepare_cached(UPDATE)?.execute(params![
            request.id.as_str(),
            self.save.from_seq,
            request.standing.seq,
            request.standing.expected_by.ms(),
            request.standing.state.name(),
            reached,
            ground,
            self.sealed.last(),
            request.promised_by.ms(),
            request.hold_until.ms(),
            ms(request.final_at),
            ms(self.save.errand_at),
            ms(self.save.shred_after),
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
        issued::insert(conn, &request.organisation, &request.id, &self.issued)
    }
}

const UPDATE: &str = "UPDATE requests SET seq = ?3, expected_by = ?4, state = ?5, reached = ?6, ground = ?7,
        sealed = iif(wrapped_key IS NULL, NULL, ?8), promised_by = ?9, hold_until = ?10, final_at = ?11,
        errand_at = ?12, shred_after = ?13
    WHERE id = ?1 AND seq = ?2";
const INSERT_EVENT: &str = "INSERT INTO events (request_id, seq, organisation, at, change, actor, expected_by, state,
        reached, ground, sealed)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

/// Adds an event to a request's history.
pub(super) fn insert_event(
    conn: &Connection,
    organisation: &Domain,
    request: &RequestId,
    event: &Event,
    sealed: Option<&[u8]>,
) -> Result<()> {
    let (reached, ground) = state_columns(&event.standing.state);
    conn.prepare_cached(INSERT_EVENT)?.execute(params![
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
    ])?;
    Ok(())
}

/// The columns `reached` and `ground` of a state.
pub(super) fn state_columns(state: &State) -> (Option<&'static str>, Option<&'static str>) {
    let (reached, ground) = standing_columns_of(state);
    (reached, ground.map(habeas_core::state::Ground::as_str))
}
