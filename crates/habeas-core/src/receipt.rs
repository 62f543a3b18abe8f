//! What did a counterparty sign, kept so that it can be shown later without the personal data?

use std::ops::Range;

use crate::{
    clock::Instant,
    dialect::Operation,
    domain::Domain,
    id::{LegId, RequestId},
};

/// A counterparty's signed answer or callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The request it belongs to.
    pub request: RequestId,
    /// The leg it belongs to.
    pub leg: LegId,
    /// When it reached us.
    pub at: Instant,
    /// What it answers.
    pub operation: Operation,
    /// The domain that signed.
    pub signer: Domain,
    /// SHA-256 of the body as it was signed.
    pub sha256: [u8; 32],
    /// The signature over the body.
    pub signature: Vec<u8>,
    /// The certificate chain as served, in PEM.
    pub chain: String,
    /// The body without what may not be stored (OpenGDPR 1.0 §7.3: `encoded_request`).
    pub body: Vec<u8>,
    /// Where in the signed body the piece cut out stood.
    pub hole: Option<Range<usize>>,
}
