//! How is a person recognized who asks again, and how far is one who proves who they are?

use habeas_core::{
    clock::{DAY_MS, Instant},
    domain::Domain,
    id::{PartyId, RequestId},
    identity::{Format, Identity},
    request::Request,
};
use habeas_trust::{digest::hex, seal::Sealer};

use super::{
    Backend, Database,
    convert::{instant_or_null, ms, text},
};
use crate::{
    Result, StoreError,
    model::Verification,
    sql::{Connection, OptionalExtension, params},
};

/// A token that was seen is remembered for so long. Its request lives shorter, and an older token is of no use.
const REMEMBERED_MS: i64 = 400 * DAY_MS;

/// What a new request tells of the person, in digests.
pub(super) struct Person {
    pub(super) token: Option<[u8; 32]>,
    pub(super) macs: Vec<[u8; 32]>,
}

impl Person {
    /// Notes the token; says whether it is not another sender's or organisation's. It is noted first, so that of two
    /// who come at once the second waits until the first is known.
    pub(super) fn takes_token(&self, conn: &Connection, request: &Request) -> Result<bool> {
        let Some(token) = &self.token else { return Ok(true) };
        let ((organisation, party), at) = (places(request), request.standing.received_at);
        conn.prepare_cached(FORGET)?.execute(params![at.plus_ms(-REMEMBERED_MS).ms()])?;
        conn.prepare_cached(SEE)?.execute(params![token, organisation, party, at.ms()])?;
        let mut query = conn.prepare_cached(OURS)?;
        Ok(query.query_row(params![token, organisation, party], |row| row.get(0))?)
    }

    /// Notes whose the request is.
    pub(super) fn insert(&self, conn: &Connection, request: &Request) -> Result<()> {
        let ((organisation, _), at) = (places(request), request.standing.received_at);
        // Who may object to a sale as often as they like is not counted.
        let counted = request.rights.iter().any(|right| right.may_be_verified());
        for mac in self.macs.iter().filter(|_| counted) {
            conn.prepare_cached(INDEX)?.execute(params![mac, organisation, at.ms(), request.id.as_str()])?;
        }
        Ok(())
    }
}

fn places(request: &Request) -> (&str, &str) {
    (request.organisation.as_str(), request.upstream.as_ref().map_or("", |upstream| upstream.party.as_str()))
}

/// Keyed digests of what is written in clear, as it is usually written.
pub(super) fn macs(sealer: &Sealer, identities: &[Identity]) -> Vec<[u8; 32]> {
    let clear = identities.iter().filter(|identity| identity.format == Format::Raw);
    let digest = |identity: &Identity| {
        let value = identity.value.expose().trim().to_lowercase();
        sealer.mac("identity", format!("{}:{value}", identity.kind.as_str()).as_bytes())
    };
    clear.map(digest).collect()
}

impl<B: Backend> Database<B> {
    pub(super) async fn count_asked_before(
        &self,
        organisation: &Domain,
        identities: &[Identity],
        since: Instant,
    ) -> Result<u32> {
        let Some(sealer) = self.sealers.get(organisation) else { return Ok(0) };
        let (macs, organisation) = (macs(sealer, identities), organisation.clone());
        let count = move |conn: &Connection| {
            let mut found = std::collections::HashSet::new();
            for mac in &macs {
                let mut query = conn.prepare_cached(ASKED)?;
                let ids =
                    query.query_map(params![mac, organisation.as_str(), since.ms()], |row| row.get::<String>(0))?;
                for id in ids {
                    found.insert(id?);
                }
            }
            Ok(u32::try_from(found.len()).unwrap_or(u32::MAX))
        };
        self.backend.read(count).await
    }

    pub(super) async fn load_verification(&self, organisation: &Domain, token: &str) -> Result<Option<Verification>> {
        let Some(sealer) = self.sealers.get(organisation).cloned() else { return Ok(None) };
        let (mac, organisation) = (sealer.mac("verification", token.as_bytes()), organisation.clone());
        let load = move |conn: &Connection| {
            let mut query = conn.prepare_cached(LOAD)?;
            let row = query.query_row(params![mac, organisation.as_str()], |row| {
                Ok(Verification {
                    request: text(row, 0, RequestId::new)?,
                    revision: row.get(1)?,
                    code_mac: row.get(2)?,
                    code_until: instant_or_null(row, 3)?,
                    tries: row.get(4)?,
                    sendings: row.get(5)?,
                    sealer: sealer.clone(),
                })
            });
            Ok(row.optional()?)
        };
        self.backend.read(load).await
    }

    pub(super) async fn save_person_verification(&self, verification: &Verification) -> Result<()> {
        let verification = verification.clone();
        self.backend.write(move |conn| save(conn, &verification)).await
    }

    pub(super) async fn load_repeated(
        &self,
        organisation: &Domain,
        party: &PartyId,
        body: &[u8],
        since: Instant,
    ) -> Result<Option<RequestId>> {
        let Some(sealer) = self.sealers.get(organisation) else { return Ok(None) };
        let (dedupe, organisation, party) = (hex(&sealer.mac("repeat", body)), organisation.clone(), party.clone());
        let load = move |conn: &Connection| {
            let mut query = conn.prepare_cached(REPEATED)?;
            let found = params![dedupe, party.as_str(), organisation.as_str(), since.ms()];
            Ok(query.query_row(found, |row| text(row, 0, RequestId::new)).optional()?)
        };
        self.backend.read(load).await
    }
}

/// Saves how far a person is.
pub(super) fn save(conn: &Connection, verification: &Verification) -> Result<()> {
    let Verification { request, revision, code_mac, code_until, tries, sendings, .. } = verification;
    let saved = conn.prepare_cached(SAVE)?.execute(params![
        request.as_str(),
        revision,
        code_mac,
        ms(*code_until),
        tries,
        sendings,
    ])?;
    if saved == 0 { Err(StoreError::Stale) } else { Ok(()) }
}

const FORGET: &str = "DELETE FROM tokens_seen WHERE at < ?1";
const SEE: &str =
    "INSERT INTO tokens_seen (digest, organisation, party, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
const OURS: &str = "SELECT EXISTS (SELECT 1 FROM tokens_seen WHERE digest = ?1 AND organisation = ?2 AND party = ?3)";
const INDEX: &str = "INSERT INTO blind_index (mac, organisation, received_at, request_id) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT DO NOTHING";
/// What was denied or taken back is nobody's doing, and what nobody has looked at yet may be anybody's.
const ASKED: &str = "SELECT b.request_id FROM blind_index b JOIN requests r ON r.id = b.request_id
    WHERE b.mac = ?1 AND b.organisation = ?2 AND b.received_at >= ?3
        AND r.state NOT IN ('received', 'awaiting_verification', 'denied', 'cancelled')";
const REPEATED: &str = "SELECT id FROM requests
    WHERE dedupe = ?1 AND upstream_party = ?2 AND organisation = ?3 AND final_at IS NULL AND received_at >= ?4";
const LOAD: &str = "SELECT request_id, revision, code_mac, code_until, tries, sendings FROM verifications
    WHERE token_mac = ?1 AND organisation = ?2";
const SAVE: &str = "UPDATE verifications SET revision = revision + 1, code_mac = ?3, code_until = ?4, tries = ?5,
        sendings = ?6
    WHERE request_id = ?1 AND revision = ?2";
