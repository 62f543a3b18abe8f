//! What a covered business and a person's agent agree on by `keys pair`, and what is made of their configurations.

use habeas::{assembly, config::Loaded};
use habeas_core::{clock::Clock as _, role::Role};
use habeas_engine::{
    ambient::SystemClock,
    directory::{Credential, Peer, Tenant},
};
use habeas_trust::token::TokenSigner;
use habeas_wire::jws::Unsigned;
use serde_json::{Value, json};

use crate::{
    command::{code, complained, said},
    site::{Authority, Site},
    wire::Message,
};

pub(crate) const SHOP: &str = "shop.example.com";
pub(crate) const HELPER: &str = "helper.example.com";

/// A business that takes requests itself, hands them to a party, tells its own systems of the rest, and verifies
/// people.
fn business(authority: &Authority) -> Site {
    let site = Site::set_up(SHOP, authority).with_tls(authority);
    site.edit("roles = [\"processor\"]", "roles = [\"covered-business\", \"pip\", \"controller\"]");
    site.edit(
        "rights = [\"access\", \"portability\", \"erasure\"]",
        "rights = [\"access\", \"erasure\", \"opt-out-of-sale\"]",
    );
    let public = format!("public_url = \"https://127.0.0.1:{}\"", site.port);
    site.edit(&format!("public_url = \"https://{SHOP}\""), &public);
    site.edit("by = \"operator\"", "by = \"parties\"\nurl = \"https://systems.shop.example.com/work\"\nsecret_file = \"webhook.secret\"\nparties = [\"mail.example.com\"]");
    site.run(&["keys", "webhook"]);
    site.edit(
        "# [organisation.limits]",
        "\
[organisation.business]
api_base = \"https://data-rights.shop.example.com\"
relationships = [\"customer\"]
verify = [\"access\", \"erasure\"]
verify_within = \"5d\"
results_for = \"14d\"
regions = [\"CA\", \"California\"]
grants = [{ regime = \"voluntary\", rights = [\"opt-out-of-sale\"] }]
at_most = { requests = 2, within = \"365d\" }
# [organisation.limits]",
    );
    site.write_secret("mail.password", "correct horse");
    site.edit("# url = \"smtps://mail.example.com:465\"", "url = \"smtps://mail.example.com\"");
    site.edit(&format!("# from = \"privacy@{SHOP}\""), &format!("from = \"Shop <privacy@{SHOP}>\""));
    site.edit("# user = \"privacy\"", "user = \"privacy\"");
    site.edit("# password_file", "password_file");
    site.append(
        "\n[[organisation.party]]\ndomain = \"mail.example.com\"\nbase_url = \"https://mail.example.com/v1\"\n",
    );
    site
}

/// The files that its configuration names beside the usual ones.
const OF_BUSINESS: [&str; 4] = ["webhook.secret", "mail.password", "tls.pem", "tls.key"];

pub(crate) fn agent(authority: &Authority) -> Site {
    let site = Site::set_up(HELPER, authority);
    site.edit("roles = [\"processor\"]", "roles = [\"authorized-agent\"]");
    site.edit("regime = \"gdpr\"", "regime = \"ccpa\"");
    site
}

/// What a site's configuration makes of its organisation, with those files beside the usual ones.
fn tenant(site: &Site, domain: &str, files: &[&str]) -> Tenant {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("keys")).unwrap();
    let keys = ["key", "pem", "seal"].map(|extension| format!("keys/{domain}.{extension}"));
    let usual = ["operator.token", "authorities.pem"];
    for name in keys.iter().map(String::as_str).chain(usual).chain(files.iter().copied()) {
        std::fs::write(folder.path().join(name), site.read(name)).unwrap();
    }
    let mut loaded = Loaded::of("habeas.toml", folder.path().to_owned(), site.read("habeas.toml"), &[]);
    let parts = assembly::assemble(&mut loaded, SystemClock.now());
    parts.unwrap_or_else(|| panic!("{}", loaded.problems().render(false))).tenants.remove(0)
}

fn shown(peer: &Peer) -> &str {
    match &peer.outgoing {
        Some(Credential::Bearer(secret) | Credential::Hashed(secret)) => secret.expose(),
        _ => panic!("there is no secret"),
    }
}

fn pair(site: &Site, organisation: &str, party: &str, more: &[&str]) -> Value {
    let args = ["keys", "pair", "--organisation", organisation, "--party", party];
    let made = site.asks(&[&args[..], more].concat());
    site.append(&format!("\n{}", made["configuration"].as_str().unwrap()));
    made
}

#[test]
fn what_is_agreed_makes_two_configurations_that_know_each_other() {
    for hashed in [&[][..], &["--hashed"]] {
        let authority = Authority::new();
        let (business, agent) = (business(&authority), agent(&authority));
        let made = pair(&business, SHOP, HELPER, hashed);
        let (token, key) = (made["token"].as_str().unwrap(), made["identity_key"].as_str().unwrap());
        business.run(&["check"]);

        agent.write_secret("shop.token", &format!("{token}\n"));
        agent.write_secret("shop.identity", key);
        let files = ["--token-file", "shop.token", "--identity-key-file", "shop.identity"];
        let taken = pair(&agent, HELPER, SHOP, &[&files[..], hashed].concat());
        assert_eq!((&taken["token"], &taken["identity_key"]), (&Value::Null, &Value::Null), "the other side has them");
        agent.run(&["check"]);

        for site in [&business, &agent] {
            let text = site.read("habeas.toml");
            assert!(!text.contains(token) && !text.contains(key), "nothing in it is a secret: {text}");
        }
        let (shop, helper) = (tenant(&business, SHOP, &OF_BUSINESS), tenant(&agent, HELPER, &[]));
        let (theirs, ours) = (shop.peers.last().unwrap(), helper.peers.last().unwrap());
        for (tenant, peer) in [(&shop, theirs), (&helper, ours)] {
            assert_eq!(shown(peer), token);
            assert_eq!(tenant.holder(token).map(|peer| &peer.party.id), Some(&peer.party.id));
            assert_eq!(peer.party.trust.hashed_secret, !hashed.is_empty());
            assert_eq!(matches!(peer.outgoing, Some(Credential::Hashed(_))), !hashed.is_empty());
        }
        let signature = ours.identity_signer.as_ref().unwrap().sign(b"a token").unwrap();
        assert!(theirs.identity_keys[0].verify("HS256", b"a token", &signature));
        assert!(theirs.identity_signer.is_none() && ours.identity_keys.is_empty(), "tokens go one way");
        assert_eq!(ours.party.base.as_ref().map(url::Url::as_str), Some("https://shop.example.com/"));
        assert_eq!(theirs.party.base, None, "who only calls is not called but back");
    }
}

#[test]
fn a_business_is_what_its_configuration_says() {
    let site = business(&Authority::new());
    let shop = tenant(&site, SHOP, &OF_BUSINESS);
    let told = &shop.organisation.capabilities;
    assert_eq!(told.api_base.as_ref().map(url::Url::as_str), Some("https://data-rights.shop.example.com/"));
    assert_eq!(told.relationships, ["customer"]);
    let mounts: Vec<_> = shop.mounts.iter().map(|mount| (mount.role, mount.path.as_str())).collect();
    for mount in [(Role::CoveredBusiness, ""), (Role::Pip, "/data-rights"), (Role::Controller, "/v1")] {
        assert!(mounts.contains(&mount), "{mounts:?}");
    }
    assert!(shop.beside.is_some() && shop.webhook().is_some());
    let policy = format!("{:?}", shop.business);
    for words in [
        "verify: [Access, Erasure]",
        "verify_within_ms: 432000000",
        "results_ms: 1209600000",
        "requests: 2",
        "(Voluntary, [OptOutOfSale])",
        "repeats: true",
    ] {
        assert!(policy.contains(words), "{words} is not in {policy}");
    }
}

#[test]
fn a_key_of_ones_own_needs_no_agreement() {
    let site = agent(&Authority::new());
    site.write_secret("shop.secret", "agreed by telephone");
    site.append(&format!(
        "\n[[organisation.party]]\ndomain = \"{SHOP}\"\ndialect = \"drp/0.5\"\ncredential_file = \"shop.secret\"\n\
         identity_algorithm = \"own\"\nbase_url = \"https://www.shop.example.com\"\n"
    ));
    let helper = tenant(&site, HELPER, &["shop.secret"]);
    let signer = helper.peers[0].identity_signer.as_ref().unwrap();
    assert_eq!(signer.algorithm().name(), "RS256");
    assert_eq!(helper.peers[0].party.base.as_ref().map(url::Url::as_str), Some("https://www.shop.example.com/"));
}

#[test]
fn nothing_is_agreed_that_could_not_be_used() {
    let site = business(&Authority::new());
    site.write_secret("short", "short");
    site.write_secret("middling", "twenty-four bytes, no more");
    let pair = |more: &[&str]| {
        let args = ["keys", "pair", "--organisation", SHOP, "--party", HELPER];
        let ran = site.habeas(&[&args[..], more].concat());
        assert_eq!((code(&ran), said(&ran)), (Some(2), String::new()), "{more:?}");
        complained(&ran)
    };
    for (more, words) in [
        (&["--token-file", "short"][..], "fewer than 16 bytes"),
        (&["--identity-key-file", "middling"], "fewer than 32 bytes"),
        (&["--token-file", "nowhere"], "nowhere cannot be read"),
        (
            &["--token-file", "keys/shop.example.com.seal", "--identity-key-file", "keys/shop.example.com.seal"],
            "must be two",
        ),
    ] {
        let told = pair(more);
        assert!(told.contains(words), "{told}");
    }
    for (organisation, party, words) in [
        ("other.example.com", HELPER, "none of the organisations of the configuration: shop.example.com"),
        (SHOP, "mail.example.com", "is not spoken to in drp/0.5"),
        (SHOP, "no domain", "no domain of a new one"),
    ] {
        let ran = site.habeas(&["keys", "pair", "--organisation", organisation, "--party", party]);
        assert_eq!((code(&ran), said(&ran)), (Some(2), String::new()), "{organisation} {party}");
        assert!(complained(&ran).contains(words), "{}", complained(&ran));
    }
    site.edit("roles = [\"covered-business\", \"pip\", \"controller\"]", "roles = [\"controller\"]");
    assert!(pair(&[]).contains("has no role of DRP"));
}

#[test]
fn who_agreed_is_served_and_nobody_else() {
    let authority = Authority::new();
    let business = business(&authority);
    // What people must prove, and what a party does, is not what this is about.
    business.edit("verify = [\"access\", \"erasure\"]\n", "");
    let printed = business.run(&["keys", "pair", "--organisation", SHOP, "--party", HELPER]);
    let after = |name: &str| {
        let (_, rest) = printed.split_once(&format!("\n  {name} ")).unwrap();
        rest.split_whitespace().next().unwrap().to_owned()
    };
    let (secret, key) = (after("secret"), after("identity key"));
    assert!(printed.contains(&format!("https://{SHOP}/.well-known/data-rights.json")), "{printed}");
    let (_, lines) = printed.split_once(&format!("below the [[organisation]] of {SHOP}:\n")).unwrap();
    business.append(&format!("\n{lines}"));
    let (_server, _) = business.serve();

    let discovery = business.call(&secret, "GET", "/.well-known/data-rights.json", "").json();
    assert_eq!(discovery["api_base"], "https://data-rights.shop.example.com");
    assert_eq!(discovery["actions"], json!(["sale:opt-out", "deletion", "access"]));
    assert_eq!(discovery["user_relationships"], json!(["customer"]));
    let exercise = |credential: &str, key: &str| -> Message {
        let claims = json!({ "iss": HELPER, "aud": SHOP, "email": "ann@example.org", "address": { "region": "CA" } });
        let unsigned = Unsigned::new(br#"{"typ":"JWT","alg":"HS256"}"#, claims.to_string().as_bytes());
        let signature = TokenSigner::secret(key).unwrap().sign(unsigned.signing_input()).unwrap();
        let body = json!({
            "meta": { "version": "0.5" }, "regime": "ccpa", "exercise": ["sale:opt-out"],
            "relationships": ["customer"], "identity": unsigned.signed(&signature),
        });
        business.call(credential, "POST", "/data-rights/exercise", &body.to_string())
    };
    let taken = exercise(&secret, &key);
    assert_eq!((taken.status(), &taken.json()["status"]), (200, &"open".into()), "{taken:?}");
    assert_eq!(exercise("somebody else's secret", &key).status(), 401);
    assert_eq!(exercise(&secret, &"k".repeat(32)).status(), 400);

    let request = business.asks(&["requests", "list"])["requests"][0]["request_id"].as_str().unwrap().to_owned();
    let shown = business.run(&["requests", "show", &request, "--subject"]);
    for words in [
        "helper.example.com, in drp/0.5",
        "email:raw:ann@example.org",
        "address: {\"region\":\"CA\"}",
        "relationship  customer",
    ] {
        assert!(shown.contains(words), "{words} is not in {shown}");
    }
    let verify = business.is_refused(&["requests", "verify", &request]);
    assert!(verify.contains("nobody has to prove who they are to opt out"), "{verify}");
    let none =
        business.habeas(&["requests", "verification", &request, "--redirect-to", "https://helper.example.com/back"]);
    assert_eq!((code(&none), said(&none)), (Some(1), String::new()));
    assert!(complained(&none).contains("no party asks for that at the moment"), "{}", complained(&none));
}
