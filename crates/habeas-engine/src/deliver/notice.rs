//! Word to a party's contact that its callbacks fail (OpenGDPR 1.0 §8.5). Once for each request, however many of its
//! callbacks do.

use habeas_core::{
    clock::Instant,
    delivery::{Attempt, DeliveryKind, DeliveryState, FAILING_ALERT_LANE, NOTICE_LANE},
    id::RequestId,
};
use habeas_store::{DeliveryFilter, DeliveryRow, Leased, NewDelivery, Then};
use http::{HeaderMap, HeaderValue, header};
use serde::Serialize;

use super::Rendered;
use crate::{Engine, Error, Result, change::configured};

#[derive(Serialize)]
struct Message<'a> {
    r#type: &'static str,
    organisation: &'a str,
    subject_request_id: &'a str,
    request_status_as_of: String,
    failing_host: String,
    attempts: u32,
    explanation: &'static str,
}

impl Engine {
    /// What is owed because an attempt failed: a log line always, and a notice once it failed often enough.
    pub(super) fn notices(&self, leased: &Leased, attempt: &Attempt, then: Then, now: Instant) -> Vec<NewDelivery> {
        let delivery = &leased.delivery;
        let attempts = delivery.attempts + 1;
        let given_up = matches!(then, Then::Abandoned | Then::LaneAbandoned);
        if delivery.kind != DeliveryKind::Callback || !(given_up || attempts >= self.settings.notice_after_attempts) {
            return Vec::new();
        }
        if given_up || attempts == self.settings.notice_after_attempts {
            tracing::warn!(request = %delivery.id.request, delivery = %delivery.id, host = delivery.host, attempts,
                given_up, outcome = ?attempt.outcome, "a callback keeps failing; see `habeas deliveries list --failing`");
        }
        let notice = self.contact(leased).map(|contact| NewDelivery {
            kind: DeliveryKind::Notice,
            lane: NOTICE_LANE,
            seq: delivery.id.seq,
            host: configured(contact),
            due_at: now,
        });
        notice.into_iter().chain(self.alert(FAILING_ALERT_LANE, delivery.id.seq)).collect()
    }

    fn contact(&self, leased: &Leased) -> Option<&url::Url> {
        let upstream = leased.request.upstream.as_ref()?;
        self.directory.tenant(&leased.request.organisation)?.peer(&upstream.party)?.contact.as_ref()
    }

    /// The callbacks of a request that were tried and have not arrived.
    pub(super) async fn failing_callbacks(&self, request: &RequestId) -> Result<Vec<DeliveryRow>> {
        let filter = DeliveryFilter {
            request: Some(request.clone()),
            kind: Some(DeliveryKind::Callback),
            limit: 1000,
            ..DeliveryFilter::default()
        };
        let mut callbacks = self.store.deliveries(&filter).await?;
        // What was given up counts too: a receiver that said 410 has nothing left that is merely failing.
        callbacks.retain(|row| {
            let open = [DeliveryState::Due, DeliveryState::Leased, DeliveryState::Abandoned];
            row.delivery.attempts > 0 && open.contains(&row.delivery.state)
        });
        Ok(callbacks)
    }

    pub(super) async fn render_notice(&self, leased: &Leased) -> Result<Rendered<'_>> {
        let Some(contact) = self.contact(leased) else { return Ok(None) };
        let failing = self.failing_callbacks(&leased.request.id).await?;
        let Some(worst) = failing.into_iter().max_by_key(|row| row.delivery.attempts) else { return Ok(None) };
        let message = Message {
            r#type: "callbacks.failing",
            organisation: leased.request.organisation.as_str(),
            subject_request_id: leased.request.standing.wire_id.as_str(),
            request_status_as_of: habeas_wire::time::format(self.clock.now().ms()),
            failing_host: worst.delivery.host.clone(),
            attempts: worst.delivery.attempts,
            explanation: "Status callbacks of this request could not be delivered. Its status can be read by GET.",
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Ok(id) = leased.delivery.id.to_string().parse() {
            headers.insert("webhook-id", id);
        }
        let body = serde_json::to_vec(&message).map_err(|_| Error::Bug("a message that is no JSON"))?;
        Ok(Some(self.post(contact, headers, body)))
    }
}
