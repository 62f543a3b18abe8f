//! What is wrong with a configuration is told all at once.

use std::path::PathBuf;

use habeas::{assembly, config::Loaded};
use habeas_core::clock::Clock as _;
use habeas_engine::ambient::SystemClock;

fn problems(text: &str) -> Vec<(String, Option<usize>)> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("operator.token"), "short").unwrap();
    let mut loaded = Loaded::of("habeas.toml", PathBuf::from(folder.path()), text.to_owned(), &[]);
    assert!(assembly::assemble(&mut loaded, SystemClock.now()).is_none());
    let problems = loaded.problems();
    problems.list().iter().map(|problem| (problem.place.clone(), problems.line(problem))).collect()
}

#[test]
fn what_is_missing_or_does_not_fit_is_told_with_its_line() {
    let told = problems(
        "\
database = \"mysql://x\"
[operator]
token_file = \"operator.token\"
[listen]
tls_key = \"tls.key\"
[[organisation]]
domain = \"example.com\"
public_url = \"http://example.com\"
key_file = \"none.key\"
rights = [\"access\", \"opt-out-of-sale\"]
[[organisation.mount]]
dialect = \"opengdpr/9\"
role = \"processor\"
path = \"v1/\"
[organisation.fulfilment]
by = \"webhook\"
url = \"ftp://example.com\"
[[organisation.party]]
base_url = \"http://peer.example\"
credential_file = \"a\"
credential_env = \"B\"
[[organisation]]
domain = \"example.com\"
",
    );
    let expected = [
        ("database", Some(1)),
        ("operator.token_file", Some(3)),
        ("listen", Some(4)),
        ("organisation[0].certificate_file", Some(6)),
        ("organisation[0].sealing_key_file", Some(6)),
        ("organisation[0].public_url", Some(8)),
        ("organisation[0].key_file", Some(9)),
        ("organisation[0].mount[0].dialect", Some(12)),
        ("organisation[0].mount[0].path", Some(14)),
        ("organisation[0].fulfilment.secret_file", Some(15)),
        ("organisation[0].fulfilment.url", Some(17)),
        ("organisation[0].party[0].domain", Some(18)),
        ("organisation[0].party[0].base_url", Some(19)),
        ("organisation[0].party[0].credential_env", Some(21)),
        ("organisation[1].public_url", Some(22)),
        ("organisation[1].key_file", Some(22)),
        ("organisation[1].certificate_file", Some(22)),
        ("organisation[1].sealing_key_file", Some(22)),
        ("organisation[1].domain", Some(23)),
    ];
    let told: Vec<_> = told.iter().map(|(place, line)| (place.as_str(), *line)).collect();
    assert_eq!(told, expected);
}

#[test]
fn what_would_log_nothing_or_listen_twice_in_one_place_is_told() {
    for (level, sound) in [
        ("info", true),
        ("WARN", true),
        ("info,habeas_engine=debug", true),
        ("off", true),
        ("loud", false),
        ("info,habeas_engine", true),
        ("loud,verbose", false),
        ("habeas=loud", false),
    ] {
        let told = problems(&format!("[log]\nlevel = \"{level}\"\n"));
        assert_eq!(told.contains(&("log.level".to_owned(), Some(2))), !sound, "{level}: {told:?}");
    }
    for (listen, operator, sound) in [
        ("127.0.0.1:8080", "127.0.0.1:8081", true),
        ("127.0.0.1:8080", "127.0.0.2:8080", true),
        ("127.0.0.1:0", "127.0.0.1:0", true),
        ("127.0.0.1:8080", "127.0.0.1:8080", false),
        ("0.0.0.0:8080", "127.0.0.1:8080", false),
        ("[::]:8080", "127.0.0.1:8080", false),
        ("0.0.0.0:8080", "[::1]:8080", true),
    ] {
        let text = format!("[listen]\naddress = \"{listen}\"\n[operator]\naddress = \"{operator}\"\n");
        let told = problems(&text);
        assert_eq!(told.contains(&("operator.address".to_owned(), Some(4))), !sound, "{listen}, {operator}: {told:?}");
    }
}

#[test]
fn a_server_without_organisations_is_refused() {
    assert!(problems("").iter().any(|(place, _)| place == "organisation"));
}

#[test]
fn a_right_without_a_word_in_the_dialect_is_refused() {
    let told = problems("[[organisation]]\nrights = [\"access\", \"access-categories\"]\n");
    assert!(told.contains(&("organisation[0].rights[1]".to_owned(), Some(2))), "{told:?}");
}

/// What is said of an organisation and its parties, apart from the files that it lacks here.
fn said_of(organisation: &str) -> Vec<(String, String)> {
    let text = format!(
        "[[organisation]]\ndomain = \"a.example\"\npublic_url = \"https://a.example\"\nkey_file = \"k\"\n\
         certificate_file = \"c\"\nsealing_key_file = \"s\"\n{organisation}"
    );
    let mut loaded = Loaded::of("habeas.toml", PathBuf::from("/nowhere"), text, &[]);
    assert!(assembly::assemble(&mut loaded, SystemClock.now()).is_none());
    let problems = loaded.problems();
    let told = problems.list().iter().filter(|problem| !problem.place.ends_with("_file"));
    told.map(|problem| (problem.place.replace("organisation[0].", ""), problem.message.clone())).collect()
}

#[test]
fn who_hands_requests_on_needs_parties_that_can_be_called() {
    let party = "[[organisation.party]]\ndomain = \"p.example\"\n";
    let callable = "base_url = \"https://p.example\"\n";
    for (text, place, words) in [
        ("roles = [\"agent\"]\n".to_owned(), "fulfilment.by", "an agent hands on what it receives"),
        ("[organisation.fulfilment]\nby = \"parties\"\n".to_owned(), "fulfilment", "needs a party with a base_url"),
        (
            format!("[organisation.fulfilment]\nby = \"parties\"\n{party}"),
            "fulfilment",
            "needs a party with a base_url",
        ),
        (
            format!("[organisation.fulfilment]\nby = \"parties\"\nparties = [\"q\"]\n{party}{callable}"),
            "fulfilment.parties[0]",
            "there is no party of that id",
        ),
        (
            format!("[organisation.fulfilment]\nby = \"parties\"\nparties = [\"p.example\"]\n{party}"),
            "fulfilment.parties[0]",
            "this party has no base_url",
        ),
        (
            format!("[organisation.fulfilment]\nparties = [\"p.example\"]\n{party}{callable}"),
            "fulfilment.parties",
            "is for by = \"parties\" only",
        ),
        (
            format!("[organisation.fulfilment]\nby = \"parties\"\nurl = \"https://x.example\"\n{party}{callable}"),
            "fulfilment.url",
            "is for by = \"webhook\" only",
        ),
    ] {
        let told = said_of(&text);
        assert!(told.iter().any(|(at, message)| at == place && message.contains(words)), "{text}: {told:#?}");
        assert_eq!(told.len(), 1, "{text}: {told:#?}");
    }
    let agent = format!("roles = [\"agent\"]\n[organisation.fulfilment]\nby = \"parties\"\n{party}{callable}");
    assert_eq!(said_of(&agent), []);
}

#[test]
fn what_a_party_is_said_to_do_must_fit_its_dialect() {
    let party = |more: &str| {
        let told = said_of(&format!("[[organisation.party]]\ndomain = \"p.example\"\n{more}"));
        told.into_iter().map(|(place, message)| format!("{place}: {message}")).collect::<Vec<_>>()
    };
    let unknown = party("dialect = \"opengdpr/0.1.3\"\nknobs = [\"louder\"]\n");
    assert_eq!(unknown, ["party[0].knobs[0]: is no knob of opengdpr/0.1.3, which has none"]);
    for dialect in habeas::dialects::all() {
        for knob in dialect.knobs() {
            assert_eq!(party(&format!("dialect = \"{}\"\nknobs = [\"{}\"]\n", dialect.id(), knob.name)), [""; 0]);
            let told = party(&format!("dialect = \"{}\"\nknobs = [\"louder\"]\n", dialect.id()));
            assert!(told[0].contains(knob.name), "those that it has are listed: {told:?}");
        }
    }
    assert_eq!(party("rights = [\"erasure\"]\n"), ["party[0].identities: is required beside rights"]);
    assert_eq!(party("identities = [\"email:raw\"]\n"), ["party[0].rights: is required beside identities"]);
    let wordless = party("rights = [\"access-categories\"]\nidentities = [\"email:raw\"]\n");
    assert_eq!(wordless, ["party[0].rights[0]: opengdpr/1.0 has no word for access-categories"]);
    let fine = "dialect = \"opengdpr/0.1.2\"\nrights = [\"erasure\"]\nidentities = [\"email:md5\"]\n\
                vouches_for = [\"q.example\"]\ntrust = { unsigned_receipts = true }\n";
    assert_eq!(party(fine), [""; 0]);
    assert_eq!(party("vouches_for = [\"https://q.example\"]\n").len(), 1);
}

#[test]
fn dialects_may_share_a_path_but_no_mount_stands_twice() {
    let mount = |dialect: &str, path: &str| {
        format!("[[organisation.mount]]\nrole = \"processor\"\ndialect = \"opengdpr/{dialect}\"\npath = \"{path}\"\n")
    };
    assert_eq!(said_of(&(mount("1.0", "") + &mount("0.1.3", "") + &mount("0.1.2", ""))), []);
    let twice = said_of(&(mount("1.0", "/v1") + &mount("0.1.3", "/v1") + &mount("1.0", "/v1")));
    assert_eq!(twice, [("mount[2].path".to_owned(), "this mount is configured twice".to_owned())]);
}

#[test]
fn an_agent_serves_every_version_and_the_others_the_usual_one() {
    use habeas_core::role::Role;
    let at = |role| -> Vec<(String, String)> {
        let mounts = assembly::mounts::usual(&[role], &"https://a.example".parse().unwrap());
        mounts.into_iter().map(|mount| (mount.path, mount.dialect.to_string())).collect()
    };
    let rows = |rows: &[(&str, &str)]| -> Vec<(String, String)> {
        rows.iter().map(|(path, version)| ((*path).to_owned(), format!("opengdpr/{version}"))).collect()
    };
    for role in [Role::Processor, Role::Controller] {
        assert_eq!(at(role), rows(&[("/v1", "1.0"), ("", "1.0")]));
    }
    let versions =
        [("/v1", "1.0"), ("/v0.1.3", "0.1.3"), ("/v0.1.2", "0.1.2"), ("", "1.0"), ("", "0.1.3"), ("", "0.1.2")];
    assert_eq!(at(Role::Agent), rows(&versions));
    for (role, path) in [(Role::CoveredBusiness, ""), (Role::Pip, "/data-rights"), (Role::AuthorizedAgent, "/drp")] {
        assert_eq!(at(role), [(path.to_owned(), "drp/0.5".to_owned())]);
    }
}

#[test]
fn alerts_need_an_address_and_a_secret_and_pauses_have_a_length() {
    let places = |text: &str| {
        let told = problems(text).into_iter().map(|(place, _)| place);
        told.filter(|place| place.starts_with("alert") || place.starts_with("follow")).collect::<Vec<_>>()
    };
    assert_eq!(places(""), [""; 0]);
    assert_eq!(places("[alert]\nurl = \"https://a.example\"\n"), ["alert.secret_file"]);
    assert_eq!(places("[alert]\nsecret_file = \"operator.token\"\n"), ["alert.url", "alert.secret_file"]);
    assert_eq!(
        places("[alert]\nurl = \"http://a.example\"\nsecret_file = \"none\"\n"),
        ["alert.url", "alert.secret_file"]
    );
    assert_eq!(places("[follow]\nschedule = []\n"), ["follow.schedule"]);
    assert_eq!(places("[follow]\nschedule = [\"0s\", \"1h\"]\n"), ["follow.schedule"]);
}
