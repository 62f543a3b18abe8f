//! The contract of the sandbox.

use std::{net::SocketAddr, path::Path};

use habeas::sandbox::{self, Sandbox};
use serde_json::{Value, json};

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
    let (at_mail, at_ads) = (&said["organisations"][0]["credentials"], &said["organisations"][1]["credentials"]);
    let mount = |domain: &str, role: &str| json!([{ "dialect": "opengdpr/1.0", "role": role, "base_url": format!("http://{domain}:{port}/v1") }]);
    assert_eq!(
        said,
        json!({
            "url": format!("http://127.0.0.1:{port}"),
            "ca": path.canonicalize().unwrap().join("ca.pem"),
            "operator": { "url": format!("http://127.0.0.1:{port}/api"), "token": said["operator"]["token"] },
            "organisations": [
                { "domain": "mail.localhost", "roles": ["processor"], "mounts": mount("mail.localhost", "processor"), "credentials": at_mail },
                { "domain": "ads.localhost", "roles": ["processor"], "mounts": mount("ads.localhost", "processor"), "credentials": at_ads },
                { "domain": "shop.localhost", "roles": ["controller"], "mounts": mount("shop.localhost", "controller"), "credentials": [] },
            ],
        })
    );
    for credentials in [at_mail, at_ads] {
        assert_eq!(credentials[0]["party"], "shop.localhost");
        assert!(credentials[0]["token"].as_str().unwrap().starts_with("hbs_"));
    }
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
