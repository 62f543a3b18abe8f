//! What of the configuration of a covered business, and of its dealings with people's agents, is refused or warned of?

use habeas::{assembly, config::Loaded};
use habeas_core::clock::Clock as _;
use habeas_engine::ambient::SystemClock;
use habeas_trust::{
    seal::{MasterKey, Sealer},
    shared_secret::{SecretHash, seal_text},
    signing::SigningKey,
};

use crate::agreement::{HELPER, SHOP};

const SEAL: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn sealer() -> Sealer {
    Sealer::new(&MasterKey::from_hex(SEAL).unwrap())
}

fn sealed(kind: &str, secret: &str) -> String {
    seal_text(&sealer(), &format!("{SHOP} {HELPER} {kind}"), secret).unwrap()
}

/// A configuration of a shop in a folder with all its keys, but for a certificate.
fn loaded(organisation: &str) -> Loaded {
    let folder = tempfile::tempdir().unwrap().keep();
    let key = SigningKey::generate_p256().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write("key.pem", &key.to_pem());
    write("seal", SEAL);
    write("operator.token", &"t".repeat(32));
    write("short", "too short");
    write("long", &"long enough for HS256 ".repeat(2));
    write("password", "canary");
    let text = format!(
        "[[organisation]]\ndomain = \"{SHOP}\"\npublic_url = \"https://{SHOP}\"\nkey_file = \"key.pem\"\n\
         certificate_file = \"none.pem\"\nsealing_key_file = \"seal\"\n{organisation}"
    );
    let mut loaded = Loaded::of("habeas.toml", folder.clone(), text, &[]);
    let parts = assembly::assemble(&mut loaded, SystemClock.now());
    assert!(parts.is_none(), "there is no certificate");
    std::fs::remove_dir_all(folder).unwrap();
    loaded
}

/// What is said of it, apart from its certificate.
fn told(organisation: &str) -> Vec<(String, String)> {
    let problems = loaded(organisation).problems();
    let told = problems.list().iter().filter(|problem| problem.place != "organisation[0].certificate_file");
    told.map(|problem| (problem.place.replace("organisation[0].", ""), problem.message.clone())).collect()
}

fn warned(organisation: &str) -> Vec<String> {
    let warnings = loaded(organisation).warnings();
    let told = warnings.list().iter().filter(|warning| {
        warning.place.contains("business") || warning.place.contains("party[") || warning.place.ends_with("public_url")
    });
    told.map(|warning| format!("{}: {}", warning.place.replace("organisation[0].", ""), warning.message)).collect()
}

