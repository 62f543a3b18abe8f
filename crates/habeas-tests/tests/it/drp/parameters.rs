//! Where a request stands is asked with one parameter (reading R15).

use crate::world::{
    Call, World,
    drp::{BASE, BUSINESS, Exercise, HELPER, secret},
};

fn status(query: &str) -> Call {
    Call::get(&format!("{BASE}/status{query}")).host(BUSINESS).by(&secret(HELPER, BUSINESS))
}

#[tokio::test]
async fn one_id_is_asked_for_and_no_more() {
    let world = World::new().await;
    let asked = world.exercised(&Exercise::deletion()).await;
    let id = asked.wire.as_str();
    let encoded = id.replace('-', "%2D");
    for query in [
        format!("?request_id={id}"),
        format!("?requestId={id}"),
        format!("?request_id={encoded}"),
        format!("?a=b&request_id={id}&c4na7y"),
        format!("?request_id={id}&"),
        format!("/?request_id={id}"),
    ] {
        let answer = world.call(status(&query)).await.is(200);
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.json()["request_id"], id, "{query}");
    }
    for query in [
        String::new(),
        "?".to_owned(),
        "?request_id".to_owned(),
        "?request_id=".to_owned(),
        "?c4na7y=1".to_owned(),
        format!("?Request_Id={id}"),
        format!("?request_id={id}&request_id={id}"),
        format!("?request_id={id}&request_id="),
        format!("?request_id={id}&requestId={id}"),
        format!("?request_id=&requestId={id}"),
    ] {
        let answer = world.call(status(&query)).await;
        answer.is_drp_error(400);
        assert!(answer.text().contains("request_id"), "{query}: {}", answer.text());
    }
}

#[tokio::test]
async fn an_id_that_is_not_exactly_one_of_theirs_is_not_there() {
    let world = World::new().await;
    let asked = world.exercised(&Exercise::deletion()).await;
    let id = asked.wire.as_str();
    let (longer, shorter, upper) = (format!("{id}0"), id[1..].to_owned(), id.to_uppercase());
    let ours = asked.id.to_string();
    for id in ["c4na7y", "%00", "%ff", "'%20OR%201=1--", &"c4na7y".repeat(500), &longer, &shorter, &upper, &ours] {
        world.call(status(&format!("?request_id={id}"))).await.is_drp_error(404);
    }
    // A body with a GET says nothing.
    let answer = world.call(status(&format!("?request_id={id}")).body("c4na7y")).await.is(200);
    assert_eq!(answer.json()["request_id"], id);
}
