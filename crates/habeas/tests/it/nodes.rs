//! A server outgrows its file: everything moves into PostgreSQL, and several nodes go on with it.

use habeas_trust::webhook::WebhookSecret;
use serde_json::json;

use crate::{
    command::{code, command, complained},
    patience::until,
    receiver::Receiver,
    server::{Server, free_port},
    site::{Authority, Site},
    wire::Call,
    world::{REQUESTS, asking, id},
};

const PRIVACY: &str = "privacy.example.com";
const SHOP: &str = "shop.example.com";

/// Starts a node in a role, with addresses of its own; says where its operator listener is.
fn node(site: &Site, role: &str, public: u16) -> (Server, u16) {
    let operator = free_port();
    let mut serve = command(site.path(), &["serve", "--role", role, "--json"]);
    serve.env("HABEAS__LISTEN__ADDRESS", format!("127.0.0.1:{public}"));
    serve.env("HABEAS__OPERATOR__ADDRESS", format!("127.0.0.1:{operator}"));
    let mut server = Server::start(serve, &site.path().join(format!("{role}-{public}.log")));
    server.ready();
    (server, operator)
}

#[test]
fn a_file_moves_into_postgresql_and_nodes_with_different_roles_go_on() {
    let secret = WebhookSecret::generate();
    let receiver = Receiver::start(|_| (200, json!({ "answer": "started" }).to_string()));
    let site = Site::set_up(PRIVACY, &Authority::new());
    let (token, line) = site.credential(SHOP);
    site.append(&format!("\n[[organisation.party]]\ndomain = \"{SHOP}\"\n{line}"));
    let peer = Call { port: site.port, host: PRIVACY, token: Some(&token) };
    let ask = |n| asking(&id(n), "erasure", "ann@example.org", &[]);

    let (server, _) = site.serve();
    let first = peer.post(REQUESTS, &ask(1));
    assert_eq!(first.status(), 201);
    let database = habeas_testbed::shared().unwrap().create_database("moved").unwrap();
    let move_it = ["migrate-store", "sqlite:habeas.db", &database];
    assert!(complained(&site.habeas(&move_it)).contains("another server uses"), "a file in use is not moved");
    drop(server);
    let moved = site.asks(&move_it);
    let rows = |table: &str| {
        let tables = moved["tables"].as_array().unwrap();
        tables.iter().find(|one| one["table"] == table).unwrap()["rows"].clone()
    };
    assert_eq!((rows("requests"), rows("request_secrets")), (1.into(), 1.into()), "{moved}");
    let twice = site.habeas(&move_it);
    assert!(complained(&twice).contains("moved there before, and that move was finished"), "{}", complained(&twice));

    site.edit("database = \"sqlite:habeas.db\"", &format!("database = \"{database}\""));
    site.may_call_this_machine();
    site.write_secret("webhook.secret", &secret.expose());
    site.edit("by = \"operator\"", "by = \"webhook\"");
    site.edit("# url = \"https://systems.example.com/habeas\"", &format!("url = \"{}\"", receiver.url("/hook")));
    site.edit("# secret_file = \"webhook.secret\"", "secret_file = \"webhook.secret\"");
    assert!(site.run(&["check"]).contains("is sound"));

    let other = free_port();
    let nodes = [node(&site, "api", site.port), node(&site, "api", other), node(&site, "work", free_port())];
    let again = peer.post(REQUESTS, &ask(1));
    assert_eq!((again.status(), &again.body), (201, &first.body), "the receipt is the same in the new house");
    let second = Call { port: other, ..peer };
    assert_eq!(second.post(REQUESTS, &ask(2)).status(), 201);
    receiver.wait("the node that works tells our systems", |heard| (!heard.is_empty()).then_some(()));
    let status = |call: &Call<'_>| call.get(&format!("{REQUESTS}/{}", id(2))).json()["request_status"].clone();
    until("every node knows", || [peer, second].iter().all(|call| status(call) == "in_progress").then_some(()));
    for (_, operator) in &nodes {
        assert_eq!(Call { port: *operator, host: "127.0.0.1", token: None }.get("/readyz").status(), 200);
    }
    for (server, _) in nodes {
        assert!(server.logged().contains("acknowledged requests may be lost"), "the tests' cluster waits for no disk");
        #[cfg(unix)]
        assert_eq!(server.terminate(), (Some(0), String::new()));
        #[cfg(not(unix))]
        drop(server);
    }
}

#[test]
fn what_is_wrong_with_the_address_of_a_database_is_told_without_its_password() {
    let site = Site::set_up(PRIVACY, &Authority::new());
    for (address, words) in [
        ("postgres://me:s3cret@localhost/habeas?sslmode=perhaps", "database"),
        ("mysql://me:s3cret@localhost/habeas", "must be sqlite: and the path of a file"),
        ("postgres://me:s3cret@127.0.0.1:1/habeas", "the database cannot be used"),
        ("sqlite:habeas.toml/habeas.db", "habeas.toml/habeas.db cannot be made"),
    ] {
        let mut check = command(site.path(), &["check"]);
        let told = check.env("HABEAS__DATABASE", address).output().unwrap();
        assert_eq!(code(&told), Some(2));
        let told = complained(&told);
        assert!(told.contains(words) && !told.contains("s3cret"), "{told}");
    }
    let sealed = site.habeas(&["backup", "copy.db"]);
    assert!(complained(&sealed).contains("there is no database"), "{}", complained(&sealed));
}
