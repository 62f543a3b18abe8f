//! A server as it runs in earnest: two companies, each with a configuration of its own, and the people and systems
//! behind them.
//!
//! What a peer names never leads into a private network, and this machine is one: so callbacks end at the guard here,
//! and the sandbox's tests show them arrive.

use habeas_trust::webhook::WebhookSecret;
use serde_json::{Value, json};

use crate::{
    command::{code, complained, document, said},
    patience::until,
    receiver::Receiver,
    server::Server,
    site::{Authority, Site},
    wire::Call,
    world::{REQUESTS, asking, id},
};

const PRIVACY: &str = "privacy.example.com";
const SHOP: &str = "shop.example.com";
const ANN: &str = "email:raw:ann@example.org";

/// A processor that serves TLS, and a controller that may call it.
fn two_companies(edit: impl FnOnce(&Site)) -> (Site, Site, String) {
    let authority = Authority::new();
    let processor = Site::set_up(PRIVACY, &authority).with_tls(&authority);
    processor.edit(
        &format!("public_url = \"https://{PRIVACY}\""),
        &format!("public_url = \"https://127.0.0.1:{}\"", processor.port),
    );
    let (token, line) = processor.credential(SHOP);
    processor.append(&format!("\n[[organisation.party]]\ndomain = \"{SHOP}\"\n{line}"));
    edit(&processor);

    let controller = Site::set_up(SHOP, &authority);
    controller.may_call_this_machine();
    controller.edit("roles = [\"processor\"]", "roles = [\"controller\"]");
    controller.edit(&format!("public_url = \"https://{SHOP}\""), "public_url = \"https://localhost\"");
    controller.write_secret("processor.token", &token);
    controller.append(&format!(
        "\n[[organisation.party]]\ndomain = \"{PRIVACY}\"\nbase_url = \"https://127.0.0.1:{}/v1\"\n\
         credential_file = \"processor.token\"\n",
        processor.port
    ));
    (processor, controller, token)
}

fn sending(right: &str) -> Vec<&str> {
    vec!["send", "--from", SHOP, "--to", PRIVACY, "--right", right, "--identity", ANN]
}

fn ended_well(servers: impl IntoIterator<Item = Server>) {
    for server in servers {
        #[cfg(unix)]
        assert_eq!(server.terminate(), (Some(0), String::new()));
        #[cfg(not(unix))]
        drop(server);
    }
}

