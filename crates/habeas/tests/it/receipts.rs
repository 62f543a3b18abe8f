//! What parties signed is listed, exported, and holds for who has nothing but the file.

use serde_json::Value;

use crate::{
    command::{code, complained, document, habeas, said},
    patience::until,
    site::{Authority, Site},
    world::{MAIL, REQUESTS, SHOP, World, asking, id},
};

const PRIVACY: &str = "privacy.example.com";

/// A request of the shop's that is done, and the name of it.
fn done(world: &World) -> String {
    let identity = "email:raw:canary@example.org";
    let args = ["send", "--from", SHOP, "--to", MAIL, "--right", "erasure", "--identity", identity, "--json"];
    let sent = document(&world.habeas(&args));
    let id = sent["request_id"].as_str().unwrap().to_owned();
    until("all its callbacks have come", || {
        (listed(world, &id).iter().filter(|receipt| receipt["operation"] == "callback").count() == 3).then_some(())
    });
    id
}

fn listed(world: &World, id: &str) -> Vec<Value> {
    document(&world.habeas(&["receipts", "list", id, "--json"]))["receipts"].as_array().unwrap().clone()
}

#[test]
fn what_is_exported_from_a_server_holds_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::open(folder.path(), 0);
    let id = done(&world);
    let exported = world.habeas(&["receipts", "export", &id, "--out", "evidence.json", "--json"]);
    assert_eq!((code(&exported), complained(&exported)), (Some(0), String::new()));
    let exported = document(&exported);
    assert_eq!((&exported["receipts"], &exported["request_id"]), (&4.into(), &id.as_str().into()));
    let file = std::fs::read_to_string(folder.path().join("evidence.json")).unwrap();
    assert!(!file.contains("canary"), "nothing personal");
    let table = said(&world.habeas(&["receipts", "list", &id]));
    assert!(table.contains("SIGNER") && table.matches("callback").count() == 3, "{table}");
    let piped = world.habeas(&["receipts", "export", &id, "--out", "-"]);
    assert_eq!((code(&piped), complained(&piped)), (Some(0), String::new()));
    let ca = world.said["ca"].as_str().unwrap().to_owned();
    let heard = world.habeas_hearing(&said(&piped), &["verify", "-", "--ca", &ca]);
    assert_eq!(code(&heard), Some(0), "{}", complained(&heard));

    assert!(world.server.logged().contains("exported by an operator"), "{}", world.server.logged());
    world.server.kill();
    let verified = habeas(folder.path(), &["verify", "evidence.json", "--ca", &ca, "--json"]);
    assert_eq!(code(&verified), Some(0), "{}", said(&verified));
    let verified = document(&verified);
    assert_eq!((&verified["holds"], &verified["organisation"]), (&true.into(), &SHOP.into()));
    let grades: Vec<_> = verified["receipts"].as_array().unwrap().iter().map(|one| one["grade"].clone()).collect();
    assert_eq!(grades.iter().filter(|grade| *grade == "in_full").count(), 3, "{grades:?}");
    assert_eq!(grades.iter().filter(|grade| *grade == "by_digest").count(), 1, "{grades:?}");
    assert_eq!(verified["unproved"], serde_json::json!([]), "what the callback says is what the leg's state is");
}

#[test]
fn a_file_is_not_replaced_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path(), 0);
    let id = done(&world);
    let out = folder.path().join("evidence.json");
    std::fs::write(&out, "precious").unwrap();
    let refused = world.habeas(&["receipts", "export", &id, "--out", "evidence.json"]);
    assert_eq!((code(&refused), said(&refused)), (Some(1), String::new()));
    assert!(complained(&refused).contains("--force"), "{}", complained(&refused));
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "precious");
    let forced = world.habeas(&["receipts", "export", &id, "--out", "evidence.json", "--force"]);
    assert_eq!(code(&forced), Some(0), "{}", complained(&forced));
    assert!(std::fs::read_to_string(&out).unwrap().contains("habeas-evidence/1"));
    let absent = world.habeas(&["receipts", "export", "nothing", "--out", "absent.json"]);
    assert_eq!((code(&absent), complained(&absent).trim()), (Some(1), "refused: There is no such resource"));
    assert!(!folder.path().join("absent.json").exists());
    let stranger = world.habeas(&["receipts", "export", &id, "--out", "absent.json", "--token", "wrong"]);
    assert_eq!(code(&stranger), Some(4));
}

#[test]
fn an_export_can_be_made_while_no_server_runs() {
    let authority = Authority::new();
    let site = Site::set_up(PRIVACY, &authority).with_tls(&authority);
    let public = format!("public_url = \"https://127.0.0.1:{}\"", site.port);
    site.edit(&format!("public_url = \"https://{PRIVACY}\""), &public);
    let (token, line) = site.credential("shop.example.com");
    site.append(&format!("\n[[organisation.party]]\ndomain = \"shop.example.com\"\n{line}"));
    let none = site.habeas(&["receipts", "export", "x", "--out", "e.json", "--offline"]);
    assert!(code(&none) == Some(1) && complained(&none).contains("there is no database"), "{}", complained(&none));
    let (mut server, _) = site.serve();
    let asked = site.call(&token, "POST", REQUESTS, &asking(&id(1), "erasure", "canary@example.org", &[]));
    assert_eq!(asked.status(), 201);
    let name = site.asks(&["requests", "list"])["requests"][0]["request_id"].as_str().unwrap().to_owned();
    let busy = site.is_refused(&["receipts", "export", &name, "--out", "e.json", "--offline"]);
    assert!(busy.contains("ask it with --server URL in place of --offline"), "{busy}");
    // Cut off, it leaves its last commits beside the database.
    server.kill();
    let before = site.database();
    assert!(site.run(&["receipts", "export", &name, "--out", "e.json", "--offline"]).contains("e.json"));
    assert_eq!(site.asks(&["receipts", "list", &name, "--offline"]), serde_json::json!({ "receipts": [] }));
    assert_eq!(site.database(), before, "the database is only read");
    let verified = site.asks(&["verify", "e.json", "--ca", "authorities.pem"]);
    assert_eq!(
        (&verified["holds"], &verified["request"]["subject_request_id"]),
        (&true.into(), &id(1).as_str().into())
    );
    let absent = site.is_refused(&["receipts", "export", "nothing", "--out", "absent.json", "--offline"]);
    assert!(absent.contains("no such resource"), "{absent}");
}
