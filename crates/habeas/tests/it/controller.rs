//! What a controller does on the command line: `send`, `status`, `cancel`.

use serde_json::{Value, json};

use crate::{
    command::{code, complained, document, said},
    patience::until,
    world::{ADS, AGENT, MAIL, PUSH, SHOP, World},
};

const ANN: &str = "email:raw:ann@example.org";

fn sending<'a>(to: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["send", "--from", SHOP, "--to", to, "--right", "erasure", "--identity", ANN], more].concat()
}

fn assert_is_leg(leg: &Value, party: &str, world: &World) {
    assert_eq!(leg["party"], party, "{leg}");
    assert_eq!((&leg["receipt"]["verified"], &leg["receipt"]["signer"]), (&true.into(), &party.into()), "{leg}");
    let mount = format!("http://{SHOP}:{}/v1/opengdpr_callbacks/", world.port);
    let token = leg["callback_url"].as_str().unwrap().strip_prefix(&mount).unwrap();
    assert!(token.len() >= 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token} can be guessed");
}

#[test]
fn a_request_is_sent_and_its_receipt_is_verified() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    let sent = world.habeas(&sending(MAIL, &["--json"]));
    assert_eq!((code(&sent), complained(&sent)), (Some(0), String::new()));
    let sent = document(&sent);
    assert_eq!(sent["legs"].as_array().unwrap().len(), 1);
    assert_is_leg(&sent["legs"][0], MAIL, &world);
    assert_ne!(sent["state"], "received", "the answer is waited for");

    let told = world.habeas(&sending(MAIL, &[]));
    assert_eq!((code(&told), complained(&told)), (Some(0), String::new()));
    for words in ["sent to mail.localhost", "mail.localhost: receipt verified, signed by mail.localhost", "PARTY"] {
        assert!(said(&told).contains(words), "{words} is not in {}", said(&told));
    }
}

#[test]
fn who_waits_sees_it_done() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    let told = world.habeas(&sending(MAIL, &["--wait"]));
    assert_eq!(code(&told), Some(0), "{}", complained(&told));
    let said = said(&told);
    let at = |words: &str| said.find(words).unwrap_or_else(|| panic!("{words} is not in {said}"));
    let order = [
        "receipt verified",
        "mail.localhost: pending",
        "mail.localhost: in_progress",
        "mail.localhost: fulfilled",
        "request: fulfilled",
    ]
    .map(at);
    assert!(order.is_sorted(), "{said}");
    assert_eq!(said.matches("mail.localhost: callback verified, signed by mail.localhost").count(), 3);

    let impatient = world.habeas(&sending(MAIL, &["--wait", "--timeout", "0s", "--json"]));
    assert_eq!(code(&impatient), Some(1));
    let id = document(&impatient)["request_id"].as_str().unwrap().to_owned();
    assert!(complained(&impatient).contains(&format!("habeas status {id}")), "{}", complained(&impatient));
}

#[test]
fn two_parties_are_asked_and_the_request_is_done_when_both_are() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    let args =
        ["send", "--from", SHOP, "--to", MAIL, "--to", ADS, "--right", "access", "--identity", ANN, "--wait", "--json"];
    let sent = world.habeas(&args);
    assert_eq!(code(&sent), Some(0), "{}", complained(&sent));
    let sent = document(&sent);
    assert_eq!(sent["state"], "fulfilled");
    for (index, party) in [MAIL, ADS].into_iter().enumerate() {
        let leg = &sent["legs"][index];
        assert_is_leg(leg, party, &world);
        assert_eq!(leg["state"], "fulfilled");
        assert!(leg["results_url"].as_str().unwrap().starts_with(&format!("http://{party}:")));
    }
    assert_ne!(sent["legs"][0]["callback_url"], sent["legs"][1]["callback_url"]);

    let id = sent["request_id"].as_str().unwrap();
    assert_eq!(document(&world.habeas(&["status", id, "--json"])), sent, "status says the same");
    let status = world.habeas(&["status", id]);
    assert_eq!(code(&status), Some(0));
    assert!(said(&status).contains("verified, by ads.localhost"), "{}", said(&status));
    let late = world.habeas(&["cancel", id]);
    assert_eq!((code(&late), said(&late)), (Some(1), String::new()));
    assert!(complained(&late).contains("it is fulfilled"), "{}", complained(&late));
}

#[test]
fn parties_that_report_at_the_same_time_leave_no_request_behind() {
    const REQUESTS: usize = 6;
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    for _ in 0..REQUESTS {
        let sent = world.habeas(&sending(MAIL, &["--to", ADS, "--json"]));
        assert_eq!(code(&sent), Some(0), "{}", complained(&sent));
    }
    until("all are done", || {
        let done = ["requests", "list", "--role", "controller", "--state", "fulfilled", "--json"];
        let done = document(&world.habeas(&done))["requests"].as_array()?.len();
        (done == REQUESTS).then_some(())
    });
}