#[test]
fn an_operator_works_requests_from_another_company() {
    let (processor, controller, token) = two_companies(|_| ());
    let ((processing, _), (controlling, _)) = (processor.serve(), controller.serve());
    let receipt = |sent: &Value| sent["legs"][0]["receipt"].clone();
    let access = controller.asks(&sending("access"));
    assert_eq!((&receipt(&access)["verified"], &receipt(&access)["signer"]), (&true.into(), &PRIVACY.into()));
    let told = controller.run(&sending("erasure"));
    assert!(told.contains("receipt verified, signed by privacy.example.com"), "{told}");

    let listed = processor.asks(&["requests", "list", "--state", "received"]);
    let of = |right: &str| {
        let all = listed["requests"].as_array().unwrap();
        all.iter().find(|one| one["rights"] == json!([right])).expect(right)["request_id"].as_str().unwrap()
    };
    let (access_id, erasure_id) = (of("access"), of("erasure"));
    let shown = processor.run(&["requests", "show", access_id, "--subject"]);
    for words in ["shop.example.com, in opengdpr/1.0", ANN, "received"] {
        assert!(shown.contains(words), "{words} is not in {shown}");
    }
    let status = |sent: &Value| {
        let path = format!("{REQUESTS}/{}", sent["legs"][0]["subject_request_id"].as_str().unwrap());
        processor.call(&token, "GET", &path, "").json()
    };
    assert_eq!(status(&access)["request_status"], "pending");

    assert!(processor.run(&["requests", "start", access_id]).contains("in_progress"));
    assert_eq!(status(&access)["request_status"], "in_progress");
    let again = processor.is_refused(&["requests", "start", access_id]);
    assert!(again.contains("in_progress"), "{again}");
    let begun = access["request_id"].as_str().unwrap();
    for json in [&[][..], &["--json"]] {
        let late = controller.habeas(&[&["cancel", begun], json].concat());
        assert_eq!(code(&late), Some(1), "work has begun");
        assert!(json.is_empty() || document(&late)["legs"][0]["cancel"] == "refused");
        let words = ["could not be cancelled", "could not be taken back by privacy.example.com"];
        let told = words.iter().all(|words| said(&late).contains(words));
        assert!(!json.is_empty() || told, "{}", said(&late));
    }
    assert_eq!(status(&access)["request_status"], "in_progress");

    let extend = |by, reason| ["requests", "extend", access_id, "--by", by, "--reason", reason];
    for (by, reason, words) in [
        ("2020-01-01T00:00:00Z", "a backup must be read", "by: an extension moves the date to a later one"),
        ("tomorrow", "a backup must be read", "by: "),
        ("2096-01-01T00:00:00Z", " ", "reason"),
    ] {
        let refused = processor.is_refused(&extend(by, reason));
        assert!(refused.contains(words), "{refused}");
    }
    let later = processor.asks(&extend("2096-01-01T00:00:00Z", "a backup must be read"));
    assert_eq!(
        (&later["expected_by"], &later["details"]),
        (&"2096-01-01T00:00:00Z".into(), &"a backup must be read".into())
    );
    assert_eq!(status(&access)["expected_completion_time"], "2096-01-01T00:00:00Z");

    let results = "https://files.example.com/ann";
    let nothing = processor.is_refused(&["requests", "fulfill", erasure_id, "--results-url", results]);
    assert!(nothing.contains("results_url: this right hands no data back"), "{nothing}");
    let expires = ["--expires-at", "2096-02-01T00:00:00Z"];
    let done = processor.asks(&[&["requests", "fulfill", access_id, "--results-url", results], &expires[..]].concat());
    assert_eq!((&done["state"], &done["results_urls"]), (&"fulfilled".into(), &json!([results])));
    let told = status(&access);
    assert_eq!((&told["request_status"], &told["results_url"]), (&"completed".into(), &results.into()));

    let vague = processor.habeas(&["requests", "deny", erasure_id, "--ground", "because"]);
    assert_eq!(code(&vague), Some(2));
    assert!(complained(&vague).contains("no_match"), "the grounds are named: {}", complained(&vague));
    let denied = processor.asks(&["requests", "deny", erasure_id, "--ground", "no_match"]);
    assert_eq!((&denied["state"], &denied["ground"]), (&"denied".into(), &"no_match".into()));
    for late in [&["requests", "fulfill", erasure_id][..], &["requests", "deny", access_id, "--ground", "other"]] {
        let refused = processor.is_refused(late);
        assert!(refused.contains("denied") || refused.contains("fulfilled"), "{refused}");
    }
    let history = processor.asks(&["requests", "show", access_id])["history"].clone();
    let changes: Vec<_> = history.as_array().unwrap().iter().map(|event| (&event["change"], &event["actor"])).collect();
    let expected = ["receive", "start", "extend", "fulfill"].map(Value::from);
    assert_eq!(changes.iter().map(|(change, _)| *change).collect::<Vec<_>>(), expected.iter().collect::<Vec<_>>());
    assert!(changes.iter().skip(1).all(|(_, actor)| *actor == "operator"), "{history}");
    ended_well([processing, controlling]);
}

