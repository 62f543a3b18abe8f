//! In which order is each receiver told?

use std::sync::Arc;

use habeas_core::{
    delivery::{Attempt, DeliveryKind, DeliveryState, NOTICE_LANE, Outcome, WEBHOOK_LANE},
    id::{DeliveryId, RequestId},
    state::{Change, State},
};
use habeas_store::{
    Store,
    model::{DeliveryFilter, NewRequest, Retry, Save, Settlement, Then},
};

use crate::fixtures::*;

async fn state_of(store: &dyn Store, id: &str) -> DeliveryState {
    let filter = DeliveryFilter { limit: 100, ..DeliveryFilter::default() };
    let rows = store.deliveries(&filter).await.unwrap();
    rows.iter().find(|row| row.delivery.id.to_string() == id).unwrap().delivery.state
}

pub(crate) async fn a_lane_is_told_in_order_and_one_at_a_time(store: Arc<dyn Store>) {
    let store = &*store;
    let deliveries = vec![callback(0, 0), callback(1, 0)];
    accept(store, NewRequest { deliveries, ..new("r1") }).await;
    move_on(store, "r1", &Change::Distribute, &[0, 1]).await;
    move_on(store, "r1", &Change::Start, &[0, 1]).await;
    for seq in 0..3 {
        let leased = lease(store, 100 * i64::from(seq)).await;
        assert_eq!(names(&leased), [format!("r1.0.{seq}"), format!("r1.1.{seq}")]);
        assert!(lease(store, 100 * i64::from(seq)).await.is_empty());
        for one in &leased {
            settle(store, one, Then::Delivered).await;
        }
    }
    assert!(lease(store, 1_000).await.is_empty());
}

pub(crate) async fn a_callback_tells_the_event_as_it_was_then(store: Arc<dyn Store>) {
    let store = &*store;
    let deliveries = vec![callback(1, 0), delivery(DeliveryKind::Webhook, WEBHOOK_LANE, 0)];
    accept(store, NewRequest { deliveries, ..new("r1") }).await;
    move_on(store, "r1", &Change::Start, &[]).await;
    let fulfill = Change::Fulfill { results: vec![RESULTS.parse().unwrap()], expires_at: None };
    let after = move_on(store, "r1", &fulfill, &[]).await;
    let leased = lease(store, 0).await;
    let [webhook, told] = &leased[..] else { panic!("{leased:?}") };
    assert_eq!((&told.request, &told.standing), (&after, &request("r1").standing));
    assert_eq!(told.url, Some(new("r1").callbacks[1].clone()));
    assert_eq!(told.delivery.state, DeliveryState::Leased);
    assert_eq!((webhook.delivery.kind, webhook.url.as_ref()), (DeliveryKind::Webhook, None));
}

pub(crate) async fn a_newer_status_replaces_those_not_in_flight(store: Arc<dyn Store>) {
    let store = &*store;
    accept(store, calling_back("r1")).await;
    move_on(store, "r1", &Change::Distribute, &[0]).await;
    let save = Save { superseded_lanes: vec![0], ..change(&current(store, "r1").await, &Change::Start, &[0]) };
    store.apply(save).await.unwrap();
    let leased = lease(store, 0).await;
    assert_eq!(names(&leased), ["r1.0.2"]);
    assert_eq!(leased[0].standing.state, State::InProgress);
    assert_eq!(state_of(store, "r1.0.0").await, DeliveryState::Superseded);
    assert_eq!(state_of(store, "r1.0.1").await, DeliveryState::Superseded);
}

pub(crate) async fn what_was_replaced_in_flight_is_not_tried_again(store: Arc<dyn Store>) {
    let store = &*store;
    let replace = |save: Save| Save { superseded_lanes: vec![0], ..save };
    for (id, then) in [("r1", Some(Then::Again(at(500)))), ("r2", Some(Then::Delivered)), ("r3", None)] {
        accept(store, calling_back(id)).await;
        let leased = lease(store, 0).await;
        store.apply(replace(change(&request(id), &Change::Start, &[0]))).await.unwrap();
        assert!(lease(store, 0).await.is_empty(), "one in flight");
        if let Some(then) = then {
            settle(store, &leased[0], then).await;
        }
        // The third lease just runs out.
        let next = lease(store, 60).await;
        assert_eq!(names(&next), [format!("{id}.0.1")]);
        settle(store, &next[0], Then::Delivered).await;
        let expected = if then == Some(Then::Delivered) { DeliveryState::Delivered } else { DeliveryState::Superseded };
        assert_eq!(state_of(store, &format!("{id}.0.0")).await, expected);
    }
}

