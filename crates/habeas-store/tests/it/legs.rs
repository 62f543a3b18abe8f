//! How are requests of ours sent out?

use std::sync::Arc;

use habeas_core::{
    delivery::{DeliveryKind, FAILING_ALERT_LANE, LATE_ALERT_LANE, STUCK_ALERT_LANE},
    dialect::Operation,
    id::{LegId, RemoteId, RequestId},
    leg::{Leg, LegCancel, LegState, Progress},
    receipt::Receipt,
    state::{Change, Ground, State},
};
use habeas_store::{
    Store, StoreError,
    model::{Frozen, LeasedLeg, LegRow, LegSave},
};
use http::{HeaderMap, HeaderValue, Method};

use crate::fixtures::*;

fn message(body: &str) -> Frozen {
    let mut headers = HeaderMap::new();
    headers.append("content-type", HeaderValue::from_static("application/json"));
    headers.append("x-odd", HeaderValue::from_bytes(b"caf\xe9").unwrap());
    headers.append("x-odd", HeaderValue::from_static("twice"));
    Frozen {
        method: Method::POST,
        url: "https://peer.example/requests?a=b".parse().unwrap(),
        headers,
        body: body.as_bytes().to_vec(),
    }
}

async fn lease_leg(store: &dyn Store, now: i64) -> LeasedLeg {
    let mut leased = lease_legs(store, now).await;
    assert_eq!(leased.len(), 1);
    leased.remove(0)
}

async fn only(store: &dyn Store) -> LegRow {
    let mut legs = store.legs(&RequestId::new("o1")).await.unwrap();
    assert_eq!(legs.len(), 1);
    legs.remove(0)
}

pub(crate) fn receipt() -> Receipt {
    Receipt {
        request: RequestId::new("o1"),
        leg: LegId::new("l1"),
        at: at(20),
        operation: Operation::Submit,
        signer: "peer.example".parse().unwrap(),
        sha256: [7; 32],
        signature: vec![8; 256],
        chain: "-----BEGIN CERTIFICATE-----".to_owned(),
        body: b"{\"encoded_request\":\"\"}".to_vec(),
        hole: Some(20..120),
    }
}

pub(crate) async fn a_request_of_ours_is_saved_with_its_legs(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1", "l2"])).await;
    assert_eq!(current(store, "o1").await, own("o1", &[]).request);
    let legs = store.legs(&RequestId::new("o1")).await.unwrap();
    assert_eq!(legs.iter().map(|row| row.leg.clone()).collect::<Vec<_>>(), [leg("o1", "l1"), leg("o1", "l2")]);
    let secrets = store.secrets(&RequestId::new("o1")).await.unwrap().unwrap();
    assert_eq!((secrets.subject, secrets.submitted), (subject(), Some(stamp())));
    assert!(matches!(store.create(own("o1", &["l3"])).await, Err(StoreError::Stale)));
    let leased = store.lease_legs(at(0), at(60), 1, &free()).await.unwrap();
    assert_eq!((leased[0].row.leg.id.as_str(), leased[0].request.id.as_str()), ("l1", "o1"));
    assert_eq!(lease_legs(store, 0).await[0].row.leg.id.as_str(), "l2");
    assert_eq!(store.next_due(at(-1)).await.unwrap(), Some(at(60)));
}

pub(crate) async fn a_leg_is_found_by_its_token_only_in_its_organisation(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1"])).await;
    let (us, other) = (US.parse().unwrap(), OTHER.parse().unwrap());
    let found = store.leg_by_token(&us, "token-l1").await.unwrap().unwrap();
    assert_eq!(found.leg, leg("o1", "l1"));
    assert!(store.leg_by_token(&us, "token-l2").await.unwrap().is_none());
    assert!(store.leg_by_token(&other, "token-l1").await.unwrap().is_none());
}

pub(crate) async fn a_message_frozen_twice_keeps_its_first_bytes(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1"])).await;
    let first = lease_leg(store, 0).await;
    let id = &first.row.leg.id;
    assert_eq!(store.freeze(id, first.fence, &message("one\ntwo")).await.unwrap(), message("one\ntwo"));
    assert_eq!(store.freeze(id, first.fence, &message("three")).await.unwrap(), message("one\ntwo"));
    let second = lease_leg(store, 60).await;
    assert_eq!(second.row.leg.state, LegState::Unsent);
    assert_eq!(store.freeze(id, second.fence, &message("four")).await.unwrap(), message("one\ntwo"));
    assert!(second.row.sent(b"one\ntwo") && !second.row.sent(b"three"));
    // Thawed: the bytes are gone, but still recognized.
    let thawed = sent(&second.row.leg, Progress::Pending);
    store.save_leg(LegSave { thaw: true, ..save_of(&second.row, Some(second.fence), thawed) }).await.unwrap();
    assert!(only(store).await.sent(b"one\ntwo"));
}

