//! What do operators and metrics see?

use std::sync::Arc;

use habeas_core::{
    delivery::{DeliveryKind, DeliveryState, WEBHOOK_LANE},
    id::RequestId,
    request::Request,
    role::Role,
    state::Change,
};
use habeas_store::{
    Store,
    model::{DeliveryFilter, NewRequest, RequestFilter, Then},
};

use crate::fixtures::*;

async fn listed(store: &dyn Store, filter: RequestFilter) -> Vec<String> {
    store.list(&filter).await.unwrap().into_iter().map(|request| request.id.to_string()).collect()
}

fn all() -> RequestFilter {
    RequestFilter { limit: 100, ..RequestFilter::default() }
}

/// Three open requests, the latest due first, then three that are cancelled.
async fn six(store: &dyn Store) {
    for n in 0..6 {
        let id = format!("r{n}");
        let mut request = request(&id);
        request.standing.received_at = at(n);
        request.standing.expected_by = at(1_000 - n);
        accept(store, NewRequest { request, ..new(&id) }).await;
        if n >= 3 {
            move_on(store, &id, &Change::Cancel, &[]).await;
        }
    }
}

pub(crate) async fn open_requests_come_first_by_deadline_then_the_others_by_age(store: Arc<dyn Store>) {
    let store = &*store;
    six(store).await;
    let order = ["r2", "r1", "r0", "r5", "r4", "r3"];
    assert_eq!(listed(store, all()).await, order);
    for offset in 0..7 {
        for limit in 0..7 {
            let end = (offset + limit).min(6);
            let expected = order.get(offset..end).unwrap_or_default();
            let page =
                RequestFilter { limit: u32::try_from(limit).unwrap(), offset: u32::try_from(offset).unwrap(), ..all() };
            assert_eq!(listed(store, page).await, expected, "{limit} from {offset}");
        }
    }
}

pub(crate) async fn requests_are_filtered(store: Arc<dyn Store>) {
    let store = &*store;
    six(store).await;
    let other = Request { organisation: OTHER.parse().unwrap(), ..request("x") };
    accept(store, NewRequest { request: other, ..new("x") }).await;
    create(store, own("o1", &[])).await;
    let organisation = Some(OTHER.parse().unwrap());
    assert_eq!(listed(store, RequestFilter { organisation, ..all() }).await, ["x"]);
    assert_eq!(listed(store, RequestFilter { role: Some(Role::Controller), ..all() }).await, ["o1"]);
    let states = vec!["cancelled".to_owned(), "denied".to_owned()];
    assert_eq!(listed(store, RequestFilter { states, ..all() }).await, ["r5", "r4", "r3"]);
}

pub(crate) async fn deliveries_are_filtered(store: Arc<dyn Store>) {
    let store = &*store;
    let webhook = delivery(DeliveryKind::Webhook, WEBHOOK_LANE, 0);
    accept(store, NewRequest { deliveries: vec![callback(0, 0), webhook], ..new("r1") }).await;
    accept(store, calling_back("r2")).await;
    accept(store, calling_back("r3")).await;
    for leased in lease(store, 0).await {
        match leased.delivery.id.to_string().as_str() {
            "r1.0.0" => settle(store, &leased, Then::Again(at(9_000))).await,
            "r2.0.0" => settle(store, &leased, Then::Abandoned).await,
            "r3.0.0" => settle(store, &leased, Then::Delivered).await,
            _ => {}
        }
    }
    let listed = async |filter: DeliveryFilter| {
        let rows = store.deliveries(&DeliveryFilter { limit: 100, ..filter }).await.unwrap();
        rows.into_iter().map(|row| row.delivery.id.to_string()).collect::<Vec<_>>()
    };
    let every = DeliveryFilter::default;
    assert_eq!(listed(every()).await, ["r1.-1.0", "r1.0.0", "r2.0.0", "r3.0.0"]);
    assert_eq!(listed(DeliveryFilter { failing: true, ..every() }).await, ["r1.0.0"]);
    assert_eq!(listed(DeliveryFilter { kind: Some(DeliveryKind::Webhook), ..every() }).await, ["r1.-1.0"]);
    let request = Some(RequestId::new("r1"));
    assert_eq!(listed(DeliveryFilter { request, ..every() }).await, ["r1.-1.0", "r1.0.0"]);
    for (state, expected) in [
        (DeliveryState::Leased, "r1.-1.0"),
        (DeliveryState::Due, "r1.0.0"),
        (DeliveryState::Abandoned, "r2.0.0"),
        (DeliveryState::Delivered, "r3.0.0"),
    ] {
        assert_eq!(listed(DeliveryFilter { state: Some(state), ..every() }).await, [expected]);
    }
    let organisation = Some(OTHER.parse().unwrap());
    assert!(listed(DeliveryFilter { organisation, ..every() }).await.is_empty());
    assert_eq!(store.deliveries(&DeliveryFilter { limit: 1, ..every() }).await.unwrap().len(), 1);
}

pub(crate) async fn counts_follow_every_change(store: Arc<dyn Store>) {
    let store = &*store;
    accept(store, calling_back("r1")).await;
    accept(store, calling_back("r2")).await;
    accept(store, calling_back("r2-again-is-new")).await;
    move_on(store, "r1", &Change::Cancel, &[0]).await;
    let counts = store.counts(at(40)).await.unwrap();
    let (us, role) = (|| US.parse().unwrap(), Role::Processor);
    assert_eq!(counts.requests, [(us(), role, "cancelled".to_owned(), 1), (us(), role, "received".to_owned(), 2)]);
    assert_eq!(counts.deliveries, [(DeliveryKind::Callback, DeliveryState::Due, 4)]);
    assert_eq!((counts.oldest_due_ms, counts.failing, counts.late), (Some(40), 0, 0));
    assert_eq!(counts.oldest_untold_ms, Some(40));
    let leased = lease(store, 40).await;
    settle(store, &leased[0], Then::Again(at(90_000))).await;
    settle(store, &leased[1], Then::Delivered).await;
    let counts = store.counts(at(30_001)).await.unwrap();
    let kind = DeliveryKind::Callback;
    assert_eq!(
        counts.deliveries,
        [(kind, DeliveryState::Delivered, 1), (kind, DeliveryState::Due, 2), (kind, DeliveryState::Leased, 1)]
    );
    assert_eq!((counts.oldest_due_ms, counts.failing, counts.late), (None, 1, 2));
    assert_eq!(counts.oldest_untold_ms, Some(30_001), "that its next try is to come makes it no younger");
    store.ping().await.unwrap();
}