#[test]
fn what_the_guide_shows_can_be_configured() {
    let guide = include_str!("../../../../docs/DRP.md");
    let shown: Vec<_> = guide.split("```toml\n").skip(1).filter_map(|rest| Some(rest.split_once("\n```")?.0)).collect();
    assert_eq!(shown.len(), 2, "a business and an agent");
    for text in shown {
        let text = text.replace("hmac:…", &format!("hmac:{}", "0".repeat(64)));
        let mut loaded = Loaded::of("habeas.toml", std::path::PathBuf::from("/nowhere"), text, &[]);
        assert!(assembly::assemble(&mut loaded, SystemClock.now()).is_none(), "there are no keys");
        let problems = loaded.problems();
        let told = problems.list().iter().filter(|problem| !problem.place.ends_with("_file"));
        assert_eq!(told.map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
    }
}

const BUSINESS: &str =
    "roles = [\"covered-business\", \"pip\"]\nrights = [\"access\", \"erasure\", \"opt-out-of-sale\"]\n";

#[test]
fn every_wrong_key_of_a_business_is_told_at_once() {
    let told = told(&format!(
        "{}{}",
        BUSINESS.replace("\"erasure\"", "\"erasure\", \"portability\""),
        "\
[organisation.business]
api_base = \"http://api.shop.example.com/?a=b\"
relationships = [\"customer\", \" \"]
verify = [\"erasure\", \"opt-out-of-sale\", \"access-specific\"]
verify_within = \"0s\"
results_for = \"0s\"
regions = [\"\"]
grants = [{ rights = [\"access\"] }, { regime = \"ccpa\", rights = [\"access-categories\"] }, { regime = \"ccpa\" }]
at_most = { requests = 0, within = \"0s\" }
[organisation.fulfilment]
by = \"parties\"
url = \"https://systems.shop.example.com\"
[mail]
url = \"https://mail.example.com\"
user = \"shop\"
password_file = \"password\"
password_env = \"CANARY\"
"
    ));
    let places: Vec<_> = told.iter().map(|(place, _)| place.as_str()).collect();
    let expected = [
        "rights[2]",
        "business.api_base",
        "business.relationships[1]",
        "business.verify[1]",
        "business.verify[2]",
        "business.verify_within",
        "business.results_for",
        "business.regions[0]",
        "business.grants[0].regime",
        "business.grants[1].rights[0]",
        "business.grants[2].rights",
        "business.grants[2].regime",
        "business.at_most.requests",
        "business.at_most.within",
        "fulfilment",
        "fulfilment.secret_file",
        "mail.from",
        "mail.url",
        "mail.password_env",
    ];
    let mut sorted = (places.clone(), expected.to_vec());
    sorted.0.sort_unstable();
    sorted.1.sort_unstable();
    assert_eq!(sorted.0, sorted.1, "{told:#?}");
    let why = |place: &str| told.iter().find(|(at, _)| at == place).map(|(_, why)| why.as_str()).unwrap();
    assert!(why("business.verify[1]").contains("§ 7026(d)"), "{}", why("business.verify[1]"));
    assert_eq!(why("rights[2]"), "drp/0.5 has no word for portability");
    assert!(!format!("{told:?}").contains("canary"));
}

#[test]
fn what_needs_something_else_says_so() {
    for (text, place, words) in [
        (format!("{BUSINESS}[organisation.business]\nverify = [\"erasure\"]\n"), "business.verify", "needs [mail]"),
        (
            BUSINESS.replace(", \"pip\"", ""),
            "business.api_base",
            "is required where the organisation has not the role pip",
        ),
        (
            "[organisation.business]\nrelationships = [\"customer\"]\n".to_owned(),
            "business",
            "is for the roles covered-business and pip only",
        ),
        (BUSINESS.replace("rights = ", "rights = [] #"), "rights", "must name one"),
        (format!("{BUSINESS}[organisation.fulfilment]\nurl = \"https://a.example\"\n"), "fulfilment.url", "is for by"),
        (format!("{BUSINESS}[mail]\nfrom = \"a@b.example\"\n"), "mail.url", "is required"),
        (format!("{BUSINESS}[mail]\nurl = \"smtps://m.example\"\nfrom = \"nobody\"\n"), "mail.from", "not an address"),
        (
            format!("{BUSINESS}[mail]\nurl = \"smtps://m.example\"\nfrom = \"a@b.example\"\nuser = \"a\"\n"),
            "mail.password_file",
            "is required beside user",
        ),
        (
            format!(
                "{BUSINESS}[mail]\nurl = \"smtps://m.example\"\nfrom = \"a@b.example\"\npassword_file = \"password\"\n"
            ),
            "mail.user",
            "is required beside a password",
        ),
    ] {
        let told = told(&text);
        assert!(told.iter().any(|(at, message)| at == place && message.contains(words)), "{text}: {told:#?}");
        assert_eq!(told.len(), 1, "{text}: {told:#?}");
    }
    let elsewhere = "[organisation.business]\napi_base = \"https://pip.example\"\n";
    assert_eq!(told(&(BUSINESS.replace(", \"pip\"", "") + elsewhere)), []);
    let identities = BUSINESS.to_owned() + "identities = []\n";
    assert_eq!(told(&identities), [], "tokens take their place");
}

#[test]
fn what_may_be_a_mistake_is_warned_of() {
    for (text, words) in [
        (
            format!("{BUSINESS}[organisation.business]\napi_base = \"https://pip.example\"\n"),
            "not below shop.example.com",
        ),
        (
            format!("{BUSINESS}[organisation.business]\ngrants = [{{ regime = \"gdpr\", rights = [] }}]\n"),
            "no request names it",
        ),
        (
            BUSINESS.to_owned()
                + "[[organisation.mount]]\ndialect = \"drp/0.5\"\nrole = \"covered-business\"\npath = \"/privacy\"\n\
                   [[organisation.mount]]\ndialect = \"drp/0.5\"\nrole = \"pip\"\npath = \"/pip\"\n",
            "at the top of the domain",
        ),
        (
            format!(
                "{BUSINESS}[[organisation.party]]\ndomain = \"{HELPER}\"\ndialect = \"drp/0.5\"\ncredentials = \
                 [\"hmac:{}\"]\n",
                "0".repeat(64)
            ),
            "has no identity_keys",
        ),
        (
            format!(
                "{BUSINESS}[organisation.business]\nverify = [\"erasure\"]\n[mail]\nurl = \"smtps://m.example\"\nfrom = \
                 \"a@b.example\"\n[[organisation.party]]\ndomain = \"{HELPER}\"\ndialect = \"drp/0.5\"\ncredentials = \
                 [\"hmac:{}\"]\nidentity_keys = [{{ algorithm = \"HS256\", secret = \"{}\" }}]\n",
                "0".repeat(64),
                sealed("identity", &"k".repeat(32))
            ),
            "has no redirect_origins",
        ),
        (
            format!(
                "roles = [\"authorized-agent\"]\n[[organisation.party]]\ndomain = \"{HELPER}\"\ndialect = \
                 \"drp/0.5\"\ncredential_file = \"long\"\n"
            ),
            "has no identity_secret",
        ),
    ] {
        let warned = warned(&text);
        assert!(warned[0].contains(words), "{text}: {warned:#?}");
    }
}

#[test]
fn every_wrong_key_of_an_agent_is_told_at_once() {
    let helper = format!("[[organisation.party]]\ndomain = \"{HELPER}\"\ndialect = \"drp/0.5\"\n");
    let moved = seal_text(&sealer(), "elsewhere.example.com x credential", "canary-canary-canary").unwrap();
    let identity = sealed("identity", "canary");
    let told = told(&format!(
        "{BUSINESS}{helper}\
         knobs = [\"louder\"]\n\
         credentials = [\"canary\", \"hmac:canary\"]\n\
         credential = \"{moved}\"\n\
         api_base = \"ftp://helper.example.com\"\n\
         redirect_origins = [\"http://helper.example.com\", \"https://helper.example.com/back\"]\n\
         response_authorization = true\n\
         identity_secret = \"canary\"\n\
         trust = {{ hashed_secret = true }}\n\
         identity_keys = [\n\
           {{ secret_file = \"long\" }},\n\
           {{ algorithm = \"HS256\" }},\n\
           {{ algorithm = \"HS256\", secret_file = \"short\" }},\n\
           {{ algorithm = \"HS256\", secret_file = \"long\", secret = \"{identity}\" }},\n\
           {{ algorithm = \"HS256\", secret = \"{identity}\" }},\n\
           {{ algorithm = \"HS256\", secret = \"canary\" }},\n\
           {{ algorithm = \"HS256\", key_file = \"key.pem\", secret_file = \"long\" }},\n\
           {{ algorithm = \"ES256\", secret_file = \"long\" }},\n\
           {{ algorithm = \"ES256\", key_file = \"long\" }},\n\
           {{ algorithm = \"none\", key_file = \"long\" }},\n\
         ]\n\
         [[organisation.party]]\ndomain = \"b.example.com\"\ndialect = \"drp/0.5\"\n\
         identity_keys = [{{ algorithm = \"HS256\", secret_file = \"long\" }}]\n\
         identity_algorithm = \"theirs\"\n\
         credential_file = \"long\"\ncredential = \"{moved}\"\n\
         [[organisation.party]]\ndomain = \"c.example.com\"\n\
         credential_scheme = \"sha512\"\ncredential_file = \"long\"\n\
         identity_secret_file = \"long\"\nidentity_algorithm = \"own\"\n\
         trust = {{ verified_claims = true }}\n\
         response_authorization = true\n"
    ));
    let mut places: Vec<_> = told.iter().map(|(place, _)| place.replace("party", "")).collect();
    let mut expected = vec![
        "[0].knobs[0]",
        "[0].credentials[0]",
        "[0].credentials[1]",
        "[0].credential",
        "[0].api_base",
        "[0].redirect_origins[0]",
        "[0].redirect_origins[1]",
        "[0].identity_secret",
        "[0].trust.hashed_secret",
        "[0].identity_keys[0].algorithm",
        "[0].identity_keys[1].secret_file",
        "[0].identity_keys[2].secret_file",
        "[0].identity_keys[3].secret",
        "[0].identity_keys[4].secret",
        "[0].identity_keys[5].secret",
        "[0].identity_keys[6].key_file",
        "[0].identity_keys[7].secret_file",
        "[0].identity_keys[7].key_file",
        "[0].identity_keys[8].key_file",
        "[0].identity_keys[9].algorithm",
        "[1].identity_keys[0]",
        "[1].identity_algorithm",
        "[1].credential",
        "[2].credential_scheme",
        "[2].identity_secret_file",
        "[2].identity_algorithm",
        "[2].identity_algorithm",
        "[2].trust.verified_claims",
        "[2].response_authorization",
    ];
    places.sort_unstable();
    expected.sort_unstable();
    assert_eq!(places, expected, "{told:#?}");
    assert!(!format!("{told:?}").contains("canary"), "{told:#?}");
}

#[test]
fn what_a_response_shows_must_be_there_and_should_not_be_what_the_party_calls_with() {
    let party = |more: &str| {
        format!(
            "{BUSINESS}[[organisation.party]]\ndomain = \"{HELPER}\"\ndialect = \"drp/0.5\"\nresponse_authorization = true\n{more}"
        )
    };
    let missing = told(&party(""));
    assert!(missing.len() == 1 && missing[0].1.contains("needs a credential"), "{missing:?}");
    let secret = "agreed with the helper";
    let hash = SecretHash::of(secret, &sealer(), true).unwrap();
    let keys = format!(
        "identity_keys = [{{ algorithm = \"HS256\", secret = \"{}\" }}]\n",
        sealed("identity", &"k".repeat(32))
    );
    let with = |ours: &str| {
        let credential = sealed("credential", ours);
        party(&format!("credentials = [\"{hash}\"]\ncredential = \"{credential}\"\n{keys}trust.hashed_secret = true\n"))
    };
    assert_eq!((told(&with(secret)), warned(&with(secret)).len()), (vec![], 1));
    assert_eq!((told(&with("another, of our own")), warned(&with("another, of our own"))), (vec![], vec![]));
}
