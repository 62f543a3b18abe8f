//! How is somebody told? A delivery is leased, rendered from the event as it was then, sent through the guard, and
//! settled with what came of it.

mod alert;
mod callback;
pub mod hosts;
mod notice;
pub mod schedule;
mod webhook;

use habeas_core::{
    clock::{DAY_MS, Instant},
    delivery::{Attempt, Delivery, DeliveryKind, Outcome},
    dialect::{Manners, Outgoing},
};
use habeas_store::{Leased, NewDelivery, Settlement, StoreError, Then};
use http::{HeaderMap, Method, header};
use url::Url;

use self::hosts::Went;
use crate::{
    Engine, Error, Result,
    outbound::{Call, Destination, Heard, OutboundError},
};

/// How much of an answer is kept.
const KEPT_BYTES: usize = 4096;
/// How much of an answer is read.
const READ_BYTES: usize = 64 * 1024;

/// What is to be sent; `None` when there is nobody to be told any more.
type Rendered<'a> = Option<Call<'a>>;

impl Engine {
    /// Makes one attempt at a leased delivery and settles it.
    pub(crate) async fn deliver(&self, leased: Leased) {
        let id = leased.delivery.id.clone();
        match self.attempt(leased).await {
            // The lease ran out or the request moved on: whoever has it now goes on.
            Ok(()) | Err(Error::Store(StoreError::Stale)) => {}
            Err(error) => tracing::error!(delivery = %id, error = %error, "a delivery could not be settled"),
        }
    }

    async fn attempt(&self, leased: Leased) -> Result<()> {
        let host = leased.delivery.host.clone();
        let at = self.clock.now();
        if !self.hosts.take(&host, at) {
            return self.settle(&leased, None, Then::Untried, Vec::new()).await;
        }
        let sent = match self.send_one(&leased).await {
            Err(error @ Error::Store(_)) => {
                self.hosts.give_back(&host, Went::Unknown, self.clock.now());
                return Err(error);
            }
            Err(error) => {
                tracing::error!(delivery = %leased.delivery.id, error = %error, "a delivery could not be rendered");
                Some(Err(OutboundError::Unusable("there is no way to say it")))
            }
            Ok(sent) => sent,
        };
        let now = self.clock.now();
        self.hosts.give_back(&host, went(sent.as_ref()), now);
        match sent {
            None => self.settle(&leased, None, Then::Superseded, Vec::new()).await,
            Some(outcome) => self.conclude(&leased, at, now, outcome).await,
        }
    }

    /// Sends it; `None` when there is nobody to be told.
    async fn send_one(&self, leased: &Leased) -> Result<Option<std::result::Result<Heard, OutboundError>>> {
        let rendered = match leased.delivery.kind {
            DeliveryKind::Callback => self.render_callback(leased)?,
            DeliveryKind::Webhook => self.render_webhook(leased).await?,
            DeliveryKind::Notice => self.render_notice(leased).await?,
            DeliveryKind::Alert => self.render_alert(leased).await?,
        };
        match rendered {
            Some(call) => Ok(Some(self.outbound.call(call).await)),
            None => Ok(None),
        }
    }

    async fn conclude(
        &self,
        leased: &Leased,
        at: Instant,
        now: Instant,
        outcome: std::result::Result<Heard, OutboundError>,
    ) -> Result<()> {
        let took_ms = now.since(at);
        let kind = leased.delivery.kind;
        let (attempt, then) = match outcome {
            Ok(heard) => {
                // What a receiver answers to the news of a request is none of our business (DRP 0.5 §2.04.1).
                let discarded =
                    kind == DeliveryKind::Callback && self.manners(&leased.request) == Some(Manners::Status);
                let kept = if discarded { 0 } else { KEPT_BYTES };
                let answer = heard.body.get(..kept).unwrap_or(&heard.body).to_vec();
                let attempt = Attempt { at, took_ms, outcome: Outcome::Answered(heard.status), answer };
                let then = if (200..300).contains(&heard.status) {
                    self.take_receivers_word(leased, &heard, now).await
                } else if heard.status == 410 {
                    Then::LaneAbandoned
                } else {
                    self.again(&leased.delivery, leased, now, retry_after_ms(&heard.headers))
                };
                (attempt, then)
            }
            Err(error) => {
                let attempt = Attempt { at, took_ms, outcome: Outcome::Failed(error.word()), answer: Vec::new() };
                (attempt, self.again(&leased.delivery, leased, now, None))
            }
        };
        self.metrics.attempted(kind, then == Then::Delivered, took_ms);
        let notices = if then == Then::Delivered { Vec::new() } else { self.notices(leased, &attempt, then, now) };
        tracing::debug!(delivery = %leased.delivery.id, request = %leased.request.id, kind = %kind,
            attempt = leased.delivery.attempts + 1, outcome = ?attempt.outcome, took_ms, "delivery attempted");
        self.settle(leased, Some(attempt), then, notices).await
    }

    /// A callback's answer says nothing; the organisation's own systems may answer at once. If what they say cannot be
    /// saved now, they are asked again.
    async fn take_receivers_word(&self, leased: &Leased, heard: &Heard, now: Instant) -> Then {
        if leased.delivery.kind == DeliveryKind::Webhook
            && let Err(Error::Store(error)) = self.take_webhook_answer(leased, heard).await
        {
            tracing::error!(request = %leased.request.id, error = %error, "the webhook's answer could not be saved");
            return self.again(&leased.delivery, leased, now, None);
        }
        Then::Delivered
    }

    fn again(&self, delivery: &Delivery, leased: &Leased, now: Instant, retry_after_ms: Option<i64>) -> Then {
        let next = self.settings.schedule.next(delivery.attempts + 1, now, retry_after_ms, self.random.as_ref());
        let last = leased.request.promised_by.max(leased.request.standing.expected_by);
        let last = last.plus_ms(self.settings.deliver_after_deadline_ms);
        if next > last && now >= last { Then::Abandoned } else { Then::Again(next) }
    }

    async fn settle(
        &self,
        leased: &Leased,
        attempt: Option<Attempt>,
        then: Then,
        deliveries: Vec<NewDelivery>,
    ) -> Result<()> {
        let settlement = Settlement { id: leased.delivery.id.clone(), fence: leased.fence, attempt, then, deliveries };
        Ok(self.store.settle(settlement).await?)
    }
}

/// What an attempt says of its host. An answer of any status shows that the host is there: what its callbacks mean to
/// one sender is nothing to the others that name it.
fn went(sent: Option<&std::result::Result<Heard, OutboundError>>) -> Went {
    match sent {
        Some(Ok(_)) => Went::Reached,
        Some(Err(OutboundError::Timeout | OutboundError::Connect | OutboundError::Broken)) => Went::Failed,
        Some(Err(_)) | None => Went::Unknown,
    }
}

/// `Retry-After` in seconds; the form with a date is left aside, as no receiver of callbacks is known to send it.
pub(crate) fn retry_after_ms(headers: &HeaderMap) -> Option<i64> {
    let seconds: i64 = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    (0..=DAY_MS / 1000).contains(&seconds).then(|| seconds * 1000).or(Some(DAY_MS))
}

impl Engine {
    /// A message of ours to an address from the configuration.
    fn post(&self, url: &Url, headers: HeaderMap, body: Vec<u8>) -> Call<'static> {
        Call {
            outgoing: Outgoing { method: Method::POST, url: url.clone(), headers, body },
            destination: Destination::Configured,
            credential: None,
            read_bytes: READ_BYTES,
            within_ms: self.settings.attempt_ms,
        }
    }
}