#[test]
fn a_request_on_hold_is_taken_back() {
    let (processor, controller, _) = two_companies(|site| site.edit("hold = \"0s\"", "hold = \"1h\""));
    let ((processing, _), (controlling, _)) = (processor.serve(), controller.serve());
    let sent = controller.asks(&sending("erasure"));
    let request = sent["request_id"].as_str().unwrap();
    let early = controller.habeas(&[&sending("erasure")[..], &["--wait", "--timeout", "1s"]].concat());
    assert_eq!(code(&early), Some(1), "nobody works on it");

    let held = processor.asks(&["requests", "list", "--state", "received"])["requests"][0].clone();
    let early = processor.is_refused(&["requests", "start", held["request_id"].as_str().unwrap()]);
    assert!(early.contains(&format!("held until {}", &held["hold_until"].as_str().unwrap()[..16])), "{early}");

    let cancelled = controller.asks(&["cancel", request]);
    let leg = &cancelled["legs"][0];
    assert_eq!(
        (&cancelled["state"], &leg["cancel"], &leg["state"]),
        (&"cancelled".into(), &"done".into(), &"cancelled".into())
    );
    assert_eq!(controller.asks(&["cancel", request]), cancelled, "once more is no harm");
    assert!(controller.run(&["status", request]).contains("cancelled"));
    let theirs = processor.asks(&["requests", "list", "--state", "cancelled"])["requests"][0]["request_id"].clone();
    let late = processor.is_refused(&["requests", "start", theirs.as_str().unwrap()]);
    assert!(late.contains("cancelled"), "{late}");
    let foreign = processor.is_refused(&["cancel", theirs.as_str().unwrap()]);
    assert!(foreign.contains("only who made a request can take it back"), "{foreign}");

    ended_well([processing, controlling]);
}

#[test]
fn own_systems_are_told_by_webhook_and_answer() {
    let secret = WebhookSecret::generate();
    let receiver = Receiver::start(|message| match message.path() {
        "/hook" => (200, json!({ "answer": "started" }).to_string()),
        _ => (404, String::new()),
    });
    let site = Site::set_up(PRIVACY, &Authority::new());
    site.may_call_this_machine();
    site.write_secret("webhook.secret", &secret.expose());
    site.edit("by = \"operator\"", "by = \"webhook\"");
    site.edit("# url = \"https://systems.example.com/habeas\"", &format!("url = \"{}\"", receiver.url("/hook")));
    site.edit("# secret_file = \"webhook.secret\"", "secret_file = \"webhook.secret\"");
    let (token, line) = site.credential(SHOP);
    site.append(&format!("\n[[organisation.party]]\ndomain = \"{SHOP}\"\n{line}"));
    let (server, operator) = site.serve();

    let peer = Call { port: site.port, host: PRIVACY, token: Some(&token) };
    for (n, right) in [(1, "access"), (2, "erasure")] {
        assert_eq!(peer.post(REQUESTS, &asking(&id(n), right, "ann@example.org", &[])).status(), 201);
    }
    let messages = receiver.wait("the webhook is told of both", |heard| (heard.len() >= 2).then(|| heard.to_vec()));
    let port = operator.rsplit(':').next().unwrap().trim_end_matches("/api").parse().unwrap();
    let answer = |message: &Value, token: &str, body: Value| {
        let path = format!("/api{}", message["answer"]["path"].as_str().unwrap());
        Call { port, host: "127.0.0.1", token: Some(token) }.post(&path, &body.to_string())
    };
    for message in messages {
        let (name, at) = (message.header("webhook-id"), message.header("webhook-timestamp").parse().unwrap());
        assert!(secret.verify(name, at, &message.body, message.header("webhook-signature")));
        let told = message.json();
        let identity = json!([{ "kind": "email", "format": "raw", "value": "ann@example.org" }]);
        assert_eq!(
            (&told["organisation"], &told["party"], &told["identities"]),
            (&PRIVACY.into(), &SHOP.into(), &identity)
        );
        let wire_id = told["subject_request_id"].as_str().unwrap();
        let status = || peer.get(&format!("{REQUESTS}/{wire_id}")).json();
        until("what they answered at once is taken", || (status()["request_status"] == "in_progress").then_some(()));

        let own = told["answer"]["token"].as_str().unwrap();
        for wrong in [token.as_str(), "hba_0", site.read("operator.token").trim()] {
            assert_eq!(answer(&told, wrong, json!({ "answer": "started" })).status(), 401);
        }
        let unclear = answer(&told, own, json!({ "answer": "maybe" }));
        assert_eq!((unclear.status(), &unclear.json()["field"]), (400, &"answer".into()));
        if told["rights"] == json!(["access"]) {
            let results = "https://files.example.com/ann";
            let done = json!({ "answer": "fulfilled", "results_url": results });
            assert_eq!(answer(&told, own, done.clone()).status(), 200);
            assert_eq!(answer(&told, own, done).status(), 200, "the same answer again changes nothing");
            assert_eq!((&status()["request_status"], &status()["results_url"]), (&"completed".into(), &results.into()));
        } else {
            assert_eq!(answer(&told, own, json!({ "answer": "denied", "ground": "exempt" })).status(), 200);
            let told = status();
            assert_eq!(told["request_status"], "in_progress", "the protocol has no word for a denial");
            assert_eq!(told["extensions"][PRIVACY]["denied"]["reason"], "exempt");
        }
    }
    let log = server.logged();
    for canary in [&*secret.expose(), token.as_str(), "hba_", "ann@example.org"] {
        assert!(!log.contains(canary), "{canary} is in {log}");
    }
    ended_well([server]);
}

