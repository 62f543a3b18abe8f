//! How does the domain look as JSON?

use habeas_core::{
    clock::{DAY_MS, Instant},
    delivery::{Attempt, Outcome},
    dialect::Operation,
    event::Event,
    leg::{LegState, Progress},
    receipt::Receipt,
    request::Request,
    state::State,
    submission::Carried,
};
use habeas_engine::{
    Engine,
    directory::Tenant,
    operator::{CertificateEnd, Faults, Story},
};
use habeas_store::model::{DeliveryRow, LegRow};
use habeas_trust::{certificate::Chain, digest::hex};
use url::Url;

use super::dto;

pub(super) fn time(at: Instant) -> String {
    habeas_wire::time::format(at.ms())
}

/// A request as it stands now.
pub(super) fn request(request: &Request, now: Instant) -> dto::Request {
    let standing = &request.standing;
    let (ground, results) = match &standing.state {
        State::Denied { ground, .. } => (Some(ground.to_string()), None),
        State::Fulfilled { results, .. } if !results.is_empty() => {
            (None, Some(results.iter().map(Url::to_string).collect()))
        }
        _ => (None, None),
    };
    dto::Request {
        request_id: request.id.to_string(),
        organisation: request.organisation.to_string(),
        role: request.role.to_string(),
        party: request.upstream.as_ref().map(|upstream| upstream.party.to_string()),
        dialect: request.upstream.as_ref().map(|upstream| upstream.dialect.to_string()),
        subject_request_id: standing.wire_id.to_string(),
        rights: request.rights.iter().map(ToString::to_string).collect(),
        regime: request.regime.to_string(),
        state: standing.state.name().to_owned(),
        ground,
        results_urls: results,
        details: standing.details.clone(),
        received_at: time(standing.received_at),
        submitted_at: request.submitted_at.map(time),
        expected_by: time(standing.expected_by),
        promised_by: time(request.promised_by),
        hold_until: time(request.hold_until),
        final_at: request.final_at.map(time),
        days_left: (!standing.state.is_final()).then(|| standing.expected_by.since(now).div_euclid(DAY_MS)),
    }
}

/// A request with its whole story.
pub(super) fn story(story: &Story, engine: &Engine) -> dto::Story {
    let now = engine.clock().now();
    let receipts: Vec<&Receipt> = story.receipts.iter().map(|row| &row.receipt).collect();
    dto::Story {
        request: request(&story.request, now),
        legs: story.legs.iter().map(|row| leg(row, &receipts, engine)).collect(),
        history: story.history.iter().map(event).collect(),
        receipts: receipts.iter().map(|kept| receipt(kept)).collect(),
        deliveries: story.deliveries.iter().map(delivery).collect(),
    }
}

/// A leg, with its receipt if it is among these.
pub(super) fn leg(row: &LegRow, receipts: &[&Receipt], engine: &Engine) -> dto::Leg {
    let leg = &row.leg;
    let peer = engine.directory().tenant(&leg.organisation).and_then(|tenant| tenant.peer(&leg.party));
    let of_submission = |kept: &&&Receipt| kept.leg == leg.id && kept.operation == Operation::Submit;
    dto::Leg {
        leg_id: leg.id.to_string(),
        request_id: leg.request.to_string(),
        organisation: leg.organisation.to_string(),
        party: leg.party.to_string(),
        domain: peer.map(|peer| peer.party.domain.to_string()),
        dialect: leg.dialect.to_string(),
        state: leg.state.name().to_owned(),
        right: leg.right.to_string(),
        wire_id: leg.wire_id.to_string(),
        attempts: row.attempts,
        next_attempt_at: row.due_at.map(time),
        trouble: row.trouble.clone(),
        late: row.is_late(engine.clock().now()),
        revision: row.revision,
        accepted_at: leg.accepted_at.map(time),
        expected_by: leg.expected_by.map(time),
        results_url: leg.results.as_ref().map(Url::to_string),
        details: leg.details.clone(),
        verification_url: match &leg.state {
            LegState::Sent { progress: Progress::NeedsVerification { url } } => Some(url.to_string()),
            _ => None,
        },
        heard_results_urls: leg.heard.iter().map(Url::to_string).collect(),
        cancel: leg.cancel.to_string(),
        callback_url: leg.callback_url.as_ref().map(Url::to_string),
        receipt: receipts.iter().rev().find(of_submission).map(|kept| receipt(kept)),
    }
}

fn receipt(receipt: &Receipt) -> dto::Receipt {
    dto::Receipt {
        leg_id: receipt.leg.to_string(),
        operation: receipt.operation.as_str().to_owned(),
        // Answers that cannot be verified never become receipts.
        verified: true,
        signer: receipt.signer.to_string(),
        at: time(receipt.at),
        sha256: hex(&receipt.sha256),
    }
}

