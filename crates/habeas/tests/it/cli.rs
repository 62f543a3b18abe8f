//! How every command behaves: its exit code, where it prints what, and what it never prints.

use std::{
    process::Output,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::{Value, json};

use crate::{
    command::{code, command, complained, document, habeas, said},
    patience::until,
    receiver::Receiver,
    world::{MAIL, REQUESTS, SHOP, World, asking, id},
};

#[test]
fn an_operator_lists_and_shows_requests() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    for (n, right) in [(1, "erasure"), (2, "access")] {
        assert_eq!(world.shop(MAIL).post(REQUESTS, &asking(&id(n), right, "ann@example.org", &[])).status(), 201);
    }
    let list = |more: &[&str]| {
        let listed = world.habeas(&[&["requests", "list", "--json"], more].concat());
        assert_eq!(code(&listed), Some(0), "{}", complained(&listed));
        document(&listed)["requests"].as_array().unwrap().clone()
    };
    let done = || (list(&["--state", "fulfilled"]).len() == 2).then_some(());
    until("both are done", done);
    assert_eq!(list(&["--state", "received,in_progress"]).len(), 0);
    assert_eq!(list(&["--organisation", MAIL, "--role", "processor"]).len(), 2);
    assert_eq!(list(&["--organisation", SHOP]).len() + list(&["--role", "controller"]).len(), 0);
    let (first, second) = (list(&["--limit", "1"]), list(&["--limit", "1", "--offset", "1"]));
    assert_eq!(vec![first[0].clone(), second[0].clone()], list(&[]));
    for wrong in [&["--state", "pending"][..], &["--role", "king"], &["--limit", "0"], &["--limit", "100000"]] {
        let refused = world.habeas(&[&["requests", "list"], wrong].concat());
        assert_eq!((code(&refused), said(&refused)), (Some(1), String::new()), "{wrong:?}");
        assert!(complained(&refused).contains(wrong[0].trim_start_matches('-')), "{}", complained(&refused));
    }
    let table = said(&world.habeas(&["requests", "list"]));
    for words in ["REQUEST", "DAYS LEFT", SHOP, "erasure", "access", "fulfilled"] {
        assert!(table.contains(words), "{words} is not in {table}");
    }

    let request = first[0]["request_id"].as_str().unwrap();
    let shown = said(&world.habeas(&["requests", "show", request]));
    for words in ["mail.localhost as processor", "shop.localhost, in opengdpr/1.0", "History", "receive", "start"] {
        assert!(shown.contains(words), "{words} is not in {shown}");
    }
    assert!(!shown.contains("ann@example.org"));
    let story = document(&world.habeas(&["requests", "show", request, "--json"]));
    assert_eq!((&story["request_id"], &story["history"][0]["change"]), (&request.into(), &"receive".into()));
    let subject = said(&world.habeas(&["requests", "show", request, "--subject"]));
    assert!(subject.contains("email:raw:ann@example.org"), "{subject}");
    let absent = world.habeas(&["requests", "show", "nothing"]);
    assert_eq!((code(&absent), complained(&absent).trim()), (Some(1), "refused: There is no such resource"));
    let late = world.habeas(&["requests", "start", request]);
    assert_eq!(code(&late), Some(1));
    assert!(complained(&late).contains("fulfilled"), "{}", complained(&late));
}

