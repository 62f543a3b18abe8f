//! Word to the operator that something needs attention: a message signed by the Standard Webhooks scheme. It names the
//! request, the party and what is wrong, and nothing personal.

use habeas_core::{
    clock::Instant,
    delivery::{FAILING_ALERT_LANE, LATE_ALERT_LANE},
};
use habeas_store::{Leased, LegRow};
use serde::Serialize;

use super::{Rendered, webhook::headers};
use crate::{Engine, Error, Result, directory::Webhook, operator::CertificateEnd, outbound::Call};

#[derive(Serialize)]
struct Message<'a> {
    r#type: &'static str,
    organisation: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_by: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parties: Vec<PartyOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<String>,
    explanation: &'static str,
}

#[derive(Serialize)]
struct PartyOut<'a> {
    party: &'a str,
    leg_id: &'a str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<&'a str>,
}

impl Engine {
    /// What there is to say by now; nothing, if it has been mended meanwhile.
    pub(super) async fn render_alert(&self, leased: &Leased) -> Result<Rendered<'_>> {
        let Some(alert) = &self.settings.alert else { return Ok(None) };
        let request = &leased.request;
        let legs = self.store.legs(&request.id).await?;
        let now = self.clock.now();
        let (kind, explanation, about): (_, _, Vec<&LegRow>) = match leased.delivery.id.lane {
            FAILING_ALERT_LANE => ("callbacks.failing", "Callbacks of this request cannot be delivered.", Vec::new()),
            LATE_ALERT_LANE => {
                let late = |row: &&LegRow| row.is_late(now);
                ("party.late", "These parties have let their date pass.", legs.iter().filter(late).collect())
            }
            _ => {
                let troubled = |row: &&LegRow| row.trouble.is_some();
                ("party.trouble", "These parties cannot be dealt with.", legs.iter().filter(troubled).collect())
            }
        };
        let mended = match leased.delivery.id.lane {
            FAILING_ALERT_LANE => self.failing_callbacks(&request.id).await?.is_empty(),
            _ => about.is_empty(),
        };
        if mended {
            return Ok(None);
        }
        let message = Message {
            r#type: kind,
            organisation: request.organisation.as_str(),
            request_id: Some(request.id.as_str()),
            expected_by: Some(time(request.standing.expected_by)),
            parties: about.into_iter().map(party).collect(),
            not_after: None,
            explanation,
        };
        self.alert_call(alert, &leased.delivery.id.to_string(), &message).map(Some)
    }

    /// Tells the operator of a certificate that ends soon; says whether that was heard, or nobody wants to hear it.
    pub(crate) async fn tell_of_certificate(&self, end: &CertificateEnd) -> bool {
        let Some(alert) = &self.settings.alert else { return true };
        let message = Message {
            r#type: "certificate.ending",
            organisation: end.organisation.as_str(),
            request_id: None,
            expected_by: None,
            parties: Vec::new(),
            not_after: Some(time(end.not_after)),
            explanation: "Install a new certificate: when this one has ended, no answer of the organisation is believed.",
        };
        let id = format!("certificate_{}_{}", end.organisation, end.not_after.ms());
        let told = match self.alert_call(alert, &id, &message) {
            Ok(call) => self.outbound.call(call).await.map_err(Error::from),
            Err(error) => Err(error),
        };
        match told {
            Ok(heard) if (200..300).contains(&heard.status) => true,
            Ok(heard) => {
                tracing::warn!(status = heard.status, "the alert about a certificate was not taken");
                false
            }
            Err(error) => {
                tracing::warn!(error = %error, "the alert about a certificate could not be delivered");
                false
            }
        }
    }

    fn alert_call(&self, alert: &Webhook, id: &str, message: &Message<'_>) -> Result<Call<'static>> {
        let body = serde_json::to_vec(message).map_err(|_| Error::Bug("a message that is no JSON"))?;
        let timestamp = self.clock.now().ms() / 1000;
        let headers = headers(id, timestamp, &alert.secret.sign(id, timestamp, &body))?;
        Ok(self.post(&alert.url, headers, body))
    }
}

fn party(row: &LegRow) -> PartyOut<'_> {
    PartyOut {
        party: row.leg.party.as_str(),
        leg_id: row.leg.id.as_str(),
        state: row.leg.state.name(),
        expected_by: row.leg.expected_by.map(time),
        trouble: row.trouble.as_deref(),
    }
}

fn time(instant: Instant) -> String {
    habeas_wire::time::format(instant.ms())
}
