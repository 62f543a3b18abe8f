//! A backup is made while the server runs, and a server runs from it.

use serde_json::json;

use crate::{
    command::{code, complained},
    site::{Authority, Site},
    wire::Call,
    world::{REQUESTS, asking, id},
};

const PRIVACY: &str = "privacy.example.com";
const SHOP: &str = "shop.example.com";

#[cfg(unix)]
#[test]
fn what_was_backed_up_can_be_restored() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = Site::set_up(PRIVACY, &Authority::new());
    let (token, line) = site.credential(SHOP);
    site.append(&format!("\n[[organisation.party]]\ndomain = \"{SHOP}\"\n{line}"));
    let none = site.is_refused(&["backup", "none.db"]);
    assert!(none.contains("there is no database"), "{none}");

    let (server, _) = site.serve();
    let peer = Call { port: site.port, host: PRIVACY, token: Some(&token) };
    let receipt = peer.post(REQUESTS, &asking(&id(1), "erasure", "ann@example.org", &[]));
    assert_eq!(receipt.status(), 201);
    let made = site.asks(&["backup", "kept.db"]);
    assert_eq!((&made["file"], &made["rows"]["requests"]), (&json!("kept.db"), &json!(1)));
    assert_eq!(peer.post(REQUESTS, &asking(&id(2), "erasure", "bob@example.org", &[])).status(), 201);
    let told = site.run(&["backup", "later.db"]);
    assert!(told.contains("later.db: ") && told.contains("sealing keys"), "{told}");
    let again = site.is_refused(&["backup", "kept.db"]);
    assert!(again.contains("kept.db is there already"), "{again}");
    assert_eq!(server.terminate(), (Some(0), String::new()));

    let files: Vec<_> = std::fs::read_dir(site.path()).unwrap().map(|entry| entry.unwrap()).collect();
    let of = |name: &str| files.iter().filter(|file| file.file_name().to_string_lossy().starts_with(name)).count();
    assert_eq!((of("kept.db"), of("later.db")), (1, 1), "nothing is left beside them");
    let mode = std::fs::metadata(site.path().join("kept.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // As docs/OPERATIONS.md says.
    for part in ["habeas.db", "habeas.db-wal", "habeas.db-shm"] {
        let _ = std::fs::remove_file(site.path().join(part));
    }
    std::fs::copy(site.path().join("kept.db"), site.path().join("habeas.db")).unwrap();
    let (server, _) = site.serve();
    let same = peer.post(REQUESTS, &asking(&id(1), "erasure", "ann@example.org", &[]));
    assert_eq!((same.status(), same.body), (201, receipt.body));
    let listed = site.asks(&["requests", "list"]);
    assert_eq!(listed["requests"].as_array().unwrap().len(), 1, "what came after the backup is gone");
    assert_eq!(server.terminate(), (Some(0), String::new()));
}

/// As happens when a database is restored beside other keys, or a node is given keys of its own.
#[test]
fn a_key_that_does_not_open_the_database_serves_nobody() {
    let site = Site::set_up(PRIVACY, &Authority::new());
    let (token, line) = site.credential(SHOP);
    site.append(&format!("\n[[organisation.party]]\ndomain = \"{SHOP}\"\n{line}"));
    let (server, _) = site.serve();
    let peer = Call { port: site.port, host: PRIVACY, token: Some(&token) };
    assert_eq!(peer.post(REQUESTS, &asking(&id(1), "erasure", "ann@example.org", &[])).status(), 201);
    assert_eq!(server.terminate(), (Some(0), String::new()));

    let key = site.path().join("keys").join(format!("{PRIVACY}.seal"));
    let right = std::fs::read(&key).unwrap();
    std::fs::write(&key, "0b".repeat(32)).unwrap();
    for command in ["check", "serve"] {
        let refused = site.habeas(&[command]);
        assert!(!refused.status.success());
        let refused = complained(&refused);
        assert!(refused.contains(PRIVACY) && refused.contains("sealing_key_file"), "{command}: {refused}");
    }
    std::fs::write(&key, right).unwrap();
    let (server, _) = site.serve();
    assert_eq!(server.terminate(), (Some(0), String::new()));
}

#[test]
fn postgresql_has_tools_of_its_own() {
    let site = Site::set_up(PRIVACY, &Authority::new());
    site.edit("database = \"sqlite:habeas.db\"", "database = \"postgres://node1,node2/habeas\"");
    let refused = site.habeas(&["backup", "kept.db"]);
    assert_eq!(code(&refused), Some(2));
    assert!(complained(&refused).contains("pg_basebackup"), "{}", complained(&refused));
}
