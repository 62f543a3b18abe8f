//! Nobody is named where nobody may be, and nobody is remembered for ever.

use anyhow::Result;
use habeas_core::problem::Code;
use habeas_engine::Error;

use super::{CANARY, Census, Found, found};
use crate::{logs, world::World};

/// What is logged as an error and is none of the program: the world is as it is.
const EXCUSED: [&str; 2] = ["a verification code could not be sent", "error=a peer could not be reached"];

impl World {
    /// Neither a line of the log nor an event names a person, and no line says that the program is wrong.
    pub(super) fn nobody_is_named(&self, census: &Census) -> Found {
        let logged = logs::lines();
        for line in logged.lines() {
            if line.to_lowercase().contains(CANARY) {
                return found("privacy", format!("a person is named in the log: {line}"));
            }
            let excused = EXCUSED.iter().any(|words| line.contains(words));
            if line.trim_start().starts_with("ERROR") && !excused {
                return found("defects", format!("an error was logged: {line}"));
            }
        }
        for (name, story) in &census.stories {
            let shown = format!("{:?} {:?} {:?} {:?}", story.request, story.history, story.deliveries, story.legs);
            if shown.to_lowercase().contains(CANARY) {
                return found("privacy", format!("a person is named in the story of {} at {name}", story.request.id));
            }
        }
        Ok(())
    }

    /// What is over for long has nothing personal any more.
    pub(super) async fn nobody_is_remembered(&self, census: &Census) -> Result<Found> {
        for (name, story) in &census.stories {
            let request = &story.request;
            if request.final_at.is_none() {
                continue;
            }
            match self.engine(name)?.subject(&request.id).await {
                Err(Error::Refused(problem)) if problem.code == Code::Gone => {}
                Err(error) => return Ok(found("privacy", format!("{} at {name}: {error}", request.id))),
                Ok(_) => return Ok(found("privacy", format!("{} at {name} still has its person", request.id))),
            }
        }
        Ok(Ok(()))
    }
}
