//! What is handed to somebody who has to check a request without trusting us: everything its parties signed, sealed
//! with the organisation's own key.

use habeas_core::{clock::Instant, id::RequestId};
use habeas_evidence::{Evidence, Material, seal};
use habeas_store::Store;

use crate::{Engine, Error, Result, directory::Directory, operator::Story};

impl Engine {
    /// The sealed export of a request, as [`habeas_evidence`] describes it.
    ///
    /// # Errors
    /// [`Code::NotFound`](habeas_core::problem::Code::NotFound) when there is no such request; when the store fails or
    /// the organisation cannot seal.
    pub async fn export_evidence(&self, id: &RequestId) -> Result<Vec<u8>> {
        let file = export(self.store.as_ref(), &self.directory, id, self.clock.now()).await?;
        tracing::info!(request = %id, bytes = file.len(), "the evidence of a request was exported by an operator");
        Ok(file)
    }
}

/// The same from a store alone, for a program that is no node and may take nothing from one.
///
/// # Errors
/// As [`Engine::export_evidence`].
pub async fn export(store: &dyn Store, directory: &Directory, id: &RequestId, now: Instant) -> Result<Vec<u8>> {
    let Story { request, history, legs, receipts, .. } = Story::read(store, id).await?;
    let tenant = directory.tenant(&request.organisation).ok_or(Error::Bug("the organisation of a request is gone"))?;
    let material = Material {
        exported_at: now,
        request: &request,
        history: &history,
        legs: &legs.iter().map(|row| &row.leg).collect::<Vec<_>>(),
        receipts: &receipts.iter().map(|row| &row.receipt).collect::<Vec<_>>(),
    };
    let evidence = Evidence::gather(&material, |party| tenant.peer(party).map(|peer| peer.party.domain.clone()));
    seal(&evidence, &tenant.key, &tenant.chain).map_err(|error| {
        tracing::error!(organisation = %request.organisation, %error, "evidence could not be sealed");
        Error::Bug("an organisation that cannot seal")
    })
}
