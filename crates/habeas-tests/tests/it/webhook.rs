//! The organisation's own systems: handed a request by a signed webhook, they answer at once or later.

use serde_json::{Value, json};

use crate::world::{Answered, Ask, Behavior, Call, ID, Reply, Setup, Work, World, ask, peer::Heard};

const HOUR_MS: i64 = 60 * 60 * 1000;

async fn world(hold_ms: i64) -> World {
    World::with(Setup { work: Work::Webhook, hold_ms, ..Setup::default() }).await
}

fn at_once(answer: &Value) -> [Behavior; 1] {
    [Behavior::Reply(Reply::json(200, answer.to_string()))]
}

impl World {
    /// The only request that the systems were handed.
    fn handed_over(&self) -> Heard {
        let mut heard = self.peer.heard("/work");
        assert_eq!(heard.len(), 1);
        heard.remove(0)
    }

    /// The systems answer later, where they were told to and with the token they were given.
    async fn answer(&self, handed: &Heard, answer: &Value) -> Answered {
        let at = &handed.json()["answer"];
        let path = format!("/api{}", at["path"].as_str().unwrap());
        let call = Call::post(&path, answer.to_string()).host("operator").by(at["token"].as_str().unwrap());
        self.call(call).await
    }

    async fn word(&self) -> String {
        self.status(ID).await.is(200).json()["request_status"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_request_is_handed_over_with_the_person_and_a_signature() {
    let world = world(0).await;
    let id = world.accepted(&Ask::of("access").with("extensions", json!({"mail.localhost": {"vip": true}}))).await;
    world.work().await;
    let handed = world.handed_over();
    let (name, timestamp) = (handed.header("webhook-id"), handed.header("webhook-timestamp").parse().unwrap());
    let signature = handed.header("webhook-signature");
    assert_eq!(timestamp, world.now().ms() / 1000);
    assert!(world.keys.webhook.verify(name, timestamp, &handed.body, signature));
    assert!(!world.keys.webhook.verify(name, timestamp + 1, &handed.body, signature));
    let other = habeas_trust::webhook::WebhookSecret::generate();
    assert!(!other.verify(name, timestamp, &handed.body, signature));

    let message = handed.json();
    assert_eq!(message["type"], "request.received");
    assert_eq!(message["organisation"], "mail.localhost");
    assert_eq!(message["request_id"], id.as_str());
    assert_eq!(message["subject_request_id"], ID);
    assert_eq!(message["party"], "shop.localhost");
    assert_eq!(message["rights"], json!(["access"]));
    assert_eq!(message["identities"], json!([{"kind": "email", "format": "raw", "value": "ann@example.org"}]));
    assert_eq!(message["carried"], json!([{"name": "extensions", "value": {"mail.localhost": {"vip": true}}}]));
    assert_eq!(world.word().await, "pending", "an empty answer means: later");
}

#[tokio::test]
async fn a_failed_hand_over_is_tried_again_under_the_same_id() {
    let world = world(0).await;
    world.peer.script("/work", [Behavior::Status(500), Behavior::Status(200)]);
    world.accepted(&Ask::erasure()).await;
    world.work().await;
    world.later(HOUR_MS).await;
    let heard = world.peer.heard("/work");
    assert_eq!(heard.len(), 2);
    assert_eq!(heard[0].header("webhook-id"), heard[1].header("webhook-id"));
    let timestamp = heard[1].header("webhook-timestamp").parse().unwrap();
    let (name, signature) = (heard[1].header("webhook-id"), heard[1].header("webhook-signature"));
    assert!(world.keys.webhook.verify(name, timestamp, &heard[1].body, signature), "signed anew");
}

#[tokio::test]
async fn the_systems_may_answer_at_once() {
    for (answer, word) in [
        (json!({"answer": "started"}), "in_progress"),
        (json!({"answer": "fulfilled", "results_url": "https://mail.example/r"}), "completed"),
        (json!({"answer": "denied", "ground": "no_match"}), "pending"),
        (json!({"answer": "nonsense"}), "pending"),
        (json!({"answer": "denied", "ground": "nonsense"}), "pending"),
        (json!("started"), "pending"),
    ] {
        let world = world(0).await;
        world.peer.script("/work", at_once(&answer));
        let url = world.peer.url("a", "/a");
        let id = world.accepted(&Ask::of("access").callbacks(&[url])).await;
        world.work().await;
        assert_eq!(world.word().await, word, "{answer}");
        let told = world.peer.statuses("/a");
        match answer["answer"].as_str() {
            Some("started") => assert_eq!(told, ["pending", "in_progress"]),
            Some("fulfilled") => {
                assert_eq!(told, ["pending", "in_progress", "completed"]);
                assert_eq!(world.peer.heard("/a")[2].json()["results_url"], "https://mail.example/r");
            }
            Some("denied") if answer["ground"] == "no_match" => {
                assert_eq!(told, ["pending", "pending"], "told, and not as done");
                assert_eq!(world.story(&id).await["state"], "denied");
            }
            _ => assert_eq!(told, ["pending"]),
        }
        assert_eq!(world.peer.heard("/work").len(), 1, "handed over once");
    }
}

#[tokio::test]
async fn the_systems_may_answer_later_with_their_token() {
    let world = world(0).await;
    world.accepted(&Ask::of("portability").callbacks(&[world.peer.url("a", "/a")])).await;
    world.work().await;
    let handed = world.handed_over();

    let started = world.answer(&handed, &json!({"answer": "started"})).await.is(200);
    assert_eq!(started.json()["state"], "in_progress");
    world.answer(&handed, &json!({"answer": "started"})).await.is(200);
    world.work().await;
    let done = json!({"answer": "fulfilled", "results_url": "https://mail.example/r"});
    world.answer(&handed, &done).await.is(200);
    world.answer(&handed, &done).await.is(200);
    world.work().await;
    assert_eq!(world.peer.statuses("/a"), ["pending", "in_progress", "completed"], "the same answer twice is one");
    let late = world.answer(&handed, &json!({"answer": "denied", "ground": "exempt"})).await.is(409);
    assert_eq!(late.header("content-type"), "application/problem+json");
    assert_eq!(world.word().await, "completed");
}

#[tokio::test]
async fn what_is_answered_wrongly_is_refused_by_name() {
    let world = world(0).await;
    world.accepted(&Ask::erasure()).await;
    world.work().await;
    let handed = world.handed_over();
    for (answer, field) in [
        (json!({}), "answer"),
        (json!({"answer": "done"}), "answer"),
        (json!({"answer": "denied"}), "ground"),
        (json!({"answer": "denied", "ground": "because"}), "ground"),
        (json!({"answer": "fulfilled", "results_url": "ftp://x.example/"}), "results_url"),
        (json!({"answer": "fulfilled", "results_url": "https://x.example/"}), "results_url"),
    ] {
        let refused = world.answer(&handed, &answer).await.is(400);
        assert_eq!(refused.json()["field"], field, "{answer}");
    }
    assert_eq!(world.word().await, "pending");
}

#[tokio::test]
async fn a_token_is_good_for_its_own_request_only() {
    let world = world(0).await;
    let mut handed = Vec::new();
    for n in 0..2 {
        world.accepted(&Ask::erasure().id(&ask::id(n))).await;
        world.work().await;
        handed.push(world.peer.heard("/work").remove(handed.len()));
    }
    let part = |n: usize, member: &str| handed[n].json()["answer"][member].as_str().unwrap().to_owned();
    let good = part(0, "token");
    let flipped = format!("{}{}", &good[..good.len() - 1], if good.ends_with('0') { '1' } else { '0' });
    let operator = crate::world::OPERATOR.to_owned();
    let shop = world.keys.shop.token().to_owned();
    for token in [part(1, "token"), flipped, operator, shop, String::new()] {
        let call =
            Call::post(&format!("/api{}", part(0, "path")), r#"{"answer": "started"}"#).host("operator").by(&token);
        let refused = world.call(call).await.is(401);
        assert_eq!(refused.json()["type"], "urn:habeas:problem:unauthorized");
    }
    let nobody = Call::post("/api/fulfilment/nobody", r#"{"answer": "started"}"#).host("operator").by(&good);
    world.call(nobody).await.is(401);
    let elsewhere = Call::get("/api/requests").host("operator").by(&good);
    world.call(elsewhere).await.is(401);
    assert_eq!(world.status(&ask::id(0)).await.json()["request_status"], "pending");
}

#[tokio::test]
async fn nothing_is_handed_over_before_the_hold_ends() {
    let world = world(HOUR_MS).await;
    world.accepted(&Ask::erasure()).await;
    world.later(HOUR_MS - 1).await;
    assert!(world.peer.heard("/work").is_empty());
    world.later(1).await;
    assert_eq!(world.peer.heard("/work").len(), 1);
}

#[tokio::test]
async fn what_is_cancelled_before_the_hold_ends_is_never_handed_over() {
    let world = world(HOUR_MS).await;
    world.accepted(&Ask::erasure()).await;
    world.later(HOUR_MS - 1).await;
    world.cancel(ID).await.is(202);
    world.later(30 * 24 * HOUR_MS).await;
    assert!(world.peer.heard("/work").is_empty());
}

#[tokio::test]
async fn a_denial_is_never_told_as_done() {
    for (started, word) in [(false, "pending"), (true, "in_progress")] {
        let world = world(0).await;
        world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
        world.work().await;
        let handed = world.handed_over();
        if started {
            world.answer(&handed, &json!({"answer": "started"})).await.is(200);
        }
        world.answer(&handed, &json!({"answer": "denied", "ground": "exempt"})).await.is(200);
        world.work().await;

        let denied = json!({"mail.localhost": {"denied": {"reason": "exempt"}}});
        let status = world.status(ID).await.is(200).json();
        assert_eq!((status["request_status"].as_str(), &status["extensions"]), (Some(word), &denied));
        let told = world.peer.heard("/a");
        let last = told.last().unwrap().json();
        assert_eq!((last["request_status"].as_str(), &last["extensions"]), (Some(word), &denied));
        assert!(told.iter().all(|heard| heard.status() != "completed"));
        assert_eq!(world.cancel(ID).await.is(400).reason(), "not_cancellable");
    }
}
