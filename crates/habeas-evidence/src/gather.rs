//! How does an export come out of what is stored?

use habeas_core::{clock::Instant, domain::Domain, event, id::PartyId, leg, receipt, request};

use crate::model::{Event, Evidence, Hole, Leg, Receipt, Request};

/// What is stored about one request.
#[derive(Clone, Copy)]
pub struct Material<'a> {
    /// Now.
    pub exported_at: Instant,
    /// The request.
    pub request: &'a request::Request,
    /// Its history, oldest first.
    pub history: &'a [event::Event],
    /// Its legs.
    pub legs: &'a [&'a leg::Leg],
    /// What its parties signed, oldest first.
    pub receipts: &'a [&'a receipt::Receipt],
}

impl Evidence {
    /// Takes from the material what an export may say, and nothing else. `domain_of` knows the parties' domains.
    pub fn gather(material: &Material<'_>, domain_of: impl Fn(&PartyId) -> Option<Domain>) -> Self {
        let mut chains: Vec<String> = Vec::new();
        let receipts = material.receipts.iter().map(|receipt| self::receipt(receipt, &mut chains)).collect();
        Self {
            exported_at: second(material.exported_at),
            organisation: material.request.organisation.clone(),
            request: request(material.request),
            history: material.history.iter().map(event).collect(),
            legs: material.legs.iter().map(|leg| self::leg(leg, domain_of(&leg.party))).collect(),
            receipts,
            chains,
        }
    }
}

/// Exports count in seconds, as RFC 3339 is written here.
const fn second(at: Instant) -> Instant {
    Instant::from_ms(at.ms().div_euclid(1000).saturating_mul(1000))
}

fn request(request: &request::Request) -> Request {
    Request {
        id: request.id.to_string(),
        subject_request_id: request.standing.wire_id.to_string(),
        role: request.role.to_string(),
        rights: request.rights.iter().map(ToString::to_string).collect(),
        regime: request.regime.to_string(),
        state: request.standing.state.name().to_owned(),
        received_at: second(request.standing.received_at),
        submitted_at: request.submitted_at.map(second),
        promised_by: second(request.promised_by),
        expected_by: second(request.standing.expected_by),
        final_at: request.final_at.map(second),
    }
}

fn event(event: &event::Event) -> Event {
    Event {
        seq: event.standing.seq,
        at: second(event.at),
        change: event.change.clone(),
        state: event.standing.state.name().to_owned(),
        actor: event.actor.as_str().to_owned(),
    }
}

fn leg(leg: &leg::Leg, domain: Option<Domain>) -> Leg {
    let theirs = leg.remote_id.as_ref().filter(|id| id.as_str() != leg.wire_id.as_str());
    Leg {
        id: leg.id.to_string(),
        party: leg.party.to_string(),
        domain,
        dialect: leg.dialect.to_string(),
        right: leg.right.to_string(),
        subject_request_id: leg.wire_id.to_string(),
        party_request_id: theirs.map(ToString::to_string),
        state: leg.state.name().to_owned(),
        accepted_at: leg.accepted_at.map(second),
        expected_by: leg.expected_by.map(second),
        cancel: leg.cancel.to_string(),
    }
}

fn receipt(receipt: &receipt::Receipt, chains: &mut Vec<String>) -> Receipt {
    let chain = chains.iter().position(|known| *known == receipt.chain).unwrap_or_else(|| {
        chains.push(receipt.chain.clone());
        chains.len() - 1
    });
    Receipt {
        at: second(receipt.at),
        operation: receipt.operation.as_str().to_owned(),
        signer: receipt.signer.clone(),
        leg: receipt.leg.to_string(),
        sha256: receipt.sha256,
        signature: receipt.signature.clone(),
        chain,
        body: receipt.body.clone(),
        hole: receipt.hole.as_ref().map(|hole| Hole { at: hole.start, bytes: hole.len() }),
    }
}
