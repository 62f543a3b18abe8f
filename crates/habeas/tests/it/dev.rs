//! The contract of `habeas dev`, as tools build on it.

use std::{path::Path, process::Command};

use habeas_core::clock::Clock as _;
use habeas_engine::ambient::SystemClock;
use habeas_trust::{
    certificate::{Chain, Roots},
    public_key::Leniency,
};
use habeas_wire::base64;
use serde_json::{Value, json};

use crate::{
    command::{code, command, complained, document, habeas, said},
    patience::until,
    server::{Server, free_port},
    wire::{Call, Message},
    world::{ADS, AGENT, MAIL, PUSH, REQUESTS, SHOP, World, asking, cast, id, tokens},
};

#[test]
fn it_says_in_one_line_of_json_where_everything_is() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    let port = world.port;
    let ca = folder.path().canonicalize().unwrap().join("world/ca.pem");
    let mut organisations = world.said["organisations"].clone();
    let tokens = tokens(&mut organisations);
    assert_eq!(organisations, cast(&port.to_string()));
    let mut rest = world.said.clone();
    rest.as_object_mut().unwrap().remove("organisations");
    assert_eq!(
        rest,
        json!({
            "url": format!("http://127.0.0.1:{port}"),
            "ca": ca,
            "outbox": ca.with_file_name("outbox"),
            "operator": { "url": format!("http://127.0.0.1:{port}/api"), "token": world.token() },
        })
    );
    let different: std::collections::HashSet<_> = tokens.iter().map(String::as_str).chain([world.token()]).collect();
    assert_eq!(different.len(), tokens.len() + 1, "each token opens one door");
    assert!(different.iter().all(|token| token.starts_with("hbs_")));
}

#[test]
fn organisations_are_told_apart_by_host_and_say_what_they_support() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    let ca = std::fs::read_to_string(world.said["ca"].as_str().unwrap()).unwrap();
    let (roots, now) = (Roots::from_pem(&ca).unwrap(), SystemClock.now().ms());
    let mut fingerprints = Vec::new();
    for domain in [MAIL, ADS] {
        let nobody = world.stranger(domain);
        let discovery = nobody.get("/v1/discovery");
        assert_eq!((discovery.status(), discovery.header("x-opengdpr-processor-domain")), (200, domain));
        let identity = |kind: &str, format: &str| json!({ "identity_type": kind, "identity_format": format });
        assert_eq!(
            discovery.json(),
            json!({
                "api_version": "1.0",
                "supported_identities": [
                    identity("email", "raw"), identity("email", "sha256"), identity("controller_customer_id", "raw"),
                ],
                "supported_subject_request_types": ["access", "portability", "erasure"],
                "processor_certificate": format!("http://{domain}:{}/v1/cert.pem", world.port),
            })
        );
        let pem = String::from_utf8(nobody.get("/v1/cert.pem").body).unwrap();
        let chain = Chain::from_pem(&pem).unwrap();
        chain.verify(domain, &roots, now).unwrap();
        let signature = base64::decode(discovery.header("x-opengdpr-signature").as_bytes()).unwrap();
        assert!(chain.public_key().unwrap().verify(&discovery.body, &signature, Leniency::default()));
        fingerprints.push(chain.fingerprint());
        assert_eq!(nobody.get("/discovery").status(), 200, "the prefix may be left out");
    }
    assert_ne!(fingerprints[0], fingerprints[1]);
    assert_eq!(world.stranger(SHOP).get("/v1/discovery").status(), 404, "a controller processes nothing");
    assert_eq!(world.stranger("127.0.0.1").get("/v1/discovery").status(), 404);
    assert_eq!(world.stranger("127.0.0.1").get("/healthz").status(), 200);
    assert_eq!(world.stranger(MAIL).get("/api/requests").status(), 404, "no organisation's host leads to the operator");
}

