//! Every way in which a message can be wrong is answered with its code and words, on every path (§3.06).

use habeas_core::dialect::DialectId;
use habeas_engine::directory::Tenant;
use serde_json::{Value, json};

use crate::world::{
    Call, Setup, World,
    drp::{BASE, BUSINESS, Exercise, HELPER, OTHER, RIVAL, about, of_business, secret},
};

const WELL_KNOWN: &str = "/.well-known/data-rights.json";
const MIB: usize = 1024 * 1024;

/// The business speaks nothing else.
fn drp_alone(tenant: &mut Tenant) {
    of_business(tenant, |tenant| tenant.mounts.retain(|mount| mount.dialect == DialectId::known("drp/0.5")));
}

async fn alone() -> World {
    World::with(Setup { adjust: drp_alone, ..Setup::default() }).await
}

impl World {
    async fn is_empty(&self) -> bool {
        self.operate("GET", "/requests", "").await.json()["requests"].as_array().unwrap().is_empty()
    }
}

fn bare(method: &str, path: &str) -> Call {
    Call::new(method, path).host(BUSINESS)
}

#[tokio::test]
async fn without_a_credential_nothing_is_looked_at() {
    let world = World::new().await;
    let bodies: [Vec<u8>; 5] = [vec![], b"{c4na7y".to_vec(), vec![0xff; 9], vec![b'x'; 2 * MIB], b"[[".repeat(99)];
    for (method, path) in [("POST", "exercise"), ("POST", "revoke"), ("GET", "status"), ("GET", "status?c4na7y=1")] {
        let call = bare(method, &format!("{BASE}/{path}"));
        for (n, body) in bodies.iter().enumerate() {
            let call = call.clone().body(body.clone());
            for call in [
                call.clone(),
                call.clone().header("content-type", "c4na7y/c4na7y"),
                call.clone().header("content-encoding", "gzip"),
                call.clone().header("authorization", "  "),
                call.clone().by("c4na7y"),
                call.clone().by(&secret(HELPER, OTHER)),
                call.clone().by(&secret(BUSINESS, HELPER)),
                call.clone().header("authorization", &secret(HELPER, BUSINESS)),
                call.clone().by(&secret(HELPER, BUSINESS)).also("authorization", "Bearer c4na7y"),
                call.clone().by(&secret(HELPER, BUSINESS)).also("authorization", &secret(RIVAL, BUSINESS)),
            ] {
                let answer = world.call(call).await;
                answer.is_drp_error(401);
                assert_eq!(answer.header("www-authenticate"), "Bearer", "{method} {path} {n}");
            }
        }
    }
    let good = Exercise::deletion().call();
    world.call(good.clone().without("authorization")).await.is_drp_error(401);
    world.call(good.by("c4na7y").header("content-encoding", "gzip")).await.is_drp_error(401);
    assert!(world.is_empty().await);
}

#[tokio::test]
async fn other_paths_are_not_there_and_other_methods_are_not_allowed() {
    let world = alone().await;
    let credential = secret(HELPER, BUSINESS);
    for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "C4NA7Y"] {
        for path in [
            "/",
            "/c4na7y",
            "/exercise",
            "/status?request_id=c4na7y",
            "/.well-known",
            "/.well-known/c4na7y",
            BASE,
            &format!("{BASE}/"),
            &format!("{BASE}/c4na7y"),
            &format!("{BASE}/exercise/c4na7y"),
            &format!("{BASE}//exercise"),
            &format!("{BASE}/Exercise"),
            &format!("{BASE}/callbacks/c4na7y"),
            &format!("{BASE}/v1/data-rights-request"),
        ] {
            world.call(bare(method, path).by(&credential)).await.is_drp_error(404);
            world.call(bare(method, path).body("c4na7y")).await.is_drp_error(404);
        }
        for (path, allowed, allow) in [
            (WELL_KNOWN.to_owned(), "GET", "GET, HEAD"),
            (format!("{BASE}/exercise"), "POST", "POST"),
            (format!("{BASE}/status"), "GET", "GET, HEAD"),
            (format!("{BASE}/revoke/"), "POST", "POST"),
        ] {
            if method != allowed {
                let answer = world.call(bare(method, &path).by(&credential).body("c4na7y")).await;
                answer.is_drp_error(405);
                assert_eq!(answer.header("allow"), allow);
            }
        }
    }
}

