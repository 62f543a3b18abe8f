//! What did counterparties sign?

use habeas_core::{
    clock::Instant,
    dialect::Operation,
    domain::Domain,
    id::{LegId, RequestId},
    receipt::Receipt,
};
use habeas_trust::digest::sha256;

use super::{
    Backend, Database,
    convert::{instant, named, parsed, text},
};
use crate::{
    Result, Sealers, StoreError,
    model::ReceiptRow,
    seal::{Place, RequestKeys},
    sql::{self, Connection, Row, params},
};

impl<B: Backend> Database<B> {
    pub(super) async fn load_receipts(&self, id: &RequestId) -> Result<Vec<ReceiptRow>> {
        let id = id.clone();
        let read = self.backend.read(move |conn| {
            let mut query = conn.prepare_cached(OF_REQUEST)?;
            let rows = query.query_map(params![id.as_str()], RawReceipt::read)?;
            Ok(rows.collect::<sql::Result<Vec<_>>>()?)
        });
        read.await?.into_iter().map(|raw| raw.open(&self.sealers)).collect()
    }
}

const INSERT: &str = "INSERT INTO receipts (organisation, request_id, leg_id, at, operation, signer, chain, sha256,
        signature, body, hole_at, hole_end)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
const INSERT_CHAIN: &str = "INSERT INTO chains (fingerprint, pem) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
const OF_REQUEST: &str = "SELECT c.id, c.organisation, c.request_id, c.leg_id, c.at, c.operation, c.signer, c.sha256,
        c.signature, c.body, c.hole_at, c.hole_end, p.pem
    FROM receipts c JOIN chains p ON p.fingerprint = c.chain WHERE c.request_id = ?1 ORDER BY c.id";

/// A receipt about to be saved. Its digest and signature are sealed as well: whoever has those of a text can try
/// whether a guess of it is right.
pub(super) struct SealedReceipt {
    receipt: Receipt,
    organisation: Domain,
    sha256: Vec<u8>,
    signature: Vec<u8>,
    body: Vec<u8>,
}

impl SealedReceipt {
    pub(super) fn seal(receipt: Receipt, organisation: &Domain, keys: &RequestKeys) -> Result<Self> {
        let row = row_name(&receipt.leg, receipt.at, receipt.operation);
        let seal = |column, clear: &[u8]| keys.seal_lasting(Place::new("receipts", &row, column), clear);
        Ok(Self {
            sha256: seal("sha256", &receipt.sha256)?,
            signature: seal("signature", &receipt.signature)?,
            body: seal("body", &receipt.body)?,
            organisation: organisation.clone(),
            receipt,
        })
    }

    pub(super) fn insert(&self, conn: &Connection) -> Result<()> {
        let receipt = &self.receipt;
        let fingerprint = sha256(receipt.chain.as_bytes());
        conn.prepare_cached(INSERT_CHAIN)?.execute(params![fingerprint, receipt.chain])?;
        let hole = receipt.hole.as_ref();
        conn.prepare_cached(INSERT)?.execute(params![
            self.organisation.as_str(),
            receipt.request.as_str(),
            receipt.leg.as_str(),
            receipt.at.ms(),
            receipt.operation.as_str(),
            receipt.signer.as_str(),
            fingerprint,
            self.sha256,
            self.signature,
            self.body,
            hole.map(|hole| i64::try_from(hole.start).unwrap_or(i64::MAX)),
            hole.map(|hole| i64::try_from(hole.end).unwrap_or(i64::MAX)),
        ])?;
        Ok(())
    }
}

fn row_name(leg: &LegId, at: Instant, operation: Operation) -> String {
    format!("{leg}.{}.{}", at.ms(), operation.as_str())
}

/// A receipt as read, partly sealed.
struct RawReceipt {
    id: i64,
    organisation: Domain,
    receipt: Receipt,
    sha256: Vec<u8>,
}

impl RawReceipt {
    fn read(row: &Row<'_>) -> sql::Result<Self> {
        let place = |index| row.get::<Option<i64>>(index).map(|at| at.and_then(|at| usize::try_from(at).ok()));
        Ok(Self {
            id: row.get(0)?,
            organisation: parsed(row, 1, "organisation")?,
            receipt: Receipt {
                request: text(row, 2, RequestId::new)?,
                leg: text(row, 3, LegId::new)?,
                at: instant(row, 4)?,
                operation: named(row, 5, "receipts.operation", Operation::named)?,
                signer: parsed(row, 6, "receipts.signer")?,
                sha256: [0; 32],
                signature: row.get(8)?,
                body: row.get(9)?,
                hole: place(10)?.zip(place(11)?).map(|(start, end)| start..end),
                chain: row.get(12)?,
            },
            sha256: row.get(7)?,
        })
    }

    fn open(self, sealers: &Sealers) -> Result<ReceiptRow> {
        let Self { id, organisation, mut receipt, sha256 } = self;
        let keys = sealers.keys(&organisation, &receipt.request)?;
        let row = row_name(&receipt.leg, receipt.at, receipt.operation);
        let open = |column, sealed: &[u8]| keys.open_lasting(Place::new("receipts", &row, column), sealed);
        let digest = open("sha256", &sha256)?;
        receipt.sha256 = digest.as_slice().try_into().map_err(|_| StoreError::Corrupt("receipts.sha256"))?;
        receipt.signature = open("signature", &receipt.signature)?;
        receipt.body = open("body", &receipt.body)?;
        Ok(ReceiptRow { id, receipt })
    }
}
