//! How are requests read?

use std::sync::Arc;

use habeas_core::{
    clock::Instant,
    domain::Domain,
    event::{Actor, Event},
    id::{PartyId, RequestId, WireId},
    request::Request,
};

use super::{
    Backend, Database,
    convert::{instant, named, parsed, text},
    rows::{AFTER_REQUEST, AFTER_STANDING, Opener, RawRequest, RawStanding, request_columns, standing_columns},
};
use crate::{
    Result, StoreError,
    model::{Errand, Secrets},
    seal::SealedSecrets,
    sql::{self, Connection, OptionalExtension, Value, params},
};

const BY_ID: &str = concat!("SELECT ", request_columns!(), " FROM requests r WHERE r.id = ?1");
const BY_WIRE_ID: &str = concat!(
    "SELECT ",
    request_columns!(),
    " FROM requests r WHERE r.wire_id = ?1 AND r.upstream_party = ?2 AND r.organisation = ?3"
);
const SECRETS: &str = concat!(
    "SELECT ",
    request_columns!(),
    ", s.subject, s.callbacks, s.body FROM requests r JOIN request_secrets s ON s.request_id = r.id WHERE r.id = ?1"
);
const HISTORY: &str = concat!(
    "SELECT ",
    standing_columns!("e"),
    ", e.at, e.change, e.actor FROM events e WHERE e.request_id = ?1 ORDER BY e.seq"
);
/// Of the organisations in `?3`, each between commas: those that are no longer configured are in nobody's way.
const ERRANDS: &str = concat!(
    "SELECT ",
    request_columns!(),
    ", r.errand_at FROM requests r INDEXED BY requests_errand
    WHERE r.errand_at <= ?1 AND ?3 LIKE '%,' || r.organisation || ',%' ORDER BY r.errand_at LIMIT ?2"
);

/// Among so many open requests one of each organisation is looked for, and among so many others that are not shredded.
const PROBED: u32 = 20_000;