#[tokio::test]
async fn a_body_is_json_by_its_media_type_and_not_coded() {
    let world = World::new().await;
    let revoke = || about("revoke", "c4na7y");
    for (n, kind) in (0..).zip(["application/json", "application/json; charset=utf-8", "Application/JSON ;x=y"]) {
        world.call(Exercise::deletion().again(n).call().header("content-type", kind)).await.is(200);
        world.call(revoke().header("content-type", kind)).await.is_drp_error(404);
    }
    for kind in ["", "text/plain", "application/jwt", "application/x-www-form-urlencoded", "json", "application/json2"]
    {
        for call in [Exercise::deletion().call(), revoke()] {
            world.call(call.header("content-type", kind)).await.is_drp_error(415);
        }
    }
    for call in [Exercise::deletion().call(), revoke()] {
        world.call(call.clone().without("content-type")).await.is_drp_error(415);
        world.call(call.header("content-encoding", "gzip")).await.is_drp_error(415);
    }
    world.call(about("status", "c4na7y").header("content-encoding", "gzip")).await.is_drp_error(415);
}

#[tokio::test]
async fn a_body_beyond_the_bound_is_refused() {
    let world = World::new().await;
    let padded = |text: String, bytes: usize| text + &" ".repeat(bytes).to_owned();
    let text = Exercise::deletion().text();
    let fits = padded(text.clone(), MIB - text.len());
    world.call(Exercise::deletion().call_with(fits.clone() + " ")).await.is_drp_error(413);
    world.call(Exercise::deletion().call_with(fits)).await.is(200);
    world.call(about("revoke", "c4na7y").body(" ".repeat(64 * 1024 + 1))).await.is_drp_error(413);
    world.call(about("status", "c4na7y").body(" ".repeat(64 * 1024 + 1))).await.is_drp_error(413);
    world.call(bare("GET", WELL_KNOWN).body(" ".repeat(64 * 1024 + 1))).await.is_drp_error(413);
}

