//! What must hold, looked at in the middle of it all and when everything has come to its end. The crate's own page says
//! it in words.

mod agreement;
mod ledger;
mod privacy;
mod proof;
mod states;
mod told;

use std::fmt;

use anyhow::Result;
use habeas_engine::operator::Story;
use habeas_store::RequestFilter;

use crate::world::World;

/// Every person's name and address holds it, in lower or upper case.
pub(crate) const CANARY: &str = "c4na7y";
const MANY: u32 = 10_000;

/// Something that must not be so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which of the invariants is broken.
    pub invariant: &'static str,
    /// How.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.what)
    }
}

/// What one check finds.
type Found = std::result::Result<(), Violation>;

fn found(invariant: &'static str, what: String) -> Found {
    Err(Violation { invariant, what })
}

/// The stories of all requests of all nodes.
pub(crate) struct Census {
    stories: Vec<(&'static str, Story)>,
}

impl Census {
    pub(crate) async fn take(world: &World) -> Result<Self> {
        let mut stories = Vec::new();
        for node in &world.nodes {
            let all = RequestFilter { limit: MANY, ..RequestFilter::default() };
            for request in node.engine.requests(&all).await? {
                stories.push((node.name, node.engine.story(&request.id).await?));
            }
        }
        Ok(Self { stories })
    }

    /// The request that one has of another under an id.
    fn of(&self, by: &str, from: &str, wire_id: &str) -> Option<&Story> {
        let is = |story: &Story| {
            let upstream = story.request.upstream.as_ref();
            upstream.is_some_and(|upstream| upstream.party.as_str() == from)
                && story.request.standing.wire_id.as_str().eq_ignore_ascii_case(wire_id)
        };
        self.stories.iter().find(|(name, story)| *name == by && is(story)).map(|(_, story)| story)
    }
}

impl World {
    /// Looks at what must hold at any time.
    pub(crate) async fn examine_underway(&self) -> Result<Found> {
        Ok(self.always(&Census::take(self).await?))
    }

    fn always(&self, census: &Census) -> Found {
        let checks = [
            self.nothing_is_lost(census),
            self.nothing_happens_twice(census),
            self.every_history_is_legal(census),
            self.no_word_was_a_lie(census),
            self.done_is_done_by_all(census),
            self.nobody_is_named(census),
        ];
        checks.into_iter().collect()
    }

    /// Looks at everything, after healing.
    pub(crate) async fn examine(&self) -> Result<Found> {
        let census = Census::take(self).await?;
        let checks = [
            self.always(&census),
            self.every_callback_was_made(&census),
            self.everybody_agrees(&census),
            self.nobody_works_for_nobody(&census),
            self.what_is_signed_holds(&census)?,
        ];
        Ok(checks.into_iter().collect())
    }

    /// Looks once more, when nothing personal may be left.
    pub(crate) async fn examine_forgotten(&self) -> Result<Found> {
        let census = Census::take(self).await?;
        let checks = [
            self.nothing_is_lost(&census),
            self.every_history_is_legal(&census),
            self.every_callback_was_made(&census),
            self.what_is_signed_holds(&census)?,
            self.nobody_is_named(&census),
            self.nobody_is_remembered(&census).await?,
        ];
        Ok(checks.into_iter().collect())
    }
}