pub(crate) async fn what_is_frozen_can_be_read_until_it_is_answered(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1", "l2"])).await;
    let (id, beside) = (LegId::new("l1"), LegId::new("l2"));
    assert_eq!(store.frozen(&LegId::new("nobody's")).await.unwrap(), None);
    assert_eq!(store.frozen(&id).await.unwrap(), None);
    let leased = lease_legs(store, 0).await.into_iter().find(|leased| leased.row.leg.id == id).unwrap();
    assert_eq!(store.frozen(&id).await.unwrap(), None, "leased, and not tried yet");
    store.freeze(&id, leased.fence, &message("one\ntwo")).await.unwrap();
    assert_eq!(store.frozen(&id).await.unwrap(), Some(message("one\ntwo")));
    assert_eq!(store.frozen(&beside).await.unwrap(), None);
    // A callback overtakes the answer.
    change_leg(store, "l1", |save| LegSave { leg: sent(&save.leg, Progress::InProgress), ..save }).await;
    assert_eq!(store.frozen(&id).await.unwrap(), Some(message("one\ntwo")));
    change_leg(store, "l1", |save| LegSave { thaw: true, ..save }).await;
    assert_eq!(store.frozen(&id).await.unwrap(), None);
}

pub(crate) async fn what_is_frozen_is_shredded(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1"])).await;
    let leased = lease_leg(store, 0).await;
    store.freeze(&leased.row.leg.id, leased.fence, &message("a")).await.unwrap();
    assert!(store.frozen(&leased.row.leg.id).await.unwrap().is_some());
    shred(store, "o1").await;
    assert_eq!(store.frozen(&leased.row.leg.id).await.unwrap(), None);
    assert!(!only(store).await.sent(b"a"));
}

pub(crate) async fn a_message_is_frozen_only_under_the_present_lease(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1"])).await;
    let slow = lease_leg(store, 0).await;
    let quick = lease_leg(store, 60).await;
    let id = &slow.row.leg.id;
    assert!(matches!(store.freeze(id, slow.fence, &message("a")).await, Err(StoreError::Stale)));
    store.freeze(id, quick.fence, &message("b")).await.unwrap();
    // Somebody waived it meanwhile: then nothing is sent.
    let row = only(store).await;
    store.save_leg(save_of(&row, None, Leg { state: LegState::Waived, ..row.leg.clone() })).await.unwrap();
    assert!(matches!(store.freeze(id, quick.fence, &message("c")).await, Err(StoreError::Stale)));
}

pub(crate) async fn who_froze_a_leg_saves_it_with_the_revision_it_leased(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1"])).await;
    let leased = lease_leg(store, 0).await;
    store.freeze(&leased.row.leg.id, leased.fence, &message("a")).await.unwrap();
    let after = sent(&leased.row.leg, Progress::Pending);
    store.save_leg(save_of(&leased.row, Some(leased.fence), after.clone())).await.unwrap();
    assert_eq!(only(store).await.leg, after);
    assert!(matches!(store.save_leg(save_of(&leased.row, Some(leased.fence), after)).await, Err(StoreError::Stale)));
}

pub(crate) async fn who_decided_before_the_leg_was_frozen_decides_anew(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1"])).await;
    let seen = only(store).await;
    let leased = lease_leg(store, 0).await;
    store.freeze(&leased.row.leg.id, leased.fence, &message("a")).await.unwrap();
    let waived = Leg { state: LegState::Waived, ..seen.leg.clone() };
    assert!(matches!(store.save_leg(save_of(&seen, None, waived)).await, Err(StoreError::Stale)));
    // With what is true now it works, and the sender's own result comes too late.
    let seen = only(store).await;
    let wanted = Leg { cancel: LegCancel::Wanted, ..seen.leg.clone() };
    store.save_leg(save_of(&seen, None, wanted)).await.unwrap();
    let result = save_of(&leased.row, Some(leased.fence), sent(&leased.row.leg, Progress::Pending));
    assert!(matches!(store.save_leg(result).await, Err(StoreError::Stale)));
}

pub(crate) async fn a_leg_and_its_request_are_saved_together_or_not_at_all(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1"])).await;
    let before = current(store, "o1").await;
    let leased = lease_leg(store, 0).await;
    let whole = LegSave {
        request: Some(change(&before, &Change::Distribute, &[])),
        receipt: Some(receipt()),
        ..save_of(&leased.row, Some(leased.fence), sent(&leased.row.leg, Progress::Pending))
    };
    let after = move_on(store, "o1", &Change::Extend { by: at(60_000), why: "b".into() }, &[]).await;
    assert!(matches!(store.save_leg(whole.clone()).await, Err(StoreError::Stale)));
    assert_eq!(only(store).await.leg, leg("o1", "l1"));
    assert!(store.receipts(&before.id).await.unwrap().is_empty());
    // The lease still holds: decided anew, it is saved.
    let whole = LegSave { request: Some(change(&after, &Change::Distribute, &[])), ..whole };
    store.save_leg(whole).await.unwrap();
    assert_eq!(current(store, "o1").await.standing.seq, 2);
    assert_eq!(store.receipts(&before.id).await.unwrap().len(), 1);
}

