//! What an agent claims of a person, and where it sends them: `send`, `requests verify` and `requests verification`.

use serde_json::{Value, json};

use crate::{
    agreement::{HELPER, SHOP, agent},
    command::{code, complained, document, said},
    patience::until,
    site::Authority,
    world::{HELPER as SANDBOX_HELPER, SHOP as SANDBOX_SHOP, World},
};

#[test]
fn a_wish_that_says_too_much_is_not_sent() {
    let site = agent(&Authority::new());
    site.write("claims.json", r#"{"name":"canary","email_verified":true}"#);
    site.write("other.json", r#"{"age_verified":true}"#);
    site.write("list.json", r#"["canary"]"#);
    site.write("method.json", r#"{"verification_method":"canary"}"#);
    site.write("lines", r#"{"right":"erasure","identities":[{"kind":"email","format":"raw","value":"canary"}],"claims":{"email_verified":true}}"#);
    let base = ["send", "--from", HELPER, "--server", "http://127.0.0.1:1", "--token", "x"];
    let ann = ["--right", "erasure", "--identity", "email:canary@example.org"];
    let proof = ["--verified", "email", "--method", "code by e-mail"];
    let run = |args: &[&str]| site.habeas(&[&base[..], args].concat());
    for (args, words) in [
        (&[&ann[..], &["--claims", "claims.json"]].concat()[..], "email_verified is claimed: say with --verified"),
        (&[&ann[..], &["--claims", "other.json"], &proof].concat(), "age_verified is claimed"),
        (
            &[&ann[..], &["--claims", "claims.json", "--verified", "phone", "--method", "x"]].concat(),
            "email_verified is claimed",
        ),
        (&[&ann[..], &["--claims", "list.json"]].concat(), "is no JSON object"),
        (&[&ann[..], &["--claims", "nowhere.json"]].concat(), "nowhere.json cannot be read"),
        (&[&ann[..], &["--claims", "claims.json", "--name", "Ann"], &proof].concat(), "says name, and so does"),
        (&[&ann[..], &["--claims", "method.json"], &proof].concat(), "says verification_method"),
        (&[&ann[..], &["--verified", "phone", "--method", "x"]].concat(), "there is no phone_number"),
        (&[&ann[..], &["--verified", "address", "--method", "x"]].concat(), "there is no address"),
        (&[&ann[..], &["--verified", "email"]].concat(), "--method"),
        (&[&ann[..], &["--method", "x"]].concat(), "--verified"),
        (&[&ann[..], &["--phone", "415 555 0123"]].concat(), "E.164"),
        (&[&ann[..], &["--address", "{canary"]].concat(), "begins like a JSON object"),
        (&[&ann[..], &["--regime", "lgpd"]].concat(), "gdpr, ccpa and voluntary"),
        (&["--right", "erasure"], "--identity"),
        (&["--file", "lines", "--name", "Ann"], "cannot be used with"),
        (&["--file", "lines"], "line 1: claims: email_verified is claimed"),
    ] {
        let ran = run(args);
        assert_eq!((code(&ran), said(&ran)), (Some(2), String::new()), "{args:?}: {}", complained(&ran));
        assert!(complained(&ran).contains(words), "{args:?}: {}", complained(&ran));
        assert!(!complained(&ran).contains("canary"), "{}", complained(&ran));
    }
    for args in [
        &[&ann[..], &proof, &["--claims", "claims.json"]].concat()[..],
        &["--right", "access-specific", "--phone", "+14155550123", "--verified", "phone", "--method", "a call"],
        &[&ann[..], &["--address", "1 Main St", "--relationship", "customer", "--regime", "ccpa"]].concat(),
        &[&["--file", "lines"][..], &proof].concat(),
    ] {
        let ran = run(args);
        assert_eq!(code(&ran), Some(3), "nothing is wrong but that there is no server: {args:?}: {}", complained(&ran));
    }
}

#[test]
fn what_is_claimed_goes_along() {
    let authority = Authority::new();
    let agent = agent(&authority);
    agent.may_call_this_machine();
    // Whatever it asks, the business does not answer: it is the wish that is looked at.
    agent.write_secret("shop.secret", "agreed by telephone");
    agent.append(&format!(
        "\n[[organisation.party]]\ndomain = \"{SHOP}\"\ndialect = \"drp/0.5\"\ncredential_file = \"shop.secret\"\n\
         identity_algorithm = \"own\"\nbase_url = \"https://127.0.0.1:1\"\n\
         rights = [\"erasure\"]\nidentities = [\"email:raw\", \"phone_number:raw\"]\n"
    ));
    let (_server, _) = agent.serve();
    agent.write("claims.json", r#"{"power_of_attorney":"deed 7"}"#);
    let sent = agent.habeas(&[
        "send",
        "--from",
        HELPER,
        "--to",
        SHOP,
        "--right",
        "erasure",
        "--identity",
        "email:raw:ann@example.org",
        "--phone",
        "+14155550123",
        "--name",
        "Ann Smith",
        "--address",
        r#"{"region":"CA"}"#,
        "--claims",
        "claims.json",
        "--verified",
        "email",
        "--verified",
        "address",
        "--method",
        "code by e-mail",
        "--relationship",
        "customer",
        "--regime",
        "ccpa",
        "--wait",
        "--timeout",
        "0s",
        "--json",
    ]);
    let sent: Value = serde_json::from_str(&said(&sent)).unwrap_or_else(|_| panic!("{}", complained(&sent)));
    let id = sent["request_id"].as_str().unwrap();
    let shown = agent.asks(&["requests", "show", id, "--subject"]);
    assert_eq!(shown["request"]["regime"], "ccpa");
    assert_eq!(
        shown["subject"]["claims"],
        json!({
            "name": "Ann Smith", "address": { "region": "CA" }, "power_of_attorney": "deed 7", "email_verified": true,
            "address_verified": true, "verification_method": "code by e-mail",
        })
    );
    assert_eq!(shown["subject"]["relationships"], json!(["customer"]));
    let kinds: Vec<_> = shown["subject"]["identities"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds, ["email", "phone_number"]);
}

#[test]
fn a_person_is_sent_to_prove_who_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    let sent = world.habeas(&[
        "send",
        "--from",
        SANDBOX_HELPER,
        "--to",
        SANDBOX_SHOP,
        "--right",
        "erasure",
        "--identity",
        "email:raw:verify+ann@example.org",
        "--regime",
        "ccpa",
        "--json",
    ]);
    assert_eq!(code(&sent), Some(0), "{}", complained(&sent));
    let id = document(&sent)["request_id"].as_str().unwrap().to_owned();
    until("the business asks for it", || {
        let status = document(&world.habeas(&["status", &id, "--refresh", "--json"]));
        (status["legs"][0]["state"] == "needs_verification").then_some(())
    });
    let shown = said(&world.habeas(&["requests", "show", &id]));
    let next = format!("next: habeas requests verification {id} --redirect-to URL");
    for words in [next.as_str(), "shop.localhost: waits until the person has proved who they are"] {
        assert!(shown.contains(words), "{words} is not in {shown}");
    }
    let back = format!("http://{SANDBOX_HELPER}:{}/thanks", world.port);
    let links = world.habeas(&["requests", "verification", &id, "--redirect-to", &back]);
    assert_eq!((code(&links), complained(&links)), (Some(0), String::new()));
    let links = said(&links);
    for words in ["shop.localhost\n", "/verify/", "identity=", "request_id=", "keep it out of logs"] {
        assert!(links.contains(words), "{words} is not in {links}");
    }

    let waiting = ["requests", "list", "--state", "awaiting_verification", "--json"];
    let waiting = document(&world.habeas(&waiting));
    let theirs = waiting["requests"][0]["request_id"].as_str().unwrap();
    let shown = said(&world.habeas(&["requests", "show", theirs]));
    assert!(shown.contains(&format!("habeas requests verify {theirs} --done")), "{shown}");
    let done = world.habeas(&["requests", "verify", theirs, "--done"]);
    assert_eq!(code(&done), Some(0), "{}", complained(&done));
    assert!(said(&done).contains("in_progress"), "{}", said(&done));
    let again = world.habeas(&["requests", "verify", theirs, "--done"]);
    assert_eq!((code(&again), said(&again)), (Some(1), String::new()));
}
