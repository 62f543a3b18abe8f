//! What persons get to see, with the real engine behind the pages.

use http::{Method, StatusCode, header};

use crate::world::{HOST, World, call, get};

#[tokio::test]
async fn a_page_stands_on_the_host_of_an_organisation_only() {
    let world = World::new();
    for router in [world.public(), world.together()] {
        let page = call(router, get("/verify/token", HOST)).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        assert_eq!(page.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(page.headers[header::REFERRER_POLICY], "no-referrer");
    }
    let stranger = call(world.public(), get("/verify/token", "other.localhost")).await;
    assert_eq!(stranger.status, StatusCode::NOT_FOUND);
    assert_eq!(stranger.headers[header::CONTENT_TYPE], "application/problem+json");
}

#[tokio::test]
async fn a_link_that_nobody_gave_leads_nowhere() {
    let world = World::new();
    for path in
        ["/verify/token?request_id=1&identity=a.b.c&redirect_to=https%3A%2F%2Fa.example", "/verify/token/ticket"]
    {
        let page = call(world.public(), get(path, HOST)).await;
        assert_eq!((page.status, page.headers.get(header::LOCATION)), (StatusCode::NOT_FOUND, None));
        assert!(String::from_utf8(page.body).unwrap().contains("<h1>There is nothing here</h1>"));
    }
}

#[tokio::test]
async fn head_has_the_headers_of_a_page_and_no_body() {
    let world = World::new();
    for path in ["/verify/token", "/verify/style.css"] {
        let page = call(world.public(), get(path, HOST)).await;
        let mut request = get(path, HOST);
        *request.method_mut() = Method::HEAD;
        let head = call(world.public(), request).await;
        assert_eq!((head.status, head.body.len()), (page.status, 0));
        assert_eq!(head.headers[header::CONTENT_LENGTH], page.body.len().to_string());
    }
}
