//! Does an export say what is stored, and nothing personal?

use habeas_core::{
    clock::Instant,
    dialect::{DialectId, Operation},
    event::{Actor, Standing},
    id::{LegId, PartyId, RemoteId, RequestId, WireId},
    leg::{Leg, LegCancel, LegState, Progress},
    receipt::Receipt,
    regime::Regime,
    request::{Request, Upstream},
    right::Right,
    role::Role,
    state::State,
};
use habeas_evidence::{Evidence, Material, model::Hole, open};

use crate::world::{DAY, ID, NOW, at, world};

fn request() -> Request {
    Request {
        id: RequestId::new("ours-1"),
        organisation: "shop.example".parse().unwrap(),
        upstream: Some(Upstream {
            party: PartyId::new("brand"),
            dialect: DialectId::known("opengdpr/0.1.3"),
            mount: "/v1".to_owned(),
        }),
        role: Role::Agent,
        rights: vec![Right::Erasure],
        regime: Regime::Ccpa,
        standing: Standing {
            wire_id: WireId::new(ID),
            seq: 1,
            state: State::InProgress,
            received_at: at(NOW + 999),
            expected_by: at(NOW + DAY),
            found: None,
            details: Some("canary".to_owned()),
        },
        submitted_at: None,
        promised_by: at(NOW + 2 * DAY),
        hold_until: at(NOW),
        final_at: None,
        expires_at: None,
        expiry_first_set_at: None,
    }
}

fn leg() -> Leg {
    Leg {
        id: LegId::new("leg-1"),
        request: RequestId::new("ours-1"),
        organisation: "shop.example".parse().unwrap(),
        party: PartyId::new("mail"),
        dialect: DialectId::known("opengdpr/1.0"),
        right: Right::Erasure,
        wire_id: WireId::new(ID),
        remote_id: Some(RemoteId::new(ID)),
        accepted_at: Some(at(NOW)),
        state: LegState::Sent { progress: Progress::InProgress },
        cancel: LegCancel::No,
        expected_by: None,
        callback_url: Some("https://shop.example/opengdpr_callbacks/canary".parse().unwrap()),
        results: Some("https://mail.example/results/canary".parse().unwrap()),
        details: None,
        heard: Vec::new(),
    }
}

fn receipt(operation: Operation, body: &[u8], hole: Option<std::ops::Range<usize>>) -> Receipt {
    Receipt {
        request: RequestId::new("ours-1"),
        leg: LegId::new("leg-1"),
        at: Instant::from_ms(NOW + 1_500),
        operation,
        signer: "mail.example".parse().unwrap(),
        sha256: [7; 32],
        signature: vec![1, 2, 3],
        chain: "PEM".to_owned(),
        body: body.to_vec(),
        hole,
    }
}

#[test]
fn an_export_says_what_is_stored_without_addresses_and_details() {
    let (request, leg) = (request(), leg());
    let history = [request.accepted(Actor::Upstream)];
    let receipts = [receipt(Operation::Submit, b"one", Some(1..9)), receipt(Operation::Callback, b"two", None)];
    let material = Material {
        exported_at: at(NOW + 1),
        request: &request,
        history: &history,
        legs: &[&leg],
        receipts: &[&receipts[0], &receipts[1]],
    };
    let evidence = Evidence::gather(&material, |_| None);
    assert_eq!((evidence.exported_at, evidence.request.received_at), (at(NOW), at(NOW)), "whole seconds");
    assert_eq!((evidence.request.id.as_str(), evidence.request.subject_request_id.as_str()), ("ours-1", ID));
    assert_eq!((evidence.request.role.as_str(), evidence.request.regime.as_str()), ("agent", "ccpa"));
    assert_eq!((evidence.legs[0].state.as_str(), &evidence.legs[0].party_request_id), ("in_progress", &None));
    assert_eq!(evidence.chains, ["PEM"], "each chain once");
    assert_eq!(evidence.receipts.iter().map(|receipt| receipt.chain).collect::<Vec<_>>(), [0, 0]);
    assert_eq!(evidence.receipts[0].hole, Some(Hole { at: 1, bytes: 8 }));
    assert_eq!(evidence.receipts[1].operation, "callback");
    let file = world().sealed(&evidence);
    assert!(!String::from_utf8_lossy(&file).contains("canary"));
    assert_eq!(open(&file).unwrap().evidence(), &evidence);
}