#[test]
fn a_person_is_named_by_file_or_standard_input_too() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    std::fs::write(folder.path().join("person"), "in-file@example.org\n").unwrap();
    let named = |place| ["send", "--from", SHOP, "--to", MAIL, "--right", "erasure", "--json", "--identity", place];
    let typed = world.habeas_hearing("typed@example.org\n", &named("email:-"));
    for (sent, value) in [(world.habeas(&named("email:@person")), "in-file@example.org"), (typed, "typed@example.org")]
    {
        let sent = document(&sent);
        let id = sent["request_id"].as_str().unwrap();
        let shown = document(&world.habeas(&["requests", "show", id, "--subject", "--json"]));
        let identity = json!([{ "kind": "email", "format": "raw", "value": value }]);
        assert_eq!(shown["subject"]["identities"], identity);
    }
    assert_eq!(code(&world.habeas(&named("email:@nowhere"))), Some(2));
    assert_eq!(code(&world.habeas_hearing("\n", &named("email:-"))), Some(2), "nobody is named");
}

#[test]
fn what_a_party_does_not_serve_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    let with = |from: &'static str, to: &'static str, right: &'static str, identity: &'static str| {
        let args = ["send", "--from", from, "--to", to, "--right", right, "--identity", identity];
        let refused = world.habeas(&args);
        assert_eq!((code(&refused), said(&refused)), (Some(1), String::new()), "{args:?}");
        let told = world.habeas(&[&args[..], &["--json"]].concat());
        assert_eq!((code(&told), said(&told)), (Some(1), String::new()), "{args:?}");
        let problem: Value = serde_json::from_str(&complained(&told)).unwrap();
        (complained(&refused), problem["problem"]["field"].as_str().unwrap().to_owned())
    };
    for (from, to, right, identity, words, field) in [
        ("nobody.localhost", MAIL, "erasure", ANN, "no such organisation here", "from"),
        (MAIL, SHOP, "erasure", ANN, "", "to[0]"),
        (SHOP, "nobody.localhost", "erasure", ANN, "no such party here", "to[0]"),
        (SHOP, MAIL, "opt-out-of-sale", ANN, "mail.localhost does not serve it", "right"),
        (SHOP, MAIL, "erasure", "phone:1", "mail.localhost does not serve it", "identities[0]"),
        (
            SHOP,
            MAIL,
            "erasure",
            "email:md5:8b5a6a28fc840441be692d74a81ccd1a",
            "mail.localhost does not serve it",
            "identities[0]",
        ),
    ] {
        let (said, about) = with(from, to, right, identity);
        assert!(said.starts_with("refused: ") && said.contains(words), "{said}");
        assert_eq!(about, field);
    }
    assert_eq!(document(&world.habeas(&["requests", "list", "--json"])), json!({ "requests": [] }));
}

#[test]
fn without_a_name_every_party_that_can_serve_it_gets_it() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    let everybody = |right: &'static str, identity: &'static str, more: &[&'static str]| {
        let args = [&["send", "--from", SHOP, "--right", right, "--identity", identity], more].concat();
        let sent = world.habeas(&args);
        assert_eq!(code(&sent), Some(0), "{}", complained(&sent));
        sent
    };
    let sent = document(&everybody("erasure", ANN, &["--wait", "--json"]));
    let parties: Vec<_> = sent["legs"].as_array().unwrap().iter().map(|leg| leg["party"].as_str().unwrap()).collect();
    assert_eq!(parties, [MAIL, ADS, PUSH, AGENT]);
    assert_eq!((&sent["state"], &sent["left_out"]), (&"fulfilled".into(), &json!([])));

    // push.localhost was never told the address itself.
    let of_push = document(&world.habeas(&["requests", "list", "--organisation", PUSH, "--json"]));
    let id = of_push["requests"][0]["request_id"].as_str().unwrap();
    let shown = document(&world.habeas(&["requests", "show", id, "--subject", "--json"]));
    let identity = &shown["subject"]["identities"][0];
    assert_eq!((&identity["kind"], &identity["format"]), (&"email".into(), &"sha256".into()));
    let digest = habeas_trust::digest::hex(&habeas_trust::digest::sha256(b"ann@example.org"));
    assert_eq!(identity["value"], digest);

    let told = said(&everybody("erasure", "controller_customer_id:raw:4711", &[]));
    assert!(told.contains("left out, since they do not serve it: push.localhost"), "{told}");
    let nobody = world.habeas(&["send", "--from", SHOP, "--right", "opt-out-of-sale", "--identity", ANN]);
    assert_eq!((code(&nobody), said(&nobody)), (Some(1), String::new()));
}

#[test]
fn under_one_reference_a_request_is_sent_once() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    let send = || world.habeas(&sending(MAIL, &["--reference", "case-17", "--json"]));
    let (first, again) = (document(&send()), document(&send()));
    assert_eq!(first["request_id"], again["request_id"]);
    let other = world.habeas(&sending(ADS, &["--reference", "case-17"]));
    assert_eq!(code(&other), Some(1));
    assert!(complained(&other).contains("reference"), "{}", complained(&other));
}

#[test]
fn parties_are_asked_before_a_status_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    let sent = document(&world.habeas(&sending(MAIL, &["--to", ADS, "--json"])));
    let id = sent["request_id"].as_str().unwrap();
    for json in [&[][..], &["--json"]] {
        let shown = world.habeas(&[&["status", id, "--refresh"], json].concat());
        assert_eq!((code(&shown), complained(&shown)), (Some(0), String::new()));
    }
    until("it is done", || (document(&world.habeas(&["status", id, "--json"]))["state"] == "fulfilled").then_some(()));
    let done = document(&world.habeas(&["status", id, "--refresh", "--json"]));
    assert_eq!(done["state"], "fulfilled", "who is done is not asked again");
    assert_eq!(code(&world.habeas(&["status", "nothing", "--refresh"])), Some(1));
}
