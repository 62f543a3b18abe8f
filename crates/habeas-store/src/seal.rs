//! How is what is personal made unreadable before it reaches the database?
//!
//! Each request has a data key; what it seals dies with it. What must outlive it (signatures given, receipts) is
//! sealed with a key derived from the organisation's master key. Every sealed value is bound to its place.

mod frozen;
mod leg;
mod standing;
mod subject;

use std::{collections::HashMap, fmt, sync::Arc};

use habeas_core::{domain::Domain, id::RequestId};
use habeas_trust::seal::{DataKey, Sealer, WrappingKey};
use serde::{Serialize, de::DeserializeOwned};

pub(crate) use frozen::{open_frozen, seal_frozen};
pub(crate) use leg::{LegColumns, LegSecrets};
pub(crate) use standing::{StandingSecrets, columns as standing_columns_of, reached_named};
pub(crate) use subject::{SealedSecrets, open_callbacks};

use crate::{Result, StoreError};

/// The sealers of the organisations.
#[derive(Debug, Clone)]
pub struct Sealers {
    sealers: Arc<HashMap<Domain, Arc<Sealer>>>,
    /// The organisations, each between commas: a query takes them so.
    listed: Arc<str>,
}

impl Sealers {
    /// Takes one sealer for each organisation.
    pub fn new(sealers: impl IntoIterator<Item = (Domain, Arc<Sealer>)>) -> Self {
        let sealers: HashMap<Domain, Arc<Sealer>> = sealers.into_iter().collect();
        let listed = sealers.keys().fold(",".to_owned(), |listed, organisation| format!("{listed}{organisation},"));
        Self { sealers: Arc::new(sealers), listed: listed.into() }
    }

    /// The sealer of an organisation.
    pub fn get(&self, organisation: &Domain) -> Option<&Arc<Sealer>> {
        self.sealers.get(organisation)
    }

    pub(crate) const fn listed(&self) -> &Arc<str> {
        &self.listed
    }

    /// The keys of one request.
    pub(crate) fn keys(&self, organisation: &Domain, request: &RequestId) -> Result<RequestKeys> {
        let sealer = self.get(organisation).ok_or_else(|| StoreError::NoKey(request.clone()))?;
        Ok(RequestKeys {
            wrapping: sealer.request_key(request.as_str()),
            sealer: Arc::clone(sealer),
            organisation: organisation.clone(),
            request: request.clone(),
        })
    }
}

/// The keys of one request that need not be stored.
pub(crate) struct RequestKeys {
    pub(crate) sealer: Arc<Sealer>,
    wrapping: WrappingKey,
    organisation: Domain,
    request: RequestId,
}

impl RequestKeys {
    /// A new data key, and its wrapped form to be stored.
    pub(crate) fn new_data_key(&self) -> Result<(DataKey, Vec<u8>)> {
        let key = self.sealer.new_data_key();
        let wrapped = self.wrapping.wrap(&key).map_err(|_| self.no_key())?;
        Ok((key, wrapped))
    }

    /// The data key, from its wrapped form.
    pub(crate) fn data_key(&self, wrapped: &[u8]) -> Result<DataKey> {
        self.wrapping.unwrap(wrapped).map_err(|_| self.no_key())
    }

    /// Seals what outlives the data key.
    pub(crate) fn seal_lasting(&self, place: Place<'_>, clear: &[u8]) -> Result<Vec<u8>> {
        self.wrapping.seal(&self.place(place), clear).map_err(|_| self.no_key())
    }

    /// Opens what outlives the data key.
    pub(crate) fn open_lasting(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>> {
        self.wrapping.open(&self.place(place), sealed).map(|clear| clear.to_vec()).map_err(|_| self.no_key())
    }

    /// Seals bytes with the data key.
    pub(crate) fn seal(&self, key: &DataKey, place: Place<'_>, clear: &[u8]) -> Result<Vec<u8>> {
        key.seal(&self.place(place), clear).map_err(|_| self.no_key())
    }

    /// Opens bytes with the data key.
    pub(crate) fn open(&self, key: &DataKey, place: Place<'_>, sealed: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>> {
        key.open(&self.place(place), sealed).map_err(|_| self.no_key())
    }

    /// Seals a value as JSON with the data key.
    fn seal_json(&self, key: &DataKey, place: Place<'_>, value: &impl Serialize) -> Result<Vec<u8>> {
        let clear = serde_json::to_vec(value).map(zeroize::Zeroizing::new);
        self.seal(key, place, &clear.map_err(|_| StoreError::Corrupt("a value to be sealed"))?)
    }

    /// Opens JSON with the data key.
    fn open_json<T: DeserializeOwned>(&self, key: &DataKey, place: Place<'_>, sealed: &[u8]) -> Result<T> {
        serde_json::from_slice(&self.open(key, place, sealed)?).map_err(|_| StoreError::Corrupt(place.column))
    }

    fn place(&self, place: Place<'_>) -> String {
        format!("{}/{}/{}/{}", self.organisation, place.table, place.row, place.column)
    }

    fn no_key(&self) -> StoreError {
        StoreError::NoKey(self.request.clone())
    }
}

/// Where a sealed value stands. What was sealed for one place opens at no other.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) table: &'static str,
    pub(crate) row: &'a dyn fmt::Display,
    pub(crate) column: &'static str,
}

impl<'a> Place<'a> {
    pub(crate) const fn new(table: &'static str, row: &'a dyn fmt::Display, column: &'static str) -> Self {
        Self { table, row, column }
    }
}
