//! What needs somebody's attention: parties that are late, legs that are stuck, and the operator who is told.

mod alerts;
mod clock;
mod late;
mod meanwhile;
mod stuck;

use std::sync::Arc;

use habeas_engine::directory::{Tenant, Webhook};
use serde_json::Value;

use crate::world::{Setup, World};

const ALERTS: &str = "/alerts";

/// A world whose operator is told of what goes wrong.
async fn watched(setup: Setup) -> World {
    let mut world = World::with(setup).await;
    let url = world.peer.url("alerts", ALERTS).parse().unwrap();
    world.setup.settings.alert = Some(Arc::new(Webhook { url, secret: world.keys.webhook.clone() }));
    world.restart().await;
    world
}

/// What is known of one party of shop.localhost.
fn of_fake(tenant: &mut Tenant) -> Option<&mut habeas_core::party::Party> {
    let ours = tenant.domain().as_str() == "shop.localhost";
    let mut peers = tenant.peers.iter_mut().map(|peer| &mut peer.party);
    peers.find(|party| ours && party.id.as_str() == "fake.localhost")
}

impl World {
    /// The alerts of a kind that the operator was told, each checked for its signature.
    fn alerts(&self, kind: &str) -> Vec<Value> {
        let heard = self.peer.heard(ALERTS);
        for alert in &heard {
            let (id, signature) = (alert.header("webhook-id"), alert.header("webhook-signature"));
            let timestamp = alert.header("webhook-timestamp").parse().unwrap();
            assert!(self.keys.webhook.verify(id, timestamp, &alert.body, signature));
            assert_eq!(alert.header("content-type"), "application/json");
        }
        heard.iter().map(|alert| alert.json()).filter(|alert| alert["type"] == kind).collect()
    }

    /// What needs attention, of one sort.
    async fn faults(&self, sort: &str) -> Vec<Value> {
        let faults = self.operate("GET", "/faults", "").await.is(200).json();
        faults[sort].as_array().unwrap().clone()
    }
}