fn event(event: &Event) -> dto::Event {
    dto::Event {
        seq: event.standing.seq,
        at: time(event.at),
        change: event.change.clone(),
        actor: event.actor.as_str().to_owned(),
        state: event.standing.state.name().to_owned(),
        expected_by: time(event.standing.expected_by),
        details: event.standing.details.clone(),
    }
}

/// A delivery with its last attempt.
pub(super) fn delivery(row: &DeliveryRow) -> dto::Delivery {
    let delivery = &row.delivery;
    dto::Delivery {
        delivery_id: delivery.id.to_string(),
        request_id: delivery.id.request.to_string(),
        organisation: row.organisation.to_string(),
        kind: delivery.kind.to_string(),
        lane: delivery.id.lane,
        seq: delivery.id.seq,
        host: delivery.host.clone(),
        state: delivery.state.to_string(),
        due_at: time(delivery.due_at),
        attempts: delivery.attempts,
        last: row.last.as_ref().map(attempt),
    }
}

fn attempt(attempt: &Attempt) -> dto::Attempt {
    let (status, error) = match attempt.outcome {
        Outcome::Answered(status) => (Some(status), None),
        Outcome::Failed(why) => (None, Some(why.to_owned())),
    };
    dto::Attempt { at: time(attempt.at), took_ms: attempt.took_ms, status, error }
}

/// What needs attention.
pub(super) fn faults(faults: &Faults, engine: &Engine) -> dto::Faults {
    let certificate = |end: &CertificateEnd| dto::CertificateEnd {
        organisation: end.organisation.to_string(),
        not_after: time(end.not_after),
    };
    dto::Faults {
        deliveries: faults.deliveries.iter().map(delivery).collect(),
        late: faults.late.iter().map(|row| leg(row, &[], engine)).collect(),
        stuck: faults.stuck.iter().map(|row| leg(row, &[], engine)).collect(),
        certificates: faults.certificates.iter().map(certificate).collect(),
    }
}

/// An organisation with its mounts and parties.
pub(super) fn organisation(tenant: &Tenant) -> dto::Organisation {
    let mut roles: Vec<String> = tenant.mounts.iter().map(|mount| mount.role.to_string()).collect();
    roles.sort_unstable();
    roles.dedup();
    let mount = |mount: &habeas_core::organisation::Mount| dto::Mount {
        dialect: mount.dialect.to_string(),
        role: mount.role.to_string(),
        base_url: mount.base_url.to_string().trim_end_matches('/').to_owned(),
    };
    let party = |peer: &habeas_engine::directory::Peer| dto::Party {
        id: peer.party.id.to_string(),
        domain: peer.party.domain.to_string(),
        dialect: peer.party.dialect.to_string(),
        base_url: peer.party.base.as_ref().map(|base| base.as_str().trim_end_matches('/').to_owned()),
    };
    dto::Organisation {
        domain: tenant.domain().to_string(),
        roles,
        mounts: tenant.mounts.iter().map(mount).collect(),
        parties: tenant.peers.iter().map(party).collect(),
        certificate_not_after: Chain::from_pem(&tenant.chain)
            .ok()
            .map(|chain| time(Instant::from_ms(chain.not_after_ms()))),
    }
}

/// What a party supports.
pub(super) fn capabilities(capabilities: &habeas_core::capability::Capabilities) -> dto::Capabilities {
    dto::Capabilities {
        rights: capabilities.rights.iter().map(ToString::to_string).collect(),
        identities: capabilities
            .identities
            .iter()
            .map(|(kind, format)| dto::Accepted { kind: kind.as_str().to_owned(), format: format.to_string() })
            .collect(),
        certificate_url: capabilities.certificate_url.as_ref().map(Url::to_string),
    }
}

/// The person of a request, in clear.
pub(super) fn subject(id: &str, secrets: &habeas_store::model::Secrets) -> dto::Subject {
    let identities = secrets.subject.identities.iter().map(|identity| dto::Identity {
        kind: identity.kind.as_str().to_owned(),
        format: identity.format.to_string(),
        value: identity.value.expose().to_owned(),
    });
    let claims = secrets.subject.claims.iter();
    let claim = |claim: &Carried| Some((claim.name.clone(), serde_json::from_str(&claim.json).ok()?));
    dto::Subject {
        request_id: id.to_owned(),
        identities: identities.collect(),
        claims: claims.filter_map(claim).collect(),
        relationships: secrets.subject.relationships.clone(),
        submitted_at: secrets.submitted.as_ref().map(|stamp| stamp.text.clone()),
    }
}
