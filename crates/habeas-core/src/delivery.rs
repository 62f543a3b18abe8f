//! What do we owe to be told to somebody else, and how far is it?

use std::fmt;

use crate::{clock::Instant, id::DeliveryId};

/// What a delivery carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryKind {
    /// A status message to a callback URL that the sender of a request gave.
    Callback,
    /// The hand-over of a request to the organisation's own systems.
    Webhook,
    /// Word to a party's contact that its callbacks fail (OpenGDPR 1.0 §8.5).
    Notice,
    /// Word to the operator that something needs attention.
    Alert,
}

impl DeliveryKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Callback, Self::Webhook, Self::Notice, Self::Alert];

    /// The name used in storage and the operator's API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Callback => "callback",
            Self::Webhook => "webhook",
            Self::Notice => "notice",
            Self::Alert => "alert",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for DeliveryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// To be tried at its time.
    Due,
    /// Somebody has the lease to try.
    Leased,
    /// Answered with a 2xx.
    Delivered,
    /// Replaced by a newer one, or not needed any more.
    Superseded,
    /// Given up: the receiver said 410, or the deadline passed.
    Abandoned,
}

impl DeliveryState {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Due, Self::Leased, Self::Delivered, Self::Superseded, Self::Abandoned];

    /// The name used in storage and the operator's API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Leased => "leased",
            Self::Delivered => "delivered",
            Self::Superseded => "superseded",
            Self::Abandoned => "abandoned",
        }
    }

    /// The state of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

impl fmt::Display for DeliveryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Our durable duty to tell one receiver of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its name: the request it tells of, the receiver's lane and the event's number. Deliveries of one request to one
    /// lane are made in order, one at a time; callbacks have the index of their URL as lane.
    pub id: DeliveryId,
    /// What it carries.
    pub kind: DeliveryKind,
    /// The receiver's host, for limits per host.
    pub host: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// When it is to be tried next.
    pub due_at: Instant,
    /// How often it was tried.
    pub attempts: u32,
}

/// The lane of the hand-over to the organisation's own systems.
pub const WEBHOOK_LANE: i32 = -1;
/// The lane of notices to the party's contact.
pub const NOTICE_LANE: i32 = -2;

// The lanes of alerts to the operator, one for each thing that may go wrong with a request: so that each is told once.

/// The lane of the alert that callbacks of a request fail.
pub const FAILING_ALERT_LANE: i32 = -3;
/// The lane of the alert that a party is late.
pub const LATE_ALERT_LANE: i32 = -4;
/// The lane of the alert that a party's leg waits for an operator.
pub const STUCK_ALERT_LANE: i32 = -5;

/// One try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub at: Instant,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// What came of it.
    pub outcome: Outcome,
    /// The start of the answer, at most 4 KiB; empty where there was none.
    pub answer: Vec<u8>,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver answered with this HTTP status.
    Answered(u16),
    /// It did not; why, in one word of ours.
    Failed(&'static str),
}
