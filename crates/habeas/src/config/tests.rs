use super::*;

fn read(text: &str, environment: &[(&str, &str)]) -> Loaded {
    let environment: Vec<_> = environment.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Loaded::of("habeas.toml", PathBuf::new(), text.to_owned(), &environment)
}

fn told(loaded: &Loaded) -> Vec<(String, Option<usize>)> {
    let problems = loaded.problems();
    problems.list().iter().map(|problem| (problem.to_string(), problems.line(problem))).collect()
}

#[test]
fn the_default_configuration_is_sound_and_says_what_holds_anyway() {
    let loaded = read(&DEFAULT.replace("{domain}", "privacy.example.com"), &[]);
    assert_eq!(told(&loaded), []);
    let (config, usual) = (&loaded.config, Config::default());
    let json = |value: &Config| serde_json::to_value(value).unwrap();
    let mut read = json(config);
    read["organisation"] = serde_json::json!([]);
    assert_eq!(read, json(&usual));
    let mut organisation = json(config)["organisation"][0].clone();
    for key in ["domain", "public_url", "key_file", "certificate_file", "sealing_key_file"] {
        organisation[key] = serde_json::Value::Null;
    }
    assert_eq!(organisation, serde_json::to_value(organisation::Organisation::default()).unwrap());
}

#[test]
fn what_is_commented_out_in_the_default_configuration_is_known_and_the_default() {
    let text: String = DEFAULT
        .replace("{domain}", "privacy.example.com")
        .replace("hbs_…:…", &format!("hbs_{}:{}", "0".repeat(12), "0".repeat(64)))
        .replace("hmac:…", &format!("hmac:{}", "0".repeat(64)))
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(key) if key.starts_with('[') || key.contains(" = ") && !key.contains("HABEAS__") => format!("{key}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    assert_eq!(told(&read(&text, &[])), [], "{text}");
}

#[test]
fn every_problem_is_told_with_its_line() {
    let loaded = read(
        "\
databse = \"sqlite:x\"

[listen]
address = \"nowhere\"

[delivery]
attempts_at_once = \"many\"
schedule = [\"5s\", \"soon\", \"1m\", \"later\"]

[[organisation]]
domain = \"https://example.com\"
regime = \"lgpd\"

[[organisation.party]]
credentials = [\"hbs_1:2\"]
paint = \"red\"
",
        &[],
    );
    let told = told(&loaded);
    let lines: Vec<_> = told.iter().filter_map(|(_, line)| *line).collect();
    assert_eq!(lines, [1, 4, 7, 8, 8, 11, 12, 15, 16], "{told:#?}");
    assert!(told[0].0.contains("databse"), "{told:#?}");
    assert_eq!(loaded.config.delivery.schedule.len(), 2, "what can be read is read");
}

#[test]
fn what_may_be_a_secret_is_not_shown_beside_a_problem() {
    let text = "\
[[organisation]]
hold = \"canary-free\"
[[organisation.party]]
credential = \"canary\"
contact = \"nowhere\"
identity_secret = 'canary é'
credentials = [\"canary\", \"hmac:canary\"]
identity_keys = [{ algorithm = \"HS256\", secret = \"canary\" }]
dialect = 5
"
    .replace("canary-free", "soon");
    let mut loaded = read(&text, &[]);
    loaded.object("organisation[0].party[0].credential", "must be sealed");
    let problems = loaded.problems();
    let lines: Vec<_> = problems.list().iter().filter_map(|problem| problems.line(problem)).collect();
    assert_eq!(lines, [2, 4, 5, 7, 7, 9], "{:#?}", told(&loaded));
    let shown = problems.render(false);
    assert!(!shown.contains("canary") && shown.contains("********") && shown.contains("nowhere"), "{shown}");
}

#[test]
fn broken_syntax_is_told_with_its_line() {
    let told = told(&read("database = \"x\"\n[listen\naddress = 1\n", &[]));
    assert_eq!(told.first().and_then(|(_, line)| *line), Some(2), "{told:#?}");
}

#[test]
fn the_environment_wins_and_its_faults_are_named() {
    let text = "database = \"sqlite:a\"\n[[organisation]]\nhold = \"1s\"\n";
    let loaded = read(
        text,
        &[
            ("HABEAS__DATABASE", "sqlite:b"),
            ("HABEAS__DELIVERY__ATTEMPTS_AT_ONCE", "7"),
            ("HABEAS__EGRESS__PORTS", "[443, 8443]"),
            ("HABEAS__ORGANISATION__0__HOLD", "2h"),
        ],
    );
    assert_eq!(told(&loaded), []);
    assert_eq!(loaded.config.database, "sqlite:b");
    assert_eq!(loaded.config.delivery.attempts_at_once, 7);
    assert_eq!(loaded.config.egress.ports, [443, 8443]);
    assert_eq!(loaded.config.organisation[0].hold.to_string(), "2h");
    let loaded = read(
        text,
        &[
            ("HABEAS__DELIVERY__ATTEMPTS_AT_ONCE", "many"),
            ("HABEAS__LISTEN__PORT", "80"),
            ("HABEAS__ORGANISATION__3__HOLD", "2h"),
        ],
    );
    let told = told(&loaded);
    assert_eq!(told.len(), 3, "{told:#?}");
    for (text, line) in &told {
        assert!(text.contains("HABEAS__") && line.is_none(), "{told:#?}");
    }
}

#[test]
fn what_could_not_be_read_is_not_called_missing_too() {
    let mut loaded = read("[[organisation]]\ndomain = 5\n", &[]);
    loaded.missing("organisation[0].domain");
    loaded.missing("organisation[0].public_url");
    let told = told(&loaded);
    assert_eq!(told.len(), 2, "{told:#?}");
    assert_eq!(told[0].1, Some(1), "the section that it is missing from: {told:#?}");
}
