//! From an empty folder to a sound configuration, as the README says.

#[cfg(unix)]
use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use habeas_core::clock::{Clock as _, DAY_MS};
use habeas_engine::ambient::SystemClock;
use habeas_trust::{authority::Authority, signing::SigningKey};
use serde_json::Value;

#[cfg(unix)]
use crate::command::command;
use crate::command::{code, complained, habeas, said};

const DOMAIN: &str = "privacy.example.com";

#[test]
fn init_install_and_check_lead_to_a_sound_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let init = habeas(path, &["init", "--domain", DOMAIN]);
    assert_eq!(code(&init), Some(0), "{}", complained(&init));
    for file in ["habeas.toml", "operator.token", "keys/privacy.example.com.key", "keys/privacy.example.com.csr"] {
        assert!(path.join(file).exists(), "{file}");
    }
    let again = habeas(path, &["init", "--domain", DOMAIN]);
    assert_eq!(code(&again), Some(1), "nothing is overwritten");

    let check = habeas(path, &["check"]);
    assert_eq!(code(&check), Some(2));
    assert!(complained(&check).contains("habeas keys install --domain privacy.example.com"), "{}", complained(&check));

    let now = SystemClock.now().ms();
    let authority = Authority::new("Test", now - DAY_MS, now + 365 * DAY_MS).unwrap();
    std::fs::write(path.join("ca.pem"), authority.certificate_pem()).unwrap();
    let text = std::fs::read_to_string(path.join("habeas.toml")).unwrap();
    std::fs::write(path.join("habeas.toml"), text.replace("# ca_file = \"authorities.pem\"", "ca_file = \"ca.pem\""))
        .unwrap();
    let key = std::fs::read_to_string(path.join("keys/privacy.example.com.key")).unwrap();
    let key = SigningKey::from_pem(&key).unwrap();
    let install = |name: &str, chain: String| {
        std::fs::write(path.join(name), chain).unwrap();
        habeas(path, &["keys", "install", "--domain", DOMAIN, name])
    };
    let other = SigningKey::generate_p256().unwrap();
    for (name, key, domain, days) in
        [("other.pem", &other, DOMAIN, 90), ("wrong.pem", &key, "www.example.com", 90), ("old.pem", &key, DOMAIN, 0)]
    {
        let chain = authority.issue(key, &[domain], now - DAY_MS, now + days * DAY_MS - 1000).unwrap();
        assert_eq!(code(&install(name, chain)), Some(4), "{name}");
    }
    let chain = authority.issue(&key, &[DOMAIN], now - DAY_MS, now + 90 * DAY_MS).unwrap();
    let installed = install("chain.pem", chain);
    assert_eq!(code(&installed), Some(0), "{}", complained(&installed));

    let check = habeas(path, &["check", "--json"]);
    assert_eq!(code(&check), Some(0), "{}", complained(&check));
    let checked: Value = serde_json::from_str(&said(&check)).unwrap();
    assert_eq!(checked, serde_json::json!({ "sound": true, "problems": [], "warnings": [] }));
    assert!(!path.join("habeas.db").exists(), "looking makes no database");
    #[cfg(unix)]
    serves_until_it_is_told_to_stop(path);
}

#[cfg(unix)]
fn serves_until_it_is_told_to_stop(path: &std::path::Path) {
    let mut serve = command(path, &["serve", "--json"]);
    for listener in ["LISTEN", "OPERATOR"] {
        serve.env(format!("HABEAS__{listener}__ADDRESS"), "127.0.0.1:0");
    }
    let mut server = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let ready: Value = serde_json::from_str(&ready).unwrap();
    let operator = ready["operator"].as_str().unwrap();
    let token = std::fs::read_to_string(path.join("operator.token")).unwrap();
    let list = habeas(path, &["requests", "list", "--json", "--server", operator, "--token", token.trim()]);
    assert_eq!(said(&list).trim(), "{\"requests\":[]}", "{}", complained(&list));
    let wrong = habeas(path, &["requests", "list", "--server", operator, "--token", "wrong"]);
    assert_eq!(code(&wrong), Some(4));
    let second = habeas(path, &["serve"]);
    assert_eq!(code(&second), Some(1), "two servers may not share a database");
    assert!(complained(&second).contains("another server uses"), "{}", complained(&second));
    let stopped = Command::new("kill").args(["-TERM", &server.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    assert_eq!(server.wait().unwrap().code(), Some(0), "it stops in good order");
    assert_eq!(code(&habeas(path, &["check"])), Some(0), "its database opens");
}

#[test]
fn a_credential_is_shown_once_with_the_line_for_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let made = habeas(folder.path(), &["keys", "token", "--party", "shop.example.com", "--json"]);
    let made: Value = serde_json::from_str(&said(&made)).unwrap();
    let hash: habeas_trust::credential::TokenHash = made["credentials"][0].as_str().unwrap().parse().unwrap();
    assert!(hash.matches(made["token"].as_str().unwrap()));
}

#[test]
fn exit_codes_are_as_documented() {
    let folder = tempfile::tempdir().unwrap();
    let token = "0123456789abcdef0123456789abcdef";
    for (args, expected) in [
        (&["--help"][..], 0),
        (&["completions", "bash"], 0),
        (&["frobnicate"], 2),
        (&["check"], 2),
        (&["requests", "list"], 2),
        (&["requests", "list", "--server", "http://127.0.0.1:1", "--token", token], 3),
        (&["send", "--from", "a.example", "--to", "b.example", "--right", "erasure", "--identity", "nobody"], 2),
    ] {
        let ran = habeas(folder.path(), args);
        assert_eq!(code(&ran), Some(expected), "{args:?}: {}", complained(&ran));
    }
}
