//! What can be set of the engine, and what holds when nobody sets it.

use std::{sync::Arc, time::Duration};

use habeas_core::clock::{DAY_MS, HOUR_MS, MINUTE_MS};

use crate::{deliver::schedule::Schedule, directory::Webhook};

/// The engine's settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// When callbacks are tried again.
    pub schedule: Schedule,
    /// How long one attempt may take in all, body included, in milliseconds.
    pub attempt_ms: i64,
    /// How many attempts may be under way at once.
    pub attempts_at_once: usize,
    /// How many of them to one host.
    pub attempts_per_host: usize,
    /// After so many failures in a row the affected party's contact is told.
    pub notice_after_attempts: u32,
    /// How long after the legal deadline deliveries are still tried, in milliseconds.
    pub deliver_after_deadline_ms: i64,
    /// How long what a party says of itself (capabilities, certificate) is believed, in milliseconds.
    pub peer_fresh_ms: i64,
    /// When a party that has a request is asked how it stands, counted from the last news.
    pub follow: Schedule,
    /// Where the operator is told of what needs attention.
    pub alert: Option<Arc<Webhook>>,
    /// How long before its end a certificate needs attention, in milliseconds.
    pub certificate_soon_ms: i64,
    /// How long what is under way may take to end when the worker stops; then it is left, and its lease given back.
    pub finish_within: Duration,
    /// How long the store is waited for; whoever is waiting then is told to come again. Less than the five seconds in
    /// which everybody has an answer.
    pub store_within: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            schedule: Schedule::default(),
            attempt_ms: 30_000,
            attempts_at_once: 2048,
            attempts_per_host: 32,
            notice_after_attempts: 4,
            deliver_after_deadline_ms: 7 * DAY_MS,
            peer_fresh_ms: DAY_MS,
            follow: Schedule { steps_ms: vec![15 * MINUTE_MS, HOUR_MS, 4 * HOUR_MS, 12 * HOUR_MS, DAY_MS] },
            alert: None,
            certificate_soon_ms: 14 * DAY_MS,
            finish_within: Duration::from_secs(12),
            store_within: Duration::from_secs(4),
        }
    }
}
