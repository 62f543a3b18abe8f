//! What somebody sees who listens to everything, and what of it must not be so.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use habeas_core::clock::Instant;
use habeas_engine::outbound::{Heard, OutboundError};
use habeas_trust::digest::sha256;
use serde_json::Value;

use super::message::{Message, Submission, word};
use crate::{
    actors::{ALL, BUSINESS},
    invariants::{CANARY, Violation},
};

/// A request that somebody has acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Acknowledged {
    pub(crate) by: String,
    pub(crate) from: &'static str,
    pub(crate) wire_id: String,
}

/// What was answered to the same bytes for the first time.
struct First {
    wire_id: String,
    answer: Vec<u8>,
    signature: Option<Vec<u8>>,
}

/// About which request something was said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum About {
    /// By the speaker's own name for it.
    Own(String),
    /// By the id that it has between the two.
    Wire(String),
}

/// What was seen.
#[derive(Default)]
pub(crate) struct Observed(Mutex<Seen>);

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) violations: Vec<Violation>,
    pub(crate) acknowledged: BTreeMap<Acknowledged, Instant>,
    /// Which of the requests of the Data Rights Protocol came in the same bytes, in order.
    pub(crate) same_bytes: BTreeMap<(String, [u8; 32]), Vec<String>>,
    /// The words that somebody used for where a request stands.
    pub(crate) told: BTreeSet<(String, About, String)>,
    /// The callbacks that their receivers have answered with 2xx.
    pub(crate) received: BTreeSet<String>,
    first: BTreeMap<(String, &'static str, [u8; 32]), First>,
    lanes: BTreeMap<(String, i32), Lane>,
}

/// How far a lane of callbacks is.
struct Lane {
    seq: u32,
    heard: bool,
}

impl Observed {
    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something that must not be so.
    pub(crate) fn finds(&self, invariant: &'static str, what: String) {
        self.seen().violations.push(Violation { invariant, what });
    }

    /// A message leaves its sender.
    pub(crate) fn leaves(&self, message: &Message) {
        if message.url.as_str().to_lowercase().contains(CANARY) {
            self.finds("privacy", format!("a URL of {} names a person", message.from));
        }
        let Some(delivery) = message.delivery().filter(|delivery| delivery.lane >= 0) else { return };
        let mut seen = self.seen();
        let place = (delivery.request.as_str().to_owned(), delivery.lane);
        let replaces = message.from == BUSINESS;
        let wrong = seen.lanes.get(&place).and_then(|lane| match delivery.seq.cmp(&lane.seq) {
            std::cmp::Ordering::Less => Some("an older callback follows a newer one"),
            std::cmp::Ordering::Greater if !lane.heard && !replaces => Some("a callback is skipped"),
            _ => None,
        });
        if let Some(wrong) = wrong {
            seen.violations.push(Violation { invariant: "order", what: format!("{wrong}: {delivery}") });
        }
        let heard = seen.lanes.get(&place).is_some_and(|lane| lane.seq == delivery.seq && lane.heard);
        seen.lanes.insert(place, Lane { seq: delivery.seq, heard });
    }

    /// The sender of a message has its answer.
    pub(crate) fn is_heard(&self, message: &Message, outcome: &Result<Heard, OutboundError>) {
        let taken = outcome.as_ref().is_ok_and(|heard| (200..300).contains(&heard.status));
        let Some(delivery) = message.delivery().filter(|_| taken) else { return };
        let place = (delivery.request.as_str().to_owned(), delivery.lane);
        if let Some(lane) = self.seen().lanes.get_mut(&place).filter(|lane| lane.seq == delivery.seq) {
            lane.heard = true;
        }
    }

    /// An actor has answered a message, whether that is heard or not.
    pub(crate) fn is_answered(&self, message: &Message, heard: &Heard, now: Instant) {
        if !ALL.contains(&message.to.as_str()) {
            return;
        }
        let mut seen = self.seen();
        // 503 says that something is not to be had now; anything else is a mistake.
        if heard.status >= 500 && heard.status != 503 {
            let what = format!("{} answers {} to {}", message.to, heard.status, message.described());
            seen.violations.push(Violation { invariant: "defects", what });
        }
        if heard.status >= 400 && String::from_utf8_lossy(&heard.body).to_lowercase().contains(CANARY) {
            let what = format!("an error of {} names a person", message.to);
            seen.violations.push(Violation { invariant: "privacy", what });
        }
        if !(200..300).contains(&heard.status) {
            return;
        }
        seen.hear_words(message, heard);
        match message.submission() {
            Some(Submission::Receipts { wire_id }) => seen.acknowledge(message, heard, &wire_id, now),
            Some(Submission::Status) => {
                let id = json(heard).get("request_id").and_then(Value::as_str).map(str::to_owned);
                seen.give_id(message, &id.unwrap_or_default(), now);
            }
            None => {}
        }
    }
}

impl Seen {
    fn hear_words(&mut self, message: &Message, heard: &Heard) {
        if let Some(delivery) = message.delivery() {
            self.received.insert(delivery.to_string());
            if let Some(word) = word(&message.json()) {
                let about = About::Own(delivery.request.as_str().to_owned());
                self.told.insert((message.from.to_owned(), about, word));
            }
            return;
        }
        let body = json(heard);
        let id = body.get("subject_request_id").or_else(|| body.get("request_id")).and_then(Value::as_str);
        if let (Some(word), Some(id)) = (word(&body), id) {
            self.told.insert((message.to.clone(), About::Wire(id.to_owned()), word));
        }
    }

    /// The same bytes of the same sender have the same answer, and the same signatures.
    fn acknowledge(&mut self, message: &Message, heard: &Heard, wire_id: &str, now: Instant) {
        let by = message.to.clone();
        let name = Acknowledged { by: by.clone(), from: message.from, wire_id: wire_id.to_owned() };
        self.acknowledged.entry(name).or_insert(now);
        let signature = heard.headers.get("x-opengdpr-signature").map(|value| value.as_bytes().to_vec());
        let place = (by, message.from, sha256(&message.body));
        let first = self.first.entry(place).or_insert_with(|| First {
            wire_id: wire_id.to_owned(),
            answer: heard.body.clone(),
            signature: signature.clone(),
        });
        if first.answer != heard.body || first.signature != signature {
            let what = format!("{} gives another receipt for the same bytes of {}", message.to, first.wire_id);
            self.violations.push(Violation { invariant: "receipts", what });
        }
    }

    fn give_id(&mut self, message: &Message, wire_id: &str, now: Instant) {
        let name = Acknowledged { by: message.to.clone(), from: message.from, wire_id: wire_id.to_owned() };
        self.acknowledged.entry(name).or_insert(now);
        let ids = self.same_bytes.entry((message.to.clone(), sha256(&message.body))).or_default();
        if !ids.iter().any(|id| id == wire_id) {
            ids.push(wire_id.to_owned());
        }
    }
}

fn json(heard: &Heard) -> Value {
    serde_json::from_slice(&heard.body).unwrap_or_default()
}
