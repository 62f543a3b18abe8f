//! Who may ask how a node does, and what is told?

use http::{Method, Request, StatusCode};

use crate::world::{HOST, World, call, get};

#[tokio::test]
async fn a_probe_by_address_is_answered_where_peers_come_and_organisations_keep_their_paths() {
    let world = World::new();
    for (path, words) in [("/healthz", "alive\n"), ("/readyz", "ready\n")] {
        for host in ["10.1.2.3:8080", "localhost"] {
            let answered = call(world.public(), get(path, host)).await;
            assert_eq!((answered.status, answered.body.as_slice()), (StatusCode::OK, words.as_bytes()));
            assert_eq!(answered.headers["cache-control"], "no-store");
        }
        // HTTP/1.0 knows no host.
        let hostless = Request::get(path).body(axum::body::Body::empty()).unwrap();
        assert_eq!(call(world.public(), hostless).await.status, StatusCode::OK);
        let theirs = call(world.public(), get(path, HOST)).await;
        assert_eq!(String::from_utf8(theirs.body).unwrap(), "stub says not_found");
        let mut other = get(path, "10.1.2.3");
        *other.method_mut() = Method::POST;
        assert_eq!(call(world.public(), other).await.status, StatusCode::NOT_FOUND);
    }
    for path in ["/metrics", "/readyz/", "/"] {
        assert_eq!(call(world.public(), get(path, "10.1.2.3")).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_node_that_only_works_serves_nothing_but_its_health() {
    let world = World::new();
    let router = || habeas_server::probes(std::sync::Arc::clone(&world.engine));
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(call(router(), get(path, "localhost")).await.status, StatusCode::OK, "{path}");
    }
    for (path, host) in [("/api/requests", "localhost"), ("/v1/discovery", HOST), ("/", "localhost")] {
        assert_eq!(call(router(), get(path, host)).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
