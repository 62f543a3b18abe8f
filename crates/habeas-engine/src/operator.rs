//! What an operator may see and do, whichever way it is asked: the JSON API, the command line, a page.

use std::sync::Arc;

use habeas_core::{
    capability::Capabilities,
    clock::Instant,
    dialect::Manners,
    domain::Domain,
    event::Event,
    id::{LegId, PartyId, RequestId},
    identity::Identity,
    leg::{Leg, LegState},
    problem::{Code, Field, Problem},
    regime::Regime,
    request::Request,
    right::Right,
    state::{Change, Ground},
    submission::Carried,
};
use habeas_store::{
    DeliveryFilter, DeliveryRow, LegFilter, LegRow, ReceiptRow, RequestFilter, Retry, Secrets, Store, StoreError,
};
use url::Url;

use crate::{Engine, Error, Result, change::TRIES, directory::Tenant};

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

impl Story {
    /// Reads all of it as it was at one moment: what changes while it is read is read again.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is no such request; when the store fails.
    pub(crate) async fn read(store: &dyn Store, id: &RequestId) -> Result<Self> {
        let request = async || store.request(id).await?.ok_or(Error::from(Problem::new(Code::NotFound)));
        let owed = DeliveryFilter { request: Some(id.clone()), limit: 1000, ..DeliveryFilter::default() };
        let mut before = request().await?;
        for _ in 0..TRIES {
            let (history, legs) = (store.history(id).await?, store.legs(id).await?);
            // Receipts after legs: one that arrives meanwhile may say more than its leg, never less.
            let (receipts, deliveries) = (store.receipts(id).await?, store.deliveries(&owed).await?);
            let after = request().await?;
            if after.standing.seq == before.standing.seq {
                return Ok(Self { request: after, history, legs, receipts, deliveries });
            }
            before = after;
        }
        Err(StoreError::Stale.into())
    }
}

/// A request of ours to be sent.
pub struct Send {
    /// Who sends.
    pub from: Domain,
    /// To whom; to every party that can serve it, if nobody is named.
    pub to: Vec<PartyId>,
    /// Which right.
    pub right: Right,
    /// The person.
    pub identities: Vec<Identity>,
    /// What is claimed of the person beyond that: names and JSON values, for receivers that take identity tokens.
    pub claims: Vec<Carried>,
    /// How the person says to stand to the receiver.
    pub relationships: Vec<String>,
    /// The law under which it is asked; the organisation's own, if not said.
    pub regime: Option<Regime>,
    /// When the person asked; now, if not said.
    pub submitted_at: Option<Instant>,
    /// The sender's own name for it: under one name a request is made once, however often it is asked for.
    pub reference: Option<String>,
}

/// A request of ours that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Its name.
    pub id: RequestId,
    /// Whether it had been made before under the same reference.
    pub existed: bool,
}

/// What needs somebody's attention.
pub struct Faults {
    /// Deliveries that were tried and not delivered.
    pub deliveries: Vec<DeliveryRow>,
    /// Legs whose party is past its date.
    pub late: Vec<LegRow>,
    /// Legs that wait for an operator.
    pub stuck: Vec<LegRow>,
    /// Certificates of our organisations that end soon or have ended.
    pub certificates: Vec<CertificateEnd>,
}