#[test]
fn what_fails_is_listed_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    let healthy = Arc::new(AtomicBool::new(false));
    let is_healthy = Arc::clone(&healthy);
    let receiver = Receiver::start(move |_| match is_healthy.load(Ordering::SeqCst) {
        true => (202, String::new()),
        false => (503, String::new()),
    });
    let post = |n: u64| {
        let body = asking(&id(n), "erasure", "ann@example.org", &[receiver.url("/callbacks/secret-token")]);
        assert_eq!(world.shop(MAIL).post(REQUESTS, &body).status(), 201);
    };
    let list = |more: &[&str]| {
        let listed = world.habeas(&[&["deliveries", "list", "--json"], more].concat());
        assert_eq!(code(&listed), Some(0), "{}", complained(&listed));
        document(&listed)["deliveries"].as_array().unwrap().clone()
    };
    // Tried by hand until the next try of its own is a minute away, so that none comes in between.
    let fails = || {
        until("a callback fails twice", || {
            let failing = list(&["--failing"]).first()?.clone();
            if failing["attempts"].as_u64() < Some(2) {
                let tried = world.habeas(&["deliveries", "retry", failing["delivery_id"].as_str()?]);
                assert_eq!(code(&tried), Some(0), "{}", complained(&tried));
                return None;
            }
            Some(failing)
        })
    };
    let is_told = |request: &str| {
        until("all three are delivered", || {
            (list(&["--request", request, "--state", "delivered"]).len() == 3).then_some(())
        });
    };
    post(1);
    let failing = fails();
    assert_eq!((&failing["last"]["status"], &failing["seq"]), (&503.into(), &0.into()), "{failing}");
    let table = world.habeas(&["deliveries", "list", "--failing"]);
    assert!(said(&table).contains("503 in") && !said(&table).contains("secret-token"), "{}", said(&table));
    let delivery = failing["delivery_id"].as_str().unwrap();
    let request = failing["request_id"].as_str().unwrap();
    assert_eq!(list(&["--state", "delivered"]).len(), 0, "later callbacks wait for earlier ones");

    healthy.store(true, Ordering::SeqCst);
    let retried = document(&world.habeas(&["deliveries", "retry", delivery, "--json"]));
    assert_eq!(retried, json!({ "retried": 1 }));
    is_told(request);
    assert_eq!(list(&["--failing"]).len() + list(&["--kind", "webhook"]).len(), 0);
    let again = world.habeas(&["deliveries", "retry", delivery]);
    assert_eq!((code(&again), said(&again)), (Some(1), String::new()));
    assert!(complained(&again).contains("nothing is left to be delivered"), "{}", complained(&again));

    for (n, which) in [(2, "--request"), (3, "--organisation"), (4, "--failing")] {
        healthy.store(false, Ordering::SeqCst);
        post(n);
        let failing = fails();
        let request = failing["request_id"].as_str().unwrap();
        healthy.store(true, Ordering::SeqCst);
        let args = match which {
            "--request" => vec!["deliveries", "retry", which, request],
            "--organisation" => vec!["deliveries", "retry", which, MAIL],
            _ => vec!["deliveries", "retry", which],
        };
        let retried = world.habeas(&args);
        assert_eq!(code(&retried), Some(0), "{args:?}: {}", complained(&retried));
        assert!(said(&retried).contains("to be tried again now"));
        is_told(request);
    }
    assert_eq!(code(&world.habeas(&["deliveries", "retry"])), Some(2), "which ones must be said");
    assert_eq!(code(&world.habeas(&["deliveries", "list", "--state", "lost"])), Some(1));
}

#[test]
fn a_server_that_is_not_there_or_does_not_know_us_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    let url = world.said["url"].as_str().unwrap();
    let commands: [&[&str]; 12] = [
        &["send", "--from", SHOP, "--to", MAIL, "--right", "erasure", "--identity", "email:ann@example.org"],
        &["status", "some-id"],
        &["cancel", "some-id"],
        &["requests", "list"],
        &["requests", "show", "some-id"],
        &["requests", "deny", "some-id", "--ground", "no_match"],
        &["deliveries", "list"],
        &["deliveries", "retry", "--failing"],
        &["legs", "list"],
        &["legs", "retry", "some-id"],
        &["faults"],
        &["status", "some-id", "--refresh"],
    ];
    let wrong = "hbs_0123456789ab_wrong-canary";
    for args in commands {
        for (server, expected, words) in [
            (url, 4, "does not know this operator token"),
            ("http://127.0.0.1:1", 3, "http://127.0.0.1:1/api cannot be reached"),
            ("http://nobody.invalid.localhost:1", 3, "cannot be reached"),
            ("ftp://127.0.0.1", 2, "is not the URL of a server"),
        ] {
            for json in [&[][..], &["--json"]] {
                let args = [args, &["--server", server, "--token", wrong], json].concat();
                let ran = habeas(folder.path(), &args);
                assert_eq!((code(&ran), said(&ran)), (Some(expected), String::new()), "{args:?}");
                assert!(complained(&ran).contains(words), "{args:?}: {}", complained(&ran));
                assert!(!complained(&ran).contains("canary"));
                if !json.is_empty() {
                    let told: Value = serde_json::from_str(&complained(&ran)).unwrap();
                    assert!(told["error"].is_string(), "{told}");
                }
            }
        }
        let nowhere = habeas(folder.path(), args);
        assert_eq!((code(&nowhere), said(&nowhere)), (Some(2), String::new()));
        assert!(complained(&nowhere).contains("Give --server and --token"), "{}", complained(&nowhere));
    }
    let peers = format!("http://{MAIL}:{}", world.port);
    let elsewhere = habeas(folder.path(), &["requests", "list", "--server", &peers, "--token", wrong]);
    assert_eq!(code(&elsewhere), Some(1));
    assert!(complained(&elsewhere).contains("no operator listener of habeas"), "{}", complained(&elsewhere));
}

