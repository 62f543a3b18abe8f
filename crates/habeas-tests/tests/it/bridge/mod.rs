//! From one protocol to the other: what a person's agent asks of a business by DRP, its processors do by OpenGDPR.

mod absent;
mod access;
mod deletion;
mod opt_out;
mod proof;
mod relationships;
mod revoked;
mod told;

use habeas_core::{clock::HOUR_MS, id::RequestId};
use serde_json::Value;

use crate::world::{
    Setup, World,
    drp::{Asked, BUSINESS},
};

const MAIL: &str = "mail.localhost";
const ADS: &str = "ads.localhost";
const PUSH: &str = "push.localhost";

/// Two processors, of 1.0 and of 0.1.3.
fn two() -> Setup {
    Setup { bridge: &[MAIL, ADS], ..Setup::default() }
}

impl World {
    /// A processor's own name for its request that comes from the business, for a right.
    async fn at(&self, processor: &str, right: &str) -> Option<RequestId> {
        let path = format!("/requests?limit=1000&organisation={processor}");
        let listed = self.operate("GET", &path, "").await.is(200).json();
        let ours = |request: &&Value| request["party"] == BUSINESS && request["rights"][0] == right;
        let found = listed["requests"].as_array().unwrap().iter().find(ours)?.clone();
        Some(RequestId::new(found["request_id"].as_str().unwrap()))
    }

    /// An operator of a processor does something to that request, and everybody hears of it.
    async fn does(&self, processor: &str, right: &str, what: &str, body: &str) {
        let id = self.at(processor, right).await.unwrap_or_else(|| panic!("{processor} has no {right}"));
        self.act(&id, what, body).await.is(200);
        self.live(HOUR_MS).await;
    }

    /// The business's leg to a party, for a right.
    async fn leg_at(&self, asked: &Asked, party: &str, right: &str) -> Value {
        let story = self.story(&asked.id).await;
        let fits = |leg: &&Value| leg["party"] == party && leg["right"] == right;
        story["legs"].as_array().unwrap().iter().find(fits).cloned().unwrap_or_else(|| panic!("no leg: {story}"))
    }

    /// What the agent is told beside the status.
    async fn details(&self, asked: &Asked) -> String {
        self.standing(asked).await["processing_details"].as_str().unwrap_or_default().to_owned()
    }
}
