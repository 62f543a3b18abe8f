//! What is personal or secret shows nowhere but where it must: to the operator who asks for the person.

use habeas_wire::base64;
use serde_json::json;

use crate::world::{Answered, Ask, Behavior, Call, ID, Reply, Setup, Work, World, ask, fake::Fake, logs};

/// Each marks one kind of thing; `c4na7y` is in all of them and in nothing else.
const PERSON: &str = "c4na7y-person@example.org";
const EXTENSION: &str = "c4na7y-extension";
const PATH: &str = "/c4na7y-callback";
const RESULTS: &str = "https://mail.example/c4na7y-results";
const ANY: &str = "c4na7y";

struct Watch {
    seen: Vec<Answered>,
}

impl Watch {
    async fn call(&mut self, world: &World, call: Call) -> Answered {
        let answered = world.call(call).await;
        self.seen.push(answered.clone());
        answered
    }
}

fn ask(world: &World) -> Ask {
    Ask::of("access")
        .identity("email", "raw", PERSON)
        .with("extensions", json!({"mail.localhost": {EXTENSION: EXTENSION}}))
        .with("c4na7y_member", EXTENSION)
        .callbacks(&[world.peer.url("a", PATH)])
}

/// Requests of every kind of wrong.
fn mistakes(world: &World) -> Vec<Call> {
    let post = |body: String| Call::post("/v1/opengdpr_requests", body).by(world.keys.shop.token());
    let good = ask(world).id(&ask::id(9));
    let text = good.text();
    vec![
        post(text.replacen('{', "{,", 1)),
        post(format!("[{text}]")),
        post(text.replacen('{', &format!("{{\"c4na7y\":\"{PERSON}\",\"c4na7y\":1,"), 1)),
        post(good.clone().id(ANY).text()),
        post(good.clone().with("subject_request_type", ANY).text()),
        post(good.clone().with("submitted_time", ANY).text()),
        post(good.clone().identity(ANY, "raw", PERSON).text()),
        post(good.clone().identity("email", ANY, PERSON).text()),
        post(good.clone().with("api_version", ANY).text()),
        post(good.clone().with("extensions", ANY).text()),
        post(good.clone().callbacks(&["ftp://c4na7y.example/"]).text()),
        post(ask(world).with("subject_request_type", "erasure").text()),
        post(text.clone()).header("content-type", &format!("text/{ANY}")),
        post(text.clone()).by(&format!("hbs_{ANY}")),
        post(text).header("authorization", &format!("Basic {}", base64::encode(PERSON.as_bytes()))),
        Call::get(&format!("/v1/{ANY}")),
        Call::get(&format!("/v1/opengdpr_requests/{ANY}?{ANY}={ANY}")).by(world.keys.shop.token()),
        Call::get(&format!("/v1/status?subject_request_id={ANY}")).by(world.keys.shop.token()),
        Call::new("C4NA7Y", "/v1/discovery"),
        Call::get("/v1/discovery").host(&format!("{ANY}.localhost")),
        Call::post(&format!("/v1/opengdpr_callbacks/{ANY}"), PERSON).host("shop.localhost"),
    ]
}

