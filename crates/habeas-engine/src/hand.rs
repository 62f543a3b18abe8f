//! The organisation's hand that signs, and remembers what it signed.

use std::cell::{Cell, RefCell};

use habeas_core::dialect::Signer;
use habeas_store::{Issued, IssuedBefore};
use habeas_trust::digest::sha256;

use crate::{Error, Result, directory::Tenant};

/// Signs for one answer or call. What was signed before is given again bit for bit, so that a repeated receipt is the
/// same even with ECDSA, whose signatures differ each time, or after a change of keys.
pub(crate) struct Hand<'a> {
    tenant: &'a Tenant,
    before: &'a [IssuedBefore],
    made: RefCell<Vec<Issued>>,
    failed: Cell<bool>,
}

impl<'a> Hand<'a> {
    pub(crate) fn new(tenant: &'a Tenant) -> Self {
        Self::remembering(tenant, &[])
    }

    pub(crate) fn remembering(tenant: &'a Tenant, before: &'a [IssuedBefore]) -> Self {
        Self { tenant, before, made: RefCell::default(), failed: Cell::new(false) }
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
