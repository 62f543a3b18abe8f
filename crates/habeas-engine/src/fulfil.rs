//! Who does the work? The organisation's own systems through the webhook, an operator, or in the sandbox nobody.

use habeas_core::{
    clock::{Instant, MINUTE_MS},
    dialect::Manners,
    event::Actor,
    id::RequestId,
    problem::{Code, Problem},
    random::hex_token,
    request::Request,
    state::{Change, Ground, State},
};
use habeas_store::{Errand, StoreError};
use habeas_trust::digest::constant_time_eq;
use url::Url;

use crate::{
    Engine, Error, Result,
    directory::{Fulfilment, Tenant, Webhook},
    keyring,
    results::is_at,
};

/// What an organisation's own systems answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookAnswer {
    /// They have begun.
    Started,
    /// They are done.
    Fulfilled {
        /// Where the results are.
        results: Vec<Url>,
        /// When they stop being there.
        expires_at: Option<Instant>,
    },
    /// They refuse.
    Denied {
        /// Why.
        ground: Ground,
    },
}

/// What is due and fails is tried again after so long.
const AFTER_FAILURE_MS: i64 = MINUTE_MS;

/// Prefix of the token with which a request's own systems answer.
const ANSWER_TOKEN: &str = "hba_";

impl Webhook {
    /// The token with which the receiver of the message may answer for this request, and no other.
    pub fn answer_token(&self, request: &RequestId) -> String {
        let signature = self.secret.sign(request.as_str(), 0, b"habeas answer token");
        let text = habeas_trust::digest::sha256(signature.as_bytes());
        format!("{ANSWER_TOKEN}{}", habeas_trust::digest::hex(&text))
    }
}

impl Engine {
    /// A request's own systems answer with the token that the webhook handed them.
    ///
    /// # Errors
    /// [`Code::Unauthorized`] when the token is not that request's; [`Code::InvalidTransition`]; when the store fails.
    pub async fn answer_webhook(&self, id: &RequestId, token: &str, answer: WebhookAnswer) -> Result<Request> {
        let request = self.check_webhook_token(id, token).await?;
        self.take_answer(&request, answer).await
    }

    /// The request that this token may answer for.
    ///
    /// # Errors
    /// [`Code::Unauthorized`] when it is no such token, or there is no such request; when the store fails.
    pub async fn check_webhook_token(&self, id: &RequestId, token: &str) -> Result<Request> {
        let unauthorized = || Error::from(Problem::new(Code::Unauthorized));
        let request = self.store.request(id).await?.ok_or_else(unauthorized)?;
        let webhook = self.tenant(&request)?.webhook().ok_or_else(unauthorized)?;
        if !constant_time_eq(webhook.answer_token(id).as_bytes(), token.as_bytes()) {
            return Err(unauthorized());
        }
        Ok(request)
    }

    /// Applies what a request's own systems answered. The same answer again changes nothing.
    pub(crate) async fn take_answer(&self, request: &Request, answer: WebhookAnswer) -> Result<Request> {
        match (&answer, &request.standing.state) {
            (WebhookAnswer::Started, State::InProgress)
            | (WebhookAnswer::Fulfilled { .. }, State::Fulfilled { .. })
            | (WebhookAnswer::Denied { .. }, State::Denied { .. }) => return Ok(request.clone()),
            _ => {}
        }
        match answer {
            WebhookAnswer::Started => self.start(&request.id, Actor::System).await,
            WebhookAnswer::Fulfilled { results, expires_at } => {
                self.fulfill(&request.id, Actor::System, results, expires_at).await
            }
            WebhookAnswer::Denied { ground } => self.deny(&request.id, Actor::System, ground).await,
        }
    }

    /// Does what is due for one request. What fails is tried again in a while, and is in nobody else's way. Says whether
    /// it is due no more: what can neither be done nor put off must not keep the worker awake.
    pub(crate) async fn run_errand(&self, errand: Errand) -> Result<bool> {
        let request = errand.request.clone();
        let error = match self.try_errand(errand).await {
            Ok(()) => return Ok(true),
            Err(error @ Error::Store(StoreError::Unavailable(_))) => return Err(error),
            // Cancelled or changed meanwhile: whoever did so has set the next errand.
            Err(Error::Store(StoreError::Stale) | Error::Refused(_)) if self.has_moved(&request).await? => {
                return Ok(true);
            }
            Err(error) => error,
        };
        tracing::error!(request = %request.id, error = %error, "what is due for a request could not be done");
        match self.put_off(&request).await {
            Ok(()) | Err(Error::Store(StoreError::Stale)) => Ok(true),
            Err(error @ Error::Store(StoreError::Unavailable(_))) => Err(error),
            Err(error) => {
                tracing::error!(request = %request.id, error = %error, "nor could it be put off");
                Ok(false)
            }
        }
    }

