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
database = \"postgres://x\"
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
fn a_server_without_organisations_is_refused() {
    assert!(problems("").iter().any(|(place, _)| place == "organisation"));
}

#[test]
fn a_right_without_a_word_in_the_dialect_is_refused() {
    let told = problems("[[organisation]]\nrights = [\"access\", \"opt-out-of-sale\"]\n");
    assert!(told.contains(&("organisation[0].rights[1]".to_owned(), Some(2))), "{told:?}");
}
