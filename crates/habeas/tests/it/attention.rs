//! What needs attention is shown, told once, and dealt with on the command line.

use habeas_trust::webhook::WebhookSecret;
use serde_json::{Value, json};

use crate::{
    command::{code, complained, said},
    patience::until,
    receiver::Receiver,
    site::{Authority, Site},
    world::{MAIL, SHOP, World},
};

const DOMAIN: &str = "shop.example.com";
const FILMS: &str = "films.example.com";
const LINE: &str = r#"{"right":"erasure","identities":[{"kind":"email","format":"raw","value":"canary@example.org"}]}"#;

/// A controller whose one party cannot be asked anything and answers 503.
fn site(films: &Receiver, alerts: &Receiver, secret: &WebhookSecret) -> (Site, String) {
    let site = Site::set_up(DOMAIN, &Authority::new());
    site.may_call_this_machine();
    site.edit("roles = [\"processor\"]", "roles = [\"controller\"]");
    site.edit("# notice_after_attempts = 4", "notice_after_attempts = 1");
    site.edit("# schedule = [\"0s\", \"5s\"", "schedule = [\"0s\", \"1h\"");
    let url = alerts.url("/alerts");
    site.edit("# url = \"https://systems.example.com/habeas-alerts\"", &format!("url = \"{url}\""));
    site.edit("# secret_file = \"alert.secret\"", "secret_file = \"alert.secret\"");
    site.write_secret("alert.secret", &secret.expose());
    let party = format!(
        "\n[[organisation.party]]\ndomain = \"{FILMS}\"\nbase_url = \"{}\"\nrights = [\"erasure\"]\n\
         identities = [\"email:raw\"]\n",
        films.url("/v1")
    );
    site.append(&party);
    site.write("requests.jsonl", LINE);
    (site, party)
}

#[test]
fn a_party_in_trouble_is_seen_told_of_tried_again_and_given_up() {
    let films = Receiver::start(|_| (503, String::new()));
    let alerts = Receiver::start(|_| (204, String::new()));
    let secret = WebhookSecret::generate();
    let (site, party) = site(&films, &alerts, &secret);
    let (server, _) = site.serve();
    assert!(site.run(&["faults"]).contains("nothing needs attention"));
    let sent = site.habeas(&["send", "--from", DOMAIN, "--file", "requests.jsonl"]);
    assert_eq!(code(&sent), Some(0), "{}", complained(&sent));

    let alert = alerts.wait("the operator is told", |heard| heard.first().cloned());
    let at = alert.header("webhook-timestamp").parse().unwrap();
    assert!(secret.verify(alert.header("webhook-id"), at, &alert.body, alert.header("webhook-signature")));
    assert!(!String::from_utf8_lossy(&alert.body).contains("canary"));
    let leg = |more: &[&str]| site.asks(&[&["legs", "list"], more].concat())["legs"][0].clone();
    let tried = |before: u64| {
        let is_tried = |leg: &Value| leg["revision"].as_u64() > Some(before) && leg["attempts"] == 1;
        until("it is tried in vain", || Some(leg(&[])).filter(is_tried))
    };
    let first = tried(0);
    assert_eq!((&first["party"], &first["domain"], &first["late"]), (&FILMS.into(), &FILMS.into(), &false.into()));
    assert!(first["trouble"].as_str().unwrap().contains("503"), "{first}");
    let id = first["leg_id"].as_str().unwrap();
    let table = site.run(&["legs", "list"]);
    for words in [id, FILMS, "503", "again at"] {
        assert!(table.contains(words), "{words} is not in {table}");
    }
    let shown = site.run(&["requests", "show", first["request_id"].as_str().unwrap()]);
    assert!(shown.contains("503"), "{shown}");
    assert_eq!(leg(&["--stuck"]), Value::Null, "it is tried again by itself");
    assert!(site.run(&["legs", "retry", id]).contains("to be tried again now"));
    tried(first["revision"].as_u64().unwrap());
    let kinds = site.asks(&["deliveries", "list", "--kind", "alert"])["deliveries"].clone();
    assert_eq!(kinds.as_array().unwrap().len(), 1, "each trouble is told once: {kinds}");

    // Who is not configured any more cannot be called by anybody but an operator.
    drop(server);
    site.edit(&party, "");
    let (_server, _) = site.serve();
    site.run(&["legs", "retry", id]);
    let stuck = until("it waits for an operator", || Some(leg(&["--stuck"])).filter(Value::is_object));
    assert_eq!((&stuck["leg_id"], &stuck["next_attempt_at"]), (&id.into(), &Value::Null));
    let faults = site.run(&["faults"]);
    assert!(faults.contains(id) && faults.contains("habeas legs waive"), "{faults}");
    assert_eq!(site.asks(&["faults"])["stuck"][0]["leg_id"], id);
    assert!(site.run(&["legs", "waive", id]).contains("given up"));
    assert!(site.is_refused(&["legs", "waive", id]).contains("the request is denied"));
    assert!(site.run(&["faults"]).contains("nothing needs attention"));
}

#[test]
fn where_all_is_well_nothing_needs_attention() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    let ann = "email:raw:ann@example.org";
    let sent = world.habeas(&["send", "--from", SHOP, "--to", MAIL, "--right", "erasure", "--identity", ann]);
    assert_eq!(code(&sent), Some(0), "{}", complained(&sent));
    let faults = world.habeas(&["faults"]);
    assert_eq!((code(&faults), said(&faults).trim()), (Some(0), "nothing needs attention"));
    let empty = json!({ "deliveries": [], "late": [], "stuck": [], "certificates": [] });
    assert_eq!(crate::command::document(&world.habeas(&["faults", "--json"])), empty);
    let late = crate::command::document(&world.habeas(&["legs", "list", "--late", "--json"]));
    assert_eq!(late, json!({ "legs": [] }));
    let absent = world.habeas(&["legs", "retry", "nothing"]);
    assert_eq!((code(&absent), complained(&absent).trim()), (Some(1), "refused: There is no such resource"));
}
