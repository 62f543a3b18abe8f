//! From the controller through the agent to two processors in two versions, and back.

use habeas_wire::base64;
use serde_json::{Value, json};

use super::{ADS, AGENT, MAIL, MOUNTS, history};
use crate::world::{Ask, ID, Setup, World, wire::Said};

/// What an organisation was sent, once and no more.
fn sent_to(world: &World, domain: &str) -> Said {
    let mut sent = world.wire.asked("POST", domain);
    assert_eq!(sent.len(), 1, "{domain} is asked once");
    sent.remove(0)
}

fn callbacks(body: &Value) -> Vec<&str> {
    body["status_callback_urls"].as_array().unwrap().iter().map(|url| url.as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_sender_hears_every_step_in_the_version_it_asked_in_and_signed_by_the_agent() {
    for (mount, distributed) in MOUNTS {
        let world = World::new().await;
        world.entrusted(mount).await;
        let status = async || world.of_agent("GET", mount).await.is(200).json()["request_status"].clone();
        assert_eq!(status().await, "pending");
        world.work().await;
        assert_eq!(
            (world.told_upstream(), status().await),
            (vec!["pending".into(), distributed.into()], json!(distributed))
        );

        world.happens_at(MAIL, "start").await;
        assert_eq!(status().await, "in_progress");
        world.happens_at(MAIL, "fulfill").await;
        world.happens_at(ADS, "start").await;
        assert_eq!(status().await, "in_progress", "completed only when both are");
        world.happens_at(ADS, "fulfill").await;
        assert_eq!(status().await, "completed");

        let mut expected = vec!["pending", distributed, "in_progress", "completed"];
        expected.dedup();
        assert_eq!(world.told_upstream(), expected, "{mount}");
        for heard in world.heard_from(AGENT) {
            world.assert_signed_by(AGENT, &heard.headers, &heard.body).await;
            let body = heard.json();
            assert_eq!(body["controller_id"], "shop at agent");
            assert_eq!(body["status_callback_url"], world.peer.url("up", "/up"));
            assert_eq!(body.get("api_version"), (mount == "/v1").then_some(&json!("1.0")));
        }
    }
}

#[tokio::test]
async fn a_controller_of_ours_follows_its_request_through_the_agent_in_every_version() {
    fn in_0_1_2(tenant: &mut habeas_engine::directory::Tenant) {
        super::agent_speaks(tenant, "opengdpr/0.1.2", "/v0.1.2");
    }
    fn in_1_0(tenant: &mut habeas_engine::directory::Tenant) {
        super::agent_speaks(tenant, "opengdpr/1.0", "/v1");
    }
    for (version, adjust) in
        [("0.1.3", Setup::default().adjust), ("0.1.2", in_0_1_2 as fn(&mut _)), ("1.0", in_1_0 as fn(&mut _))]
    {
        let world = World::with(Setup { adjust, ..Setup::default() }).await;
        let sent = world.sent(AGENT).await;
        let id = sent.id.as_str();
        assert_eq!(world.story(&sent.id).await["legs"][0]["dialect"], format!("opengdpr/{version}"));
        let handed_on = if version == "0.1.3" { "distributed" } else { "in_progress" };
        assert_eq!(world.leg(&sent.id).await, (handed_on.to_owned(), true));
        for processor in [MAIL, ADS] {
            let theirs = world.named_at(processor, id).await;
            world.act(&theirs, "fulfill", "").await.is(200);
            assert_ne!(world.leg(&sent.id).await.0, "fulfilled");
            world.work().await;
        }
        let story = world.story(&sent.id).await;
        assert_eq!(story["state"], "fulfilled", "{version}");
        assert_eq!(history(&story), ["receive", "distribute", "start", "fulfill"]);
    }
}

#[tokio::test]
async fn the_agents_own_receipt_repeats_the_bytes_that_it_received() {
    for (mount, _) in MOUNTS {
        let world = World::new().await;
        let body = world.usual().text().replacen(',', " ,\r\n\t", 2);
        let receipt = world.entrust(mount, body.as_str()).await.is(201);
        world.assert_signed_by(AGENT, &receipt.headers, &receipt.body).await;
        let receipt = receipt.json();
        assert_eq!(base64::decode(receipt["encoded_request"].as_str().unwrap().as_bytes()).unwrap(), body.as_bytes());
        assert_eq!(receipt.get("controller_id"), (mount == "/v1").then_some(&json!("shop at agent")));

        world.work().await;
        let id = world.named_at(AGENT, ID).await;
        for party in [MAIL, ADS] {
            let leg = world.leg_to(&id, party).await;
            assert_eq!(leg["receipt"]["signer"], party, "theirs are of what the agent sent, and hold: {leg}");
            assert_ne!(sent_to(&world, party).body, body.as_bytes());
        }
    }
}

#[tokio::test]
async fn an_agent_forwards_verbatim_to_two_versions_and_folds() {
    for (mount, named) in [("/v0.1.3", "0.1"), ("/v0.1.2", "0.1.2"), ("/v1", "1.0")] {
        let world = World::new().await;
        let up = world.peer.url("Up", "/x/../up?who=%41nn");
        let unknown = [r#""x_note":{"b" : 1.50, "a":"\u00e9\/"}"#, r#""z":[1,  -0.0e1, null]"#];
        let body = format!(
            r#"{{"subject_request_id":"{ID}","subject_request_type":"erasure",
                "submitted_time":"2026-01-01t12:30:00.120+01:00","api_version":"{named}",{},
                "subject_identities":[{{"identity_type":"email","identity_value":"Ann@example.org","identity_format":"raw"}}],
                "status_callback_urls":["{up}"],{},"nothing":null}}"#,
            unknown[0], unknown[1],
        );
        world.entrust(mount, body).await.is(201);
        world.work().await;
        let mut own = Vec::new();
        for (party, path, version) in [(MAIL, "/v1", "1.0"), (ADS, "/v0.1.3", "0.1")] {
            let sent = sent_to(&world, party);
            assert_eq!(sent.path, format!("{path}/opengdpr_requests"));
            assert_eq!(sent.header("authorization"), format!("Bearer {}", world.keys.agent.token()));
            assert!(!format!("{:?}", sent.headers).contains(world.keys.shop.token()));
            let json = sent.json();
            assert_eq!(json["subject_request_id"], ID);
            assert_eq!(json["submitted_time"], "2026-01-01t12:30:00.120+01:00");
            assert_eq!(json["api_version"], version);
            assert_eq!(json["subject_identities"][0]["identity_value"], "Ann@example.org");
            assert!(json.get("nothing").is_none() && json.get("property_id").is_none());
            for member in unknown {
                assert!(sent.text().contains(member), "{member} byte for byte in {}", sent.text());
            }
            let [first, ours] = callbacks(&json)[..] else { panic!("the sender's and one of the agent's: {json}") };
            assert_eq!(first, up, "letter by letter");
            assert!(ours.starts_with("http://agent.localhost:") && ours.contains("/opengdpr_callbacks/"), "{ours}");
            own.push(ours.to_owned());
        }
        assert_ne!(own[0], own[1], "one for each");

        let id = world.named_at(AGENT, ID).await;
        for party in [ADS, MAIL] {
            world.happens_at(party, "fulfill").await;
        }
        let story = world.story(&id).await;
        assert_eq!(history(&story), ["receive", "distribute", "start", "fulfill"]);
        let signers: Vec<_> = [MAIL, ADS]
            .map(|who| {
                let receipts = story["receipts"].as_array().unwrap().iter();
                receipts.filter(|receipt| receipt["signer"] == who && receipt["operation"] == "submit").count()
            })
            .into();
        assert_eq!(signers, [1, 1]);
    }
}

#[tokio::test]
async fn extensions_go_on_as_they_came_to_who_has_them_and_not_to_who_has_none() {
    let world = World::new().await;
    let extensions = r#"{"mail.localhost": {"box":  [1.0]}, "other.example":{"\u0061":1}}"#;
    let body = world.usual().text().replacen('{', &format!(r#"{{"extensions":{extensions},"#), 1);
    world.entrust("/v1", body).await.is(201);
    world.work().await;
    assert!(sent_to(&world, MAIL).text().contains(&format!(r#""extensions":{extensions}"#)));
    assert!(!sent_to(&world, ADS).text().contains("extensions"), "0.1 has none, and these mean nothing to ads");
}

#[tokio::test]
async fn the_same_post_again_makes_no_second_legs() {
    let mut world = World::new().await;
    let body = world.usual().text();
    let first = world.entrust("/v0.1.3", body.as_str()).await.is(201);
    assert_eq!(world.entrust("/v0.1.3", body.as_str()).await, first, "before it is handed on");
    world.work().await;
    assert_eq!(world.entrust("/v0.1.3", body.as_str()).await, first, "and after it is");
    world.happens_at(MAIL, "fulfill").await;
    world.restart().await;
    assert_eq!(world.entrust("/v0.1.3", body.as_str()).await, first);
    world.work().await;
    let id = world.named_at(AGENT, ID).await;
    assert_eq!(world.story(&id).await["legs"].as_array().unwrap().len(), 2);
    for party in [MAIL, ADS] {
        sent_to(&world, party);
        let listed = world.operate("GET", &format!("/requests?organisation={party}"), "").await.json();
        assert_eq!(listed["requests"].as_array().unwrap().len(), 1);
    }
    let other = Ask::of("access").text();
    assert_eq!(world.entrust("/v0.1.3", other).await.is(400).reason(), "already_exists");
    assert_eq!(world.story(&id).await["legs"].as_array().unwrap().len(), 2);
}
