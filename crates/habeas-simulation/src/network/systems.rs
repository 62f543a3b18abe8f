//! The systems that do the work of ads.example: they are told by its webhook, and answer at once or later.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use habeas_engine::outbound::Heard;
use http::HeaderMap;
use serde_json::Value;

use super::message::Message;
use crate::chance::Chance;

/// The systems.
pub(crate) struct Systems {
    chance: Chance,
    orders: Mutex<BTreeMap<String, Order>>,
}

/// What they were told of one request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Order {
    /// With which they may answer.
    pub(crate) token: String,
    /// Under which names they were told to do the work: one, however often they were told.
    pub(crate) told_as: BTreeSet<String>,
}

impl Systems {
    pub(crate) fn new(seed: u64) -> Self {
        Self { chance: Chance::new(seed, "systems"), orders: Mutex::default() }
    }

    /// All orders, by the name of the request.
    pub(crate) fn orders(&self) -> BTreeMap<String, Order> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn hear(&self, message: &Message) -> Heard {
        let body = message.json();
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = message.headers.get("webhook-id").and_then(|name| name.to_str().ok()).unwrap_or_default();
        if text("/type") == "request.received" {
            let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
            let order = orders.entry(text("/request_id")).or_default();
            order.token = text("/answer/token");
            order.told_as.insert(name.to_owned());
        }
        let body = match self.chance.below(6) {
            0 => r#"{"answer":"started"}"#,
            1 => r#"{"answer":"fulfilled"}"#,
            2 => r#"{"answer":"denied","ground":"no_match"}"#,
            _ => "",
        };
        Heard { status: 200, headers: HeaderMap::new(), body: body.as_bytes().to_vec(), whole: true }
    }
}
