//! The organisation's hand that signs, and remembers what it signed.

use std::cell::{Cell, RefCell};

use habeas_core::{
    clock::Instant,
    dialect::{Exchange, Pinned, Signer, TokenKeys},
    organisation::Mount,
};
use habeas_store::{Issued, IssuedBefore};
use habeas_trust::digest::sha256;

use crate::{
    Error, Result,
    directory::{Peer, Tenant},
};

/// Signs for one answer or call. What was signed before is given again bit for bit, so that a repeated receipt is the
/// same even with ECDSA, whose signatures differ each time, or after a change of keys.
pub(crate) struct Hand<'a> {
    tenant: &'a Tenant,
    /// For whose eyes, and with whose keys of identity tokens.
    peer: Option<&'a Peer>,
    before: &'a [IssuedBefore],
    made: RefCell<Vec<Issued>>,
    failed: Cell<bool>,
}

impl<'a> Hand<'a> {
    pub(crate) fn new(tenant: &'a Tenant) -> Self {
        Self::remembering(tenant, &[])
    }

    pub(crate) fn remembering(tenant: &'a Tenant, before: &'a [IssuedBefore]) -> Self {
        Self { tenant, peer: None, before, made: RefCell::default(), failed: Cell::new(false) }
    }

    /// In an exchange with that party.
    pub(crate) fn with(self, peer: Option<&'a Peer>) -> Self {
        Self { peer, ..self }
    }

    /// An exchange of the organisation with that party.
    pub(crate) fn exchange<'x>(&'x self, mount: Option<&'x Mount>, now: Instant) -> Exchange<'x> {
        Exchange {
            us: &self.tenant.organisation,
            mount,
            them: self.peer.map(|peer| &peer.party),
            now,
            signer: self,
            tokens: self,
        }
    }

    /// What it signed, once everything is rendered.
    pub(crate) fn done(self) -> Result<Vec<Issued>> {
        if self.failed.get() { Err(Error::Bug("the signing key does not sign")) } else { Ok(self.made.into_inner()) }
    }
}

impl Signer for Hand<'_> {
    fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let digest = sha256(bytes);
        if let Some(before) = self.before.iter().find(|before| before.matches(&digest)) {
            return before.signature.clone();
        }
        let Ok(signature) = self.tenant.key.sign(bytes) else {
            self.failed.set(true);
            return Vec::new();
        };
        self.made.borrow_mut().push(Issued {
            sha256: digest,
            signature: signature.clone(),
            key: self.tenant.key_id.clone(),
        });
        signature
    }
}

impl TokenKeys for Hand<'_> {
    fn check(&self, algorithm: &str, signed: &[u8], signature: &[u8]) -> Option<Pinned> {
        let key = self.peer?.identity_keys.iter().find(|key| key.verify(algorithm, signed, signature))?;
        Some(if key.is_pairwise() { Pinned::Pairwise } else { Pinned::Public })
    }

    fn algorithm(&self) -> Option<&'static str> {
        Some(self.peer?.identity_signer.as_ref()?.algorithm().name())
    }

    fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let signer = self.peer.and_then(|peer| peer.identity_signer.as_ref());
        signer.and_then(|signer| signer.sign(bytes).ok()).unwrap_or_else(|| {
            self.failed.set(true);
            Vec::new()
        })
    }
}
