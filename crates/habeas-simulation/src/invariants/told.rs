//! Who was told what: no word was a lie, and every callback was made.

use habeas_core::{
    delivery::{DeliveryKind, DeliveryState},
    state::{Reached, State},
};
use habeas_engine::operator::Story;

use super::{Census, Found, found};
use crate::{network::observed::About, world::World};

impl World {
    /// What was once told to be over ended so: above all, nothing that was denied was ever told as done.
    pub(super) fn no_word_was_a_lie(&self, census: &Census) -> Found {
        let told = self.site.network.observed.seen().told.clone();
        for (by, about, word) in told {
            let is = |story: &Story| match &about {
                About::Own(id) => story.request.id.as_str() == id,
                About::Wire(id) => {
                    let wire_id = story.request.standing.wire_id.as_str();
                    story.request.upstream.is_some() && wire_id.eq_ignore_ascii_case(id)
                }
            };
            let mut stories = census.stories.iter().filter(|(name, story)| *name == by && is(story)).peekable();
            // Two senders may use one id; then it is true of one of them.
            if stories.peek().is_some() && !stories.any(|(_, story)| is_true(&word, &story.request.standing.state)) {
                return found("words", format!("{by} has told {about:?} to be {word}"));
            }
        }
        Ok(())
    }

    /// Every callback that is owed was taken by its receiver, or given up with an alert.
    pub(super) fn every_callback_was_made(&self, census: &Census) -> Found {
        let received = self.site.network.observed.seen().received.clone();
        for (name, story) in &census.stories {
            let replaced =
                story.request.upstream.as_ref().is_some_and(|from| from.dialect.as_str().starts_with("drp/"));
            let alerted = story.deliveries.iter().any(|row| row.delivery.kind == DeliveryKind::Alert);
            for row in story.deliveries.iter().filter(|row| row.delivery.kind == DeliveryKind::Callback) {
                let id = &row.delivery.id;
                let wrong = match row.delivery.state {
                    DeliveryState::Delivered if received.contains(&id.to_string()) => continue,
                    DeliveryState::Superseded if replaced => continue,
                    DeliveryState::Abandoned if alerted => continue,
                    DeliveryState::Delivered => "was not received",
                    DeliveryState::Abandoned => "was given up without an alert",
                    DeliveryState::Superseded => "was left out",
                    DeliveryState::Due | DeliveryState::Leased => "is still owed",
                };
                return found("callbacks", format!("callback {id} of {name} {wrong}"));
            }
        }
        Ok(())
    }
}

fn is_true(word: &str, ended: &State) -> bool {
    match word {
        "completed" | "fulfilled" => {
            matches!(ended, State::Fulfilled { .. } | State::Expired { reached: Reached::Fulfilled })
        }
        "cancelled" | "revoked" => *ended == State::Cancelled,
        "denied" => matches!(ended, State::Denied { .. }),
        "expired" => matches!(ended, State::Expired { .. }),
        _ => true,
    }
}