#[test]
fn every_version_is_served_under_its_prefix_and_without() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    let version = |domain: &str, path: &str| {
        let discovery = world.stranger(domain).get(&format!("{path}/discovery"));
        assert_eq!(discovery.status(), 200, "{domain}{path}");
        discovery.json()["api_version"].as_str().unwrap().to_owned()
    };
    assert_eq!([version(ADS, "/v1"), version(ADS, "")], ["1.0", "1.0"], "the first one is the usual one");
    let older = [version(ADS, "/v0.1.3"), version(AGENT, "/v0.1.3"), version(AGENT, "/v0.1.2"), version(AGENT, "")];
    assert!(older.iter().all(|version| version.starts_with("0.1")), "{older:?}");
    assert_eq!(world.stranger(MAIL).get("/v0.1.3/discovery").status(), 404);
    let identities = world.stranger(PUSH).get("/discovery").json()["supported_identities"].clone();
    assert_eq!(identities, json!([{ "identity_type": "email", "identity_format": "sha256" }]));
    let of_agent = world.stranger(AGENT).get("/discovery").json()["supported_identities"].clone();
    assert!(of_agent.as_array().unwrap().len() >= 3, "what any of its parties knows: {of_agent}");
}

#[test]
fn each_right_is_served_and_results_are_for_who_asked() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    let rights = ["access", "portability", "erasure"];
    for (domain, first) in [(MAIL, 0), (ADS, 10)] {
        for (n, right) in (first..).zip(rights) {
            let accepted = world.shop(domain).post(REQUESTS, &asking(&id(n), right, "ann@example.org", &[]));
            assert_eq!(accepted.status(), 201, "{accepted:?}");
        }
    }
    let completed = |domain: &str, n: u64| {
        until("the request is completed", || {
            let status = world.shop(domain).get(&format!("{REQUESTS}/{}", id(n)));
            assert_eq!(status.status(), 200);
            Some(status.json()).filter(|status| status["request_status"] == "completed")
        })
    };
    assert_eq!(completed(MAIL, 2).get("results_url"), None, "an erasure hands nothing back");
    for (domain, other, n) in [(MAIL, ADS, 0), (MAIL, ADS, 1), (ADS, MAIL, 10), (ADS, MAIL, 11)] {
        let url = completed(domain, n)["results_url"].as_str().unwrap().to_owned();
        let path = url.strip_prefix(&format!("http://{domain}:{}", world.port)).unwrap();
        let ours = world.shop(domain).get(path);
        assert_eq!((ours.status(), &ours.json()["subject_request_id"]), (200, &id(n).into()));
        assert_eq!(world.stranger(domain).get(path).status(), 401);
        let with = |host, token| Call { port: world.port, host, token: Some(token) }.get(path).status();
        assert_eq!(with(domain, world.credential(other)), 401, "a credential holds at one organisation");
        assert_eq!(with(domain, world.token()), 401, "and the operator's at none");
        assert_eq!(with(other, world.credential(other)), 404);
        let guessed = format!("{}x", &path[..path.len() - 1]);
        assert_eq!(world.shop(domain).get(&guessed).status(), 404);
    }
}

#[test]
fn started_again_it_has_the_same_keys_tokens_and_requests() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let world = World::open(folder.path(), port);
    let body = asking(&id(1), "erasure", "ann@example.org", &[]);
    let look = |world: &World| {
        let certificates = [MAIL, ADS].map(|domain| world.stranger(domain).get("/v1/cert.pem").body);
        let receipt = world.shop(MAIL).post(REQUESTS, &body);
        assert_eq!(receipt.status(), 201);
        let listed = world.api("/requests").json()["requests"][0]["request_id"].clone();
        let ca = std::fs::read(world.said["ca"].as_str().unwrap()).unwrap();
        (world.said.clone(), certificates, receipt.body, listed, ca)
    };
    let before = look(&world);
    assert_ended_well(world);
    let world = World::open(folder.path(), port);
    let after = look(&world);
    assert!(before == after, "{before:?} became {after:?}");
    until("work goes on", || (world.api("/requests").json()["requests"][0]["state"] == "fulfilled").then_some(()));
    assert_ended_well(world);
}

#[cfg(unix)]
fn assert_ended_well(world: World) {
    assert_eq!(world.server.terminate(), (Some(0), String::new()), "with JSON, its one line is all it prints");
}

#[cfg(not(unix))]
fn assert_ended_well(world: World) {
    drop(world);
}

#[cfg(unix)]
#[test]
fn it_stops_in_good_order_even_if_told_as_soon_as_it_is_ready() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..8 {
        assert_ended_well(World::open(folder.path(), 0));
    }
}