#[test]
fn callbacks_into_private_networks_fail_visibly_and_their_owner_is_told() {
    let contact = Receiver::start(|_| (200, String::new()));
    let site = Site::set_up(PRIVACY, &Authority::new());
    site.may_call_this_machine();
    site.edit("# notice_after_attempts = 4", "notice_after_attempts = 1");
    site.edit("# schedule = [\"0s\", \"5s\"", "schedule = [\"0s\", \"1h\"");
    let (token, line) = site.credential(SHOP);
    let contact_url = contact.url("/alerts");
    site.append(&format!("\n[[organisation.party]]\ndomain = \"{SHOP}\"\ncontact = \"{contact_url}\"\n{line}"));
    let (server, _) = site.serve();
    let peer = Call { port: site.port, host: PRIVACY, token: Some(&token) };
    for url in ["http://example.com/", "https://u:p@example.com/", "https://127.0.0.1/", "https://example.com:22/"] {
        let refused = peer.post(REQUESTS, &asking(&id(1), "erasure", "ann@example.org", &[url.to_owned()]));
        assert_eq!(refused.status(), 400, "{url}");
    }
    let urls = ["https://localhost/callbacks/canary", "https://localhost/canary"].map(str::to_owned);
    let accepted = peer.post(REQUESTS, &asking(&id(1), "erasure", "ann@example.org", &urls));
    assert_eq!(accepted.status(), 201, "where a name leads is judged when it is called");
    let notice =
        contact.wait("the controller's contact is told", |heard| heard.first().map(crate::wire::Message::json));
    assert_eq!((&notice["type"], &notice["subject_request_id"]), (&"callbacks.failing".into(), &id(1).into()));
    let failing = |attempts: u64| {
        until("both have failed so often", || {
            let listed = site.asks(&["deliveries", "list", "--failing", "--kind", "callback"])["deliveries"].clone();
            let often = |one: &Value| one["attempts"].as_u64() >= Some(attempts);
            let both = listed.as_array()?.iter().filter(|one| often(one)).count() == 2;
            both.then_some(listed)
        })
    };
    let listed = failing(1);
    for one in listed.as_array().unwrap() {
        assert_eq!(one["host"], "localhost:443");
        assert_eq!(one["last"]["error"], "destination_refused");
    }
    assert_eq!(site.asks(&["deliveries", "retry", "--failing"]), json!({ "retried": 2 }));
    failing(2);
    assert!(!server.logged().contains("canary"));
    ended_well([server]);
}