#[tokio::test]
async fn canaries_show_nowhere_but_where_the_operator_asks_for_the_person() {
    let world = World::with(Setup { work: Work::Webhook, ..Setup::default() }).await;
    let fake = Fake::open(&world);
    let mut watch = Watch { seen: Vec::new() };
    // The receiver says it all back, with every failure there is.
    let echo = Reply { status: 500, body: PERSON.into(), ..Reply::default() }.with("location", RESULTS);
    let moved = Reply { status: 302, ..echo.clone() };
    world.peer.script(PATH, [Behavior::Reply(echo.clone()), Behavior::Reply(moved), Behavior::BreakOff]);
    world.peer.script("/work", [Behavior::Reply(echo), Behavior::Reply(Reply::json(200, format!("\"{PERSON}\"")))]);

    let id = world.accepted(&ask(&world)).await;
    for call in mistakes(&world) {
        let answered = watch.call(&world, call).await;
        assert!(answered.status >= 400, "{}", answered.text());
    }
    for _ in 0..6 {
        world.later(3_600_000).await;
    }

    let handed = world.peer.heard("/work").pop().unwrap().json();
    let token = handed["answer"]["token"].as_str().unwrap().to_owned();
    let path = format!("/api{}", handed["answer"]["path"].as_str().unwrap());
    for body in [
        json!({"answer": ANY}),
        json!({ANY: PERSON}),
        json!({"answer": "denied", "ground": ANY}),
        json!({"answer": "fulfilled", "results_url": format!("ftp://{ANY}/")}),
    ] {
        let call = Call::post(&path, body.to_string()).host("operator");
        watch.call(&world, call.clone().by(&token)).await.is(400);
        let stranger = watch.call(&world, call.by(ANY)).await;
        assert!(matches!(stranger.status, 400 | 401), "{}", stranger.text());
    }
    let listed = world.operate("GET", "/requests", "").await.is(200);
    watch.seen.push(listed);
    let results = json!({"answer": "fulfilled", "results_url": RESULTS}).to_string();
    world.call(Call::post(&path, results).host("operator").by(&token)).await.is(200);

    let sent = world.sent("fake.localhost").await;
    let mut news = sent.news("completed");
    news["results_url"] = RESULTS.into();
    news["extensions"] = json!({EXTENSION: PERSON});
    world.call(fake.callback_of(&sent, news.to_string().into_bytes())).await.is(202);
    watch.call(&world, fake.callback_of(&sent, PERSON.into())).await.is(400);
    watch.call(&world, fake.callback(&sent, ANY).body(PERSON)).await.is(403);

    for path in ["/deliveries", "/deliveries?failing=true", "/organisations"] {
        watch.seen.push(world.operate("GET", path, "").await.is(200));
    }
    watch.seen.push(world.call(Call::get("/metrics").host("operator")).await.is(200));
    watch.seen.push(world.operate("GET", &format!("/requests/{ANY}"), "").await.is(404));
    watch.seen.push(world.operate("GET", &format!("/requests?{ANY}={ANY}"), "").await.is(400));
    watch.seen.push(world.operate("POST", "/requests", &json!({"from": ANY}).to_string()).await.is(400));
    watch.seen.push(world.call(Call::get("/api/requests").host("operator").by(ANY)).await.is(401));

    for answered in &watch.seen {
        let shown = format!("{:?} {}", answered.headers, answered.text()).to_lowercase();
        assert!(!shown.contains(ANY), "{shown}");
    }
    let story = world.story(&id).await.to_string();
    for personal in [PERSON, EXTENSION, PATH] {
        assert!(!story.contains(personal), "{personal} is in the story");
    }
    let subject = world.operate("GET", &format!("/requests/{id}/subject"), "").await.is(200);
    assert!(subject.text().contains(PERSON), "here it must be");

    let callback_token = sent.path.rsplit('/').next().unwrap();
    let lines = logs::lines();
    assert!(lines.contains("the personal part of a request was read by an operator"), "the log was listened to");
    assert!(lines.contains("served") && lines.contains("a callback keeps failing"));
    let secrets = [
        ANY,
        "C4NA7Y",
        PERSON,
        "ann@example.org",
        &token,
        callback_token,
        world.keys.shop.token(),
        world.keys.other.token(),
        crate::world::OPERATOR,
        &base64::encode(PERSON.as_bytes()),
    ];
    for line in lines.lines() {
        for secret in secrets {
            assert!(!line.contains(secret), "{secret} is in: {line}");
        }
    }
    assert_eq!(world.status(ID).await.json()["results_url"], RESULTS, "and the controller gets its results");
}

#[tokio::test]
async fn nothing_personal_lies_in_the_database_in_clear() {
    let world = World::with(Setup { work: Work::Webhook, ..Setup::default() }).await;
    let id = world.accepted(&ask(&world)).await;
    world.work().await;
    world.act(&id, "extend", r#"{"by": "2026-04-01T00:00:00Z", "reason": "c4na7y-reason"}"#).await.is(200);
    world.act(&id, "fulfill", &json!({"results_url": RESULTS}).to_string()).await.is(200);
    world.work().await;
    for entry in std::fs::read_dir(world.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(ANY.len()).any(|window| window == ANY.as_bytes()), "{}", path.display());
    }
}
