//! What an agent knows of a person, and what businesses tell of them, is in no log and lies nowhere in clear.

use habeas_core::clock::{DAY_MS, HOUR_MS};
use habeas_engine::directory::Tenant;
use serde_json::json;

use crate::world::{
    Behavior, Reply, Setup, World,
    drp::{HELPER, PIP, identity_key, secret},
    logs,
    pip::{EXERCISE, ID, REVOKE, WELL_KNOWN, Wish, says, standing, status_of},
};

/// In all that is personal here.
const ANY: &str = "4g3ntp3rs0n";
/// As it looks in base64, by where among three bytes it begins.
const ENCODED: [&str; 3] = ["NGczbnRwM3JzMG", "RnM250cDNyczBu", "0ZzNudHAzcnMwb"];

fn short(tenant: &mut Tenant) {
    if tenant.domain().as_str() == HELPER {
        tenant.keep_ms = DAY_MS;
    }
}

impl World {
    fn assert_clean(&self, more: &[String]) {
        let secrets = || ENCODED.iter().copied().chain([ANY, "2025550177"]).chain(more.iter().map(String::as_str));
        let log = logs::lines();
        let mut places = vec![("the log".to_owned(), log.into_bytes())];
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            places.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
        for (place, bytes) in &places {
            for secret in secrets() {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{secret} is in {place}");
            }
        }
    }
}

#[tokio::test]
async fn nothing_of_a_person_or_of_what_is_found_lies_in_clear() {
    let world = World::with(Setup { adjust: short, ..Setup::default() }).await;
    world.open_pip();
    // The business says it all back, with every failure there is.
    let echo = Reply::json(500, json!({"code": "500", "message": ANY, ANY: ANY}).to_string()).with("location", ANY);
    let strange = Behavior::Reply(Reply::json(200, format!(r#"{{"request_id":7,"{ANY}":"{ANY}"}}"#)));
    let html = Behavior::Reply(Reply { status: 404, body: ANY.into(), ..Reply::default() });
    let mut asks = standing("in_progress", Some("need_user_verification"));
    asks["user_verification_url"] = json!(format!("https://pip.example/{ANY}"));
    asks["processing_details"] = json!(ANY);
    let answers = [Behavior::Reply(echo.clone()), strange, html, Behavior::BreakOff, says(200, &asks)];
    world.peer.script(EXERCISE, answers);
    world.peer.script(&status_of(ID), [Behavior::Reply(echo.clone()), says(200, &asks)]);
    let wish = Wish::of("access")
        .with(
            "identities",
            json!([
                {"kind": "email", "format": "raw", "value": format!("{ANY}@example.org")},
                {"kind": "phone_number", "format": "raw", "value": "+12025550177"},
            ]),
        )
        .with("claims", json!({"name": ANY, "address": {"region": ANY}, "sub": ANY, ANY: ANY}))
        .with("relationships", json!([ANY]));
    let wished = world.asked_for(&wish).await;
    world.live(HOUR_MS).await;
    let identity = world.peer.heard(EXERCISE)[0].json()["identity"].as_str().unwrap().to_owned();
    let redirect = format!("https://helper.example/{ANY}");
    let path = format!("/requests/{}/verification?redirect_to={redirect}", wished.id);
    let links = world.operate("GET", &path, "").await.is(200).text();
    assert!(links.contains(ANY), "here it must be: {links}");
    let callback = wished.callbacks.rsplit('/').next().unwrap().to_owned();
    let mut secrets: Vec<String> = identity.split('.').skip(1).map(|part| part[..24].to_owned()).collect();
    secrets.extend([callback, secret(HELPER, PIP), secret(PIP, HELPER), identity_key(HELPER, PIP)]);
    world.assert_clean(&secrets);

    let mut done = standing("fulfilled", None);
    done["results_url"] = json!(format!("https://pip.example/{ANY}"));
    done["processing_details"] = json!(ANY);
    for wrong in [format!("{ANY}{{"), json!({"request_id": ANY, "status": ANY}).to_string()] {
        let answer = world.call(world.pip_calls(&wished, &done).body(wrong)).await;
        assert!(!answer.text().contains(ANY), "{}", answer.text());
    }
    world.call(world.pip_calls(&wished, &done)).await.is(200);
    assert_eq!(world.both_of(&wished).await.0, "fulfilled");
    world.assert_clean(&secrets);

    // Another one, of which nothing good is heard.
    world.peer.script(WELL_KNOWN, [Behavior::Reply(echo.clone())]);
    world.peer.script(EXERCISE, [Behavior::Reply(Reply { status: 400, ..echo.clone() })]);
    world.peer.script(REVOKE, [Behavior::Reply(echo)]);
    let second = world.asked_for(&wish).await;
    world.act(&second.id, "cancel", "").await;
    world.live(2 * DAY_MS).await;
    world.operate("GET", &format!("/requests/{}/subject", wished.id), "").await.is(410);
    world.operate("GET", &path, "").await.is(410);
    let story = world.story(&wished.id).await.to_string();
    assert!(!story.contains(ANY), "{story}");
    world.assert_clean(&secrets);
}
