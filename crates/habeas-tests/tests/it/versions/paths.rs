//! Singular and plural are served with every method in every version (A2, A3).

use super::{ADS, AGENT, EDITIONS};
use crate::world::{Ask, Call, World, ask};

#[tokio::test]
async fn singular_and_plural_paths_take_every_method_at_every_mount() {
    let world = World::new().await;
    let mounts = [
        (ADS, "/v1"),
        (ADS, "/v0.1.3"),
        (ADS, ""),
        (AGENT, "/v1"),
        (AGENT, "/v0.1.3"),
        (AGENT, "/v0.1.2"),
        (AGENT, ""),
    ];
    let mut n = 0;
    for (host, mount) in mounts {
        for collection in ["opengdpr_requests", "opengdpr_request"] {
            for item in ["opengdpr_requests", "opengdpr_request"] {
                for slash in ["", "/"] {
                    n += 1;
                    let id = ask::id(n);
                    let post = Call::post(&format!("{mount}/{collection}{slash}"), Ask::erasure().id(&id).text());
                    world.calls(host, post).await.is(201);
                    let path = format!("{mount}/{item}/{id}{slash}");
                    let status = world.calls(host, Call::get(&path)).await.is(200).json();
                    assert_eq!(status["request_status"], "pending", "{host}{path}");
                    assert!(world.calls(host, Call::new("HEAD", &path)).await.is(200).body.is_empty());
                    world.calls(host, Call::new("PUT", &path)).await.is(405);
                    world.calls(host, Call::delete(&path)).await.is(202);
                    let status = world.calls(host, Call::get(&path)).await.is(200).json();
                    assert_eq!(status["request_status"], "cancelled", "{host}{path}");
                }
            }
        }
    }
}

#[tokio::test]
async fn status_has_a_path_of_its_own_in_every_version() {
    let world = World::new().await;
    for edition in EDITIONS {
        let id = ask::id(1);
        world.posts(edition.host, edition.mount, Ask::erasure().id(&id).text()).await.is(201);
        for path in [format!("/status/{id}"), format!("/status?subject_request_id={id}")] {
            let status = world.calls(edition.host, Call::get(&format!("{}{path}", edition.mount))).await.is(200);
            world.assert_signed_by(edition.host, &status.headers, &status.body).await;
            assert_eq!(status.json()["subject_request_id"], id);
        }
        world.calls(edition.host, Call::get(&format!("{}/status", edition.mount))).await.is(400);
    }
}