/// When the certificate of an organisation ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateEnd {
    /// The organisation.
    pub organisation: Domain,
    /// The last moment it is valid.
    pub not_after: Instant,
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
        Story::read(self.store.as_ref(), id).await
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
        self.done_by_us(id).await?;
        self.change(id, actor, |_| Ok(vec![Change::Start])).await
    }

    /// What parties do for us is not decided past them.
    async fn done_by_us(&self, id: &RequestId) -> Result<()> {
        let open = self.store.legs(id).await?.into_iter().find(|row| !row.leg.state.is_final());
        match open {
            None => Ok(()),
            Some(row) => Err(Problem::new(Code::InvalidTransition)
                .because(format!("{} works on it or is to; what was not sent yet can be waived", row.leg.party))
                .into()),
        }
    }

    /// The work is done; where it had not been begun, it is begun first.
    ///
    /// # Errors
    /// [`Code::InvalidField`] naming `results_url` for a right without results and an insecure address, or `expires_at`
    /// when that is not to come; [`Code::InvalidTransition`]; when the store fails.
    pub async fn fulfill(
        &self,
        id: &RequestId,
        actor: habeas_core::event::Actor,
        results: Vec<Url>,
        expires_at: Option<Instant>,
    ) -> Result<Request> {
        if expires_at.is_some_and(|at| at <= self.clock.now()) {
            let gone = Problem::at(Code::InvalidField, Field::named("expires_at"));
            return Err(gone.because("the results must stay for a while").into());
        }
        let legs: Vec<Leg> = self.store.legs(id).await?.into_iter().map(|row| row.leg).collect();
        let known = self.store.request(id).await?.ok_or(Problem::new(Code::NotFound))?;
        let tenant = self.tenant(&known)?;
        // A person fetches them, over whatever network.
        let by_person = self.manners(&known) == Some(Manners::Status);
        let plain = results.iter().any(|url| url.scheme() != "https");
        if plain && by_person && !tenant.organisation.policy.plain_http {
            return Err(Problem::at(Code::InvalidField, Field::named("results_url"))
                .because("it must be https")
                .into());
        }
        if self.does_a_part(&known, &legs) {
            return self.report_own(id, actor, &results).await;
        }
        self.done_by_us(id).await?;
        self.change(id, actor, |request| {
            let results = results.clone();
            if !results.is_empty() && !request.rights.iter().any(|right| right.has_results()) {
                return Err(Problem::at(Code::InvalidField, Field::named("results_url"))
                    .because("this right hands no data back"));
            }
            // Where they are fetched by the person, they do not stay for ever.
            let usual =
                (by_person && !results.is_empty()).then(|| self.clock.now().plus_ms(tenant.business.results_ms));
            let fulfill = Change::Fulfill { results, expires_at: expires_at.or(usual) };
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
        // Before anybody was asked, what waits for them is given up.
        let legs = self.store.legs(id).await?;
        let asked = legs.iter().any(|row| row.leg.state != LegState::Waiting || row.due_at.is_some());
        if asked {
            self.done_by_us(id).await?;
        }
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
            let not_so = |why: String| Problem::at(Code::InvalidField, Field::named("by")).because(why);
            if by <= request.standing.expected_by {
                return Err(not_so("an extension moves the date to a later one".to_owned()));
            }
            if self.manners(request) == Some(Manners::Status) {
                request.may_extend(by, self.clock.now()).map_err(not_so)?;
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
    /// When the store fails. Of very many, some may be due then.
    pub async fn retry(&self, which: &Retry) -> Result<u64> {
        let (now, mut which, mut count) = (self.clock.now(), which.clone(), 0);
        loop {
            let retried = self.store.retry(&which, now).await?;
            count += retried.deliveries;
            match (&mut which, retried.up_to) {
                (Retry::Failing { behind, .. }, up_to @ Some(_)) => *behind = up_to,
                _ => break,
            }
        }
        self.hosts.forgive();
        self.wake();
        Ok(count)
    }

    /// Legs by filter.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn legs(&self, filter: &LegFilter) -> Result<Vec<LegRow>> {
        Ok(self.store.list_legs(filter, self.clock.now()).await?)
    }

    /// Makes the next step of a leg due now: to send it once more, or to ask how it stands. A leg that the party
    /// refused is made anew: somebody says that what was wrong there is mended.
    ///
    /// # Errors
    /// [`Code::NotFound`]; [`Code::InvalidTransition`] when nothing is left to be done; when the store fails.
    pub async fn retry_leg(&self, id: &LegId) -> Result<LegRow> {
        self.hosts.forgive();
        self.handle_leg(id, |LegRow { leg, due_at, trouble, .. }| match leg.state {
            LegState::Refused { .. } => Some(Leg { state: LegState::Waiting, ..leg.clone() }),
            // It is held until the person has proved who they are, or until everything was read.
            LegState::Waiting if due_at.is_none() && trouble.is_none() => None,
            _ => (!leg.state.is_final()).then(|| leg.clone()),
        })
        .await
    }

    /// Gives a leg up that was not answered yet, or whose party is in trouble or late: nothing is sent or asked any
    /// more. The party may have it all the same.
    ///
    /// # Errors
    /// [`Code::NotFound`]; [`Code::InvalidTransition`] when the party works on it as it should, or it is final; when
    /// the store fails.
    pub async fn waive_leg(&self, id: &LegId) -> Result<LegRow> {
        let now = self.clock.now();
        self.handle_leg(id, |row| {
            let (leg, hopeless) = (&row.leg, row.trouble.is_some() || row.is_late(now));
            let open = matches!(leg.state, LegState::Waiting | LegState::Unsent) || hopeless && !leg.state.is_final();
            open.then(|| Leg { state: LegState::Waived, ..leg.clone() })
        })
        .await
    }

    async fn handle_leg(
        &self,
        id: &LegId,
        change: impl Fn(&LegRow) -> Option<Leg> + std::marker::Send,
    ) -> Result<LegRow> {
        let row = self.store.leg(id).await?.ok_or(Problem::new(Code::NotFound))?;
        let request = self.store.request(&row.leg.request).await?.ok_or(Problem::new(Code::NotFound))?;
        if request.standing.state.is_final() {
            let why = format!("the request is {}", request.standing.state.name());
            return Err(Problem::new(Code::InvalidTransition).because(why).into());
        }
        if change(&row).is_none() {
            return Err(Problem::new(Code::InvalidTransition)
                .because(format!("it is {}", row.leg.state.name()))
                .into());
        }
        self.move_leg(row, change).await?;
        self.wake();
        Ok(self.store.leg(id).await?.ok_or(Problem::new(Code::NotFound))?)
    }

    /// Asks the parties of a request now how it stands, those that have it and are not done; says when that was. What
    /// is due later than that has been asked.
    ///
    /// # Errors
    /// [`Code::NotFound`]; when the store fails.
    pub async fn poll(&self, id: &RequestId) -> Result<Instant> {
        if self.store.request(id).await?.is_none() {
            return Err(Problem::new(Code::NotFound).into());
        }
        for row in self.store.legs(id).await? {
            if !row.leg.state.is_final() && row.due_at.is_some() && row.leg.accepted_at.is_some() {
                self.move_leg(row, |LegRow { leg, .. }| (!leg.state.is_final()).then(|| leg.clone())).await?;
            }
        }
        self.wake();
        Ok(self.clock.now())
    }

    /// What needs somebody's attention, at most so many of each kind.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn faults(&self, limit: u32) -> Result<Faults> {
        let deliveries = DeliveryFilter { failing: true, limit, ..DeliveryFilter::default() };
        Ok(Faults {
            deliveries: self.deliveries(&deliveries).await?,
            late: self.legs(&LegFilter { late: true, limit, ..LegFilter::default() }).await?,
            stuck: self.legs(&LegFilter { stuck: true, limit, ..LegFilter::default() }).await?,
            certificates: self.certificates_ending(),
        })
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
