//! How does a request change? Load, decide in the core, save with everything that is owed because of it; if somebody
//! was faster, load again.

use habeas_core::{
    clock::Instant,
    delivery::{DeliveryKind, WEBHOOK_LANE},
    dialect::Notice,
    event::{Actor, Event, Standing},
    id::RequestId,
    problem::{Code, Problem},
    request::Request,
    state::{Change, State},
    submission::CallbackUrl,
};
use habeas_store::{NewDelivery, Save, StoreError};
use url::Url;

use crate::{
    Engine, Error, Result,
    directory::{Fulfilment, Tenant},
};

/// How often a decision is made anew because somebody else changed the request meanwhile.
pub(crate) const TRIES: u32 = 16;
/// The same for legs: each that moves makes those decide anew that belong to the same request.
pub(crate) const LEG_TRIES: u32 = 256;

impl Engine {
    /// Applies what `decide` says of the request as it stands.
    pub(crate) async fn change(
        &self,
        id: &RequestId,
        actor: Actor,
        decide: impl Fn(&Request) -> std::result::Result<Vec<Change>, Problem> + Send,
    ) -> Result<Request> {
        for _ in 0..TRIES {
            let request = self.store.request(id).await?.ok_or(Problem::new(Code::NotFound))?;
            let changes = decide(&request)?;
            let callbacks = self.callbacks_of(&request).await?;
            let save = self.plan(&request, &changes, actor, &callbacks)?;
            let after = save.request.clone();
            match self.store.apply(save).await {
                Ok(()) => {
                    self.wake();
                    return Ok(after);
                }
                Err(StoreError::Stale) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Stale.into())
    }

    /// Whom to tell of the request's changes; nobody once it was shredded.
    pub(crate) async fn callbacks_of(&self, request: &Request) -> Result<Vec<CallbackUrl>> {
        if request.upstream.is_none() {
            return Ok(Vec::new());
        }
        Ok(self.store.secrets(&request.id).await?.map(|secrets| secrets.callbacks).unwrap_or_default())
    }

    /// What is to be saved when these changes happen now.
    pub(crate) fn plan(
        &self,
        request: &Request,
        changes: &[Change],
        actor: Actor,
        callbacks: &[CallbackUrl],
    ) -> Result<Save> {
        let now = self.clock.now();
        let tenant = self.tenant(request)?;
        let mut save = Save {
            from_seq: request.standing.seq,
            request: request.clone(),
            events: Vec::new(),
            deliveries: Vec::new(),
            superseded_lanes: Vec::new(),
            issued: Vec::new(),
            errand_at: None,
            shred_after: None,
        };
        for change in changes {
            self.admit_now(&save.request, change, actor, now)?;
            let (after, event) = save
                .request
                .apply(change, actor, now)
                .map_err(|refused| Problem::new(Code::InvalidTransition).because(refused.to_string()))?;
            self.owe(&mut save, &event, callbacks, now)?;
            save.request = after;
            save.events.push(event);
        }
        if save.request.standing.state.is_final() {
            save.superseded_lanes.push(WEBHOOK_LANE);
            save.shred_after = save.request.final_at.map(|at| at.plus_ms(tenant.keep_ms));
        }
        save.errand_at = errand_at(tenant, &save.request, now);
        Ok(save)
    }

    /// Nothing irreversible happens while the request is held. What a party reports has happened, whatever the clock says.
    fn admit_now(&self, request: &Request, change: &Change, actor: Actor, now: Instant) -> Result<()> {
        let acts = matches!(change, Change::Start | Change::Fulfill { .. } | Change::Distribute);
        if acts && actor != Actor::Downstream && request.standing.state == State::Received && now < request.hold_until {
            return Err(Problem::new(Code::InvalidTransition)
                .because(format!("the request is held until {:?}, so that it can be cancelled", request.hold_until))
                .into());
        }
        Ok(())
    }

    /// Adds the callbacks that tell of an event.
    fn owe(&self, save: &mut Save, event: &Event, callbacks: &[CallbackUrl], now: Instant) -> Result<()> {
        let Some(upstream) = &save.request.upstream else { return Ok(()) };
        let dialect =
            self.directory.dialect(&upstream.dialect).ok_or(Error::Bug("the dialect of a request is gone"))?;
        match dialect.notice(Some(&save.request.standing), &event.standing) {
            Notice::Silent => return Ok(()),
            Notice::Every => {}
            Notice::Latest => save.superseded_lanes.extend((0..).take(callbacks.len())),
        }
        save.deliveries.extend(self.callback_deliveries(callbacks, &event.standing, now));
        Ok(())
    }

    /// One delivery to each callback URL.
    pub(crate) fn callback_deliveries(
        &self,
        callbacks: &[CallbackUrl],
        standing: &Standing,
        now: Instant,
    ) -> Vec<NewDelivery> {
        (0..)
            .zip(callbacks)
            .map(|(lane, url)| NewDelivery {
                kind: DeliveryKind::Callback,
                lane,
                seq: standing.seq,
                host: host_of(url.url()),
                due_at: now,
            })
            .collect()
    }

    /// The organisation of a request.
    pub(crate) fn tenant(&self, request: &Request) -> Result<&std::sync::Arc<Tenant>> {
        self.directory.tenant(&request.organisation).ok_or(Error::Bug("the organisation of a request is gone"))
    }
}

/// When the engine itself has something to do for a request.
pub(crate) fn errand_at(tenant: &Tenant, request: &Request, now: Instant) -> Option<Instant> {
    if let State::Fulfilled { expires_at, .. } = &request.standing.state {
        return *expires_at;
    }
    let Fulfilment::Automatic { start_ms, finish_ms } = tenant.fulfilment else { return None };
    request.upstream.as_ref()?;
    match request.standing.state {
        State::Received => Some(request.hold_until.plus_ms(start_ms)),
        State::InProgress => Some(now.plus_ms(finish_ms)),
        _ => None,
    }
}

/// The name under which a receiver is counted: host and port.
pub(crate) fn host_of(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

/// The same of a receiver that the operator configured: a peer that names its host must not make it rest.
pub(crate) fn configured(url: &Url) -> String {
    format!("configured {}", host_of(url))
}
