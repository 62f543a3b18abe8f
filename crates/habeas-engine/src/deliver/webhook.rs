//! The hand-over of a request to the organisation's own systems: a message signed by the Standard Webhooks scheme,
//! which they may answer at once or later.

use habeas_core::{
    clock::Instant,
    leg::Leg,
    state::State,
    submission::{Carried, Subject},
};
use habeas_store::Leased;
use habeas_wire::json::Object;
use http::{HeaderMap, HeaderValue, header};
use serde::Serialize;
use url::Url;

use super::Rendered;
use crate::{Engine, Error, Result, fulfil::WebhookAnswer, outbound::Heard};

const ANSWER_DEPTH: usize = 16;

/// What the organisation's own systems are handed.
#[derive(Serialize)]
struct Message<'a> {
    r#type: &'static str,
    organisation: &'a str,
    request_id: &'a str,
    subject_request_id: &'a str,
    party: &'a str,
    rights: Vec<&'static str>,
    regime: &'static str,
    received_at: String,
    expected_by: String,
    identities: Vec<IdentityOut<'a>>,
    carried: Vec<CarriedOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    claims: Vec<CarriedOut<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    relationships: &'a [String],
    answer: AnswerAt,
}

#[derive(Serialize)]
struct IdentityOut<'a> {
    kind: &'a str,
    format: &'static str,
    value: &'a str,
}

#[derive(Serialize)]
struct CarriedOut<'a> {
    name: &'a str,
    value: &'a serde_json::value::RawValue,
}

/// Where and with which token an answer may come later.
#[derive(Serialize)]
struct AnswerAt {
    path: String,
    token: String,
}

/// What they answered at once, if anything: a JSON object with an `answer` that we know. Anything else means: later.
fn answer_at_once(body: &[u8]) -> Option<WebhookAnswer> {
    let body = Object::parse(body, ANSWER_DEPTH).ok()?;
    match body.string("answer").ok()??.as_str() {
        "started" => Some(WebhookAnswer::Started),
        "denied" => Some(WebhookAnswer::Denied { ground: body.string("ground").ok()??.parse().ok()? }),
        "fulfilled" => {
            let url = |text: String| Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
            let instant = |text: String| habeas_wire::time::parse_strict(&text).ok().map(Instant::from_ms);
            // A result that cannot be read is no reason to say that there is none.
            let results = match body.string("results_url").ok()? {
                Some(text) => vec![url(text)?],
                None => Vec::new(),
            };
            let expires_at = match body.string("expires_at").ok()? {
                Some(text) => Some(instant(text)?),
                None => None,
            };
            Some(WebhookAnswer::Fulfilled { results, expires_at })
        }
        _ => None,
    }
}

impl Engine {
    pub(super) async fn render_webhook(&self, leased: &Leased) -> Result<Rendered<'_>> {
        let request = &leased.request;
        let Some(webhook) = self.tenant(request)?.webhook() else { return Ok(None) };
        let Some(mut secrets) = self.store.secrets(&request.id).await? else { return Ok(None) };
        let tenant = self.tenant(request)?;
        let legs: Vec<Leg> = self.store.legs(&request.id).await?.into_iter().map(|row| row.leg).collect();
        let cancelled = request.standing.state == State::Cancelled;
        if cancelled {
            // Whose it is they know.
            secrets.subject = Subject::default();
        } else {
            self.keep_proved(tenant, request, &mut secrets.subject).await?;
        }
        let rights = match self.uncovered(request, &legs) {
            ours if ours.is_empty() => request.rights.clone(),
            ours => ours,
        };
        let message = Message {
            r#type: if cancelled { "request.cancelled" } else { "request.received" },
            organisation: request.organisation.as_str(),
            request_id: request.id.as_str(),
            subject_request_id: request.standing.wire_id.as_str(),
            party: request.upstream.as_ref().map_or("", |upstream| upstream.party.as_str()),
            rights: rights.iter().map(|right| right.as_str()).collect(),
            regime: request.regime.as_str(),
            received_at: habeas_wire::time::format(request.standing.received_at.ms()),
            expected_by: habeas_wire::time::format(request.standing.expected_by.ms()),
            identities: secrets
                .subject
                .identities
                .iter()
                .map(|identity| IdentityOut {
                    kind: identity.kind.as_str(),
                    format: identity.format.as_str(),
                    value: identity.value.expose(),
                })
                .collect(),
            carried: shown(&secrets.subject.carried),
            claims: shown(&secrets.subject.claims),
            relationships: &secrets.subject.relationships,
            answer: AnswerAt { path: format!("/fulfilment/{}", request.id), token: webhook.answer_token(&request.id) },
        };
        let body = serde_json::to_vec(&message).map_err(|_| Error::Bug("a message that is no JSON"))?;
        let id = leased.delivery.id.to_string();
        let timestamp = self.clock.now().ms() / 1000;
        let headers = headers(&id, timestamp, &webhook.secret.sign(&id, timestamp, &body))?;
        Ok(Some(self.post(&webhook.url, headers, body)))
    }

    /// Takes the answer that came at once, if any. What it says wrongly is logged by name, and the request waits.
    pub(super) async fn take_webhook_answer(&self, leased: &Leased, heard: &Heard) -> Result<()> {
        let Some(answer) = answer_at_once(&heard.body) else {
            tracing::debug!(request = %leased.request.id, "the webhook was taken; its answer comes later");
            return Ok(());
        };
        if leased.request.standing.state == State::Cancelled {
            return Ok(());
        }
        match self.take_answer(&leased.request, answer).await {
            Err(error @ Error::Store(_)) => Err(error),
            Err(error) => {
                tracing::warn!(request = %leased.request.id, error = %error, "the webhook's answer was not taken");
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }
}

fn shown(members: &[Carried]) -> Vec<CarriedOut<'_>> {
    members
        .iter()
        .filter_map(|member| Some(CarriedOut { name: &member.name, value: serde_json::from_str(&member.json).ok()? }))
        .collect()
}

/// The headers of Standard Webhooks.
pub(super) fn headers(id: &str, timestamp: i64, signature: &str) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", signature.to_owned()),
    ] {
        headers.insert(name, value.parse().map_err(|_| Error::Bug("a header that is none"))?);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use habeas_core::state::Ground;

    use super::*;

    #[test]
    fn only_an_object_with_a_known_answer_counts() {
        assert_eq!(answer_at_once(br#"{"answer":"started","note":1}"#), Some(WebhookAnswer::Started));
        let denied = WebhookAnswer::Denied { ground: Ground::NoMatch };
        assert_eq!(answer_at_once(br#"{"answer":"denied","ground":"no_match"}"#), Some(denied));
        for later in [
            &b""[..],
            b"ok",
            br#"["started"]"#,
            br#"{"answer":"done"}"#,
            br#"{"answer":"denied"}"#,
            br#"{"answer":"fulfilled","results_url":"javascript:1"}"#,
            br#"{"answer":"fulfilled","expires_at":"tomorrow"}"#,
        ] {
            assert_eq!(answer_at_once(later), None);
        }
    }
}