#[test]
fn who_is_in_the_way_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    let refused = |args: &[&str]| {
        let refused = habeas(folder.path(), args);
        assert_eq!(code(&refused), Some(1), "{args:?}");
        assert_eq!(said(&refused), "");
        complained(&refused)
    };
    let second = refused(&["dev", "--listen", "127.0.0.1:0", "--data", "world"]);
    let path = folder.path().canonicalize().unwrap().join("world");
    assert!(second.contains("another sandbox runs in") && second.contains(path.to_str().unwrap()), "{second}");
    let taken = format!("127.0.0.1:{}", world.port);
    let third = refused(&["dev", "--listen", &taken, "--data", "other"]);
    assert!(third.contains(&taken) && third.contains("in use"), "{third}");
    let told: Value =
        serde_json::from_str(&refused(&["dev", "--listen", &taken, "--data", "other", "--json"])).unwrap();
    assert!(told["error"].as_str().unwrap().contains(&taken), "{told}");
    assert!(!folder.path().join("other").exists(), "nothing is left behind");
    assert_eq!(code(&habeas(folder.path(), &["dev", "--listen", "nowhere"])), Some(2));
    assert_eq!(code(&habeas(folder.path(), &["dev", "--log", "=,="])), Some(2));
    assert_eq!(world.api("/requests").status(), 200, "the first one does not notice");
}

#[cfg(unix)]
#[test]
fn people_are_given_commands_that_work() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["dev", "--listen", "127.0.0.1:0", "--data", "world"];
    let mut server = Server::start(command(folder.path(), &args), &folder.path().join("dev.log"));
    let mut greeting = String::new();
    while !greeting.contains("Ctrl-C") {
        greeting += &server.line();
    }
    for word in [MAIL, ADS, PUSH, AGENT, SHOP, "processor", "agent", "controller", "/v1", "/v0.1.3", "hbs_", "ca.pem"] {
        assert!(greeting.contains(word), "{word} is not in {greeting}");
    }
    let (_, rest) = greeting.split_once("Try, in another terminal:\n\n").unwrap();
    let (of_operator, rest) = rest.split_once("\n\n").unwrap();
    let commands = of_operator;
    assert!(commands.contains("habeas send --from shop.localhost --to mail.localhost"), "{commands}");
    let ran = shell(folder.path(), commands);
    assert_eq!(code(&ran), Some(0), "{commands}: {}", complained(&ran));
    assert!(said(&ran).contains("mail.localhost: fulfilled"), "{}", said(&ran));

    let (commands, through_agent) = rest.split_once("\n\n").unwrap();
    let url = commands.trim().strip_prefix("curl -i http://").unwrap();
    let (authority, path) = url.split_once('/').unwrap();
    let (host, port) = authority.split_once(':').unwrap();
    let call = Call { port: port.parse().unwrap(), host, token: None };
    assert_eq!(call.get(&format!("/{path}")).status(), 200);
    let (_, sending) = through_agent.split_once("\n\n").unwrap();
    let (sending, _) = sending.split_once("\n\n").unwrap();
    let (export, _) = of_operator.split_once("\n").unwrap();
    let ran = shell(folder.path(), &format!("{export}\n{sending}"));
    assert_eq!(self::code(&ran), Some(0), "{sending}: {}", complained(&ran));
    assert!(said(&ran).contains("agent.localhost: fulfilled"), "{}", said(&ran));
    let (code, rest) = server.terminate();
    assert_eq!((code, rest.trim()), (Some(0), "stopping"));
}

/// Runs lines in a shell that finds the binary by its name.
#[cfg(unix)]
fn shell(folder: &Path, lines: &str) -> std::process::Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_habeas"));
    let mut paths = vec![binary.parent().unwrap().to_owned()];
    paths.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut shell = Command::new("sh");
    shell.current_dir(folder).env("PATH", std::env::join_paths(paths).unwrap()).args(["-c", lines]);
    shell.output().expect("a shell runs")
}

#[test]
fn the_operator_api_describes_itself_and_wants_its_token() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    let openapi: Message = world.api("/openapi.json");
    assert_eq!((openapi.status(), &openapi.json()["openapi"].as_str().unwrap()[..4]), (200, "3.1."));
    let call = |token| Call { port: world.port, host: "127.0.0.1", token }.get("/api/requests");
    for token in [None, Some("hbs_0_0"), Some(world.credential(MAIL))] {
        let refused = call(token);
        assert_eq!((refused.status(), refused.header("content-type")), (401, "application/problem+json"));
    }
    assert_eq!(document(&world.habeas(&["requests", "list", "--json"])), json!({ "requests": [] }));
}
