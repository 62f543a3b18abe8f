//! What a processor says of itself, to anybody (1.0 §6).

use habeas_trust::certificate::{Chain, Roots};
use url::Url;

use crate::world::{Call, Setup, World};

#[tokio::test]
async fn discovery_says_what_is_supported_and_is_signed() {
    for rsa in [false, true] {
        let world = World::with(Setup { rsa, ..Setup::default() }).await;
        let discovery = world.call(Call::get("/v1/discovery")).await.is(200);
        assert_eq!(discovery.header("content-type"), "application/json");
        assert_eq!(discovery.header("cache-control"), "no-store");
        world.assert_signed(&discovery.headers, &discovery.body).await;
        let json = discovery.json();
        assert_eq!(json["api_version"], "1.0");
        assert_eq!(json["supported_subject_request_types"], serde_json::json!(["access", "portability", "erasure"]));
        let identities = json["supported_identities"].as_array().unwrap();
        assert_eq!(identities.len(), 3);
        for identity in identities {
            assert!(identity["identity_type"].is_string() && identity["identity_format"].is_string());
            assert!(identity.get("identity_value").is_none(), "discovery names no person");
        }
    }
}

#[tokio::test]
async fn the_certificate_is_on_the_host_of_discovery_and_leads_to_the_authority() {
    let world = World::with(Setup { rsa: true, ..Setup::default() }).await;
    for prefix in ["/v1", ""] {
        let discovery = world.call(Call::get(&format!("{prefix}/discovery"))).await.is(200).json();
        let url: Url = discovery["processor_certificate"].as_str().unwrap().parse().unwrap();
        assert_eq!(url.host_str(), Some("mail.localhost"));
        assert_eq!(url.path(), format!("{prefix}/cert.pem"));
        let served = world.call(Call::get(url.path())).await.is(200);
        assert_eq!(served.header("content-type"), "application/x-pem-file");
        let chain = Chain::from_pem(&served.text()).unwrap();
        let roots = Roots::from_pem(&world.keys.ca.certificate_pem()).unwrap();
        assert_eq!(chain.verify("mail.localhost", &roots, world.now().ms()), Ok(()));
        assert!(chain.verify("other.localhost", &roots, world.now().ms()).is_err(), "for one name only");
        assert!(served.text().matches("BEGIN CERTIFICATE").count() > 1, "with what stands between it and the root");
        assert!(!served.text().contains("PRIVATE KEY"));
    }
}

#[tokio::test]
async fn neither_asks_for_a_credential_and_a_wrong_one_does_no_harm() {
    let world = World::new().await;
    for path in ["/v1/discovery", "/v1/cert.pem"] {
        world.call(Call::get(path)).await.is(200);
        world.call(Call::get(path).by("nonsense")).await.is(200);
    }
}