#[test]
fn help_lists_the_commands_and_exit_codes_and_shells_complete_them() {
    let folder = tempfile::tempdir().unwrap();
    let commands = [
        "init",
        "check",
        "serve",
        "backup",
        "dev",
        "demo",
        "send",
        "status",
        "cancel",
        "requests",
        "deliveries",
        "legs",
        "faults",
        "keys",
        "completions",
    ];
    let help = said(&habeas(folder.path(), &["--help"]));
    for words in commands.into_iter().chain(["Exit codes", "0  it worked", "4  a signature"]) {
        assert!(help.contains(words), "{words} is not in {help}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = habeas(folder.path(), &["completions", shell]);
        assert_eq!((code(&script), complained(&script)), (Some(0), String::new()));
        for word in commands {
            assert!(said(&script).contains(word), "{word} is not in the completions for {shell}");
        }
    }
    assert_eq!(code(&habeas(folder.path(), &["completions", "cmd.exe"])), Some(2));
    for nonsense in [&["frobnicate"][..], &[], &["requests"], &["send"], &["requests", "start"]] {
        let ran = habeas(folder.path(), nonsense);
        assert_eq!((code(&ran), said(&ran)), (Some(2), String::new()), "{nonsense:?}");
        assert!(!complained(&ran).is_empty());
    }
}

#[test]
fn neither_secrets_nor_persons_are_printed_or_logged() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    let canary = "canary-7f3a@example.org";
    let receiver = Receiver::start(|_| (500, String::new()));
    let body = asking(&id(1), "access", canary, &[receiver.url("/callback-canary")]);
    assert_eq!(world.shop(MAIL).post(REQUESTS, &body).status(), 201);
    let spoiled = asking(&id(2), "canary", canary, &[]).replace("\"email\"", "\"canary\"");
    assert_eq!(world.shop(MAIL).post(REQUESTS, &spoiled).status(), 400);
    let identity = format!("email:raw:{canary}");
    let sending = ["send", "--from", SHOP, "--to", MAIL, "--right", "erasure", "--wait", "--identity", &identity];
    let sent = world.habeas(&[&sending[..], &["--json"]].concat());
    let request = document(&sent)["request_id"].as_str().unwrap().to_owned();
    let mut ran: Vec<Output> = vec![sent, world.habeas(&sending)];
    let unsupported = format!("canary-7f3a:raw:{canary}");
    ran.push(world.habeas(&["send", "--from", SHOP, "--to", MAIL, "--right", "erasure", "--identity", &unsupported]));
    ran.push(world.habeas(&["send", "--from", SHOP, "--to", MAIL, "--right", "erasure", "--identity", canary]));
    for args in [
        &["requests", "list"][..],
        &["requests", "show", &request],
        &["status", &request],
        &["cancel", &request],
        &["deliveries", "list"],
        &["legs", "list"],
        &["legs", "list", "--request", &request],
        &["faults"],
        &["requests", "list", "--help"],
        &["requests", "list", "--nonsense"],
    ] {
        ran.push(world.habeas(args));
        ran.push(world.habeas(&[args, &["--json"]].concat()));
    }
    let secrets = [world.token(), world.credential(MAIL), "PRIVATE KEY", "canary"];
    for output in &ran {
        for text in [said(output), complained(output)] {
            // What stood on the command line and is no identity is shown as it is, to who typed it.
            let text = text.replace(&format!("'{canary}'"), "");
            for secret in secrets {
                assert!(!text.contains(secret), "{secret} is in {text}");
            }
        }
    }
    let log = world.server.logged();
    assert!(log.contains("served"), "there is a log: {log}");
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} is in {log}");
    }
    let metrics = world.stranger("127.0.0.1").get("/metrics");
    assert!(!String::from_utf8_lossy(&metrics.body).contains("canary"));
}

#[test]
fn keys_are_made_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let (domain, other) = ("privacy.example.com", "other.example.com");
    let ran: Vec<Output> = [
        &["init", "--domain", domain, "--algorithm", "p256"][..],
        &["init", "--domain", domain],
        &["check"],
        &["check", "--json"],
        &["keys", "new", "--domain", other, "--json"],
        &["keys", "new", "--domain", other],
        &["keys", "csr", "--domain", domain, "--json"],
        &["keys", "install", "--domain", domain, "habeas.toml"],
        &["serve"],
        &["requests", "list"],
    ]
    .into_iter()
    .map(|args| habeas(folder.path(), args))
    .collect();
    let codes: Vec<_> = ran.iter().map(|output| code(output).unwrap()).collect();
    assert_eq!(codes, [0, 1, 2, 2, 0, 1, 0, 2, 2, 3]);
    assert_eq!(document(&ran[3])["sound"], false);
    assert_eq!(document(&ran[4])["algorithm"], "rsa-pkcs1-sha256");
    assert!(document(&ran[6])["csr"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE REQUEST"));
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let key = read(&format!("keys/{domain}.key"));
    let secrets =
        [read("operator.token"), read(&format!("keys/{domain}.seal")), key.lines().nth(1).unwrap().to_owned()];
    for output in &ran {
        for text in [said(output), complained(output)] {
            assert!(!text.contains("PRIVATE KEY"), "{text}");
            for secret in &secrets {
                assert!(!text.contains(secret.trim()), "{text}");
            }
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut completions = command(folder.path(), &["completions", "bash"]);
    let mut child = completions.stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