pub(crate) async fn every_state_of_a_leg_is_read_back(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1"])).await;
    let url = "https://peer.example/canary-verify".parse().unwrap();
    let progresses = [
        Progress::Pending,
        Progress::Distributed,
        Progress::InProgress,
        Progress::NeedsVerification { url },
        Progress::Fulfilled,
        Progress::Cancelled,
        Progress::Denied { ground: Some(Ground::NoMatch) },
        Progress::Denied { ground: None },
        Progress::Expired,
        Progress::Unknown,
    ];
    let states = [LegState::Unsent, LegState::Refused { status: 400 }, LegState::Waived, LegState::Inapplicable];
    let sent = progresses.into_iter().map(|progress| LegState::Sent { progress });
    for state in states.into_iter().chain(sent) {
        let row = only(store).await;
        let after = Leg {
            state,
            remote_id: Some(RemoteId::new("theirs")),
            cancel: LegCancel::Refused,
            expected_by: Some(at(5)),
            accepted_at: Some(at(6)),
            results: Some(RESULTS.parse().unwrap()),
            ..row.leg.clone()
        };
        let next = LegSave { due_at: Some(at(500)), attempts: 3, ..save_of(&row, None, after.clone()) };
        store.save_leg(next).await.unwrap();
        let read = only(store).await;
        assert_eq!(read.leg, after);
        assert_eq!((read.attempts, read.due_at, read.revision), (3, Some(at(500)), row.revision + 1));
    }
}

pub(crate) async fn a_receipt_is_read_back_as_it_was_signed(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1"])).await;
    let second = Receipt { operation: Operation::Callback, hole: None, ..receipt() };
    for one in [receipt(), second.clone()] {
        let row = only(store).await;
        store.save_leg(LegSave { receipt: Some(one), ..save_of(&row, None, row.leg.clone()) }).await.unwrap();
    }
    let rows = store.receipts(&RequestId::new("o1")).await.unwrap();
    assert!(rows[0].id < rows[1].id);
    assert_eq!(rows.into_iter().map(|row| row.receipt).collect::<Vec<_>>(), [receipt(), second]);
}

/// What a leg means for its request depends on the others, so two that end at once must not overlook each other.
pub(crate) async fn who_decided_beside_another_leg_decides_anew(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1", "l2"])).await;
    let legs = store.legs(&RequestId::new("o1")).await.unwrap();
    let done = |row: &LegRow| save_of(row, None, sent(&row.leg, Progress::Fulfilled));
    store.save_leg(done(&legs[0])).await.unwrap();
    assert!(matches!(store.save_leg(done(&legs[1])).await, Err(StoreError::Stale)));
    let again = store.legs(&RequestId::new("o1")).await.unwrap();
    store.save_leg(done(&again[1])).await.unwrap();
}

pub(crate) async fn a_leg_alerts_once_for_each_thing_that_goes_wrong(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1", "l2"])).await;
    let alert = |lane, seq| delivery(DeliveryKind::Alert, lane, seq);
    let before = current(store, "o1").await;
    change_leg(store, "l1", |save| LegSave {
        request: Some(change(&before, &Change::Distribute, &[])),
        alerts: vec![alert(STUCK_ALERT_LANE, 1)],
        ..save
    })
    .await;
    let again = vec![alert(STUCK_ALERT_LANE, 0), alert(FAILING_ALERT_LANE, 0)];
    change_leg(store, "l2", |save| LegSave { alerts: again.clone(), ..save }).await;
    let leased = lease(store, 0).await;
    assert_eq!(names(&leased), ["o1.-3.0", "o1.-5.1"]);
    assert_eq!(leased[1].standing.state, State::Distributed);
    // What is not saved alerts nobody.
    let stale = save_of(&the_leg(store, "l1").await, None, leg("o1", "l1"));
    let stale = LegSave { revision: 0, alerts: vec![alert(LATE_ALERT_LANE, 0)], ..stale };
    assert!(matches!(store.save_leg(stale).await, Err(StoreError::Stale)));
    assert!(lease(store, 0).await.is_empty());
}

pub(crate) async fn a_receipt_may_be_signed_by_another_than_the_party(store: Arc<dyn Store>) {
    let store = &*store;
    create(store, own("o1", &["l1"])).await;
    let past_the_agent = Receipt {
        operation: Operation::Callback,
        signer: "processor.example".parse().unwrap(),
        chain: "-----BEGIN CERTIFICATE----- of the processor".to_owned(),
        ..receipt()
    };
    for one in [receipt(), past_the_agent.clone()] {
        change_leg(store, "l1", |save| LegSave { receipt: Some(one), ..save }).await;
    }
    let rows = store.receipts(&RequestId::new("o1")).await.unwrap();
    assert_eq!(rows.into_iter().map(|row| row.receipt).collect::<Vec<_>>(), [receipt(), past_the_agent]);
}
