//! Which signatures did we give?

use habeas_core::{
    domain::Domain,
    id::{KeyId, RequestId},
};
use habeas_trust::digest::hex;

use super::inserts;
use crate::{
    Result,
    model::{Issued, IssuedBefore},
    seal::{Place, RequestKeys},
    sql::{self, Connection, Value, params},
};

/// A signature about to be saved.
pub(super) struct SealedIssued {
    mac: [u8; 32],
    signature: Vec<u8>,
    key: KeyId,
}

impl SealedIssued {
    pub(super) fn seal_all(keys: &RequestKeys, issued: &[Issued]) -> Result<Vec<Self>> {
        let seal = |issued: &Issued| {
            let mac = keys.sealer.mac("issued", &issued.sha256);
            let signature = keys.seal_lasting(Place::new("issued", &hex(&mac), "signature"), &issued.signature)?;
            Ok(Self { mac, signature, key: issued.key.clone() })
        };
        issued.iter().map(seal).collect()
    }

    /// Its row, as number `n` of those of its request.
    pub(super) fn row<'a>(&'a self, organisation: &'a Domain, request: &'a RequestId, n: u32) -> Vec<Value<'a>> {
        let Self { mac, signature, key } = self;
        params![request.as_str(), mac, organisation.as_str(), n, signature, key.as_str()].to_vec()
    }
}

/// Adds signatures to a request. Of two over the same bytes the first is kept: it is the one that was sent.
pub(super) fn insert(
    conn: &Connection,
    organisation: &Domain,
    request: &RequestId,
    issued: &[SealedIssued],
) -> Result<()> {
    for issued in issued {
        let n = conn.prepare_cached(COUNT)?.query_row(params![request.as_str()], |row| row.get(0))?;
        conn.prepare_cached(inserts::ISSUED.one)?.execute(&issued.row(organisation, request, n))?;
    }
    Ok(())
}

const COUNT: &str = "SELECT count(*) FROM issued WHERE request_id = ?1";
const OF_REQUEST: &str = "SELECT mac, signature, key_id FROM issued WHERE request_id = ?1 ORDER BY n";

/// A signature as read.
pub(super) struct RawIssued {
    mac: [u8; 32],
    signature: Vec<u8>,
    key: String,
}

pub(super) fn of_request(conn: &Connection, request: &RequestId) -> Result<Vec<RawIssued>> {
    let mut query = conn.prepare_cached(OF_REQUEST)?;
    let rows = query.query_map(params![request.as_str()], |row| {
        Ok(RawIssued { mac: row.get(0)?, signature: row.get(1)?, key: row.get(2)? })
    })?;
    Ok(rows.collect::<sql::Result<_>>()?)
}

impl RawIssued {
    pub(super) fn open(self, keys: &RequestKeys) -> Result<IssuedBefore> {
        Ok(IssuedBefore {
            mac: self.mac,
            sealer: std::sync::Arc::clone(&keys.sealer),
            signature: keys.open_lasting(Place::new("issued", &hex(&self.mac), "signature"), &self.signature)?,
            key: KeyId::new(self.key),
        })
    }
}
