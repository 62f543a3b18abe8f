//! Nodes that share a PostgreSQL: one answers, another works, and both know when the database is away.

use habeas_testbed::{Cluster, Options};
use habeas_trust::webhook::WebhookSecret;
use serde_json::Value;

use crate::{
    command::command,
    patience::until,
    receiver::Receiver,
    server::{Server, free_port},
    site::{Authority, Site},
    wire::Call,
    world::{REQUESTS, asking, id},
};

const PRIVACY: &str = "privacy.example.com";
const SHOP: &str = "shop.example.com";

/// A node of a role, with an operator's listener of its own: what it said, and how its health is asked for.
fn node(site: &Site, role: &str) -> (Server, Value, Call<'static>) {
    let operator = free_port();
    let mut serve = command(site.path(), &["serve", "--role", role, "--json"]);
    serve.env("HABEAS__OPERATOR__ADDRESS", format!("127.0.0.1:{operator}"));
    let mut server = Server::start(serve, &site.path().join(format!("{role}.log")));
    let ready = server.ready();
    assert_eq!(ready["health"], format!("http://127.0.0.1:{operator}"));
    (server, ready, Call { port: operator, host: "127.0.0.1", token: None })
}

#[cfg(unix)]
#[test]
fn one_node_answers_another_works_and_neither_says_yes_without_the_database() {
    let cluster = Cluster::start(&Options::fast()).unwrap();
    let database = cluster.create_database("habeas").unwrap();
    let systems = Receiver::start(|_| (204, String::new()));
    let site = Site::set_up(PRIVACY, &Authority::new());
    site.may_call_this_machine();
    site.write_secret("webhook.secret", &WebhookSecret::generate().expose());
    site.edit("database = \"sqlite:habeas.db\"", &format!("database = \"{database}\""));
    site.edit("by = \"operator\"", "by = \"webhook\"");
    site.edit("# url = \"https://systems.example.com/habeas\"", &format!("url = \"{}\"", systems.url("/hook")));
    site.edit("# secret_file = \"webhook.secret\"", "secret_file = \"webhook.secret\"");
    let (token, line) = site.credential(SHOP);
    site.append(&format!("\n[[organisation.party]]\ndomain = \"{SHOP}\"\n{line}"));

    let (answering, said, answers) = node(&site, "api");
    assert_eq!(said["public"], format!("127.0.0.1:{}", site.port));
    let peer = Call { port: site.port, host: PRIVACY, token: Some(&token) };
    assert_eq!(peer.post(REQUESTS, &asking(&id(1), "erasure", "ann@example.org", &[])).status(), 201);
    let measured = String::from_utf8(answers.get("/metrics").body).unwrap();
    assert!(measured.contains(r#"habeas_deliveries{kind="webhook",state="due"} 1"#), "{measured}");

    let (working, said, works) = node(&site, "work");
    assert_eq!((&said["public"], &said["operator"]), (&Value::Null, &Value::Null));
    systems.wait("the working node tells the organisation's systems", |heard| heard.first().map(|_| ()));
    let elsewhere = works.get("/api/requests");
    assert_eq!((works.get("/readyz").status(), elsewhere.status()), (200, 404));
    assert!(elsewhere.json()["detail"].as_str().unwrap().contains("this node only works"));

    // Whoever is stopped in the middle neither answers nor hangs up.
    cluster.stop_signal();
    let body = asking(&id(2), "erasure", "bob@example.org", &[]);
    let refused = peer.post(REQUESTS, &body);
    assert_eq!((refused.status(), refused.header("retry-after")), (503, "5"));
    for node in [answers, works] {
        let told = node.get("/readyz");
        assert_eq!(told.status(), 503);
        assert_eq!(told.json()["detail"], "the database cannot be reached or written to");
        assert_eq!(node.get("/healthz").status(), 200);
    }
    cluster.continue_signal();
    until("it is taken", || (peer.post(REQUESTS, &body).status() == 201).then_some(()));
    systems.wait("and handed over, like all that come", |heard| (heard.len() >= 2).then_some(()));
    for server in [answering, working] {
        assert_eq!(server.terminate(), (Some(0), String::new()));
    }
}
