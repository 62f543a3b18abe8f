//! What an operator may see and do, whichever way it is asked: the JSON API, the command line, a page.

use std::sync::Arc;

use habeas_core::{
    capability::Capabilities,
    clock::Instant,
    domain::Domain,
    event::Event,
    id::{PartyId, RequestId},
    identity::Identity,
    problem::{Code, Field, Problem},
    request::Request,
    right::Right,
    state::{Change, Ground},
};
use habeas_store::{DeliveryFilter, DeliveryRow, LegRow, ReceiptRow, RequestFilter, Retry, Secrets};
use url::Url;

use crate::{Engine, Result, directory::Tenant};

/// A request with its whole story.
pub struct Story {
    /// The request.
    pub request: Request,
    /// Its history.
    pub history: Vec<Event>,
    /// Its legs.
    pub legs: Vec<LegRow>,
    /// What its parties signed.
    pub receipts: Vec<ReceiptRow>,
    /// What is or was owed because of it.
    pub deliveries: Vec<DeliveryRow>,
}

/// A request of ours to be sent.
pub struct Send {
    /// Who sends.
    pub from: Domain,
    /// To whom.
    pub to: Vec<PartyId>,
    /// Which right.
    pub right: Right,
    /// The person.
    pub identities: Vec<Identity>,
    /// When the person asked; now, if not said.
    pub submitted_at: Option<Instant>,
}

impl Engine {
    /// Requests by filter.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn requests(&self, filter: &RequestFilter) -> Result<Vec<Request>> {
        Ok(self.store.list(filter).await?)
    }

    /// A request's whole story.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is none of that name; when the store fails.
    pub async fn story(&self, id: &RequestId) -> Result<Story> {
        let request = self.store.request(id).await?.ok_or(Problem::new(Code::NotFound))?;
        let deliveries = DeliveryFilter { request: Some(id.clone()), limit: 1000, ..DeliveryFilter::default() };
        Ok(Story {
            request,
            history: self.store.history(id).await?,
            legs: self.store.legs(id).await?,
            receipts: self.store.receipts(id).await?,
            deliveries: self.store.deliveries(&deliveries).await?,
        })
    }

    /// The personal part of a request.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is no such request, [`Code::Gone`] when it was shredded; when the store fails.
    pub async fn subject(&self, id: &RequestId) -> Result<Secrets> {
        if self.store.request(id).await?.is_none() {
            return Err(Problem::new(Code::NotFound).into());
        }
        tracing::info!(request = %id, "the personal part of a request was read by an operator");
        Ok(self.store.secrets(id).await?.ok_or(Problem::new(Code::Gone))?)
    }

    /// Work on a received request begins.
    ///
    /// # Errors
    /// [`Code::InvalidTransition`] when its state does not admit it; when the store fails.
    pub async fn start(&self, id: &RequestId, actor: habeas_core::event::Actor) -> Result<Request> {
        self.change(id, actor, |_| Ok(vec![Change::Start])).await
    }

    /// The work is done; where it had not been begun, it is begun first.
    ///
    /// # Errors
    /// [`Code::InvalidField`] naming `results_url` for a right without results; [`Code::InvalidTransition`]; when the
    /// store fails.
    pub async fn fulfill(
        &self,
        id: &RequestId,
        actor: habeas_core::event::Actor,
        results: Vec<Url>,
        expires_at: Option<Instant>,
    ) -> Result<Request> {
        self.change(id, actor, |request| {
            if !results.is_empty() && !request.rights.iter().any(|right| right.has_results()) {
                return Err(Problem::at(Code::InvalidField, Field::named("results_url"))
                    .because("this right hands no data back"));
            }
            let fulfill = Change::Fulfill { results: results.clone(), expires_at };
            Ok(match request.standing.state.name() {
                "received" | "distributed" => vec![Change::Start, fulfill],
                _ => vec![fulfill],
            })
        })
        .await
    }

    /// The request is refused.
    ///
    /// # Errors
    /// [`Code::InvalidTransition`]; when the store fails.
    pub async fn deny(&self, id: &RequestId, actor: habeas_core::event::Actor, ground: Ground) -> Result<Request> {
        self.change(id, actor, |_| Ok(vec![Change::Deny(ground)])).await
    }

    /// The request takes longer.
    ///
    /// # Errors
    /// [`Code::InvalidField`] when the date is not later than the present one or the reason is empty;
    /// [`Code::InvalidTransition`]; when the store fails.
    pub async fn extend(
        &self,
        id: &RequestId,
        actor: habeas_core::event::Actor,
        by: Instant,
        why: String,
    ) -> Result<Request> {
        self.change(id, actor, |request| {
            if why.trim().is_empty() {
                return Err(Problem::at(Code::MissingField, Field::named("reason")));
            }
            if by <= request.standing.expected_by {
                return Err(Problem::at(Code::InvalidField, Field::named("by"))
                    .because("an extension moves the date to a later one"));
            }
            Ok(vec![Change::Extend { by, why: why.clone() }])
        })
        .await
    }

    /// Deliveries by filter.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<DeliveryRow>> {
        Ok(self.store.deliveries(filter).await?)
    }

    /// Makes deliveries due at once; says how many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn retry(&self, which: &Retry) -> Result<u64> {
        let count = self.store.retry(which, self.clock.now()).await?;
        self.hosts.forgive();
        self.wake();
        Ok(count)
    }

    /// The organisations of this server.
    pub fn organisations(&self) -> impl Iterator<Item = &Arc<Tenant>> {
        self.directory.tenants()
    }

    /// What a party of ours says that it supports, from the cache or fresh.
    ///
    /// # Errors
    /// [`Code::InvalidField`] when there is no such organisation or party; when the party does not answer.
    pub async fn capabilities(&self, from: &Domain, to: &PartyId) -> Result<Capabilities> {
        let tenant = self.directory.tenant(from).ok_or_else(|| {
            Problem::at(Code::InvalidField, Field::named("from")).because("no such organisation here")
        })?;
        let peer = tenant
            .peer(to)
            .ok_or_else(|| Problem::at(Code::InvalidField, Field::named("to")).because("no such party here"))?;
        self.discover(tenant, peer).await
    }
}
