//! An old client at a new server, and the reverse: told what is wrong, before anything is done (A4).

use serde_json::Value;

use super::EDITIONS;
use crate::world::{Ask, Call, ID, World, ask};

#[tokio::test]
async fn a_body_of_another_version_is_refused_naming_the_member_and_what_is_spoken() {
    let world = World::new().await;
    let named = ["0.1", "0.1.2", "0.1.3", "1", "1.0"];
    for server in EDITIONS {
        for (named, id) in named.into_iter().zip((1..).map(ask::id)) {
            let id = id.replace("44b2", if server.is_0_1() { "4001" } else { "4100" });
            let ask = Ask::erasure().id(&id).with("api_version", named);
            let answer = world.posts(server.host, server.mount, ask.text()).await;
            if named.starts_with('0') == server.is_0_1() {
                answer.is(201);
                continue;
            }
            let refused = answer.is(400);
            assert_eq!(refused.reason(), "invalid_field", "{named} at {}", server.name);
            let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
            assert!(message.starts_with("api_version: ") && message.contains(server.named), "{message}");
        }
    }
}

#[tokio::test]
async fn what_was_refused_was_not_taken() {
    for server in EDITIONS {
        let world = World::new().await;
        let other = if server.is_0_1() { "1.0" } else { "0.1" };
        world.posts(server.host, server.mount, Ask::erasure().with("api_version", other).text()).await.is(400);
        let item = format!("{}/opengdpr_requests/{ID}", server.mount);
        world.calls(server.host, Call::get(&item)).await.is(404);
        world.work().await;
        assert_eq!(world.peer.total(), 0);
        world.posts(server.host, server.mount, Ask::erasure().with("api_version", server.named).text()).await.is(201);
    }
}

#[tokio::test]
async fn a_client_that_names_no_version_is_served_at_every_mount() {
    let world = World::new().await;
    for server in EDITIONS {
        for (ask, id) in [(Ask::erasure(), 1), (Ask::erasure().with("api_version", Value::Null), 2)] {
            let id = ask::id(id).replace("44b2", if server.is_0_1() { "4001" } else { "4100" });
            world.posts(server.host, server.mount, ask.id(&id).text()).await.is(201);
            let item = format!("{}/opengdpr_requests/{id}", server.mount);
            world.calls(server.host, Call::get(&item)).await.is(200);
        }
    }
}