    async fn put_off(&self, request: &Request) -> Result<()> {
        let mut save = self.plan(request, &[], Actor::Schedule, &[])?;
        save.errand_at = Some(self.clock.now().plus_ms(AFTER_FAILURE_MS));
        Ok(self.store.apply(save).await?)
    }

    async fn has_moved(&self, request: &Request) -> Result<bool> {
        Ok(self.store.request(&request.id).await?.is_none_or(|now| now.standing.seq != request.standing.seq))
    }

    async fn try_errand(&self, errand: Errand) -> Result<()> {
        let request = errand.request;
        let tenant = self.tenant(&request)?;
        let by_itself = matches!(tenant.fulfilment, Fulfilment::Automatic { .. });
        match request.standing.state {
            State::Fulfilled { .. } => self.end(&request, Change::Expire).await,
            // The person has let the time pass.
            State::AwaitingVerification { .. } => {
                self.end(&request, Change::Deny(Ground::InsufficientVerification)).await
            }
            State::Received if self.manners(&request) == Some(Manners::Status) => self.begin_request(&request).await,
            State::Received if by_itself => self.start(&request.id, Actor::Schedule).await.map(drop),
            State::InProgress if by_itself => {
                let results = self.sandbox_result_urls(tenant, &request);
                self.fulfill(&request.id, Actor::Schedule, results, None).await.map(drop)
            }
            // Denied in the answer: nothing is left to do but to note when what is personal in it ends. Or configured
            // otherwise meanwhile: the errand ends, the request waits for whoever does the work now.
            _ => Ok(self.store.apply(self.plan(&request, &[], Actor::Schedule, &[])?).await?),
        }
    }

    /// Time ran out: results are no longer where they were, so they are no longer told (reading A42), or nobody has
    /// proved anything (reading R8).
    async fn end(&self, request: &Request, change: Change) -> Result<()> {
        let now = self.clock.now();
        let due = |request: &Request| match &request.standing.state {
            State::AwaitingVerification { until, .. } => until.is_some_and(|until| until <= now),
            State::Fulfilled { expires_at, .. } => expires_at.is_some_and(|at| at <= now),
            _ => false,
        };
        // Somebody may have been faster: a person who proved it in the last moment is not denied.
        let decide = |request: &Request| Ok(if due(request) { vec![change.clone()] } else { Vec::new() });
        self.change(&request.id, Actor::Schedule, decide).await.map(drop)
    }

    fn sandbox_result_urls(&self, tenant: &Tenant, request: &Request) -> Vec<Url> {
        let mount = request.upstream.as_ref().and_then(|up| tenant.mounts.iter().find(|mount| mount.path == up.mount));
        match mount {
            Some(mount) if request.rights.iter().any(|right| right.has_results()) => {
                let mut url = mount.base_url.clone();
                url.set_path(&format!("/results/{}.{}", request.id, hex_token::<16>(self.random.as_ref())));
                vec![url]
            }
            _ => Vec::new(),
        }
    }

    /// The sandbox's sample results, for the controller that made the request.
    ///
    /// # Errors
    /// [`Code::Unauthorized`] without a valid credential; [`Code::NotFound`] for another's and for none.
    pub async fn sandbox_results(&self, host: &str, token: &str, authorization: Option<&str>) -> Result<Vec<u8>> {
        let absent = || Error::from(Problem::new(Code::NotFound));
        let tenant = self.directory.by_host(host).ok_or_else(absent)?;
        if !matches!(tenant.fulfilment, Fulfilment::Automatic { .. }) {
            return Err(absent());
        }
        let peer =
            authorization.and_then(|text| keyring::holder(tenant, text)).ok_or(Problem::new(Code::Unauthorized))?;
        let (id, _) = token.split_once('.').ok_or_else(absent)?;
        let request = self.store.request(&RequestId::new(id)).await?.ok_or_else(absent)?;
        let theirs = request.organisation == *tenant.domain()
            && request.upstream.as_ref().is_some_and(|upstream| upstream.party == peer.party.id);
        let State::Fulfilled { results, .. } = &request.standing.state else { return Err(absent()) };
        if !theirs || !results.iter().any(|url| is_at(url, token)) {
            return Err(absent());
        }
        let right = request.rights.first().map_or("access", |right| right.as_str());
        Ok(format!(
            r#"{{"subject_request_id":"{}","right":"{right}","note":"sample data of the sandbox","records":[]}}"#,
            request.standing.wire_id
        )
        .into_bytes())
    }
}