macro_rules! one_of_each {
    ($which:literal) => {
        concat!(
            "SELECT id, organisation, wrapped_key FROM (SELECT id, organisation, wrapped_key,
                row_number() OVER (PARTITION BY organisation ORDER BY id DESC) AS n
                FROM (SELECT id, organisation, wrapped_key FROM requests WHERE ",
            $which,
            " DESC LIMIT ?1) newest) each_one WHERE n = 1"
        )
    };
}

const ONE_OPEN: &str = one_of_each!("final_at IS NULL AND wrapped_key IS NOT NULL ORDER BY expected_by");
const ONE_CLOSED: &str = one_of_each!("shred_after IS NOT NULL AND wrapped_key IS NOT NULL ORDER BY shred_after");

impl<B: Backend> Database<B> {
    pub(super) async fn find_request(
        &self,
        organisation: &Domain,
        party: &PartyId,
        wire_id: &WireId,
    ) -> Result<Option<Request>> {
        let (organisation, party, wire_id) = (organisation.clone(), party.clone(), wire_id.clone());
        let read = self
            .backend
            .read(move |conn| one(conn, BY_WIRE_ID, params![wire_id.as_str(), party.as_str(), organisation.as_str()]));
        read.await?.map(|raw| raw.open(&self.sealers)).transpose()
    }

    pub(super) async fn load_request(&self, id: &RequestId) -> Result<Option<Request>> {
        let id = id.clone();
        let read = self.backend.read(move |conn| by_id(conn, &id));
        read.await?.map(|raw| raw.open(&self.sealers)).transpose()
    }

    pub(super) async fn load_secrets(&self, id: &RequestId) -> Result<Option<Secrets>> {
        let id = id.clone();
        let read = self.backend.read(move |conn| {
            let mut query = conn.prepare_cached(SECRETS)?;
            let row = query.query_row(params![id.as_str()], |row| {
                let at = AFTER_REQUEST;
                let sealed =
                    SealedSecrets { subject: row.get(at)?, callbacks: row.get(at + 1)?, body: row.get(at + 2)? };
                Ok((RawRequest::read(row)?, sealed))
            });
            Ok(row.optional()?)
        });
        let Some((raw, sealed)) = read.await? else { return Ok(None) };
        let Some(opener) = raw.opener(&self.sealers)? else { return Ok(None) };
        sealed.open(&opener.keys, &opener.key).map(Some)
    }

    pub(super) async fn load_history(&self, id: &RequestId) -> Result<Vec<Event>> {
        let id = id.clone();
        let read = self.backend.read(move |conn| {
            let Some(request) = by_id(conn, &id)? else { return Ok(None) };
            let mut query = conn.prepare_cached(HISTORY)?;
            let rows = query.query_map(params![id.as_str()], |row| {
                let at = instant(row, AFTER_STANDING)?;
                let change: String = row.get(AFTER_STANDING + 1)?;
                let actor = named(row, AFTER_STANDING + 2, "actor", Actor::named)?;
                Ok((at, change, actor, RawStanding::read(row, 0)?))
            })?;
            Ok(Some((request, rows.collect::<sql::Result<Vec<_>>>()?)))
        });
        let Some((request, events)) = read.await? else { return Ok(Vec::new()) };
        let sealed = events.iter().any(|(.., standing)| standing.is_sealed());
        let opener = if sealed { request.opener(&self.sealers)? } else { None };
        let open = |(at, change, actor, standing): (_, _, _, RawStanding)| {
            Ok(Event { at, change, actor, standing: standing.open(&request, opener.as_ref())? })
        };
        events.into_iter().map(open).collect()
    }

    /// A request that cannot be opened is left out, with a word in the log: it must not stop the others.
    pub(super) async fn load_errands(&self, now: Instant, limit: u32) -> Result<Vec<Errand>> {
        let organisations = Arc::clone(self.sealers.listed());
        let read = self.backend.read(move |conn| {
            let mut query = conn.prepare_cached(ERRANDS)?;
            let rows = query.query_map(params![now.ms(), limit, &*organisations], |row| {
                Ok((RawRequest::read(row)?, instant(row, AFTER_REQUEST)?))
            })?;
            Ok(rows.collect::<sql::Result<Vec<_>>>()?)
        });
        let open = |(raw, due_at): (RawRequest, _)| {
            let id = raw.id.clone();
            let opened = raw.open(&self.sealers).inspect_err(|error| tracing::error!(%error, request = %id, "errand"));
            opened.ok().map(|request| Errand { request, due_at })
        };
        Ok(read.await?.into_iter().filter_map(open).collect())
    }

    pub(super) async fn find_wrong_key(&self) -> Result<Option<Domain>> {
        let read = self.backend.read(|conn| {
            let mut rows = Vec::new();
            for newest in [ONE_OPEN, ONE_CLOSED] {
                let mut query = conn.prepare_cached(newest)?;
                for row in query.query_map(params![PROBED], |row| {
                    let wrapped = row.get::<Option<Vec<u8>>>(2)?;
                    Ok((text(row, 0, RequestId::new)?, parsed::<Domain>(row, 1, "organisation")?, wrapped))
                })? {
                    rows.push(row?);
                }
            }
            Ok(rows)
        });
        for (request, organisation, wrapped) in read.await? {
            if self.sealers.get(&organisation).is_none() {
                continue;
            }
            match Opener::of(&self.sealers, &organisation, &request, wrapped.as_deref()) {
                Ok(_) => {}
                Err(StoreError::NoKey(_)) => return Ok(Some(organisation)),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

/// A request by its id.
pub(super) fn by_id(conn: &Connection, id: &RequestId) -> Result<Option<RawRequest>> {
    one(conn, BY_ID, params![id.as_str()])
}

fn one(conn: &Connection, sql: &'static str, params: &[Value<'_>]) -> Result<Option<RawRequest>> {
    Ok(conn.prepare_cached(sql)?.query_row(params, RawRequest::read).optional()?)
}

#[cfg(test)]
mod tests {
    use crate::sqlite::plans::{migrated, plan};

    /// However many have ended.
    #[test]
    fn a_key_is_tried_on_what_indexes_of_open_and_readable_requests_give() {
        let conn = migrated();
        for (sql, index) in [(super::ONE_OPEN, "requests_open"), (super::ONE_CLOSED, "requests_shred")] {
            let plan = plan(&conn, sql);
            assert!(plan.iter().any(|step| step.contains(index)), "{plan:#?}");
        }
    }
}
