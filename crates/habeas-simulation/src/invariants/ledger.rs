//! No acknowledged request is lost, and no effect happens twice.

use std::collections::BTreeSet;

use habeas_engine::operator::Story;

use super::{Census, Found, found};
use crate::world::World;

impl World {
    /// What somebody has acknowledged is there, and so is what was made for somebody.
    pub(super) fn nothing_is_lost(&self, census: &Census) -> Found {
        let acknowledged = self.site.network.observed.seen().acknowledged.clone();
        for (request, at) in acknowledged {
            if census.of(&request.by, request.from, &request.wire_id).is_none() {
                let what = format!(
                    "{} has acknowledged {} to {} at {at:?} and does not have it",
                    request.by, request.wire_id, request.from
                );
                return found("ledger", what);
            }
        }
        for wish in &self.wishes {
            let Some(id) = &wish.id else { continue };
            if !census.stories.iter().any(|(name, story)| *name == wish.from && story.request.id == *id) {
                return found("ledger", format!("{} has taken {id} and does not have it", wish.from));
            }
        }
        Ok(())
    }

    /// One request for each id, one order for each request, one start and one end, and one request for the same bytes.
    pub(super) fn nothing_happens_twice(&self, census: &Census) -> Found {
        let mut ids = BTreeSet::new();
        for (name, story) in &census.stories {
            let request = &story.request;
            let from = request.upstream.as_ref().map_or("", |upstream| upstream.party.as_str());
            if !ids.insert((*name, from, request.standing.wire_id.as_str().to_lowercase())) {
                return found("effects", format!("{name} has {} twice", request.standing.wire_id));
            }
            for change in ["start", "fulfill", "cancel"] {
                let times = story.history.iter().filter(|event| event.change == change).count();
                if times > 1 {
                    return found("effects", format!("{change} happened {times} times to {} at {name}", request.id));
                }
            }
        }
        for node in &self.nodes {
            let own = |(name, story): &&(&str, Story)| *name == node.name && story.request.upstream.is_none();
            let made = census.stories.iter().filter(own).count();
            let wishes = self.wishes.iter().filter(|wish| wish.from == node.name).count();
            if made > wishes {
                return found("effects", format!("{} made {made} requests of {wishes} wishes", node.name));
            }
        }
        for (request, order) in self.site.network.systems.orders() {
            if order.told_as.len() > 1 {
                return found("effects", format!("{request} was handed over as {:?}", order.told_as));
            }
        }
        // Our agents name each request by a key, so that it may come as often as it likes.
        for ((by, _), ids) in self.site.network.observed.seen().same_bytes.iter() {
            if ids.len() > 1 {
                return found("effects", format!("the same bytes are {ids:?} at {by}"));
            }
        }
        Ok(())
    }
}
