//! In 0.1 a cancellation is answered with the request itself, to the byte, for as long as that is there (A10).

use habeas_wire::base64;

use super::{ADS, AGENT};
use crate::world::{Ask, Call, ID, Setup, World};

#[tokio::test]
async fn a_cancellation_in_0_1_repeats_the_bytes_of_the_post_until_they_are_shred() {
    for (host, mount) in [(ADS, "/v0.1.3"), (AGENT, "/v0.1.3"), (AGENT, "/v0.1.2"), (ADS, "")] {
        let mut world = World::with(Setup { keep_ms: 60_000, ..Setup::default() }).await;
        let body = Ask::erasure().with("api_version", "0.1").text();
        let body = format!("\r\n\t {} \n", body.replacen(':', " :\t", 3).replace("example", "ex\\u0061mple"));
        world.posts(host, mount, body.as_str()).await.is(201);
        let delete = || Call::delete(&format!("{mount}/opengdpr_requests/{ID}"));
        let first = world.calls(host, delete()).await.is(202);
        world.assert_signed_by(host, &first.headers, &first.body).await;
        let repeated = first.json()["encoded_request"].as_str().unwrap().to_owned();
        assert_eq!(base64::decode(repeated.as_bytes()).unwrap(), body.as_bytes());

        world.later(1000).await;
        world.restart().await;
        assert_eq!(world.calls(host, delete()).await, first, "{host}{mount}");

        world.live(180_000).await;
        let id = world.named_at(host, ID).await;
        world.operate("GET", &format!("/requests/{id}/subject"), "").await.is(410);
        let after = world.calls(host, delete()).await.is(202);
        world.assert_signed_by(host, &after.headers, &after.body).await;
        let (mut before, after) = (first.json(), after.json());
        assert!(after.get("encoded_request").is_none(), "{after}");
        for member in ["encoded_request", "processor_signature"] {
            before.as_object_mut().unwrap().remove(member);
        }
        for (member, value) in before.as_object().unwrap() {
            assert_eq!(after[member], *value, "and nothing else is missing");
        }
    }
}

#[tokio::test]
async fn a_cancellation_in_1_0_repeats_nothing() {
    let world = World::new().await;
    world.posts(ADS, "/v1", Ask::erasure().text()).await.is(201);
    let answer = world.calls(ADS, Call::delete(&format!("/v1/opengdpr_requests/{ID}"))).await.is(202);
    assert!(answer.json().get("encoded_request").is_none());
    assert_eq!(answer.json()["controller_id"], "shop at ads");
}
