//! Which router listens where?

use std::{convert::Infallible, sync::Arc};

use axum::{Router, extract::Request, response::Response};
use habeas_engine::Engine;
use tower::{ServiceExt as _, service_fn};

use crate::{
    health,
    operator::{self, auth::OperatorTokens},
    protocol,
};

/// For peers: the protocols, told apart by `Host`, and whether this node is ready, under any other host.
pub fn public(engine: Arc<Engine>) -> Router {
    Router::new().fallback(protocol::handle).with_state(engine)
}

/// For operators: the JSON API below `prefix` (such as `/api`, or empty), and `/healthz`, `/readyz` and `/metrics`,
/// which ask for no token.
pub fn operator(engine: Arc<Engine>, tokens: OperatorTokens, prefix: &str) -> Router {
    operator::router(engine, tokens, prefix)
}

/// For a node that only works: `/healthz`, `/readyz` and `/metrics`, and nothing else.
pub fn probes(engine: Arc<Engine>) -> Router {
    health::alone(engine)
}

/// For the sandbox, both on one listener: the host of an organisation gets the protocols, any other the rest.
pub fn together(engine: Arc<Engine>, tokens: OperatorTokens, prefix: &str) -> Router {
    let peers = public(Arc::clone(&engine));
    let operators = operator(Arc::clone(&engine), tokens, prefix);
    let choose = move |request: Request| {
        let router = if is_organisation(&engine, &request) { peers.clone() } else { operators.clone() };
        async move {
            let response: Result<Response, Infallible> = router.oneshot(request).await;
            response
        }
    };
    Router::new().fallback_service(service_fn(choose))
}

fn is_organisation(engine: &Engine, request: &Request) -> bool {
    // The same reading of the host as the protocols have, so that both agree on whom a message is for.
    let (uri, headers) = (request.uri(), request.headers());
    protocol::host(uri, headers).is_some_and(|host| engine.directory().by_host(host).is_some())
}
