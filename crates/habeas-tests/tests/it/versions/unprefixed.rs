//! A mount without prefix serves several versions: the body says which, and the request keeps it (A4).

use serde_json::json;

use super::{ADS, AGENT};
use crate::world::{Answered, Ask, Call, ID, World, ask};

/// The version in which a receipt is written.
fn version_of(receipt: &Answered) -> &'static str {
    if receipt.json().get("controller_id").is_some() { "1.0" } else { "0.1" }
}

#[tokio::test]
async fn one_mount_without_prefix_takes_its_version_from_the_body_and_keeps_it() {
    for (host, unnamed) in [(ADS, "1.0"), (AGENT, "0.1")] {
        let mut world = World::new().await;
        let named = [Some("0.1"), Some("0.1.3"), Some("1.0"), Some("1"), None];
        for (n, (named, id)) in named.into_iter().zip((1..).map(ask::id)).enumerate() {
            let version = match named {
                Some(name) if name.starts_with('0') => "0.1",
                Some(_) => "1.0",
                None => unnamed,
            };
            let path = format!("/up/{n}");
            let ask = Ask::erasure().id(&id).callbacks(&[world.peer.url("up", &path)]);
            let ask = named.map_or(ask.clone(), |named| ask.with("api_version", named));
            let receipt = world.posts(host, "", ask.text()).await.is(201);
            assert_eq!(version_of(&receipt), version, "{host} {named:?}");
            world.restart().await;
            assert_eq!(world.posts(host, "", ask.text()).await, receipt);
            world.work().await;

            let of_1_0 = (version == "1.0").then(|| json!("1.0"));
            for path in [format!("/opengdpr_requests/{id}"), format!("/status?subject_request_id={id}")] {
                let status = world.calls(host, Call::get(&path)).await.is(200);
                assert_eq!(status.json().get("api_version"), of_1_0.as_ref(), "{host} {named:?}");
            }
            let cancelled = world.calls(host, Call::delete(&format!("/opengdpr_requests/{id}"))).await.is(202).json();
            assert_eq!(cancelled.get("api_version"), of_1_0.as_ref(), "{host} {named:?}");
            assert_eq!(cancelled.get("encoded_request").is_some(), of_1_0.is_none(), "{host} {named:?}");
            world.work().await;
            let heard = world.peer.heard(&path).into_iter();
            let told: Vec<_> = heard.filter(|heard| heard.header("x-opengdpr-processor-domain") == host).collect();
            assert!(told.len() >= 2, "{host} {named:?}");
            for heard in told {
                assert_eq!(heard.json().get("api_version"), of_1_0.as_ref(), "{host} {named:?}");
            }
        }
    }
}

#[tokio::test]
async fn of_versions_that_share_a_name_the_first_is_meant_unless_the_whole_number_stands_there() {
    for (named, told) in
        [("0.1", "distributed"), ("0.1.3", "distributed"), ("0.1.2", "in_progress"), ("1.0", "in_progress")]
    {
        let world = World::new().await;
        world.posts(AGENT, "", Ask::erasure().with("api_version", named).text()).await.is(201);
        world.work().await;
        let status = world.calls(AGENT, Call::get(&format!("/opengdpr_requests/{ID}"))).await.is(200).json();
        assert_eq!(status["request_status"], told, "{named}");
    }
}

#[tokio::test]
async fn a_prefix_fixes_the_version_of_the_answer() {
    let world = World::new().await;
    world.posts(ADS, "/v0.1.3", Ask::erasure().text()).await.is(201);
    for (prefix, version) in [("/v0.1.3", None), ("", None), ("/v1", Some(json!("1.0")))] {
        let status = world.calls(ADS, Call::get(&format!("{prefix}/opengdpr_requests/{ID}"))).await.is(200).json();
        assert_eq!(status.get("api_version"), version.as_ref(), "{prefix}");
    }
}

#[tokio::test]
async fn a_version_that_nobody_speaks_is_refused_naming_the_member() {
    let world = World::new().await;
    for (host, named) in [(ADS, "2.0"), (ADS, "v1"), (AGENT, "2.0"), (AGENT, "")] {
        let refused = world.posts(host, "", Ask::erasure().with("api_version", named).text()).await.is(400);
        assert_eq!(refused.reason(), "invalid_field");
        assert!(refused.text().contains("api_version"), "{}", refused.text());
    }
    world.calls(ADS, Call::get(&format!("/opengdpr_requests/{ID}"))).await.is(404);
}

#[tokio::test]
async fn nothing_is_read_of_who_has_no_credential_not_even_the_version() {
    let world = World::new().await;
    for body in [Ask::erasure().with("api_version", "0.1").text(), "{broken".to_owned()] {
        let refused = world.call(Call::post("/opengdpr_requests", body).host(ADS)).await.is(401);
        assert_eq!(refused.reason(), "unauthorized");
    }
    world.posts(ADS, "", "{broken").await.is(400);
}