pub(crate) async fn a_receiver_that_is_gone_gets_nothing_more_in_its_lane(store: Arc<dyn Store>) {
    let store = &*store;
    let deliveries = vec![callback(0, 0), callback(1, 0)];
    accept(store, NewRequest { deliveries, ..new("r1") }).await;
    move_on(store, "r1", &Change::Start, &[0, 1]).await;
    let leased = lease(store, 0).await;
    settle(store, &leased[0], Then::LaneAbandoned).await;
    settle(store, &leased[1], Then::Delivered).await;
    assert_eq!(names(&lease(store, 0).await), ["r1.1.1"]);
    assert_eq!(state_of(store, "r1.0.1").await, DeliveryState::Abandoned);
}

pub(crate) async fn what_happens_after_a_receiver_said_410_waits_for_the_operator(store: Arc<dyn Store>) {
    let store = &*store;
    accept(store, calling_back("r1")).await;
    let leased = lease(store, 0).await;
    let gone = Attempt { at: at(1), took_ms: 1, outcome: Outcome::Answered(410), answer: Vec::new() };
    let settled = Settlement { attempt: Some(gone), ..settlement(&leased[0], Then::LaneAbandoned) };
    store.settle(settled).await.unwrap();
    move_on(store, "r1", &Change::Start, &[0]).await;
    assert!(lease(store, 200).await.is_empty());
    assert_eq!(state_of(store, "r1.0.1").await, DeliveryState::Abandoned);
    let all = Retry::OfRequest(RequestId::new("r1"));
    assert_eq!(store.retry(&all, at(200)).await.unwrap().deliveries, 2);
    settle(store, &lease(store, 200).await[0], Then::Delivered).await;
    assert_eq!(names(&lease(store, 200).await), ["r1.0.1"], "mended");
}

pub(crate) async fn what_was_given_up_goes_first_when_retried_but_never_beside_one_in_flight(store: Arc<dyn Store>) {
    let store = &*store;
    accept(store, calling_back("r1")).await;
    move_on(store, "r1", &Change::Distribute, &[0]).await;
    move_on(store, "r1", &Change::Start, &[0]).await;
    settle(store, &lease(store, 0).await[0], Then::Abandoned).await;
    let second = lease(store, 0).await;
    assert_eq!(names(&second), ["r1.0.1"]);
    let first = Retry::One("r1.0.0".parse::<DeliveryId>().unwrap());
    assert_eq!(store.retry(&first, at(5)).await.unwrap().deliveries, 1);
    assert!(lease(store, 5).await.is_empty(), "one in flight");
    settle(store, &second[0], Then::Delivered).await;
    let again = lease(store, 5).await;
    assert_eq!(names(&again), ["r1.0.0"]);
    assert_eq!((again[0].delivery.attempts, again[0].delivery.due_at), (1, at(5)));
    settle(store, &again[0], Then::Delivered).await;
    assert_eq!(names(&lease(store, 5).await), ["r1.0.2"]);
}

pub(crate) async fn one_notice_is_enough(store: Arc<dyn Store>) {
    let store = &*store;
    let deliveries = vec![callback(0, 0), callback(1, 0)];
    accept(store, NewRequest { deliveries, ..new("r1") }).await;
    for (leased, seq) in lease(store, 0).await.iter().zip(0..) {
        let notice = delivery(DeliveryKind::Notice, NOTICE_LANE, seq);
        let settlement = Settlement { deliveries: vec![notice], ..settlement(leased, Then::Again(at(10_000))) };
        store.settle(settlement).await.unwrap();
    }
    assert_eq!(names(&lease(store, 0).await), ["r1.-2.0"]);
    let filter = DeliveryFilter { request: Some(RequestId::new("r1")), limit: 9, ..DeliveryFilter::default() };
    assert_eq!(store.deliveries(&filter).await.unwrap().len(), 3);
}

pub(crate) async fn what_waits_behind_a_failing_delivery_is_not_due(store: Arc<dyn Store>) {
    let store = &*store;
    accept(store, calling_back("r1")).await;
    move_on(store, "r1", &Change::Start, &[0]).await;
    settle(store, &lease(store, 0).await[0], Then::Again(at(700))).await;
    assert!(lease(store, 600).await.is_empty());
    assert_eq!(store.next_due(at(-1)).await.unwrap(), Some(at(700)));
    assert_eq!(store.counts(at(600)).await.unwrap().oldest_due_ms, None);
    assert_eq!(names(&lease(store, 700).await), ["r1.0.0"]);
}