#[tokio::test]
async fn json_is_read_strictly() {
    let world = World::new().await;
    let good = Exercise::deletion().text();
    let nested = |depth: usize| {
        let deep = format!("{}{}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        good.replacen('{', &format!(r#"{{"deep":{deep},"#), 1)
    };
    let mut not_utf_8 = good.clone().into_bytes();
    not_utf_8[20] = 0xff;
    for body in [
        b"".to_vec(),
        b"c4na7y".to_vec(),
        good.replace('}', ",}").into(),
        format!("{good} {good}").into(),
        format!("\u{feff}{good}").into(),
        not_utf_8,
        format!("[{good}]").into(),
        b"null".to_vec(),
        b"\"c4na7y\"".to_vec(),
        good.replacen('{', r#"{"regime":"c4na7y","#, 1).into(),
        good.replacen('{', r#"{"regim\u0065":"c4na7y","#, 1).into(),
        good.replacen(r#""version""#, r#""version":"c4na7y","version""#, 1).into(),
        nested(65).into(),
        nested(10_000).into(),
    ] {
        world.call(Exercise::deletion().call_with(body.clone())).await.is_drp_error(400);
        world.call(about("revoke", "x").body(body)).await.is_drp_error(400);
    }
    assert!(world.is_empty().await);
    world.call(Exercise::deletion().call_with(nested(64))).await.is(200);
}

#[tokio::test]
async fn each_member_is_asked_for_by_its_name_and_its_type() {
    let world = World::new().await;
    let list = |n: usize| Value::from(vec!["c4na7y"; n]);
    let wrong = [
        ("meta", Value::Null),
        ("meta", json!("0.5")),
        ("meta", json!({})),
        ("meta", json!({"version": 0.5})),
        ("meta", json!({"version": "c4na7y"})),
        ("meta", json!({"version": "1.0"})),
        ("exercise", Value::Null),
        ("exercise", json!("deletion")),
        ("exercise", json!([])),
        ("exercise", json!(["c4na7y"])),
        ("exercise", json!([7])),
        ("exercise", json!(["deletion", "deletion"])),
        ("exercise", json!(["deletion", "c4na7y"])),
        ("exercise", json!(["sale:opt-out", "sale:opt_out"])),
        ("exercise", json!(["sale:opt-out", "sale:opt-in"])),
        ("exercise", json!(["access:specific"])),
        ("regime", json!(7)),
        ("relationships", json!("c4na7y")),
        ("relationships", json!([7])),
        ("relationships", list(1001)),
        ("identity", json!(7)),
        ("identity", json!("c4na7y")),
        ("identity", json!({})),
        ("identity", json!([])),
        ("status_callback", json!(7)),
        ("status_callback", json!("c4na7y")),
    ];
    for (name, value) in wrong {
        let answer = world.call(Exercise::deletion().with(name, value.clone()).call()).await;
        answer.is_drp_error(400);
        assert!(answer.text().contains(name), "{value}: {}", answer.text());
    }
    let without = Exercise::deletion().body.to_string();
    let answer = world.call(Exercise::deletion().call_with(without)).await;
    answer.is_drp_error(400);
    assert!(answer.text().contains("identity"));
    assert!(world.is_empty().await);

    for (n, (name, value)) in (0..).zip([
        ("exercise", json!([" deletion "])),
        ("exercise", json!(["sale:opt_out"])),
        ("regime", json!("voluntary")),
        ("relationships", json!([])),
        ("relationships", json!(["customer", "of another kind"])),
        ("relationships", list(1000)),
        ("meta", json!({"version": "0.4"})),
        ("meta", json!({"version": "0.5", "more": [1]})),
        ("more", json!({"of": "it"})),
    ]) {
        world.call(Exercise::deletion().again(n).with(name, value.clone()).call()).await.is(200);
    }
    // What is null is not there.
    for (n, name) in (100..).zip(["regime", "relationships", "status_callback"]) {
        let mut exercise = Exercise::deletion().again(n);
        exercise.body[name] = Value::Null;
        world.call(exercise.call()).await.is(200);
    }
}

#[tokio::test]
async fn to_revoke_needs_an_id_and_may_have_a_reason() {
    let world = World::new().await;
    let revoke = |body: Value| about("revoke", "").body(body.to_string());
    for body in [
        json!({}),
        json!({"request_id": null}),
        json!({"request_id": ""}),
        json!({"request_id": 7}),
        json!({"request_id": ["c4na7y"]}),
        json!({"requestId": "c4na7y"}),
        json!({"request_id": "c4na7y", "reason": 7}),
    ] {
        world.call(revoke(body)).await.is_drp_error(400);
    }
    for id in ["c4na7y".to_owned(), "c4na7y".repeat(100), "00000000-0000-0000-0000-000000000000".to_owned()] {
        world.call(revoke(json!({"request_id": id}))).await.is_drp_error(404);
    }
    for (n, more) in (0..).zip([json!({"reason": "c4na7y"}), json!({"reason": null}), json!({"more": [1]})]) {
        let asked = world.exercised(&Exercise::deletion().again(n)).await;
        let mut body = more;
        body["request_id"] = json!(asked.wire);
        let revoked = world.call(revoke(body)).await.is(200);
        assert_eq!((&revoked.json()["status"], &revoked.json()["reason"]), (&json!("revoked"), &Value::Null));
        assert!(!revoked.text().contains("c4na7y"), "the person's own words go nowhere");
        let story = world.story(&asked.id).await.to_string();
        assert!(!story.contains("c4na7y"), "{story}");
    }
}
