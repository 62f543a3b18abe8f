//! A controller of ours takes its request back at an agent: what it is told is what became of it at those who do the
//! work, and not that the agent has heard the wish.

use habeas_core::id::RequestId;
use habeas_engine::directory::Tenant;
use serde_json::{Value, json};

use super::{ADS, AGENT, DAY_MS, MAIL, agent_speaks, history, party_of};
use crate::world::{Fault, Setup, World};

fn in_1_0(tenant: &mut Tenant) {
    agent_speaks(tenant, "opengdpr/1.0", "/v1");
}

/// Nobody has told the controllers that the agent hands requests on.
fn unknown(tenant: &mut Tenant) {
    if let Some(agent) = party_of(tenant, AGENT) {
        agent.party.vouches_for = Vec::new();
    }
}

async fn states(world: &World, id: &RequestId) -> Vec<Value> {
    let mut states = vec![world.story(id).await["state"].clone()];
    for organisation in [AGENT, MAIL, ADS] {
        let theirs = world.named_at(organisation, id.as_str()).await;
        states.push(world.story(&theirs).await["state"].clone());
    }
    states
}

#[tokio::test]
async fn what_is_taken_back_everywhere_is_cancelled_at_the_controller_too() {
    for adjust in [Setup::default().adjust, in_1_0, unknown] {
        let world = World::with(Setup { adjust, ..Setup::default() }).await;
        let sent = world.sent(AGENT).await;
        world.act(&sent.id, "cancel", "").await.is(200);
        world.work().await;
        assert_eq!(states(&world, &sent.id).await, ["cancelled"; 4]);
        assert_eq!(world.story(&sent.id).await["legs"][0]["cancel"], "done");
        world.live(DAY_MS).await;
        assert_eq!(world.wire.asked("DELETE", AGENT).len(), 1);
    }
}

#[tokio::test]
async fn a_controller_does_not_call_cancelled_what_a_processor_behind_the_agent_has_begun() {
    for adjust in [Setup::default().adjust, in_1_0, unknown] {
        let world = World::with(Setup { adjust, ..Setup::default() }).await;
        let sent = world.sent(AGENT).await;
        let at_mail = world.named_at(MAIL, sent.id.as_str()).await;
        // The agent takes the wish, and mail begins before it hears of it.
        world.wire.breaks(MAIL, Fault::Down);
        world.act(&sent.id, "cancel", "").await.is(200);
        world.work().await;
        let story = world.story(&sent.id).await;
        let word = story["legs"][0]["state"].clone();
        assert_eq!(
            states(&world, &sent.id).await,
            [word.clone(), json!("distributed"), json!("received"), json!("cancelled")]
        );
        world.act(&at_mail, "start", "").await.is(200);
        world.wire.mend(MAIL);
        world.live(DAY_MS).await;

        let story = world.story(&sent.id).await;
        assert_eq!(story["state"], "in_progress");
        // In 1.0 it was that already: what the agent hands on is in progress there.
        if word == "distributed" {
            assert_eq!(story["legs"][0]["cancel"], "refused");
            assert!(story["details"].as_str().unwrap().contains(AGENT), "{}", story["details"]);
        }
        world.act(&at_mail, "fulfill", "").await.is(200);
        world.live(DAY_MS).await;
        let story = world.story(&sent.id).await;
        // mail has carried it out and ads has not: 1.0 can say so, 0.1 has no word for it.
        assert_eq!(story["state"], if word == "distributed" { "in_progress" } else { "denied" });
        assert!(!history(&story).contains(&"cancel"));
    }
}
