//! How does a request change? Load, decide in the core, save with everything that is owed because of it; if somebody
//! was faster, load again.

use habeas_core::{
    clock::{DAY_MS, Instant},
    delivery::{DeliveryKind, WEBHOOK_LANE},
    dialect::{Manners, Notice},
    event::{Actor, Event, Standing},
    id::RequestId,
    problem::{Code, Problem},
    request::Request,
    state::{Change, State},
    submission::CallbackUrl,
};
use habeas_store::{NewDelivery, Save, StoreError, Waiting};
use url::Url;

use crate::{
    Engine, Error, Result,
    directory::{Fulfilment, Tenant},
};

/// How often a decision is made anew because somebody else changed the request meanwhile.
pub(crate) const TRIES: u32 = 16;
/// The same for legs: each that moves makes those decide anew that belong to the same request.
pub(crate) const LEG_TRIES: u32 = 256;

/// What happens after the end is still to be told, and where to is as personal as the rest: so long it stays at least.
const LAST_WORD_MS: i64 = DAY_MS;

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
            if let Some(after) = self.saved(save).await? {
                return Ok(after);
            }
        }
        Err(StoreError::Stale.into())
    }

    /// Saves what was planned, and sees to it that what is owed goes out; `None` when somebody else was faster.
    pub(crate) async fn saved(&self, save: Save) -> Result<Option<Request>> {
        let after = save.request.clone();
        match self.store.apply(save).await {
            Ok(()) => {
                self.wake();
                Ok(Some(after))
            }
            Err(StoreError::Stale) => Ok(None),
            Err(error) => Err(error.into()),
        }
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
            waiting: None,
            verification: None,
            proved: None,
        };
        let over = self.unsay(request, changes);
        for change in over.iter().chain(changes) {
            self.admit_now(&save.request, change, actor, now)?;
            let (after, event) = save
                .request
                .apply(change, actor, now)
                .map_err(|refused| Problem::new(Code::InvalidTransition).because(refused.to_string()))?;
            self.owe(&mut save, &event, callbacks, now)?;
            if self.manners(request) == Some(Manners::Status) {
                take_person_in(&mut save, change, &after, now);
            }
            save.request = after;
            save.events.push(event);
        }
        if save.request.standing.state.is_final() && !request.standing.state.is_final() {
            save.superseded_lanes.push(WEBHOOK_LANE);
        }
        if save.request.standing.state.is_final() {
            // Not before the results are gone that it says where to find, nor before that was told.
            let kept_until = save.request.final_at.map(|at| at.plus_ms(tenant.keep_ms));
            let tells = save.deliveries.iter().any(|delivery| delivery.kind == DeliveryKind::Callback);
            let afterwards = tells && request.standing.state.is_final();
            let told_until = afterwards.then(|| now.plus_ms(LAST_WORD_MS));
            let results_until = save.request.expires_at.filter(|_| kept_until.is_some());
            save.shred_after = kept_until.max(results_until).max(told_until);
        }
        save.errand_at = self.errand_at(tenant, &save.request, now);
        Ok(save)
    }

    /// What was said of where a request stands is no longer so when it ends, unless there is a last word on that as
    /// well.
    fn unsay(&self, request: &Request, changes: &[Change]) -> Option<Change> {
        let ends = !request.standing.state.is_final() && changes.iter().any(Change::ends);
        let said = changes.iter().any(|change| matches!(change, Change::Note { .. } | Change::KeepOn { .. }));
        let stale = ends && !said && request.standing.details.is_some();
        (stale && self.manners(request) == Some(Manners::Status)).then(|| Change::Note { words: String::new() })
    }

    /// Nothing irreversible happens while the request is held. What a party reports has happened, whatever the clock
    /// says.
    fn admit_now(&self, request: &Request, change: &Change, actor: Actor, now: Instant) -> Result<()> {
        // Where it can be taken back until it is final, to begin is not irreversible.
        let begins = matches!(change, Change::Start | Change::Distribute);
        let acts = matches!(change, Change::Fulfill { .. }) || begins && self.manners(request) != Some(Manners::Status);
        if acts && actor != Actor::Downstream && !request.standing.state.is_final() && now < request.hold_until {
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
            Notice::Latest => {
                save.superseded_lanes.extend((0..).take(callbacks.len()));
                // Of several changes at once only the last is told.
                save.deliveries.retain(|delivery| delivery.kind != DeliveryKind::Callback);
            }
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

impl Engine {
    /// How we go about a request that came to us; `None` for one of ours.
    pub(crate) fn manners(&self, request: &Request) -> Option<Manners> {
        Some(self.directory.dialect(&request.upstream.as_ref()?.dialect)?.facts().manners)
    }

    /// When the engine itself has something to do for a request.
    pub(crate) fn errand_at(&self, tenant: &Tenant, request: &Request, now: Instant) -> Option<Instant> {
        let by_itself = self.manners(request)? == Manners::Status;
        match (&request.standing.state, &tenant.fulfilment) {
            (State::Fulfilled { expires_at, .. }, _) => *expires_at,
            (State::AwaitingVerification { until, .. }, _) => *until,
            (State::Received, _) if by_itself => Some(now),
            (State::Received, Fulfilment::Automatic { start_ms, .. }) => Some(request.hold_until.plus_ms(*start_ms)),
            (State::InProgress, Fulfilment::Automatic { finish_ms, .. }) => Some(now.plus_ms(*finish_ms)),
            _ => None,
        }
    }
}

/// What becomes of the parties' shares when it is known, or not known yet, who the person is.
fn take_person_in(save: &mut Save, change: &Change, after: &Request, now: Instant) {
    match change {
        Change::AskVerification { url, .. } => {
            save.waiting = Some(Waiting::Held);
            // It is handed over anew once it is known who the person is.
            save.superseded_lanes.push(WEBHOOK_LANE);
            save.verification = url.path_segments().and_then(|mut segments| segments.next_back()).map(str::to_owned);
        }
        Change::Start | Change::Verified => {
            save.waiting = Some(Waiting::Due { stage: 0, at: after.hold_until.max(now) });
        }
        Change::Cancel => save.waiting = Some(Waiting::TakenBack { at: now }),
        _ if after.standing.state.is_final() => save.waiting = Some(Waiting::GivenUp),
        _ => {}
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
