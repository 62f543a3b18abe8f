//! How are the engine's settings read from the configuration?

use std::sync::Arc;

use habeas_engine::{deliver::schedule::Schedule, settings::Settings};

use super::webhook;
use crate::config::{Loaded, duration::Duration};

/// The settings; what is wrong is noted.
pub(super) fn assemble(loaded: &mut Loaded) -> Settings {
    let (delivery, follow) = (loaded.config.delivery.clone(), loaded.config.follow.clone());
    if delivery.attempt_timeout.ms() == 0 {
        loaded.object("delivery.attempt_timeout", "must be longer than nothing");
    }
    for (name, number) in [
        ("attempts_at_once", delivery.attempts_at_once),
        ("attempts_per_host", delivery.attempts_per_host),
        ("notice_after_attempts", usize::try_from(delivery.notice_after_attempts).unwrap_or(usize::MAX)),
    ] {
        if number == 0 {
            loaded.object(&format!("delivery.{name}"), "must be at least 1");
        }
    }
    // Pauses of no length would ask a party that says nothing again and again, as fast as it answers.
    if follow.schedule.iter().any(|pause| pause.ms() == 0) {
        loaded.object("follow.schedule", "every pause must be longer than nothing");
    }
    Settings {
        schedule: schedule(loaded, "delivery.schedule", &delivery.schedule),
        follow: schedule(loaded, "follow.schedule", &follow.schedule),
        alert: alert(loaded),
        attempt_ms: delivery.attempt_timeout.ms(),
        attempts_at_once: delivery.attempts_at_once,
        attempts_per_host: delivery.attempts_per_host,
        notice_after_attempts: delivery.notice_after_attempts,
        ..Settings::default()
    }
}

fn schedule(loaded: &mut Loaded, place: &str, pauses: &[Duration]) -> Schedule {
    if pauses.is_empty() {
        loaded.object(place, "needs at least one pause");
    }
    Schedule { steps_ms: pauses.iter().map(|pause| pause.ms()).collect() }
}

fn alert(loaded: &mut Loaded) -> Option<Arc<habeas_engine::directory::Webhook>> {
    let from = loaded.config.alert.clone();
    if from.url.is_none() && from.secret_file.is_none() {
        return None;
    }
    webhook::assemble(loaded, "alert", from.url.as_ref(), from.secret_file.as_deref()).map(Arc::new)
}
