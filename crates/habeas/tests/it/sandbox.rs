//! The contract of the sandbox.

use std::{net::SocketAddr, path::Path};

use habeas::sandbox::{self, Sandbox};
use serde_json::{Value, json};

use crate::world::{ADS, MAIL, cast, tokens};

async fn start(folder: &Path) -> Sandbox {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    sandbox::start(SocketAddr::from(([127, 0, 0, 1], 0)), folder).await.expect("the sandbox starts")
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_who_is_in_it_and_is_the_same_world_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world");
    let first = start(&path).await;
    let said = serde_json::to_value(first.announcement()).unwrap();
    let url = said["url"].as_str().unwrap();
    let port = url.rsplit(':').next().unwrap();
    let mut organisations = said["organisations"].clone();
    assert!(tokens(&mut organisations).iter().all(|token| token.starts_with("hbs_")));
    assert_eq!(organisations, cast(port));
    assert_eq!(said["url"], format!("http://127.0.0.1:{port}"));
    assert_eq!(said["ca"], json!(path.canonicalize().unwrap().join("ca.pem")));
    assert_eq!(said["operator"]["url"], format!("http://127.0.0.1:{port}/api"));
    let busy = sandbox::start(SocketAddr::from(([127, 0, 0, 1], 0)), &path).await;
    assert!(busy.is_err(), "two may not share a folder");
    let keys = |sandbox: &Sandbox| {
        let mut keys: Vec<_> =
            sandbox.engine().directory().tenants().map(|t| (t.key_id.clone(), t.chain.clone())).collect();
        keys.sort();
        keys
    };
    let before = keys(&first);
    first.stop().await;

    let second = start(&path).await;
    let again = serde_json::to_value(second.announcement()).unwrap();
    let secrets = |said: &Value| {
        let organisations = said["organisations"].as_array().unwrap().iter().map(|one| one["credentials"].clone());
        (said["operator"]["token"].clone(), organisations.collect::<Vec<_>>())
    };
    assert_eq!(secrets(&again), secrets(&said));
    assert_eq!(keys(&second), before);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_from_before_there_were_so_many_opens_and_keeps_what_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = || -> Value {
        serde_json::from_str(&std::fs::read_to_string(folder.path().join("sandbox.json")).unwrap()).unwrap()
    };
    start(folder.path()).await.stop().await;
    // As the first version left it: two processors, and the shop that calls them.
    let mut old = secrets();
    let calls = old["credentials"].as_array_mut().unwrap();
    calls
        .retain(|call| call["party"] == "shop.localhost" && [MAIL, ADS].iter().any(|one| call["organisation"] == *one));
    assert_eq!(calls.len(), 2);
    std::fs::write(folder.path().join("sandbox.json"), old.to_string()).unwrap();
    for domain in ["push.localhost", "agent.localhost"] {
        for extension in ["key", "pem", "seal"] {
            std::fs::remove_file(folder.path().join(format!("{domain}.{extension}"))).unwrap();
        }
    }
    let sandbox = start(folder.path()).await;
    let known = sandbox.announcement().token(MAIL, "shop.localhost").unwrap().to_owned();
    assert!(sandbox.announcement().token(MAIL, "agent.localhost").is_some());
    let url = &sandbox.announcement().url;
    let mut organisations = serde_json::to_value(&sandbox.announcement().organisations).unwrap();
    tokens(&mut organisations);
    assert_eq!(organisations, cast(url.rsplit(':').next().unwrap()));
    sandbox.stop().await;
    assert!(old["credentials"].as_array().unwrap().iter().any(|call| call["token"] == *known), "no token has changed");
    let saved = secrets();
    let begins = saved["credentials"].as_array().unwrap().starts_with(old["credentials"].as_array().unwrap());
    assert!(begins && saved["operator_token"] == old["operator_token"]);
    start(folder.path()).await.stop().await;
    assert_eq!(secrets(), saved, "they are saved");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn its_secrets_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    start(folder.path()).await.stop().await;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".key") || name.ends_with(".seal") || name.ends_with(".json") || name.starts_with("habeas.db")
        {
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{name}");
        }
    }
}
